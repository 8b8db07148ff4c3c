// What is followed of programs and what is not: imports, unknown conditions, limits, and where widths are written.

import { expect, test } from 'vitest';
import { codeLenses } from '../../../../server/src/analysis/code-lenses.ts';
import { editedTexts } from '../../../../server/src/analysis/edited-texts.ts';
import { hover } from '../../../../server/src/analysis/hover.ts';
import { inlayHints } from '../../../../server/src/analysis/inlay-hints.ts';
import { proposalEdits } from '../../../../server/src/analysis/proposal-edits.ts';
import { reportCosts, type Cost } from '../../../../server/src/costs/cost-report.ts';
import { builtInDevices } from '../../../../server/src/costs/device-profile.ts';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { sessionOver, standardSettings, uriOf } from '../../../support/analysis-session.ts';
import { expectLinear, leastMs, endsSoon } from '../../../support/growth.ts';
import { tensorflowJsFrontend } from '../../../support/tensorflow-js-frontend.ts';

const document = uriOf('net.js');
const frontends = [tensorflowJsFrontend];

function open(files: Readonly<Record<string, string>> | string) {
  const texts = typeof files === 'string' ? { 'net.js': files } : files;
  const session = sessionOver(new Map(Object.entries(texts)), frontends);
  const { models, problems } = session.analyze(document);
  return {
    session,
    models,
    graphs: models.map(({ graph }) => graph),
    problems: problems.map(({ message }) => message),
  };
}

const totalOf = (graph: NetworkGraph | undefined): Cost => reportCosts(graph!, builtInDevices[0]!).total;
const unitsOf = (graph: NetworkGraph | undefined): readonly number[] =>
  graph!.ops.flatMap(({ attributes }) => (attributes.kind === 'dense' ? [attributes.outFeatures] : []));

const head = "import * as tf from '@tensorflow/tfjs';\n";
const line = (...units: readonly string[]): string =>
  `tf.sequential({ layers: [${units.map((unit, i) => `tf.layers.dense({ units: ${unit}${i === 0 ? ', inputShape: [4]' : ''} })`).join(', ')}] })`;

test('files of the workspace are imported by name, as a whole, by default and by require', () => {
  const { graphs, problems } = open({
    'net.js': `${head}import { width, default as usual } from './parts/widths.js';\nimport * as all from './parts/widths';\nconst { last } = require('./last');\nexport const model = ${line('width', 'usual', 'all.more[1]', 'last')};\n`,
    'parts/widths.ts': 'export const width: number = 5;\nexport default 6;\nexport { more } from "./more";\n',
    'parts/more.mjs': 'const more = [1, 7];\nexport { more };\n',
    'last.js': 'module.exports = { last: 8 };\n',
  });
  expect(problems).toEqual([]);
  expect(unitsOf(graphs[0])).toEqual([5, 6, 7, 8]);
});

test('files that import each other end', () => {
  const { graphs } = open({
    'net.js': `${head}import { other } from './other';\nexport const width = 3;\nexport const model = ${line('other')};\n`,
    'other.js': "import { width } from './net';\nexport const other = 9;\n",
  });
  expect(unitsOf(graphs[0])).toEqual([9]);
});

test.each([
  ['a model by a function of a package', "import { extend } from 'own-layers';", 'extend(model);'],
  ['a model inside an object', "import { extend } from 'own-layers';", 'extend({ inner: [model] });'],
  ['a model by a name from nowhere', '', 'extend(model);'],
])('%s may be changed: its totals are lower bounds', (_, imports, call) => {
  const { graphs } = open(`${head}${imports}\nconst model = ${line('8', '2')};\n${call}\n`);
  expect(totalOf(graphs[0]).params.kind).not.toBe('exact');
});

test('a list that is given to what is not followed is not known', () => {
  const { graphs } = open(
    `${head}import { shuffle } from 'own-lists';\nconst widths = [8, 4];\nshuffle(widths);\nexport const model = ${line('widths[0]', '2')};\n`,
  );
  expect(totalOf(graphs[0]).params.kind).not.toBe('exact');
});

test.each([
  ['shown', "import * as tfvis from '@tensorflow/tfjs-vis';", 'tfvis.show.modelSummary({}, model);'],
  ['printed where a condition is not known', '', 'if (process.argv[2]) console.log(model, widths);'],
  ['stored', "import * as fs from 'node:fs';", "fs.writeFileSync('widths.json', JSON.stringify(widths));"],
  ['trained', '', 'await model.fit(xs, ys, { epochs: 2 });'],
  ['kept by a page', '', 'window.model = model; document.body.append(widths);'],
])('a model that is %s stays known', (_, imports, call) => {
  const { graphs, problems } = open(
    `${head}${imports}\nconst widths = [8, 2];\nconst model = ${line('widths[0]', 'widths[1]')};\n${call}\nmodel.add(tf.layers.dense({ units: widths[1] }));\n`,
  );
  expect(problems).toEqual([]);
  expect(unitsOf(graphs[0])).toEqual([8, 2, 2]);
  expect(totalOf(graphs[0]).params.kind).toBe('exact');
});

test('what a package gives is unknown, and totals say so', () => {
  const { graphs, problems } = open(
    `${head}import { width } from 'settings';\nexport const model = ${line('8', 'width', '2')};\n`,
  );
  expect(problems[0]).toContain('its units is not known: the module settings is not read');
  expect(totalOf(graphs[0])).toMatchObject({ params: { kind: 'at-least' }, macs: { kind: 'at-least' } });
});

test.for([
  ['a layer that may be added', 'if (wanted()) model.add(tf.layers.dense({ units: 3 }));'],
  ['a layer that is added in a loop without a known end', 'while (wanted()) model.add(tf.layers.dense({ units: 3 }));'],
  ['a function that may change the model', 'if (wanted()) grow(model);'],
  [
    'a loop that may end early',
    'for (let i = 0; i < 3; i++) {\n  if (wanted()) break;\n  model.add(tf.layers.dense({ units: 3 }));\n}',
  ],
  ['a layer behind an unknown condition', 'wanted() && model.add(tf.layers.dense({ units: 3 }));'],
  ['one of several cases', 'switch (wanted()) {\n  case 1:\n    model.add(tf.layers.dense({ units: 3 }));\n}'],
])('%s makes the model a lower bound', ([, statement]) => {
  const text = `${head}import { wanted, grow } from 'outside';\nconst model = ${line('4')};\n${statement!}\nmodel.add(tf.layers.dense({ units: 2 }));\nexport { model };\n`;
  const { graphs, problems } = open(text);
  expect(problems.length).toBeGreaterThan(0);
  expect(totalOf(graphs[0]).params.kind).not.toBe('exact');
});

test('a model that may be given back before it is whole is a lower bound', () => {
  const text = `${head}import { wanted } from 'outside';\nexport function create() {\n  const model = ${line('4')};\n  if (wanted()) return model;\n  model.add(tf.layers.dense({ units: 2 }));\n  return model;\n}\n`;
  expect(totalOf(open(text).graphs[0]).params.kind).not.toBe('exact');
});

test('a width that an unknown condition may change is unknown', () => {
  const text = `${head}import { wanted } from 'outside';\nlet width = 8;\nif (wanted()) width = 16;\nexport const model = ${line('width')};\n`;
  expect(totalOf(open(text).graphs[0]).params.kind).not.toBe('exact');
});

test('a guard that returns nothing or throws is passed', () => {
  const text = `${head}export function create() {\n  if (!window.gpu) return;\n  if (!window.ready) throw new Error('not ready');\n  return ${line('7')};\n}\n`;
  const { models, graphs } = open(text);
  expect(models[0]!.entry.name).toBe('create()');
  expect(unitsOf(graphs[0])).toEqual([7]);
});

test.for([
  ['a loop without an end', 'while (true) {}', /too many steps/],
  ['a recursion without an end', 'const f = () => f();\nf();', /too deep/],
])('%s ends with what was read until then', ([, statement, message]) => {
  const text = `${head}export const model = ${line('7')};\n${statement as string}\n`;
  const { graphs, problems } = endsSoon(() => open(text));
  expect(problems.join('\n')).toMatch(message as RegExp);
  expect(unitsOf(graphs[0])).toEqual([7]);
});

test('a program that is being typed is read around the mistake', () => {
  const text = `${head}const model = tf.sequential();\nmodel.add(tf.layers.dense({ units: 6, inputShape: [4] }));\nmodel.add(tf.layers.dense({ units: }));\nmodel.add(tf.layers.dense({ units: 3 }));\n`;
  const { graphs, problems } = open(text);
  expect(problems.length).toBeGreaterThan(0);
  expect(graphs.length === 0 || totalOf(graphs[0]).params.kind !== 'exact').toBe(true);
});

test.for([
  ['where it is given', 'const model = (units) => WITH;\nexport const net = model(12);', '12', 12],
  ['in a constant', 'const units = 12;\nexport const net = WITH;', '12', 12],
  ['in a default', 'export function net(units = 12) {\n  return WITH;\n}', '12', 12],
  ['in a default of an option', 'export function net({ units = 12 } = {}) {\n  return WITH;\n}', '12', 12],
  ['in a list', 'const all = [3, 12];\nconst [, units] = all;\nexport const net = WITH;', '12', 12],
  [
    'in an object',
    "const options = { ['un' + 'its']: 12 };\nconst { units } = { ...options };\nexport const net = WITH;",
    '12',
    12,
  ],
  ['through a product', 'const base = 6;\nconst units = base * 2;\nexport const net = WITH;', '6', 12],
  ['through a rounding', 'const units = Math.round(25 / 2);\nexport const net = WITH;', '25', 13],
  ['through a cut', 'const units = (25 / 2) | 0;\nexport const net = WITH;', '25', 12],
  ['through a shift', 'const units = 50 >> 2;\nexport const net = WITH;', '50', 12],
] as const)('a width is set %s', ([, program, written, before]) => {
  const text = head + program.replace('WITH', line('units', '2'));
  const { session } = open(text);
  const model = session.model(document)!;
  const [layer] = model.graph.ops.filter(({ attributes }) => attributes.kind === 'dense');
  const groups = [{ name: 'hidden', layers: [layer!.name], width: { before, after: 8 } }];
  const edits = proposalEdits(session, document, {
    runId: 'run',
    entry: model.entry.name,
    proposal: { step: 0, layers: [], groups },
  });
  if (!edits.ok) throw new Error(edits.error);
  const { after } = editedTexts(session, edits.value)[0]!;
  expect(unitsOf(open(after).graphs[0])).toEqual([8, 2]);
  // Nothing but that number is another one.
  const place = text.indexOf(written, head.length);
  expect(after.startsWith(text.slice(0, place))).toBe(true);
  expect(after.endsWith(text.slice(place + written.length))).toBe(true);
});

test('hints, hovers and lenses stand at the calls that make layers', () => {
  const text = `${head}export function create() {\n  const model = tf.sequential();\n  model.add(tf.layers.dense({ units: 6, inputShape: [4] }));\n  model.add(tf.layers.dense({\n    units: 3,\n  }));\n  return model;\n}\n`;
  const { session } = open(text);
  const hints = inlayHints(session, document, standardSettings).map(
    ({ offset, label }) => `${String(text.slice(0, offset).split('\n').length)}: ${label}`,
  );
  expect(hints).toEqual(['4: 24 MACs · 30 params', '5: 18 MACs · 21 params']);
  expect(JSON.stringify(hover(session, document, text.indexOf('tf.layers.dense') + 4, standardSettings))).toContain(
    '30',
  );
  expect(codeLenses(session, document, standardSettings).map(({ title }) => title)).toContainEqual(
    expect.stringContaining('51 params'),
  );
});

test('a comment names the entry and the input', () => {
  const text = `// morphnet: entry=second input=9x9x1\n${head}export const first = ${line('2')};\nexport const second = tf.sequential({ layers: [tf.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [null, null, 1] })] });\n`;
  const { models } = open(text);
  expect(models.map(({ entry }) => [entry.name, entry.input.shapes[0]])).toEqual([
    ['second', [9, 9, 1]],
    ['first', [4]],
  ]);
});

test.for([
  ['a page', "document.querySelector('a').onclick = () => alert(1);"],
  [
    'a program that only trains',
    "import * as tf from '@tensorflow/tfjs';\nexport const loss = (a, b) => tf.losses.meanSquaredError(a, b);",
  ],
  [
    'a program that loads a model',
    "import * as tf from '@tensorflow/tfjs';\nexport const model = await tf.loadLayersModel('model.json');",
  ],
  ['a bundle', `var tf = require('@tensorflow/tfjs');${'var a=1;'.repeat(20_000)}tf.sequential();`],
])('%s has no model, and nothing is said of it', ([, text]) => {
  const { models, problems } = open(text!);
  expect([models, problems.filter((message) => !message.startsWith('There'))]).toEqual([[], []]);
});

test('5 MB of JavaScript that make no model are told at once', () => {
  const text = 'export const value = { name: "some", list: [1, 2, 3] };\n'.repeat(90_000);
  expect(text.length).toBeGreaterThan(4_900_000);
  const accepts = (): boolean => tensorflowJsFrontend.accepts(document, text.slice(0, 100_000));
  expect(accepts()).toBe(false);
  expect(leastMs(accepts)).toBeLessThan(5);
});

test('reading takes time in proportion to the layers', () => {
  const text = (layers: number): string =>
    `${head}const model = tf.sequential();\nmodel.add(tf.layers.dense({ units: 3, inputShape: [3] }));\n${'model.add(tf.layers.dense({ units: 3 }));\n'.repeat(layers)}`;
  expectLinear(100, text, (written) => expect(open(written).problems).toEqual([]));
});
