// The server as users have it, with the analysis on a thread of its own: a file that uses all its fuel keeps nobody waiting.

import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildLanguageServer } from '../../scripts/bundles.ts';
import { LanguageServerProcess } from '../../scripts/language-server.ts';
import { modelDoing } from '../support/hostile-models.ts';

let folder = '';
let server = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'morphnet-process-'));
  server = await buildLanguageServer(join(folder, 'dist'));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const uriOf = (name: string): string => pathToFileURL(join(folder, name)).toString();

async function openServer(environment: Readonly<Record<string, string>> = {}): Promise<LanguageServerProcess> {
  const executable = process.execPath;
  const editor = new LanguageServerProcess(server, pathToFileURL(folder).toString(), { executable, environment });
  await editor.start();
  return editor;
}

/** Models that take all that they may, one after the other. */
const endless = Array.from({ length: 8 }, (_, i) =>
  modelDoing('while True:\n    pass').replaceAll('Net', `Net${String(i)}`),
).join('\n');

test('what was compiled of the server is kept when it ends, and taken by the next', async () => {
  const kept = join(folder, 'cache/morphnet');
  const serveOnce = async (): Promise<number> => {
    await using editor = await openServer({ XDG_CACHE_HOME: join(folder, 'cache') });
    await editor.open(uriOf('good.py'), modelDoing('pass'));
    // Before the editor closes.
    const lenses = await editor.lenses(uriOf('good.py'));
    return lenses;
  };
  const lenses = await serveOnce();
  expect(lenses).toBeGreaterThan(0);
  const names = readdirSync(kept);
  expect(names).toEqual([expect.stringMatching(/^language-server-[0-9a-f]{16}\.code$/)]);
  const written = statSync(join(kept, names[0]!)).mtimeMs;
  expect(await serveOnce()).toBe(lenses);
  expect(readdirSync(kept)).toEqual(names);
  expect(statSync(join(kept, names[0]!)).mtimeMs).toBe(written);
});

test('a hover is answered while another file is evaluated', async () => {
  await using editor = await openServer();
  await editor.open(uriOf('good.py'), modelDoing('pass'));
  await editor.lenses(uriOf('good.py'));
  await editor.open(uriOf('endless.py'), endless);
  const order: string[] = [];
  const lenses = editor.lenses(uriOf('endless.py')).then(() => order.push('lenses'));
  expect(await editor.hovers(uriOf('good.py'), 5, 20)).toBe(true);
  order.push('hover');
  await lenses;
  expect(order).toEqual(['hover', 'lenses']);
});

test('a cancelled question ends the evaluation that it began', async () => {
  await using editor = await openServer();
  await editor.open(uriOf('warm.py'), endless);
  await editor.lenses(uriOf('warm.py'));
  await editor.open(uriOf('whole.py'), endless.replaceAll('Net', 'Whole'));
  const asked = performance.now();
  await editor.lenses(uriOf('whole.py'));
  const whole = performance.now() - asked;
  await editor.open(uriOf('endless.py'), endless);
  const { answer, cancel } = editor.cancellableLenses(uriOf('endless.py'));
  const ended = expect(answer).rejects.toThrow('Cancelled');
  await new Promise((resolve) => setTimeout(resolve, 20));
  const start = performance.now();
  cancel();
  await ended;
  expect(performance.now() - start).toBeLessThan(whole / 2);
});

test('a file on disk that an open one imports is read on the thread', async () => {
  writeFileSync(join(folder, 'shared.py'), 'from torch import nn\ndef block():\n    return nn.Conv2d(3, 7, 1)\n');
  await using editor = await openServer();
  await editor.open(uriOf('user.py'), modelDoing('from shared import block\nself.block = block()', 'return x'));
  expect((await editor.hints(uriOf('user.py'))).length).toBeGreaterThan(0);
});
