// What an editor sees of a model: hints, hover, lenses, diagnostics, while the text is whole and while it is broken.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { onnxFrontend } from '../../server/src/frontends/onnx/onnx-frontend.ts';
import { floats, node, onnxFile } from '../support/onnx-files.ts';
import { openEditor } from './server-session.ts';
import { firstLayerLine, secondLayerLine, smallNetwork, withoutLatency } from './small-network.ts';

const hintsOfSmallNetwork = ['6: 4×8×8 · 6.91 kMACs · 112 params', '13: 6×8×8 · 1.54 kMACs · 30 params'];

test('hints stand behind the lines that make layers', async () => {
  await using editor = await openEditor({ settings: withoutLatency });
  const uri = await editor.open('small.cfg', smallNetwork);
  expect(await editor.hints(uri)).toEqual(hintsOfSmallNetwork);
});

test('hints are given for the lines that are asked for', async () => {
  await using editor = await openEditor({ settings: withoutLatency });
  const uri = await editor.open('small.cfg', smallNetwork);
  const range = { start: { line: secondLayerLine, character: 0 }, end: { line: secondLayerLine + 1, character: 0 } };
  expect(await editor.hints(uri, range)).toEqual(hintsOfSmallNetwork.slice(1));
});

test('a hint gets its tooltip and the place of its width when asked for', async () => {
  await using editor = await openEditor();
  const uri = await editor.open('small.cfg', smallNetwork);
  const [hint] = await editor.rawHints(uri);
  expect(hint?.tooltip).toBeUndefined();
  const { tooltip, label } = await editor.resolveHint(hint!);
  expect(JSON.stringify(tooltip)).toContain('filters=4');
  // The digit behind `filters=`.
  const range = { start: { line: firstLayerLine + 1, character: 8 }, end: { line: firstLayerLine + 1, character: 9 } };
  expect(label).toMatchObject([{ location: { uri, range } }]);
});

test('a hint of an older text gets no tooltip', async () => {
  await using editor = await openEditor();
  const uri = await editor.open('small.cfg', smallNetwork);
  const [hint] = await editor.rawHints(uri);
  await editor.change(uri, `# moved\n${smallNetwork}`);
  expect((await editor.resolveHint(hint!)).tooltip).toBeUndefined();
});

test('a hover lists the layer, its share and where its width is written', async () => {
  await using editor = await openEditor();
  const uri = await editor.open('small.cfg', smallNetwork);
  const hover = await editor.hover(uri, firstLayerLine, 3);
  const text = JSON.stringify(hover?.contents);
  // 6,912 of 8,448 MACs.
  expect(text).toContain('81.8\u00a0%');
  expect(text).toContain('filters=4');
  expect(hover?.range?.start.line).toBe(firstLayerLine);
});

test('words of the format are offered where the cursor stands, and told', async () => {
  await using editor = await openEditor();
  const uri = await editor.open('small.cfg', '[net]\nwidth=8\nheight=8\nchannels=3\n\n[convolutional]\nfil\nsize=3\n');
  const offered = await editor.completion(uri, 6, 3);
  expect(offered.find(({ label }) => label === 'filters')?.textEdit).toEqual({
    range: { start: { line: 6, character: 0 }, end: { line: 6, character: 3 } },
    newText: 'filters=',
  });
  expect((await editor.hover(uri, 7, 1))?.contents).toEqual({
    kind: 'markdown',
    value: '`size`: Side of the square kernel. 1 where it is left out.',
  });
  const python = await editor.open('net.py', 'import torch\nx = torch.\n');
  expect(await editor.completion(python, 1, 10)).toEqual([]);
});

test('a lens gives the totals and starts a run with the model', async () => {
  await using editor = await openEditor();
  const uri = await editor.open('small.cfg', smallNetwork);
  const commands = (await editor.lenses(uri)).map(({ command }) => command);
  expect(commands.at(-1)?.title).toMatch(/^8\.45 kMACs · 142 params · .* on Core i7-12700H · input 3×8×8$/);
  expect(commands.map((command) => command?.command)).toEqual([
    'morphnet.runMorphNet',
    'morphnet.showCosts',
    'morphnet.openDashboard',
    '',
  ]);
  expect(commands[0]?.arguments).toEqual([uri, '']);
});

test('a table lists what costs something, with where it stands and what is tied', async () => {
  await using editor = await openEditor();
  const uri = await editor.open('small.cfg', smallNetwork);
  const table = await editor.request('morphnet/costTable', { uri });
  expect(table).toMatchObject({ file: 'small.cfg', entry: '', input: '3×8×8', unit: 'MACs', counter: '' });
  if ('refused' in table) return;
  expect(table.rows.map(({ name, width, operations, place }) => [name, width, operations.value, place?.line])).toEqual([
    ['convolutional_0', 4, 6912, firstLayerLine],
    ['convolutional_1', 6, 1536, 12],
  ]);
  expect(table.totals.operations).toEqual({ value: 8448, atLeast: false });
  expect(await editor.request('morphnet/costTable', { uri, entry: 'Other()' })).toMatchObject({ refused: true });
});

test('a model file that is no text has a table without places, wherever the user opened it, and is not trained', async () => {
  await using editor = await openEditor({ analysis: { frontends: [onnxFrontend] } });
  const folder = mkdtempSync(join(tmpdir(), 'morphnet-'));
  const path = join(folder, 'net.onnx');
  const uri = pathToFileURL(path).toString();
  const convolution = (width: number): Uint8Array =>
    onnxFile({ nodes: [node('Conv', 'x w', 'y')], constants: { w: floats(width, 3, 1, 1) } });
  writeFileSync(path, convolution(4));
  expect(await editor.request('morphnet/costTable', { uri })).toMatchObject({ refused: true });
  await editor.request('morphnet/openModelFile', { uri });
  expect(await editor.request('morphnet/costTable', { uri })).toMatchObject({
    file: 'net.onnx',
    rows: [{ name: 'Conv_0', width: 4, place: null }],
    totals: { operations: { value: 4 * 3 * 64, atLeast: false }, params: { value: 12 } },
  });
  writeFileSync(path, convolution(5));
  await editor.request('morphnet/openModelFile', { uri });
  expect(await editor.request('morphnet/costTable', { uri })).toMatchObject({ rows: [{ width: 5 }] });
  const draft = await editor.request('morphnet/draftRun', { uri });
  expect('refused' in draft && draft.message).toContain('net.onnx is read only');
  rmSync(folder, { recursive: true });
});

test('settings decide what is shown', async () => {
  await using editor = await openEditor({ settings: { ...withoutLatency, convention: 'flops' } });
  const uri = await editor.open('small.cfg', smallNetwork);
  // Twice the MACs.
  expect((await editor.hints(uri))[0]).toBe('6: 4×8×8 · 13.8 kFLOPs · 112 params');
});

test('changed settings are asked for anew, and the client is told to refresh', async () => {
  await using editor = await openEditor({ settings: withoutLatency });
  const uri = await editor.open('small.cfg', smallNetwork);
  expect(await editor.hints(uri)).toHaveLength(2);
  await editor.changeSettings({ hints: { enabled: false } });
  await editor.refreshed();
  expect(await editor.hints(uri)).toEqual([]);
});

test('wrong settings take their defaults one by one', async () => {
  await using editor = await openEditor({
    settings: { ...withoutLatency, convention: 'horses', devices: 7, device: '' },
  });
  const uri = await editor.open('small.cfg', smallNetwork);
  expect(await editor.hints(uri)).toEqual(hintsOfSmallNetwork);
});

test('a broken line is reported at its place and leaves the other hints', async () => {
  await using editor = await openEditor({ settings: withoutLatency });
  const uri = await editor.open('small.cfg', smallNetwork);
  expect(await editor.hints(uri)).toHaveLength(2);
  await editor.change(uri, smallNetwork.replace('filters=6', 'filters='));
  const found = await editor.diagnostics(uri, (diagnostics) => diagnostics.length > 0);
  expect(found.map(({ range }) => range.start.line)).toContain(secondLayerLine + 1);
  expect(found.every(({ source, code }) => source === 'MorphNet' && typeof code === 'string')).toBe(true);
  expect((await editor.hints(uri))[0]).toMatch(/^6: 4×8×8 · 6\.91 kMACs · 112 params/);
});

test('diagnostics go when the text is mended', async () => {
  await using editor = await openEditor();
  const broken = smallNetwork.replace('filters=6', 'filters=six');
  const uri = await editor.open('small.cfg', broken);
  await editor.diagnostics(uri, (found) => found.length > 0);
  await editor.change(uri, smallNetwork);
  expect(await editor.diagnostics(uri, (found) => found.length === 0)).toEqual([]);
});

test('diagnostics that are the same as before are not sent again', async () => {
  await using editor = await openEditor();
  const uri = await editor.open('small.cfg', smallNetwork.replace('filters=6', 'filters=six'));
  const first = await editor.pull(uri);
  const second = await editor.pull(uri, first?.resultId ?? 'none');
  expect(first?.kind).toBe('full');
  expect(second).toEqual({ kind: 'unchanged', resultId: first?.resultId });
});

test('a new error where something is half typed waits for a longer rest than others, and then is told', async () => {
  await using editor = await openEditor({ delaysMs: { diagnostics: 1, halfTyped: 1500, refresh: 1 } });
  const uri = await editor.open('small.cfg', smallNetwork);
  await editor.diagnostics(uri, (found) => found.length === 0);
  const start = performance.now();
  await editor.change(uri, `${smallNetwork}[convol`);
  const found = await editor.diagnostics(uri, (diagnostics) => diagnostics.length > 0);
  expect(performance.now() - start).toBeGreaterThan(1490);
  expect(found.map(({ code }) => code)).toContain('syntax-darknet-section');
  const again = performance.now();
  await editor.change(uri, `# more\n${smallNetwork}[convol`);
  await editor.diagnostics(uri, (diagnostics) => diagnostics.length > 0);
  expect(performance.now() - again).toBeLessThan(1490);
});

test('an unknown device is said and replaced', async () => {
  await using editor = await openEditor({ settings: { device: 'Abacus' } });
  const uri = await editor.open('small.cfg', smallNetwork);
  const found = await editor.diagnostics(uri, (diagnostics) => diagnostics.length > 0);
  expect(found.map(({ code }) => code)).toEqual(['unknown-device']);
  expect(found[0]?.message).toContain('Abacus');
});

test('a file that holds no model has nothing', async () => {
  await using editor = await openEditor();
  const uri = await editor.open('setup.cfg', '[metadata]\nname = something\n');
  expect(await editor.hints(uri)).toEqual([]);
  expect(await editor.lenses(uri)).toEqual([]);
  expect(await editor.hover(uri, 0, 2)).toBeNull();
});

test('looking at a file changes no byte of it', async () => {
  await using editor = await openEditor();
  const text = smallNetwork.replaceAll('\n', '\r\n');
  const uri = await editor.open('small.cfg', text);
  await editor.change(uri, text.replace('filters=4', 'filters=40'));
  await editor.hints(uri);
  await editor.hover(uri, firstLayerLine, 3);
  await editor.lenses(uri);
  await editor.actions(uri, firstLayerLine);
  await editor.request('morphnet/models', { uri });
  await editor.request('morphnet/draftRun', { uri });
  expect(readFileSync(editor.workspace.pathOf('small.cfg'), 'utf8')).toBe(text);
  expect(editor.workspace.files()).toEqual(['small.cfg']);
});
