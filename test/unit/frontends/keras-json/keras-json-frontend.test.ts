// Keras models in JSON: both forms, models in models, what edits change along, and files that are no model or no JSON.

import { expect, test } from 'vitest';
import { editedTexts } from '../../../../server/src/analysis/edited-texts.ts';
import { hover } from '../../../../server/src/analysis/hover.ts';
import { codeLenses } from '../../../../server/src/analysis/code-lenses.ts';
import { documentProblems } from '../../../../server/src/analysis/problems.ts';
import { proposalEdits } from '../../../../server/src/analysis/proposal-edits.ts';
import { exactly } from '../../../../server/src/common/count.ts';
import { reportCosts, type Cost } from '../../../../server/src/costs/cost-report.ts';
import { builtInDevices } from '../../../../server/src/costs/device-profile.ts';
import { kerasJsonFrontend } from '../../../../server/src/frontends/keras-json/keras-json-frontend.ts';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { editableLeaves } from '../../../../server/src/network/width-origin.ts';
import { sessionOver, standardSettings, uriOf } from '../../../support/analysis-session.ts';
import { expectLinear, leastMs, endsSoon } from '../../../support/growth.ts';
import {
  functionalJson,
  inputLayer,
  layer,
  olderNode,
  sequentialJson,
  tensor,
  type JsonLayer,
} from '../../../support/keras-json.ts';

const name = 'model.json';
const document = uriOf(name);

interface Opened {
  readonly graph: NetworkGraph | undefined;
  readonly problems: readonly string[];
}

function open(text: string): Opened {
  const { models, problems } = sessionOver(new Map([[name, text]])).analyze(document);
  return { graph: models[0]?.graph, problems: problems.map(({ message }) => message) };
}

const totalOf = (graph: NetworkGraph | undefined): Cost => reportCosts(graph!, builtInDevices[0]!).total;
const namesOf = (graph: NetworkGraph | undefined): readonly string[] => graph!.ops.map((op) => op.name);
const shapesOf = (graph: NetworkGraph | undefined): readonly unknown[] =>
  graph!.outputs.map((output) => graph!.values[output]!.shape);

const conv = (own: string, filters: number, more: object = {}): JsonLayer =>
  layer('Conv2D', own, { filters, kernel_size: [3, 3], strides: [1, 1], padding: 'same', ...more });

/** 3·3·3·8 + 8, 3·3·8·4 + 4, 4·8·8·10 + 10. */
const plainParams = 224 + 292 + 2570;
const plain = [conv('one', 8), conv('two', 4), layer('Flatten', 'flat', {}), layer('Dense', 'out', { units: 10 })];

test('a functional model of Keras 3', () => {
  const text = functionalJson([
    inputLayer('image', [8, 8, 3]),
    { ...plain[0]!, inbound_nodes: [{ args: [tensor('image', [8, 8, 3])], kwargs: {} }] },
    { ...plain[1]!, inbound_nodes: [{ args: [tensor('one', [8, 8, 8])], kwargs: {} }] },
    { ...plain[2]!, inbound_nodes: [{ args: [tensor('two', [8, 8, 4])], kwargs: {} }] },
    { ...plain[3]!, inbound_nodes: [{ args: [tensor('flat', [256])], kwargs: {} }] },
  ]);
  const { graph, problems } = open(text);
  expect(problems).toEqual([]);
  expect(totalOf(graph)).toMatchObject({ params: exactly(plainParams), macs: exactly(64 * (216 + 288) + 2560) });
  expect(shapesOf(graph)).toEqual([[1, 10]]);
});

test.for([
  ['that of Keras 2', (text: string) => text],
  [
    'that of Keras 1, with layers as the config',
    (text: string) => text.replace(/"config":\{"layers":(.*)\}\}$/, '"config":$1}'),
  ],
  ['that of TensorFlow.js', (text: string) => `{"format":"layers-model","modelTopology":${text},"weightsManifest":[]}`],
  [
    'one with the model beside its version',
    (text: string) => `{"modelTopology":{"keras_version":"2.4.0","model_config":${text}}}`,
  ],
] as const)('a sequential model in this form: %s', ([, written]) => {
  const first = { ...plain[0]!, config: { ...plain[0]!.config, batch_input_shape: [null, 8, 8, 3] } };
  const { graph, problems } = open(written(sequentialJson([first, ...plain.slice(1)])));
  expect(problems).toEqual([]);
  expect(totalOf(graph).params).toEqual(exactly(plainParams));
});

test('the older form of calls, with layers that stand before what they take', () => {
  const text = functionalJson([
    { ...layer('Add', 'sum', {}), inbound_nodes: [[olderNode('one'), olderNode('image')]] },
    { ...conv('one', 3), inbound_nodes: [[olderNode('image')]] },
    inputLayer('image', [8, 8, 3]),
  ]);
  const { graph, problems } = open(text);
  expect(problems).toEqual([]);
  expect(namesOf(graph)).toEqual(['input', 'one', 'sum']);
});

test('a model in a model is run at each of its calls with the same weights', () => {
  const block = JSON.parse(
    functionalJson([inputLayer('x', [8, 8, 4]), { ...conv('inside', 4), inbound_nodes: [[olderNode('x')]] }], 'block'),
  ) as JsonLayer;
  const text = functionalJson([
    inputLayer('image', [8, 8, 4]),
    { ...block, name: 'block', inbound_nodes: [[olderNode('image')], [olderNode('block')]] },
    { ...layer('Activation', 'act', { activation: 'relu' }), inbound_nodes: [[['block', 1, 0, {}]]] },
  ]);
  const { graph, problems } = open(text);
  expect(problems).toEqual([]);
  expect(namesOf(graph)).toEqual(['input', 'block/inside', 'block/inside_1', 'act']);
  expect(totalOf(graph)).toMatchObject({ params: exactly(148), macs: exactly(2 * 64 * 144) });
});

test('a width leads to its number, and a hover and a lens stand at the class', () => {
  const text = JSON.stringify(JSON.parse(sequentialJson([inputLayer('image', [8, 8, 3]), ...plain])), undefined, 2);
  const session = sessionOver(new Map([[name, text]]));
  const [model] = session.analyze(document).models;
  const op = model!.graph.ops.find((each) => each.name === 'two')!;
  const [leaf] = editableLeaves(op.outWidth!);
  expect(text.slice(leaf!.span.start - 11, leaf!.span.end)).toBe('"filters": 4');
  const at = text.indexOf('"Conv2D"', text.indexOf('"one"'));
  expect(JSON.stringify(hover(session, document, at + 2, standardSettings))).toContain('292');
  expect(codeLenses(session, document, standardSettings).map(({ title }) => title)).toContainEqual(
    expect.stringContaining('3.09 k params'),
  );
});

test('an edit takes along the sizes that Keras builds layers with', () => {
  const built = (own: JsonLayer, shape: readonly (number | null)[]): JsonLayer => ({
    ...own,
    build_config: { input_shape: shape },
  });
  const text = JSON.stringify(
    JSON.parse(
      sequentialJson([
        inputLayer('image', [8, 8, 3]),
        built(plain[0]!, [null, 8, 8, 3]),
        built(layer('BatchNormalization', 'norm', { axis: [3] }), [null, 8, 8, 8]),
        built(plain[1]!, [null, 8, 8, 8]),
        built(plain[2]!, [null, 8, 8, 4]),
        built(plain[3]!, [null, 256]),
      ]),
    ),
    undefined,
    1,
  );
  const session = sessionOver(new Map([[name, text]]));
  const model = session.model(document)!;
  const width = (before: number, after: number) => ({ before, after });
  const proposal = {
    step: 0,
    layers: [],
    groups: [
      { name: 'one', layers: ['one'], width: width(8, 5) },
      { name: 'two', layers: ['two'], width: width(4, 3) },
    ],
  };
  const edits = proposalEdits(session, document, { runId: 'run', entry: model.entry.name, proposal });
  if (!edits.ok) throw new Error(edits.error);
  const after = JSON.parse(editedTexts(session, edits.value)[0]!.after) as { config: { layers: JsonLayer[] } };
  const { layers } = after.config;
  expect(layers.map(({ build_config }) => build_config?.input_shape.at(-1))).toEqual([undefined, 3, 5, 5, 4, 192]);
  expect(layers.map(({ config }) => config['filters'])).toEqual([undefined, 5, undefined, 3, undefined, undefined]);
});

test('a layer that is built for another width is told, with the number to write', () => {
  const wrong = { ...plain[1]!, build_config: { input_shape: [null, 8, 8, 7] } };
  expect(open(sequentialJson([inputLayer('image', [8, 8, 3]), plain[0]!, wrong])).problems).toEqual([
    'two is built for a width of 7 and is given 8: Keras does not load this file. Write 8 here.',
  ]);
});

test('a layer that is not modelled keeps the shape that the file states, and costs are lower bounds', () => {
  const text = functionalJson([
    inputLayer('image', [8, 8, 3]),
    { ...layer('MyLayer', 'mine', {}), inbound_nodes: [{ args: [tensor('image', [8, 8, 3])], kwargs: {} }] },
    { ...layer('Dense', 'out', { units: 2 }), inbound_nodes: [{ args: [tensor('mine', [20])], kwargs: {} }] },
  ]);
  const { graph, problems } = open(text);
  expect(problems).toEqual(['mine (MyLayer): the layer MyLayer is not modelled; its cost is not known']);
  expect(totalOf(graph).params).toMatchObject({ kind: 'at-least', value: 42 });
});

test('operations between layers, with numbers among what they are given', () => {
  const operation = (type: string, own: string, config: object, args: readonly unknown[]): JsonLayer => ({
    ...layer(type, own, config),
    module: 'keras.src.ops.numpy',
    inbound_nodes: [{ args, kwargs: {} }],
  });
  const text = functionalJson([
    inputLayer('image', [8, 8, 3]),
    operation('Multiply', 'double', {}, [2, tensor('image', [8, 8, 3])]),
    operation('Mean', 'mean', { axis: [1, 2], keepdims: false }, [tensor('double', [8, 8, 3])]),
    operation('Sum', 'sum', { axis: 1, keepdims: true }, [tensor('mean', [3])]),
  ]);
  const { graph, problems } = open(text);
  expect(problems).toEqual([]);
  expect(shapesOf(graph)).toEqual([[1, 1]]);
});

test('an axis may be a number or a list', () => {
  const norm = (own: string, axis: unknown): JsonLayer => layer('LayerNormalization', own, { axis });
  const { graph } = open(
    sequentialJson([inputLayer('x', [4, 6]), norm('one', -1), norm('two', [-1]), norm('three', [1, 2])]),
  );
  expect(totalOf(graph).params).toEqual(exactly(12 + 12 + 48));
});

test('an activation may be a layer, a function, or a name', () => {
  const relu = { class_name: 'LeakyReLU', config: { name: 'leak', negative_slope: 0.1 } };
  const own = { module: 'builtins', class_name: 'function', config: 'my_activation', registered_name: 'function' };
  const text = sequentialJson([
    inputLayer('image', [8, 8, 3]),
    conv('one', 3, { activation: relu }),
    conv('two', 3, { activation: own }),
    conv('three', 3, { activation: 'softmax' }),
  ]);
  const { graph, problems } = open(text);
  expect(problems).toEqual([]);
  expect(
    graph!.ops.map(({ attributes }) => (attributes.kind === 'activation' ? attributes.function : attributes.kind)),
  ).toEqual(['input', 'convolution', 'leaky-relu', 'convolution', 'other', 'convolution', 'softmax']);
});

test('a layer that is called with two widths has no one weight', () => {
  const shared = {
    ...layer('Dense', 'shared', { units: 6 }),
    inbound_nodes: [[olderNode('x')], [olderNode('shared')]],
  };
  const { problems } = open(functionalJson([inputLayer('x', [4]), shared]));
  expect(problems).toEqual([
    'shared (Dense): it is called again with an input that would need its kernel to be 6×6 in place of 6×4; its cost is not known',
  ]);
});

test('sizes that the file leaves open are assumed; another number of inputs is told', () => {
  const text = sequentialJson([inputLayer('image', [null, null, 3]), conv('one', 4)]);
  const session = sessionOver(new Map([[name, text]]));
  expect(session.model(document)!.entry.input).toEqual({ shapes: [[224, 224, 3]], from: 'default' });
  session.requestEntry(document, { input: [[3, 32]], from: 'request' });
  expect(session.analyze(document).problems[0]!.message).toBe('model.json takes ?×?×3 (without the batch), not 3×32');
});

test('what no layer gives is told with the layer that takes it', () => {
  const text = functionalJson([
    inputLayer('image', [8, 8, 3]),
    { ...conv('one', 3), inbound_nodes: [[olderNode('nowhere')]] },
  ]);
  expect(open(text).problems[0]).toBe(
    'The layer one takes the output 0 of nowhere, which is not there before it; it and what follows are not read',
  );
});

test.for([
  ['a package', '{ "name": "some", "version": "1.0.0" }'],
  ['a class of another tool', '{ "class_name": "Model", "config": { "fields": [] } }'],
  ['layers of another tool', '{ "class_name": "Model", "config": { "layers": ["roads", "rivers"] } }'],
  ['a list', '[1, 2, {"class_name": "Sequential"}]'],
])('%s is no model, and nothing is said of it', ([, text]) => {
  expect(open(text!)).toEqual({ graph: undefined, problems: [] });
});

test('JSON that is not whole is told at its line, with the reason; the rest is read', () => {
  const text = JSON.stringify(JSON.parse(sequentialJson([inputLayer('image', [8, 8, 3]), ...plain])), undefined, 1);
  const broken = text.replace('"filters": 8,', '"filters" 8,');
  const session = sessionOver(new Map([[name, broken]]));
  const problem = documentProblems(session, document, standardSettings).find(({ code }) => code === 'json-syntax');
  expect(problem).toMatchObject({
    code: 'json-syntax',
    message: expect.stringContaining('a colon is missing') as string,
  });
  const line = (offset: number): number => broken.slice(0, offset).split('\n').length;
  expect(line(problem!.span!.start)).toBe(line(broken.indexOf('"filters" 8')));
  expect(session.model(document)).toBeDefined();
});

test('5 MB of JSON that are no model are told at once', () => {
  const text = `{"items":[${'{"name":"some","value":1},'.repeat(200_000)}{}]}`;
  expect(text.length).toBeGreaterThan(5_000_000);
  const accepts = (): boolean => kerasJsonFrontend.accepts(document, text.slice(0, 100_000));
  expect(accepts()).toBe(false);
  expect(leastMs(accepts)).toBeLessThan(5);
});

test('reading takes time in proportion to the layers, whatever order they stand in', () => {
  const text = (count: number): string => {
    const layers = Array.from({ length: count }, (_, i) => ({
      ...conv(`c${String(i)}`, 3),
      inbound_nodes: [[olderNode(i === 0 ? 'image' : `c${String(i - 1)}`)]],
    }));
    return functionalJson([...layers.toReversed(), inputLayer('image', [8, 8, 3])]);
  };
  expectLinear(150, text, (written) => expect(open(written).problems).toEqual([]));
});

test.for([
  [
    'models in models that are run again and again',
    () => {
      let inner = functionalJson([inputLayer('x', [4])], 'm0');
      for (let depth = 1; depth < 12; depth++) {
        const own = `m${String(depth)}`;
        const block = { ...(JSON.parse(inner) as JsonLayer), name: 'inner' };
        const calls = Array.from({ length: 20 }, (_, call) => [
          call === 0 ? olderNode('x') : ['inner', call - 1, 0, {}],
        ]);
        inner = functionalJson([inputLayer('x', [4]), { ...block, inbound_nodes: calls }], own);
      }
      return inner;
    },
    /more than 10,000 operations/,
  ],
  [
    'models that stand too deep in each other',
    () => {
      let inner = sequentialJson([layer('Dense', 'out', { units: 2 })]);
      for (let depth = 0; depth < 20; depth++) inner = sequentialJson([JSON.parse(inner) as JsonLayer]);
      return inner;
    },
    /more than 16 deep/,
  ],
  [
    'brackets in brackets',
    () => `{"class_name":"Sequential","config":${'['.repeat(5000)}${']'.repeat(5000)}}`,
    undefined,
  ],
] as const)('%s end soon', ([, text, message]) => {
  const written = text();
  const { problems } = endsSoon(() => open(written));
  if (message === undefined) expect(problems).toEqual([]);
  else expect(problems.join('\n')).toMatch(message);
});
