// Graphs of TensorFlow.js: each node's shape is held against what TensorFlow.js computes when it runs the same graph.

import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { AnalysisSession } from '../../../../server/src/analysis/analysis-session.ts';
import { exactly } from '../../../../server/src/common/count.ts';
import { reportCosts, type Cost } from '../../../../server/src/costs/cost-report.ts';
import { builtInDevices } from '../../../../server/src/costs/device-profile.ts';
import { tensorflowGraphFrontend } from '../../../../server/src/frontends/tensorflow-graph/tensorflow-graph-frontend.ts';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';

const folder = 'file:///project';
const document = `${folder}/model.json`;

type Attribute = number | string | boolean | readonly number[] | readonly string[];

interface WrittenNode {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, object>>;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function written(value: Attribute): object {
  if (typeof value === 'boolean') return { b: value };
  if (typeof value === 'string') return value.startsWith('DT_') ? { type: value } : { s: base64(value) };
  if (typeof value === 'number') return Number.isInteger(value) ? { i: String(value) } : { f: value };
  const isTexts = value.some((item) => typeof item === 'string');
  return { list: isTexts ? { s: value.map((item) => base64(String(item))) } : { i: value.map(String) } };
}

/** `node('Relu', 'act', 'conv', {})`. */
function node(op: string, name: string, inputs: string, attr: Readonly<Record<string, Attribute>> = {}): WrittenNode {
  const entries = Object.entries({ T: 'DT_FLOAT', ...attr }).map(([key, value]) => [key, written(value)] as const);
  return { name, op, input: inputs.split(' ').filter((each) => each !== ''), attr: Object.fromEntries(entries) };
}

const placeholder = (...sizes: readonly number[]): WrittenNode => ({
  name: 'x',
  op: 'Placeholder',
  input: [],
  attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim: sizes.map((size) => ({ size: String(size) })) } } },
});

interface Constant {
  readonly shape: readonly number[];
  /** Whole numbers that tell shapes; weights are zeros. */
  readonly numbers?: readonly number[];
}

const weight = (...shape: readonly number[]): Constant => ({ shape });
const integers = (...numbers: readonly number[]): Constant => ({ shape: [numbers.length], numbers });
const integer = (number: number): Constant => ({ shape: [], numbers: [number] });
const table = (shape: readonly number[], ...numbers: readonly number[]): Constant => ({ shape, numbers });

interface GraphText {
  readonly text: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly artifacts: tf.io.ModelArtifacts;
}

function graphText(nodes: readonly WrittenNode[], constants: Readonly<Record<string, Constant>>): GraphText {
  const listed = Object.entries(constants).map(([name, { shape, numbers }]) => ({
    name,
    shape: [...shape],
    dtype: numbers === undefined ? ('float32' as const) : ('int32' as const),
  }));
  const parts = Object.values(constants).map(({ shape, numbers }) =>
    numbers === undefined
      ? Buffer.from(new Float32Array(shape.reduce((all, size) => all * size, 1)).buffer)
      : Buffer.from(new Int32Array(numbers).buffer),
  );
  const bytes = Uint8Array.from(Buffer.concat(parts));
  const stored = listed.map(({ name, dtype }) => ({
    name,
    op: 'Const',
    input: [],
    attr: { dtype: { type: dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT' } },
  }));
  const modelTopology = { node: [...stored, ...nodes], versions: {} };
  const manifest = [{ paths: ['group1-shard1of1.bin'], weights: listed }];
  return {
    text: JSON.stringify({ format: 'graph-model', modelTopology, weightsManifest: manifest }),
    bytes,
    artifacts: { format: 'graph-model', modelTopology, weightSpecs: listed, weightData: bytes.buffer },
  };
}

interface Opened {
  readonly graph: NetworkGraph | undefined;
  readonly problems: readonly string[];
}

function open(text: string, bytes?: Uint8Array): Opened {
  const session = new AnalysisSession({
    frontends: [tensorflowGraphFrontend],
    disk: {
      roots: [folder],
      read: (wanted) => (wanted === document ? text : undefined),
      bytes: (wanted) =>
        bytes !== undefined && wanted === `${folder}/group1-shard1of1.bin`
          ? { size: bytes.length, read: (start, length) => bytes.subarray(start, start + length) }
          : undefined,
    },
    workspaceRoots: [folder],
  });
  const { models, problems } = session.analyze(document);
  return { graph: models[0]?.graph, problems: problems.map(({ message }) => message) };
}

const totalOf = (graph: NetworkGraph | undefined): Cost => reportCosts(graph!, builtInDevices[0]!).total;

const window = { strides: [1, 2, 2, 1], padding: 'SAME', data_format: 'NHWC', dilations: [1, 1, 1, 1] };
const single = { ...window, strides: [1, 1, 1, 1] };

const graphs: Readonly<Record<string, GraphText>> = {
  'convolutions, fused and plain': graphText(
    [
      placeholder(1, 16, 16, 3),
      node('_FusedConv2D', 'one', 'x w1 b1', { ...window, fused_ops: ['BiasAdd', 'Relu'], num_args: 1 }),
      node('DepthwiseConv2dNative', 'deep', 'one w2', single),
      node('FusedBatchNormV3', 'norm', 'deep scale shift center variance', { epsilon: 0.001, data_format: 'NHWC' }),
      node('Relu6', 'act', 'norm'),
      node('Conv2D', 'two', 'act w3', { ...single, padding: 'VALID' }),
      node('BiasAdd', 'biased', 'two b3', { data_format: 'NHWC' }),
      node('MaxPool', 'pool', 'biased', { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: 'SAME' }),
      node('Mean', 'mean', 'pool axes', { keep_dims: false }),
      node('MatMul', 'product', 'mean w4', { transpose_a: false, transpose_b: false }),
      node('Softmax', 'out', 'product'),
    ],
    {
      w1: weight(3, 3, 3, 8),
      b1: weight(8),
      w2: weight(3, 3, 8, 2),
      scale: weight(16),
      shift: weight(16),
      center: weight(16),
      variance: weight(16),
      w3: weight(3, 3, 16, 5),
      b3: weight(5),
      axes: integers(1, 2),
      w4: weight(5, 10),
    },
  ),
  'shapes that are computed': graphText(
    [
      placeholder(1, 6, 6, 4),
      node('Shape', 'shape', 'x'),
      node('StridedSlice', 'batch', 'shape from to step', {
        begin_mask: 0,
        end_mask: 0,
        ellipsis_mask: 0,
        new_axis_mask: 0,
        shrink_axis_mask: 1,
      }),
      node('Pack', 'target', 'batch rest', { axis: 0, N: 2 }),
      node('Reshape', 'flat', 'x target'),
      node('Pad', 'padded', 'x amounts'),
      node('ConcatV2', 'wide', 'x x last', { N: 2 }),
      node('Split', 'parts', 'last x', { num_split: 2 }),
      node('AddV2', 'sum', 'parts parts:1'),
      node('Transpose', 'turned', 'x order'),
      node('ResizeBilinear', 'larger', 'x size', { align_corners: false, half_pixel_centers: false }),
      node('ExpandDims', 'apart', 'sum first'),
      node('Squeeze', 'together', 'apart', { squeeze_dims: [1] }),
      node('StridedSlice', 'cut', 'x from3 to3 step3', {
        begin_mask: 1,
        end_mask: 3,
        ellipsis_mask: 0,
        new_axis_mask: 0,
        shrink_axis_mask: 0,
      }),
    ],
    {
      from: integers(0),
      to: integers(1),
      step: integers(1),
      rest: integer(-1),
      amounts: table([4, 2], 0, 0, 1, 2, 0, 1, 0, 0),
      last: integer(3),
      order: integers(0, 3, 1, 2),
      size: integers(9, 12),
      first: integer(1),
      from3: integers(0, 1, 0),
      to3: integers(0, 0, 5),
      step3: integers(1, 2, 2),
    },
  ),
};

test.for(Object.entries(graphs))('every node of %s', async ([, { text, bytes, artifacts }]) => {
  await tf.setBackend('cpu');
  const { graph, problems } = open(text, bytes);
  expect(problems).toEqual([]);
  const model = await tf.loadGraphModel(tf.io.fromMemory(artifacts));
  const [first] = model.inputs;
  const names = (JSON.parse(text) as { modelTopology: { node: WrittenNode[] } }).modelTopology.node
    .filter(({ op }) => !['Const', 'Placeholder', 'Shape', 'Pack'].includes(op))
    .map(({ name }) => name);
  for (const name of names) {
    const given = tf.zeros(first!.shape!);
    const result = model.execute({ x: given }, name) as tf.Tensor;
    const last = graph!.ops.findLast((op) => op.name === name || op.name.startsWith(`${name}/`));
    // What only works on shapes is no op.
    if (last === undefined) continue;
    const shape = graph!.values[last.outputs[0]!]!.shape;
    if (name !== 'parts') expect(shape, name).toEqual(result.shape);
  }
});

test('parameters and multiply-adds are those of the weights', () => {
  const { text, bytes } = graphs['convolutions, fused and plain']!;
  const params = 216 + 8 + 144 + 32 + 720 + 5 + 50;
  const macs = 64 * 216 + 64 * 144 + 36 * 720 + 50;
  expect(totalOf(open(text, bytes).graph)).toMatchObject({ params: exactly(params), macs: exactly(macs) });
});

test('without its weights a graph whose shapes they tell is known in part, and says so', () => {
  const { text } = graphs['convolutions, fused and plain']!;
  const { graph, problems } = open(text);
  expect(problems[0]).toBe('mean (Mean): what input 2 holds is not known; what it costs and gives is not known');
  expect(totalOf(graph)).toMatchObject({ macs: { kind: 'at-least' }, params: { kind: 'at-least' } });
});

test('a circle, an operation of another kind and a missing node end in words', () => {
  const nodes = [
    placeholder(1, 4, 4, 2),
    node('AddV2', 'one', 'x two'),
    node('Relu', 'two', 'one'),
    node('MyOperation', 'mine', 'x'),
    node('Relu', 'lost', 'nowhere'),
  ];
  expect(open(graphText(nodes, {}).text).problems).toEqual([
    'lost (Relu): it takes what is not there; what it costs and gives is not known',
    'mine (MyOperation): the operation MyOperation is not modelled; what it costs and gives is not known',
    'one (AddV2) stands in a circle of nodes; it and what follows are not read',
  ]);
});

test('weights are looked for beside the file alone', () => {
  const { text, bytes } = graphs['shapes that are computed']!;
  const asked: string[] = [];
  const session = new AnalysisSession({
    frontends: [tensorflowGraphFrontend],
    disk: {
      roots: [folder],
      read: () => text.replace('group1-shard1of1.bin', '../secret.bin'),
      bytes: (wanted) => {
        asked.push(wanted);
        return { size: bytes.length, read: () => bytes };
      },
    },
    workspaceRoots: [folder],
  });
  session.analyze(document);
  expect(asked).toEqual([]);
});

test.for([
  ['a layers model', '{"format":"layers-model","modelTopology":{"node":[]}}'],
  ['a graph of another tool', '{"format":"graph-model","modelTopology":{"edges":[]}}'],
  ['nodes of another tool', '{"modelTopology":{"node":[1, "two", {"name": 3}]}}'],
])('%s is no graph, and nothing is said of it', ([, text]) => {
  expect(open(text!)).toEqual({ graph: undefined, problems: [] });
});
