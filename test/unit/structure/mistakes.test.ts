// The usual mistakes of section 11 of the method's specification, one test each. Those that single vectors answer stand with
// them: 14 in depthwise.test.ts, 16 in gate.test.ts, 13 in alive-counts.test.ts; 2, 5 and 7 in both places.

import { expect, test } from 'vitest';
import type { NetworkGraph } from '../../../server/src/network/network-graph.ts';
import { regularizationGradient, regularizationVector } from '../../../server/src/structure/op-regularizers.ts';
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

/** Layers of 1×1 with these widths in a row, each with its norm, on 4×4 images. */
function chain(...widths: readonly number[]): NetworkGraph {
  const net = new MethodNetwork();
  let value = net.input([1, 3, 4, 4]);
  for (const [index, width] of widths.entries()) value = net.layer(`conv${String(index + 1)}`, value, width, 1);
  return net.finish(value);
}

test('mistake 1: group lasso takes means, so that fan-in does not matter', () => {
  const norm = (fanIn: number, l1Fraction: number): number => {
    const net = new MethodNetwork();
    const op = opNamed(net.finish(net.dense('dense', net.input([1, fanIn]), 1)), 'dense');
    const values = new Float32Array(fanIn).map((_, index) => (index % 2 === 0 ? 0.3 : -0.1));
    return regularizationVector(
      op,
      { op: op.id, kind: 'group-lasso', l1Fraction, channels: 1 },
      [1, fanIn],
      values,
    )[0]!;
  };
  expectNear(norm(4, 0), Math.sqrt((0.09 + 0.01) / 2));
  expectNear(norm(400, 0), norm(4, 0));
  expectNear(norm(4, 1), 0.2);
  expectNear(norm(400, 0.25), 0.75 * Math.sqrt(0.05) + 0.25 * 0.2);
});

test('mistake 2: scales and norms are alive above the threshold, gates at it', () => {
  const alive = (algorithm: 'gamma' | 'group-lasso' | 'logistic-sigmoid'): readonly number[] =>
    new Measurement(analysisOf(chain(3), { algorithm, threshold: 0.5 }), { conv1: [0.5, 0.25, 0.75] }).alive('conv1');
  expect(alive('gamma')).toEqual([0, 0, 1]);
  expect(alive('group-lasso')).toEqual([0, 0, 1]);
  expect(alive('logistic-sigmoid')).toEqual([1, 0, 1]);
});

test('mistake 3: the loss takes alive counts as constants, and is twice the cost at scales of 1', () => {
  const analysis = analysisOf(chain(4, 5));
  const ones = new Measurement(analysis, { conv1: repeated([4, 1]), conv2: repeated([5, 1]) });
  expect(ones.loss('conv2')).toBe(2 * ones.cost('conv2'));
  expect(ones.loss('conv1')).toBe(ones.cost('conv1'));
  // A channel that crosses the threshold changes the loss by a jump that no gradient tells of.
  const r = (value: number) => new Measurement(analysis, { conv1: [1, 1, 1, value], conv2: repeated([5, 1]) });
  const slope = r(0.51).gradient('conv1')[3]!;
  expect(r(0.51).evaluation.loss - r(0.505).evaluation.loss).toBeCloseTo(0.005 * slope, 3);
  expect(r(0.505).evaluation.loss - r(0.495).evaluation.loss).toBeGreaterThan(10 * 0.01 * slope);
});

test('mistake 4: a depthwise op costs by its outputs, and its loss counts input and output without alive counts', () => {
  const net = new MethodNetwork();
  const graph = net.finish(net.depthwise('depthwise', net.layer('conv', net.input([1, 3, 4, 4]), 4, 1), 3));
  const measured = new Measurement(analysisOf(graph), { conv: [0.9, 0.8, 0.1, 0.1] });
  const coefficient = 2 * 16 * 9;
  expectNear(measured.cost('depthwise'), coefficient * 2);
  expectNear(measured.loss('depthwise'), coefficient * 2 * 1.9);
});

test('mistake 6: the larger cost decides which latency loss counts, strictly, and element-wise ops count', () => {
  const graph = chain(4);
  const bytes = new Measurement(analysisOf(graph, { resource: 'memory' }), { conv1: repeated([4, 1]) });
  const flops = new Measurement(analysisOf(graph), { conv1: repeated([4, 1]) });
  // Devices on which moving takes exactly as long as computing, and a little longer.
  const latency = (share: number): Measurement => {
    const memoryGigabytesPerSecond = bytes.cost('conv1') / flops.cost('conv1') / share;
    const device = { name: 'test', peakGflopsPerSecond: 1, memoryGigabytesPerSecond };
    return new Measurement(analysisOf(graph, { resource: 'latency', device }), { conv1: repeated([4, 1]) });
  };
  expectNear(latency(1).loss('conv1'), flops.loss('conv1'));
  expectNear(latency(1.01).loss('conv1'), (bytes.loss('conv1') / bytes.cost('conv1')) * flops.cost('conv1') * 1.01);
  expect(latency(1).cost('conv1/relu')).toBeGreaterThan(0);
});

test('mistake 7: bytes of activations grow with the batch, bytes of weights do not', () => {
  const cost = (batchSize: number): number =>
    new Measurement(analysisOf(chain(4), { resource: 'memory', batchSize }), { conv1: repeated([4, 1]) }).cost('conv1');
  expect([cost(1), cost(3)]).toEqual([4 * (16 * 3 + 16 * 4 + 12), 4 * (3 * (16 * 3 + 16 * 4) + 12)]);
  const flops = new Measurement(analysisOf(chain(4)), { conv1: repeated([4, 1]) });
  expect(flops.cost('conv1')).toBe(2 * 16 * 3 * 4);
});

test('mistake 8: of tied sources the larger gets the gradient, and either keeps a channel alive', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const graph = net.finish(net.addition('sum', net.layer('a', image, 2, 1), net.layer('b', image, 2, 1)));
  const measured = new Measurement(analysisOf(graph), { a: [0.9, 0.3], b: [0.2, 0.6] });
  expect(measured.alive('sum')).toEqual([1, 1]);
  const [slope] = measured.gradient('a');
  expect(measured.gradient('a')).toEqual([slope, 0]);
  expect(measured.gradient('b')).toEqual([0, slope]);
});

test('mistake 9: slices without a source are alive with r = 0, beside slices that have one', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const joined = net.concat(
    'joined',
    net.layer('plain', image, 2, 1, { norm: false }),
    net.layer('scaled', image, 2, 1),
  );
  const measured = new Measurement(analysisOf(net.finish(joined)), { scaled: [0.9, 0.1] });
  expect(measured.alive('joined')).toEqual([1, 1, 1, 0]);
  expectAllNear(measured.regularization('joined'), [0, 0, 0.9, 0.1]);
});

test('mistake 10: a layer is not tied to what it reads, even of the same width', () => {
  const measured = new Measurement(analysisOf(chain(4, 4)), {
    conv1: [0.9, 0.1, 0.1, 0.1],
    conv2: [0.1, 0.9, 0.9, 0.1],
  });
  expect(measured.alive('conv1')).toEqual([1, 0, 0, 0]);
  expect(measured.alive('conv2')).toEqual([0, 1, 1, 0]);
});

test('mistake 11: an operand of width 1 is a broadcast, which leaves the others as they are', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const mask = net.sigmoid('mask', net.layer('one', image, 1, 1, { norm: false }));
  const measured = new Measurement(
    analysisOf(net.finish(net.multiply('product', net.layer('conv', image, 4, 1), mask))),
    {
      conv: [0.9, 0.1, 0.9, 0.1],
    },
  );
  expect(measured.alive('product')).toEqual([1, 0, 1, 0]);
  expect(measured.alive('mask')).toEqual([1]);
});

test('mistake 12: totals count the whole network, so that a share of them is a share of what is built', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const apart = net.layer('apart', image, 5, 1, { norm: false });
  const graph = net.finish(net.layer('conv', image, 4, 1), apart);
  const scales = { conv: repeated([4, 1]) };
  const all = new Measurement(analysisOf(graph), scales).evaluation.cost;
  expect(all).toBe(2 * 16 * 3 * (4 + 5));
  // The image connects both in the reference as well, unless it is a boundary.
  const reference = analysisOf(graph, { compat: 'reference', inputBoundary: ['input'] });
  expect(new Measurement(reference, scales).evaluation.cost).toBe(2 * 16 * 3 * 4);
});

test('mistake 15: the classes do not die under group lasso, unless they are told to', () => {
  const net = new MethodNetwork();
  const graph = net.finish(net.dense('head', net.mean('mean', net.layer('conv', net.input([1, 3, 4, 4]), 4, 1)), 3));
  const names = (prunableOutputs: boolean): readonly string[] =>
    analysisOf(graph, { algorithm: 'group-lasso', prunableOutputs }).sources.map(({ op }) => graph.ops[op]!.name);
  expect(names(false)).toEqual(['conv']);
  expect(names(true)).toEqual(['conv', 'head']);
});

test('mistake 17: nothing comes of an all-zero filter but zeros', () => {
  const op = opNamed(chain(2), 'conv1');
  const source = { op: op.id, kind: 'group-lasso', l1Fraction: 0.5, channels: 2 } as const;
  const gradient = regularizationGradient(op, source, [2, 3, 1, 1], new Float32Array(6), Float32Array.of(1, 1));
  expect([...gradient]).toEqual([0, 0, 0, 0, 0, 0]);
});

test('mistake 18: a pattern says what it froze, with all that is tied to it', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const sum = net.addition('sum', net.layer('conv1', image, 4, 1), net.layer('conv10', image, 4, 1));
  const graph = net.finish(net.layer('conv2', sum, 4, 1));
  const frozen = (exclude: string): readonly string[] =>
    analysisOf(graph, { exclude: [exclude] })
      .groups.filter(({ fixed }) => fixed?.kind === 'excluded')
      .map(({ name }) => name);
  // Exact names do not reach conv10, but the sum ties it.
  expect(frozen('conv1')).toEqual(['conv1']);
  expect(frozen('conv2')).toEqual(['conv2']);
  const { groups, notices } = analysisOf(graph, { exclude: ['conv1'] });
  expect(groups.find(({ name }) => name === 'conv1')?.members.map(({ op }) => graph.ops[op]!.name)).toContain('conv10');
  expect(notices.map(({ message }) => message)).toContain('conv1 keeps whole conv1');
});

test('mistake 19: a cut that a concatenation makes goes through the whole group', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const parts = net.concat('parts', net.layer('a', image, 2, 1), net.layer('b', image, 3, 1));
  const sum = net.addition('sum', parts, net.layer('c', image, 5, 1));
  const measured = new Measurement(analysisOf(net.finish(net.addition('again', sum, net.layer('d', image, 5, 1)))), {
    a: [1, 1],
    b: [1, 1, 1],
    c: repeated([5, 1]),
    d: repeated([5, 1]),
  });
  for (const op of ['c', 'd', 'sum', 'again']) expect(measured.slices(op)).toEqual([2, 3]);
});

test('mistake 20: where the reference miscounts, the switch decides', () => {
  const net = new MethodNetwork();
  const conv = net.layer('conv', net.input([1, 3, 4, 4]), 4, 1);
  const grouped = net.layer('grouped', conv, 4, 1, { groups: 2, norm: false });
  const positions = net.dense('positions', net.add('last', { kind: 'permute', order: [0, 2, 3, 1] }, [grouped]), 5);
  const graph = net.finish(positions);
  const scales = { conv: repeated([4, 1]) };
  const exact = new Measurement(analysisOf(graph), scales);
  const reference = new Measurement(analysisOf(graph, { compat: 'reference' }), scales);
  expect([exact.cost('grouped'), reference.cost('grouped')]).toEqual([2 * 16 * 2 * 4, 2 * 16 * 4 * 4]);
  expect([exact.cost('positions'), reference.cost('positions')]).toEqual([2 * 16 * 4 * 5, 2 * 4 * 5]);
  const bytes = new Measurement(
    analysisOf(graph, { resource: 'latency', device: deviceNamed('MEMORY_LATENCY') }),
    scales,
  );
  expect(bytes.cost('positions')).toBe(4 * (16 * 4 + 16 * 5 + 20));
});
