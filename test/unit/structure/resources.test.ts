// Vectors 50 to 57 of the method's specification: what single ops cost, at given alive counts and regularization sums, and
// Inception V2 as a whole.

import { describe, expect, test } from 'vitest';
import type { NetworkGraph } from '../../../server/src/network/network-graph.ts';
import type { ValueId } from '../../../server/src/network/op.ts';
import { costAtCounts } from '../../../server/src/structure/evaluate-regularizer.ts';
import { groupChannels } from '../../../server/src/structure/group-channels.ts';
import {
  activationTerms,
  flopTerms,
  memoryTerms,
  weightTerms,
  type TermContext,
  type Terms,
} from '../../../server/src/structure/resource-terms.ts';
import { WidthForms, type WidthForm } from '../../../server/src/structure/width-form.ts';
import {
  analysisOf,
  deviceNamed,
  expectAllNear,
  expectNear,
  Measurement,
  MethodNetwork,
  opNamed,
  repeated,
} from '../../support/method-network.ts';

/** `(B, alive_in, alive_out, reg_in, reg_out)` of the specification. */
type Setting = readonly [batchSize: number, aliveIn: number, aliveOut: number, regIn: number, regOut: number];

const whole: Setting = [1, 17, 19, 17, 19];
const part: Setting = [32, 4, 9, 3, 7];

/** Cost and loss of an op called `op`; its first input and its output have what the setting says. */
function price(
  graph: NetworkGraph,
  kind: 'flops' | 'bytes' | 'size' | 'activations',
  [batchSize, aliveIn, aliveOut, regIn, regOut]: Setting,
): readonly [number, number] {
  const grouping = groupChannels(graph, { compat: 'reference' });
  const forms = new WidthForms(grouping, grouping.groups);
  const context: TermContext = { graph, forms, mode: 'reference', batchSize };
  const op = opNamed(graph, 'op');
  const made = ((): Terms | undefined => {
    switch (kind) {
      case 'flops':
        return flopTerms(context, op);
      case 'bytes':
        return memoryTerms(context, op);
      case 'size':
        return weightTerms(context, op, false);
      case 'activations':
        return activationTerms(context, op);
    }
  })();
  if (made === undefined) throw new Error('Unknown size');
  const output = forms.elements(op.outputs[0]!)!.form;
  const alive = (form: WidthForm): number => (form === output ? aliveOut : aliveIn);
  const reg = (form: WidthForm): number => (form === output ? regOut : regIn);
  let cost = 0;
  let loss = 0;
  for (const { coefficient, form } of made.linear) {
    cost += coefficient * alive(form);
    loss += coefficient * reg(form);
  }
  for (const { coefficient, form } of made.lossOnly) loss += coefficient * reg(form);
  for (const { coefficient, left, right } of made.products) {
    cost += coefficient * alive(left) * alive(right);
    loss += coefficient * (alive(left) * reg(right) + alive(right) * reg(left));
  }
  // Only operations are counted for a batch elsewhere; the specification's table multiplies them here.
  const batch = kind === 'flops' ? batchSize : 1;
  return [batch * cost, batch * loss];
}

/** A convolution of the table, with SAME padding as a rule; `op` is its name. */
function convolution(
  space: readonly number[],
  inChannels: number,
  outChannels: number,
  kernel: readonly number[],
  stride: number,
): NetworkGraph {
  const net = new MethodNetwork();
  const value = net.input([1, inChannels, ...space]);
  return net.finish(net.layer('op', value, outChannels, kernel, { stride, norm: false, relu: false }));
}

describe('vector 50: a convolution', () => {
  const graph = convolution([11, 13], 17, 19, [7, 5], 2);
  test.for([
    ['flops', whole, 949620, 1899240],
    ['bytes', whole, 58136, 103356],
    ['size', whole, 11305, 22610],
    ['flops', part, 3386880, 5174400],
    ['bytes', part, 126640, 100244],
    ['size', part, 1260, 1925],
    ['activations', part, 9, 7],
  ] as const)('%s', ([kind, setting, cost, loss]) => {
    expectAllNear(price(graph, kind, setting), [cost, loss]);
  });
});

describe('vector 51: a transposed convolution', () => {
  const net = new MethodNetwork();
  const graph = net.finish(net.transposed('op', net.input([1, 17, 11, 13]), 29, [7, 5], 2));
  test.for([
    ['flops', whole, 3233230, 6466460],
    ['bytes', whole, 98416, 143636],
    ['flops', part, 11531520, 17617600],
    ['bytes', part, 737200, 575124],
    ['size', part, 1260, 1925],
  ] as const)('%s', ([kind, setting, cost, loss]) => {
    expectAllNear(price(graph, kind, setting), [cost, loss]);
  });
});

describe('vector 52: a depthwise convolution', () => {
  const net = new MethodNetwork();
  // A constant has no channels to share with the depthwise layer, so that both sides can differ.
  const image = net.constant('image', [1, 10, 6, 7]);
  const graph = net.finish(net.layer('op', image, 10, [3, 2], { groups: 10, norm: false, relu: false }));
  test.for([
    ['flops', [1, 10, 10, 10, 10], 5040, 10080],
    ['flops', part, 145152, 161280],
    ['bytes', part, 70752, 55080],
    ['size', part, 54, 60],
  ] as const)('%s', ([kind, setting, cost, loss]) => {
    expectAllNear(price(graph, kind, setting), [cost, loss]);
  });
});

describe('vector 53: a 3-D convolution', () => {
  const graph = convolution([11, 9, 13], 17, 19, [7, 3, 5], 2);
  test.for([
    ['flops', whole, 14244300, 28488600],
    ['flops', part, 50803200, 77616000],
    ['size', part, 3780, 5775],
    ['bytes', part, 1031424, 780288],
  ] as const)('%s', ([kind, setting, cost, loss]) => {
    expectAllNear(price(graph, kind, setting), [cost, loss]);
  });
  test('bytes of the whole', () => {
    expectNear(price(graph, 'bytes', whole)[0], 120816);
  });
});

describe('vector 54: a dense layer', () => {
  const net = new MethodNetwork();
  const graph = net.finish(net.dense('op', net.input([1, 19]), 23));
  test.for([
    ['flops', whole, 646, 1292],
    ['bytes', whole, 1436, 2728],
    ['size', whole, 323, 646],
    ['flops', part, 2304, 3520],
    ['bytes', part, 1808, 1500],
    ['size', part, 36, 55],
  ] as const)('%s', ([kind, setting, cost, loss]) => {
    expectAllNear(price(graph, kind, setting), [cost, loss]);
  });
});

/** The layer `op` between two norms, with 4 of its inputs and 9 of its outputs alive and sums of 3 and 7; batches of 32. */
function latencyOf(
  space: readonly number[],
  kernel: readonly number[],
  peak: number,
  bandwidth: number,
): readonly [number, number] {
  const net = new MethodNetwork();
  const before = net.layer('before', net.input([1, 3, ...space]), 17, 1);
  const graph = net.finish(net.layer('op', before, 19, kernel, { stride: 2 }));
  const device = { name: 'test', peakGflopsPerSecond: peak, memoryGigabytesPerSecond: bandwidth };
  const analysis = analysisOf(graph, { resource: 'latency', device, batchSize: 32, compat: 'reference' });
  const measured = new Measurement(analysis, {
    before: repeated([4, 0.75], [13, 0]),
    op: repeated([9, 7 / 9], [10, 0]),
  });
  return [measured.cost('op'), measured.loss('op')];
}

describe('vector 55: which side of the roofline counts', () => {
  test.for([
    ['bound by compute', [11, 13], [7, 5], 1000, 2000, 3386.88, 5174.4],
    ['bound by memory', [11, 13], [7, 5], 1000, 20, 6332, 5012.2],
    ['bound by memory although the loss of compute is larger', [11, 9, 13], [7, 3, 5], 1000, 20, 51571.2, 39014.4],
  ] as const)('%s', ([, space, kernel, peak, bandwidth, cost, loss]) => {
    expectAllNear(latencyOf(space, kernel, peak, bandwidth), [cost, loss]);
  });
});

describe('vector 56: bytes of element-wise ops', () => {
  const elementwise = (build: (net: MethodNetwork, x: ValueId) => ValueId): NetworkGraph => {
    const net = new MethodNetwork();
    return net.finish(build(net, net.input([1, 6, 8, 8])));
  };
  test.for([
    ['product with a vector', (net, x) => net.multiply('op', x, net.constant('k', [1, 6, 1, 1])), 2064, 1032],
    ['product with a scalar', (net, x) => net.multiply('op', x, net.constant('k', [])), 2064, 1032],
    [
      'sum over space',
      (net, x) => net.add('op', { kind: 'reduce', reducer: 'sum', axes: [2, 3], keepDimensions: false }, [x]),
      1040,
      520,
    ],
    ['sum of three', (net, x) => net.addition('op', x, x, x), 4096, 2048],
  ] as const satisfies readonly (readonly [string, (net: MethodNetwork, x: ValueId) => ValueId, number, number])[])(
    '%s',
    ([, build, cost, loss]) => {
      expectAllNear(price(elementwise(build), 'bytes', [1, 4, 4, 2, 2]), [cost, loss]);
    },
  );
});

/** `[1×1]`, `[1×1, 3×3]`, `[1×1, 3×3, 3×3]`, `[1×1 behind the pool]`; without the first, all branches have stride 2. */
type Tower = readonly [
  single: number | undefined,
  double: readonly [number, number],
  triple: readonly [number, number],
  pooled: number | undefined,
];

/** Inception V2 as the reference's model library defines it, on 224×224 images. */
function inceptionV2(): NetworkGraph {
  const net = new MethodNetwork();
  const towers: readonly Tower[] = [
    [64, [64, 64], [64, 96], 32],
    [64, [64, 96], [64, 96], 64],
    [undefined, [128, 160], [64, 96], undefined],
    [224, [64, 96], [96, 128], 128],
    [192, [96, 128], [96, 128], 128],
    [160, [128, 160], [128, 160], 96],
    [96, [128, 192], [160, 192], 96],
    [undefined, [128, 192], [192, 256], undefined],
    [352, [192, 320], [160, 224], 128],
    [352, [192, 320], [192, 224], 128],
  ];
  const first = net.depthwise('first/depthwise', net.input([1, 3, 224, 224]), 7, 8, { stride: 2 });
  let value = net.maxPool('pool2', net.layer('first', first, 64, 1), 3, 2, 1);
  value = net.maxPool('pool3', net.layer('conv3', net.layer('conv2', value, 64, 1), 192, 3), 3, 2, 1);
  towers.forEach(([single, double, triple, pooled], index) => {
    const name = `mixed${String(index)}`;
    const stride = single === undefined ? 2 : 1;
    const branches = single === undefined ? [] : [net.layer(`${name}/0`, value, single, 1)];
    branches.push(net.layer(`${name}/1b`, net.layer(`${name}/1a`, value, double[0], 1), double[1], 3, { stride }));
    const inner = net.layer(`${name}/2b`, net.layer(`${name}/2a`, value, triple[0], 1), triple[1], 3);
    branches.push(net.layer(`${name}/2c`, inner, triple[1], 3, { stride }));
    const pool = net.maxPool(`${name}/pool`, value, 3, stride, 1);
    branches.push(pooled === undefined ? pool : net.layer(`${name}/3`, pool, pooled, 1));
    value = net.concat(`${name}/concat`, ...branches);
  });
  return net.finish(net.dense('logits', net.mean('mean', value), 1001));
}

describe('vector 57: Inception V2 with everything alive', () => {
  const graph = inceptionV2();
  const total = (resource: 'flops' | 'params' | 'latency', device = 'P100'): number => {
    const analysis = analysisOf(graph, { resource, device: deviceNamed(device), compat: 'reference' });
    return costAtCounts(
      analysis,
      analysis.groups.map(({ size }) => size),
    );
  };

  test('FLOPs and weights, to the digits that are stated', () => {
    expect(total('flops') / 1e9).toBeCloseTo(3.86972, 5);
    expect(total('params') / 1e7).toBeCloseTo(1.11684, 5);
  });

  test('latency on two devices', () => {
    expect(total('latency')).toBeCloseTo(517536, 0);
    expect(total('latency', 'V100')).toBeCloseTo(173330.45, 2);
  });

  test('which layers are bound by what', () => {
    const onP100 = analysisOf(graph, { resource: 'latency', device: deviceNamed('P100'), compat: 'reference' });
    const ones = Object.fromEntries(
      onP100.sources.map(({ op, channels }) => [graph.ops[op]!.name, repeated([channels, 1])]),
    );
    const measured = new Measurement(onP100, ones);
    expectNear(measured.cost('mixed0/2c'), (2 * 28 ** 2 * 9 * 96 ** 2) / 9300);
    const bytes = 4 * (112 ** 2 * (24 + 64) + 24 * 64);
    expectNear(measured.cost('first'), bytes / 732);
  });
});

test('mistakes 5 and 7: transposed convolutions count their input, FLOPs are twice the multiply-adds', () => {
  const net = new MethodNetwork();
  const graph = net.finish(net.transposed('op', net.input([1, 2, 4, 4]), 3, 2, 2));
  expectAllNear(price(graph, 'flops', [1, 2, 3, 2, 3]), [2 * 16 * 4 * 2 * 3, 2 * 2 * 16 * 4 * 2 * 3]);
});
