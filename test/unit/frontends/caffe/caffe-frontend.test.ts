// Caffe's nets: its three notations, phases and stages, inputs and labels, layers that write over what they read, shared weights,
// what is said of a net that Caffe would refuse, and widths that are set in the file.

import { describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import type { AnalysisSession } from '../../../../server/src/analysis/analysis-session.ts';
import { askedProposal } from '../../../../server/src/analysis/asked-widths.ts';
import { codeLenses } from '../../../../server/src/analysis/code-lenses.ts';
import { hover } from '../../../../server/src/analysis/hover.ts';
import { inlayHints } from '../../../../server/src/analysis/inlay-hints.ts';
import { exactly } from '../../../../server/src/common/count.ts';
import { reportCosts, type Cost } from '../../../../server/src/costs/cost-report.ts';
import { builtInDevices } from '../../../../server/src/costs/device-profile.ts';
import { caffeFrontend } from '../../../../server/src/frontends/caffe/caffe-frontend.ts';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { formatShape } from '../../../../server/src/network/shape.ts';
import { widthChange } from '../../../../server/src/analysis/width-change.ts';
import { defaultSettings } from '../../../../server/src/protocol/settings.ts';
import { sessionOver, uriOf } from '../../../support/analysis-session.ts';
import { CaffeNet, caffeGraph, readCaffe } from '../../../support/caffe.ts';

const totalOf = (graph: NetworkGraph | undefined): Cost => reportCosts(graph!, builtInDevices[0]!).total;
const shapeOf = (graph: NetworkGraph, name: string): string => {
  const op = graph.ops.find((each) => each.name === name)!;
  return formatShape(graph.values[op.outputs[0]!]!.shape.slice(1));
};
const messagesOf = (text: string): readonly string[] => readCaffe(text).problems.map(({ message }) => message);
const data = (dims = '1 3 8 8'): string =>
  `layer { name: "data" type: "Input" top: "data" input_param { shape { ${dims.replace(/\S+/g, 'dim: $&')} } } }\n`;

describe('three notations of one net', () => {
  const convolution = 'num_output: 4 kernel_size: 3 bias_term: false';
  test.for<[string, string]>([
    [
      'today',
      `${data()}layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { ${convolution} } }`,
    ],
    [
      'a list of inputs',
      `input: "data" input_shape { dim: [1, 3, 8, 8] }\nlayer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { ${convolution} } }`,
    ],
    [
      'types in capitals',
      `input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\nlayers { name: "c" type: CONVOLUTION bottom: "data" top: "c" convolution_param { ${convolution} } }`,
    ],
    [
      'settings beside the name',
      'input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\nlayers { layer { name: "c" type: "conv" num_output: 4 kernelsize: 3 biasterm: false } bottom: "data" top: "c" }',
    ],
  ])('%s', ([, text]) => {
    const { entries, graph, problems } = readCaffe(text);
    expect(problems).toEqual([]);
    expect(entries[0]?.input).toMatchObject({ shapes: [[3, 8, 8]], from: 'call' });
    expect(totalOf(graph)).toMatchObject({ params: exactly(108), macs: exactly(3888) });
    expect(graph?.ops.map(({ label }) => label).slice(1)).toEqual(['Convolution']);
  });
});

describe('phases and stages', () => {
  const net = (rule: (phase: string) => string): string => `
layer { name: "train" type: "Data" top: "data" top: "label" ${rule('TRAIN')} transform_param { crop_size: 16 } }
layer { name: "val" type: "Data" top: "data" top: "label" ${rule('TEST')} transform_param { crop_size: 32 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }
layer { name: "acc" type: "Accuracy" bottom: "ip" bottom: "label" top: "acc" ${rule('TEST')} }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

  test('TEST comes first, each with what it is fed; a name chooses', () => {
    const text = net((phase) => `include { phase: ${phase} }`);
    expect(readCaffe(text).entries.map(({ name, input }) => [name, input.shapes, input.from])).toEqual([
      ['TEST', [[3, 32, 32]], 'default'],
      ['TRAIN', [[3, 16, 16]], 'default'],
    ]);
    const chosen = readCaffe(text, { entry: 'train', from: 'request' });
    expect(chosen.entries.map(({ name }) => name)).toEqual(['TRAIN']);
    expect(totalOf(chosen.graph).macs).toEqual(exactly(2 * 3 * 16 * 16));
    const missing = readCaffe(text, { entry: 'deploy', from: 'request' });
    expect(missing.problems.map(({ message }) => message)).toEqual(['net.prototxt has no deploy; it has TEST, TRAIN']);
  });

  test('a net that is fed in one phase only has just that', () => {
    const text = net((phase) =>
      phase === 'TRAIN' ? 'include { phase: TRAIN }' : 'exclude { phase: TEST } exclude { phase: TRAIN }',
    );
    expect(readCaffe(text).entries.map(({ name }) => name)).toEqual(['TRAIN']);
  });

  test('stages are named, and the one to deploy comes first', () => {
    const text = `${net((phase) => `include { stage: "${phase === 'TRAIN' ? 'train' : 'val'}" }`)}
layer { name: "in" type: "Input" top: "data" include { stage: "deploy" } input_param { shape { dim: 1 dim: 1 dim: 4 dim: 4 } } }`;
    // The input stands behind its reader here, so that only the order of entries is looked at.
    expect(readCaffe(text).entries.map(({ name }) => name)).toEqual(['deploy', 'val', 'train']);
  });

  test('labels are no input, and the result is what the loss reads', () => {
    const { graph, problems } = readCaffe(net((phase) => `include { phase: ${phase} }`));
    expect(problems).toEqual([]);
    expect(graph?.inputs.length).toBe(1);
    expect(graph?.outputs.map((id) => graph.ops[graph.values[id]!.producer]!.name)).toEqual(['ip']);
  });

  test('a solver that holds its net', () => {
    const text = `base_lr: 0.01\nnet_param {\n  ${data()} layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }\n}`;
    expect(totalOf(readCaffe(text).graph).macs).toEqual(exactly(2 * 192));
  });
});

describe('what a net is fed', () => {
  const reads =
    'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }';
  test.for<[string, string, number[], string]>([
    [
      'a data set by its name',
      'type: "Data" data_param { source: "examples/mnist/mnist_train_lmdb" }',
      [1, 28, 28],
      'default',
    ],
    [
      'a crop',
      'type: "Data" transform_param { crop_size: 227 mean_value: 104 mean_value: 117 mean_value: 123 }',
      [3, 227, 227],
      'default',
    ],
    ['one mean value', 'type: "Data" transform_param { crop_size: 40 mean_value: 33 }', [1, 40, 40], 'default'],
    [
      'a size to bring images to',
      'type: "ImageData" image_data_param { new_height: 20 new_width: 30 }',
      [3, 20, 30],
      'default',
    ],
    [
      'a size of the transformation',
      'type: "AnnotatedData" transform_param { resize_param { height: 300 width: 200 } }',
      [3, 300, 200],
      'default',
    ],
    [
      'sizes of memory',
      'type: "MemoryData" memory_data_param { batch_size: 1 channels: 2 height: 3 width: 4 }',
      [2, 3, 4],
      'call',
    ],
    [
      'sizes of made data',
      'type: "DummyData" dummy_data_param { num: 1 channels: 2 height: 5 width: 6 }',
      [2, 5, 6],
      'call',
    ],
    ['nothing', 'type: "Data"', [3, 224, 224], 'default'],
  ])('%s', ([, layer, shape, from]) => {
    const { entries } = readCaffe(`layer { name: "data" top: "data" ${layer} }\n${reads}`);
    expect(entries[0]?.input).toMatchObject({ shapes: [shape], from });
  });

  test('pairs of images that are taken apart first', () => {
    const { entries, problems } =
      readCaffe(`layer { name: "pairs" type: "Data" top: "pairs" top: "same" data_param { source: "mnist" } }
layer { name: "apart" type: "Slice" bottom: "pairs" top: "data" top: "other" slice_param { slice_point: 1 } }
${reads}
layer { name: "ip_p" type: "InnerProduct" bottom: "other" top: "ip_p" inner_product_param { num_output: 2 } }
layer { name: "loss" type: "ContrastiveLoss" bottom: "ip" bottom: "ip_p" bottom: "same" top: "loss" }`);
    expect(problems).toEqual([]);
    expect(entries[0]?.input.shapes).toEqual([[2, 28, 28]]);
  });

  test('a request and a directive say otherwise', () => {
    const text = `# morphnet: input=3x10x10\n${data()}${reads}`;
    expect(readCaffe(text).entries[0]?.input).toMatchObject({ shapes: [[3, 10, 10]], from: 'directive' });
    expect(readCaffe(text, { input: [[3, 12, 12]], from: 'request' }).entries[0]?.input.shapes).toEqual([[3, 12, 12]]);
  });

  test('a net that nothing feeds says how to feed it', () => {
    const [message] = messagesOf(reads);
    expect(message).toContain('Nothing feeds this net');
    expect(message).toContain('type: "Input" top: "data"');
  });
});

test('layers that write over what they read, and two norms in one', () => {
  const graph = caffeGraph(
    new CaffeNet(3, 8).convolution('c', 4, 3, { norm: true, bias: false }).convolution('d', 2, 1).text,
  );
  expect(graph.ops.map(({ name, attributes }) => `${name} ${attributes.kind}`)).toEqual([
    'data input',
    'c convolution',
    'c/bn identity',
    'c/scale batch-norm',
    'c/relu activation',
    'd convolution',
    'd/relu activation',
  ]);
  expect(totalOf(graph).params).toEqual(exactly(108 + 8 + 10));
});

test('a norm without a scale learns nothing, and one that more layers read is not joined with the next', () => {
  const net = new CaffeNet(3, 8)
    .layer('bn', 'BatchNorm')
    .layer('scale', 'Scale', 'scale_param { bias_term: true }')
    .sum('sum', ['bn', 'scale']);
  const graph = caffeGraph(net.text);
  expect(totalOf(graph).params).toEqual(exactly(6));
  expect(graph.ops.find(({ name }) => name === 'bn')?.attributes.kind).toBe('batch-norm');
});

test.for<[string, string]>([
  ['param { name: "w" }', 'param { name: "b" }'],
  ['param: "w"', 'param: "b"'],
])('weights that layers share by name count once: %s', ([weight, bias]) => {
  const settings = `${weight} ${bias} inner_product_param { num_output: 5 }`;
  const net = new CaffeNet(1, 1, 5).layer('a', 'InnerProduct', settings).layer('b', 'InnerProduct', settings);
  expect(totalOf(caffeGraph(net.text)).params).toEqual(exactly(30));
  expect(
    messagesOf(net.layer('c', 'InnerProduct', 'param { name: "w" } inner_product_param { num_output: 6 }').text),
  ).toEqual(['c shares the weights "w", which are 5×5, but its own are 6×5; give both layers the same sizes']);
});

describe('sizes', () => {
  test.for<[string, string, string, string]>([
    ['Pooling', 'pooling_param { kernel_size: 3 stride: 2 }', '1 4 8 8', '4×4×4'],
    ['Pooling', 'pooling_param { kernel_size: 3 stride: 2 round_mode: FLOOR }', '1 4 8 8', '4×3×3'],
    ['Pooling', 'pooling_param { kernel_size: 2 stride: 2 pad: 1 }', '1 4 7 7', '4×4×4'],
    ['Pooling', 'pooling_param { kernel_size: 1 stride: 3 }', '1 4 6 6', '4×3×3'],
    ['Pooling', 'pooling_param { kernel_h: 2 kernel_w: 1 stride_h: 2 stride_w: 1 }', '1 4 8 8', '4×4×8'],
    ['Pooling', 'pooling_param { global_pooling: true }', '1 4 8 6', '4×1×1'],
    ['Pooling', 'pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 }', '1 4 8 8', '4×4×4'],
    ['Convolution', 'convolution_param { num_output: 2 kernel_size: 3 dilation: 2 }', '1 4 8 8', '2×4×4'],
    [
      'Convolution',
      'convolution_param { num_output: 2 kernel_size: 3 kernel_size: 1 pad: 1 pad: 0 }',
      '1 4 8 8',
      '2×8×8',
    ],
    ['Convolution', 'convolution_param { num_output: 2 kernel_size: 3 }', '1 4 5 6 7', '2×3×4×5'],
    ['Deconvolution', 'convolution_param { num_output: 2 kernel_size: 4 stride: 2 pad: 1 }', '1 4 8 8', '2×16×16'],
    ['InnerProduct', 'inner_product_param { num_output: 6 }', '1 4 8 8', '6'],
    ['InnerProduct', 'inner_product_param { num_output: 6 axis: 2 }', '1 4 8 8', '4×6'],
    ['Flatten', '', '1 4 8 8', '256'],
    ['Flatten', 'flatten_param { axis: 2 }', '1 4 8 8', '4×64'],
    ['Reshape', 'reshape_param { shape { dim: 0 dim: 2 dim: -1 dim: 8 } }', '1 4 8 8', '2×16×8'],
    ['Reshape', 'reshape_param { shape { dim: -1 dim: 256 } }', '10 4 8 8', '256'],
    ['Reshape', 'reshape_param { shape { dim: 2 dim: 2 } axis: 1 num_axes: 1 }', '1 4 8 8', '2×2×8×8'],
    ['Permute', 'permute_param { order: 0 order: 2 order: 3 order: 1 }', '1 4 8 6', '8×6×4'],
    ['SPP', 'spp_param { pyramid_height: 3 }', '1 4 8 8', '84'],
    ['Im2col', 'convolution_param { kernel_size: 3 }', '1 4 8 8', '36×6×6'],
    ['Interp', 'interp_param { zoom_factor: 2 }', '1 4 8 8', '4×15×15'],
    ['Interp', 'interp_param { height: 9 width: 5 }', '1 4 8 8', '4×9×5'],
    ['Upsample', 'upsample_param { scale: 2 }', '1 4 8 8', '4×16×16'],
    ['ArgMax', 'argmax_param { axis: 1 }', '1 4 8 8', '1×8×8'],
    ['ArgMax', 'argmax_param { top_k: 5 }', '1 4 8 8', '1×5'],
    ['Reduction', 'reduction_param { axis: 1 }', '1 4 8 8', ''],
    ['Tile', 'tile_param { axis: 2 tiles: 3 }', '1 4 8 8', '4×24×8'],
  ])('%s { %s } of %s', ([type, settings, dims, shape]) => {
    const text = `${data(dims)}layer { name: "it" type: "${type}" bottom: "data" top: "it" ${settings} }`;
    expect(messagesOf(text)).toEqual([]);
    expect(shapeOf(caffeGraph(text), 'it')).toBe(shape);
  });

  test('a slice has a part a top, a crop the size of its second input', () => {
    const text = `${data('1 6 8 8')}layer { name: "s" type: "Slice" bottom: "data" top: "a" top: "b" slice_param { slice_point: 2 } }
layer { name: "p" type: "Pooling" bottom: "a" top: "p" pooling_param { kernel_size: 3 stride: 2 } }
layer { name: "c" type: "Crop" bottom: "b" bottom: "p" top: "c" crop_param { axis: 2 offset: 1 } }`;
    const graph = caffeGraph(text);
    expect(['s.0', 's.1', 'c'].map((name) => shapeOf(graph, name))).toEqual(['2×8×8', '4×8×8', '4×4×4']);
  });
});

describe('what Caffe would refuse', () => {
  const layer = (type: string, rest: string): string =>
    `${data()}layer { name: "it" type: "${type}" bottom: "data" top: "it" ${rest} }`;
  test.for<[string, string, string]>([
    [
      'no width',
      layer('Convolution', 'convolution_param { kernel_size: 3 }'),
      'it does not say how many outputs it has; add for example convolution_param { num_output: 64 }',
    ],
    [
      'no kernel',
      layer('Convolution', 'convolution_param { num_output: 3 }'),
      'it: it does not say how large its kernel is; add for example kernel_size: 3',
    ],
    [
      'a width that is no number',
      layer('InnerProduct', 'inner_product_param { num_output: WIDE }'),
      'num_output of it must be a whole number of at least 1, but there is "WIDE"',
    ],
    [
      'a width of nothing',
      layer('InnerProduct', 'inner_product_param { num_output: 0 }'),
      'num_output of it must be a whole number of at least 1, but there is 0',
    ],
    [
      'two widths',
      layer('InnerProduct', 'inner_product_param { num_output: 1 num_output: 2 }'),
      'num_output of it is set twice, at which Caffe stops; remove one of them',
    ],
    [
      'groups',
      layer('Convolution', 'convolution_param { num_output: 4 kernel_size: 1 group: 2 }'),
      'it: 3 input channels cannot be divided into 2 groups',
    ],
    [
      'a kernel too large',
      layer('Convolution', 'convolution_param { num_output: 4 kernel_size: 9 }'),
      'it: The 9×9 kernel is larger than the padded input, which is 3×8×8',
    ],
    [
      'a blob that is not there',
      `${data()}layer { name: "it" type: "ReLU" bottom: "conv" top: "it" }`,
      'it reads conv, but no layer before it writes conv; name the top of an earlier layer',
    ],
    [
      'a sum of unlike blobs',
      `${layer('Pooling', 'pooling_param { kernel_size: 2 stride: 2 }')}\nlayer { name: "sum" type: "Eltwise" bottom: "it" bottom: "data" top: "sum" }`,
      'sum: it combines blobs of 3×4×4 and 3×8×8 element by element; give the layers that write them the same num_output and stride',
    ],
    [
      'points that split nothing',
      `${data()}layer { name: "it" type: "Slice" bottom: "data" top: "a" top: "b" slice_param { slice_point: 3 } }`,
      'it: the points 3 do not split 3 into 2 parts; a layer with 2 tops has 1 points, each larger than the one before',
    ],
    [
      'a word of another layer',
      layer('Pooling', 'pooling_param { pool: MEAN kernel_size: 2 }'),
      'pool of it must be MAX or AVE or STOCHASTIC, but there is "MEAN"',
    ],
  ])('%s', ([, text, message]) => {
    const { graph, problems } = readCaffe(text);
    expect(problems.filter(({ severity }) => severity === 'error').map((problem) => problem.message)).toEqual([
      message,
    ]);
    expect(graph === undefined || totalOf(graph).macs.kind !== 'exact').toBe(true);
  });

  test('a layer that is not known leaves the rest standing', () => {
    const net = new CaffeNet(3, 8).convolution('c', 4, 3).layer('new', 'MyLayer').convolution('d', 5, 1);
    const { graph, problems } = readCaffe(net.text);
    expect(problems.map(({ severity, message }) => [severity, message])).toEqual([
      ['warning', 'new: A layer of the type MyLayer is not understood here, so its cost is not known'],
    ]);
    expect(totalOf(graph).macs).toMatchObject({ kind: 'at-least', value: 4 * 27 * 36 });
  });

  test('what does not fit at a size that nobody wrote is no error', () => {
    const text =
      'layer { name: "d" type: "Data" top: "data" }\nlayer { name: "r" type: "Reshape" bottom: "data" top: "r" reshape_param { shape { dim: 0 dim: 7 dim: 11 } } }';
    expect(readCaffe(text).problems.map(({ severity }) => severity)).toEqual(['information']);
  });
});

test('starting values are those of the fillers', () => {
  const fillers = 'weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0.1 }';
  const net = new CaffeNet(3, 8).layer(
    'c',
    'Convolution',
    `convolution_param { num_output: 4 kernel_size: 3 ${fillers} }`,
  );
  expect(caffeGraph(net.text).ops[1]?.parameters.map(({ initializer }) => initializer)).toEqual([
    { kind: 'normal', mean: 0, deviation: 0.01 },
    { kind: 'constant', value: 0.1 },
  ]);
});

test.for<[string, string, string, boolean]>([
  ['a net', 'net.prototxt', 'name: "x"\nlayer {\n', true],
  ['a net of old', 'deploy.PROTOTXT', 'layers\n{', true],
  ['a solver', 'solver.prototxt', 'net: "train_val.prototxt"\nbase_lr: 0.1', false],
  ['a map of labels', 'labelmap.prototxt', 'item { name: "layer" }', false],
  ['another format', 'net.txt', 'layer {', false],
])('%s', ([, name, text, isNet]) => {
  expect(caffeFrontend.accepts(`file:///${name}`, text)).toBe(isNet);
});

describe('in the editor', () => {
  const document = uriOf('net.prototxt');
  const open = (text: string): AnalysisSession => sessionOver(new Map([['net.prototxt', text]]), [caffeFrontend]);
  const depthwise = new CaffeNet(3, 16)
    .convolution('first', 8, 3, { pad: 1 })
    .convolution('dw', 8, 3, { pad: 1, group: 8 })
    .convolution('last', 4, 1);

  test('hints stand at the line of the layer, and the hover says where its width is written', () => {
    const { text } = depthwise;
    const session = open(text);
    const line = (start: number): string => text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
    const hints = inlayHints(session, document, defaultSettings);
    expect(hints.map(({ offset, label }) => [line(offset), label])).toEqual([
      ['layer {', '55.3 kMACs · 224 params'],
      ['layer {', '18.4 kMACs · 80 params'],
      ['layer {', '8.19 kMACs · 36 params'],
    ]);
    const shown = hover(session, document, text.indexOf('num_output: 4') + 12, defaultSettings);
    expect(shown?.markdown).toContain('last');
    expect(codeLenses(session, document, defaultSettings).length).toBeGreaterThan(0);
  });

  /** The text with the edits of a width, as they were proven. */
  function withWidth(text: string, layer: string, width: number): string {
    const session = open(text);
    const [model] = session.analyze(document).models;
    const proposal = askedProposal(session.grouping(model!.graph), {
      layers: new Map([[layer, { kind: 'width', width }]]),
    });
    if (!proposal.ok) throw new Error(proposal.error);
    const { plan } = widthChange(session, model!, proposal.value, { refactor: false });
    expect(plan.refused).toEqual([]);
    return plan.edits
      .toSorted((left, right) => right.start - left.start)
      .reduce((edited, { start, end, newText }) => edited.slice(0, start) + newText + edited.slice(end), text);
  }

  test('a depthwise layer follows with both of its numbers', () => {
    const edited = withWidth(depthwise.text, 'first', 5);
    expect(edited).toBe(depthwise.text.replace(/num_output: 8/g, 'num_output: 5').replace('group: 8', 'group: 5'));
    expect(totalOf(caffeGraph(edited)).params).toEqual(exactly(5 * 27 + 5 + 5 * 9 + 5 + 4 * 5 + 4));
  });

  test('layers that a sum ties change together, norms and what reads them follow', () => {
    const text = readFileSync(new URL('../../../../examples/caffe-cifar.prototxt', import.meta.url), 'utf8');
    expect(withWidth(text, 'conv3', 24)).toBe(text.replace(/num_output: 32/g, 'num_output: 24'));
  });
});
