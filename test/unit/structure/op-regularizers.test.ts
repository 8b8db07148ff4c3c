// Vectors 11, 14 and 41 to 49 of the method's specification: what single sources say of their channels, gates, and how
// several sources are combined.

import { describe, expect, test } from 'vitest';
import type { NetworkGraph } from '../../../server/src/network/network-graph.ts';
import type { Op, ValueId } from '../../../server/src/network/op.ts';
import { analyzeStructure, type StructureAnalysis } from '../../../server/src/structure/analyze-structure.ts';
import {
  combinedValue,
  gather,
  memberSlope,
  startGathering,
  type Combination,
} from '../../../server/src/structure/combine-sources.ts';
import { evaluateRegularizer } from '../../../server/src/structure/evaluate-regularizer.ts';
import { regularizationGradient, regularizationVector } from '../../../server/src/structure/op-regularizers.ts';
import {
  analysisOf,
  expectAllNear,
  expectNear,
  Measurement,
  MethodNetwork,
  opNamed,
  repeated,
} from '../../support/method-network.ts';

/** The vector that an analysis' source has for weights as TensorFlow lays them out: [...kernel, in, out]. */
function normsOf(graph: NetworkGraph, name: string, weights: readonly number[], l1Fraction = 0): Float32Array {
  const op = opNamed(graph, name);
  const shape = op.parameters.find(({ role }) => role === 'weight')!.shape.map(Number);
  return regularizationVector(
    op,
    { op: op.id, kind: 'group-lasso', l1Fraction, channels: shape[0]! },
    shape,
    ownLayout(op, shape, weights),
  );
}

/** From [...kernel, in, out] (transposed: [...kernel, out, in]) to the order of this product: kernel last. */
function ownLayout(op: Op, shape: readonly number[], weights: readonly number[]): Float32Array {
  const [first = 1, second = 1, ...kernel] = shape;
  const places = kernel.reduce((product, size) => product * size, 1);
  const values = new Float32Array(weights.length);
  for (let a = 0; a < first; a += 1) {
    for (let b = 0; b < second; b += 1) {
      // [out, in] here is [in, out] there, and the other way round for transposed convolutions: both are swapped.
      for (let place = 0; place < places; place += 1) {
        values[(a * second + b) * places + place] = weights[(place * second + b) * first + a]!;
      }
    }
  }
  expect(op.attributes.kind).toMatch(/convolution|dense/);
  return values;
}

const range = (count: number, scale = 1): readonly number[] =>
  Array.from({ length: count }, (_, index) => index * scale);

/** Two dense layers on two rows of six features. */
function denseModel(): NetworkGraph {
  const net = new MethodNetwork();
  return net.finish(net.dense('dense2', net.dense('dense1', net.input([2, 6]), 4), 1));
}

function measureLasso(
  graph: NetworkGraph,
  weights: Readonly<Record<string, readonly number[]>>,
  threshold: number,
  l1Fraction = 0,
): Measurement {
  const analysis = analysisOf(graph, { algorithm: 'group-lasso', threshold, l1Fraction });
  const norms = Object.entries(weights).map(
    ([name, values]) => [name, [...normsOf(graph, name, values, l1Fraction)]] as const,
  );
  return new Measurement(analysis, Object.fromEntries(norms));
}

describe('vector 41: group lasso of dense layers', () => {
  const graph = denseModel();
  const weights = { dense1: range(24), dense2: [21, 22, 23, 24] };

  test('norms', () => {
    expectAllNear([...normsOf(graph, 'dense1', weights.dense1)], [12.110601, 12.948617, 13.80821, 14.685594]);
    expectAllNear([...normsOf(graph, 'dense2', weights.dense2)], [22.527761]);
    expectAllNear([...normsOf(graph, 'dense1', weights.dense1, 0.5)], [11.0553, 11.97431, 12.90411, 13.8428]);
    expectAllNear([...normsOf(graph, 'dense1', weights.dense1, 1)], [10, 11, 12, 13]);
  });

  test.for([
    [32, 0, 0, 642.63629],
    [13, 0, 28, 839.85339],
    [13, 0.5, 14, 741.89893],
  ] as const)('threshold %d, L1 fraction %d', ([threshold, l1Fraction, cost, loss]) => {
    const { evaluation } = measureLasso(graph, weights, threshold, l1Fraction);
    expectNear(evaluation.cost, cost);
    expectNear(evaluation.loss, loss);
  });
});

test('vector 42: group lasso of a kernel of two inputs and three outputs', () => {
  const net = new MethodNetwork();
  const graph = net.finish(net.dense('dense', net.input([1, 2]), 3));
  const norms = normsOf(graph, 'dense', [1, 2, 3, 4, 5, 6]);
  expectAllNear([...norms], [2.915476, 3.807887, 4.743416]);
  expectAllNear([...norms.subarray(0, 2)], [2.915476, 3.807887]);
});

test('vector 43: group lasso of a transposed convolution', () => {
  const net = new MethodNetwork();
  const first = net.relu('relu', net.layer('conv1', net.input([1, 2, 4, 4]), 3, 1, { norm: false, relu: false }));
  const graph = net.finish(net.relu('relu2', net.transposed('up', first, 2, 2, 2)));
  const weights = { conv1: range(6), up: range(24, 0.1) };
  const up = opNamed(graph, 'up');
  const transposedNorms = (l1Fraction: number): readonly number[] => {
    // [2, 2, out 2, in 3] there, [in 3, out 2, 2, 2] here.
    const values = new Float32Array(24);
    for (let input = 0; input < 3; input += 1) {
      for (let output = 0; output < 2; output += 1) {
        for (let place = 0; place < 4; place += 1) {
          values[(input * 2 + output) * 4 + place] = weights.up[(place * 2 + output) * 3 + input]!;
        }
      }
    }
    return [
      ...regularizationVector(up, { op: up.id, kind: 'group-lasso', l1Fraction, channels: 2 }, [3, 2, 2, 2], values),
    ];
  };
  const measure = (threshold: number, l1Fraction: number): Measurement =>
    new Measurement(analysisOf(graph, { algorithm: 'group-lasso', threshold, l1Fraction }), {
      conv1: [...normsOf(graph, 'conv1', weights.conv1, l1Fraction)],
      up: transposedNorms(l1Fraction),
    });

  const plain = measure(2.6, 0);
  expectAllNear(plain.regularization('conv1'), [2.12132, 2.915476, 3.807887]);
  expectAllNear(plain.regularization('up'), [1.206924, 1.465151]);
  expectAllNear([plain.cost('conv1'), plain.loss('conv1')], [128, 566.05969]);
  expectAllNear([plain.cost('up'), plain.loss('up')], [0, 684.05127]);

  const mixed = measure(2.6, 0.5);
  expectAllNear(mixed.regularization('conv1'), [1.81066, 2.707738, 3.653943]);
  expectAllNear(mixed.regularization('up'), [1.103462, 1.382575]);
  expectAllNear([mixed.loss('conv1'), mixed.loss('up')], [523.02985, 636.42566]);

  const { evaluation } = measure(1.1, 0);
  expectAllNear([evaluation.cost, evaluation.loss], [960, 3856.37549]);
});

test('vector 44: group lasso of a residual sum', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 1, 4, 4]);
  const a = net.layer('a', image, 3, 1, { relu: false });
  const sum = net.addition('sum', a, net.layer('b', image, 3, 1, { norm: false, relu: false }));
  const graph = net.finish(net.layer('c', sum, 2, 1, { norm: false, relu: false }));
  const measured = measureLasso(
    graph,
    { a: [0.1, -0.5, 0.3], b: [-0.2, 0.05, 0.3], c: [0.3, 0.4, 0, 0.4, 0, 0.4] },
    0.25,
  );
  for (const op of ['a', 'b', 'sum']) {
    expectAllNear(measured.regularization(op), [0.2, 0.5, 0.3]);
    expect(measured.alive(op)).toEqual([0, 1, 1]);
  }
  expectAllNear(measured.regularization('c'), [0.173205, 0.4]);
  expect(measured.alive('c')).toEqual([0, 1]);
  expectAllNear(
    ['a', 'b', 'c'].map((layer) => measured.cost(layer)),
    [64, 64, 64],
  );
  expectAllNear(
    ['a', 'b', 'c'].map((layer) => measured.loss(layer)),
    [32, 32, 68.685127],
  );
  expectNear(measured.evaluation.loss, 132.68512);
});

/** One layer of this width, with its batch norm. */
function oneLayer(width: number): NetworkGraph {
  const net = new MethodNetwork();
  return net.finish(net.layer('conv', net.input([1, 3, 4, 4]), width, 1));
}

test('vector 45: a scale at the threshold is dead', () => {
  const measured = new Measurement(analysisOf(oneLayer(3), { threshold: Math.fround(0.1) }), {
    conv: [0.1, 0.10001, -0.2],
  });
  expect(measured.alive('conv')).toEqual([0, 1, 1]);
});

test('mistake 2: a gate at the threshold is alive', () => {
  const analysis = analysisOf(oneLayer(3), { algorithm: 'logistic-sigmoid', threshold: Math.fround(0.1) });
  expect(new Measurement(analysis, { conv: [0.1, 0.0999, 0.2] }).alive('conv')).toEqual([1, 0, 1]);
});

test('vector 46: the gradient of an all-zero filter is 0', () => {
  const net = new MethodNetwork();
  const graph = net.finish(net.dense('dense', net.input([1, 2]), 2));
  const op = opNamed(graph, 'dense');
  const source = { op: op.id, kind: 'group-lasso', l1Fraction: 0, channels: 2 } as const;
  const gradient = regularizationGradient(op, source, [2, 2], Float32Array.of(0, 0, 1, 2), Float32Array.of(1, 1));
  expectAllNear([...gradient], [0, 0, 0.316228, 0.632456]);
});

/** Combines regularization vectors of equal length; slopes are those of the sum of all channels. */
function combine(combination: Combination, vectors: readonly (readonly number[])[]) {
  const channels = vectors[0]!.length;
  const gathered = startGathering(channels);
  vectors.forEach((vector, member) =>
    vector.forEach((r, channel) => gather(combination, gathered, channel, r, member)),
  );
  return {
    values: vectors[0]!.map((_, channel) => combinedValue(combination, gathered, channel)),
    slopes: vectors.map((vector, member) =>
      vector.map((r, channel) => memberSlope(combination, gathered, channel, r, member)),
    ),
  };
}

describe('vector 47: three sources combined', () => {
  const vectors = [
    [0.1, 0.3, 0.6, 0.2],
    [0.2, 0.4, 0.5, 0.1],
    [0.3, 0.2, 0, 0.25],
  ];
  test.for([
    [{ kind: 'max' }, [0.3, 0.4, 0.6, 0.25]],
    [{ kind: 'l2', threshold: 0.25 }, [0.374166, 0.538516, 0.781025, 0.33541]],
    [{ kind: 'probabilistic' }, [0.496, 0.664, 0.8, 0.46]],
  ] as const)('%o', ([combination, expected]) => {
    expectAllNear(combine(combination, vectors).values, expected);
  });

  /** Three layers whose channels are added, so that each is a source of one group. */
  const sum = (): NetworkGraph => {
    const net = new MethodNetwork();
    const image = net.input([1, 3, 4, 4]);
    return net.finish(net.addition('sum', ...['r1', 'r2', 'r3'].map((name) => net.layer(name, image, 4, 1))));
  };
  const measure = (analysis: StructureAnalysis, values = vectors): Measurement =>
    new Measurement(analysis, { r1: values[0]!, r2: values[1]!, r3: values[2]! });

  test('who is alive: any member, or the L2 norm by its own threshold', () => {
    const analysis = analysisOf(sum());
    const { vectors: r } = measure(analysis);
    const members = [
      [0, 1, 1, 0],
      [0, 1, 0, 1],
      [0, 1, 0, 1],
    ];
    const alive = new Map(analysis.sources.map(({ op }, index) => [op, Float32Array.from(members[index]!)]));
    expect([...evaluateRegularizer(analysis, r, alive).alive].slice(-4)).toEqual([0, 1, 1, 1]);
    const l2 = (threshold: number): readonly number[] =>
      measure(analysisOf(sum(), { threshold: 9, combination: { kind: 'l2', threshold } })).alive('sum');
    expect(l2(0.25)).toEqual([1, 1, 1, 1]);
    expect(l2(0.5)).toEqual([0, 1, 1, 0]);
  });

  test('only gates are probabilities', () => {
    const result = analyzeStructure(sum(), {
      algorithm: 'gamma',
      resource: 'flops',
      threshold: 0.5,
      combination: { kind: 'probabilistic' },
    });
    expect(result).toMatchObject({ ok: false });
  });

  test('a single source is what it is, whatever the combination', () => {
    for (const kind of ['max', 'l2', 'probabilistic'] as const) {
      expectAllNear(combine(kind === 'l2' ? { kind, threshold: 0.5 } : { kind }, [[0.1, 0.7]]).values, [0.1, 0.7]);
    }
  });

  test('slopes are those of finite differences', () => {
    for (const combination of [{ kind: 'max' }, { kind: 'l2', threshold: 0.1 }, { kind: 'probabilistic' }] as const) {
      const { values, slopes } = combine(combination, vectors);
      vectors.forEach((vector, member) => {
        vector.forEach((_, channel) => {
          const moved = vectors.map((one, other) =>
            one.map((r, place) => (other === member && place === channel ? r + 1e-6 : r)),
          );
          const slope = (combine(combination, moved).values[channel]! - values[channel]!) / 1e-6;
          expect(slopes[member]![channel]).toBeCloseTo(slope, 4);
        });
      });
    }
  });

  test('certain members leave the others no slope', () => {
    expect(
      combine({ kind: 'probabilistic' }, [
        [1, 1],
        [0.5, 1],
      ]).slopes,
    ).toEqual([
      [0.5, 0],
      [0, 0],
    ]);
  });
});

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

test('vector 48: gates of a residual sum, by probability', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const graph = net.finish(net.addition('sum', net.layer('a', image, 4, 1), net.layer('b', image, 4, 1)));
  const measured = new Measurement(analysisOf(graph, { algorithm: 'logistic-sigmoid', threshold: 0.5 }), {
    a: [2, -1, 0, -3].map(sigmoid),
    b: [-2, -1, 1, -3].map(sigmoid),
  });
  expectAllNear(measured.regularization('sum'), [0.895006, 0.465553, 0.865529, 0.092602]);
  expect(measured.alive('sum')).toEqual([1, 0, 1, 0]);
});

test('vector 49: on a tie the first of the largest gets the gradient', () => {
  const { values, slopes } = combine({ kind: 'max' }, [
    [0, 0.5, 0.5],
    [0, 0.5, 0.7],
  ]);
  expect(values).toEqual([0, 0.5, 0.7]);
  expect(slopes).toEqual([
    [1, 1, 0],
    [0, 0, 1],
  ]);
  // By γ, with |γ|' = sign(γ): (0, -1, 0) and (0, 0, 1).
  const op = opNamed(oneLayer(3), 'conv/norm');
  const byScale = (scales: readonly number[], coefficients: readonly number[]): readonly number[] => [
    ...regularizationGradient(
      op,
      { op: op.id, kind: 'gamma', l1Fraction: 0, channels: 3 },
      [3],
      Float32Array.from(scales),
      Float32Array.from(coefficients),
    ),
  ];
  expect(byScale([0, -0.5, 0.5], slopes[0]!).map((slope) => slope + 0)).toEqual([0, -1, 0]);
  expect(byScale([0, 0.5, 0.7], slopes[1]!).map((slope) => slope + 0)).toEqual([0, 0, 1]);
});

/** M1 of the specification. */
function modelM1(): { readonly graph: NetworkGraph; readonly scales: Readonly<Record<string, readonly number[]>> } {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 17, 19]);
  const joined = net.concat('concat', net.layer('conv1', image, 13, [7, 5]), net.layer('conv2', image, 23, 1));
  const ends: ValueId[] = [net.layer('conv3', joined, 29, 3, { stride: 2 }), net.layer('conv4', joined, 31, 1)];
  const scales = {
    conv1: repeated([7, 0.8], [6, 0.2]),
    conv2: repeated([11, -0.7], [12, 0.1]),
    conv3: repeated([10, 0.6], [19, -0.3]),
    conv4: repeated([17, -0.5], [14, -0.4]),
  };
  return { graph: net.finish(...ends), scales };
}

test('vector 11: a decorator that halves r halves the loss and leaves the cost', () => {
  const { graph, scales } = modelM1();
  const decorator = { value: (r: number) => 0.5 * r, slope: () => 0.5 };
  const { evaluation, ...measured } = new Measurement(analysisOf(graph, { threshold: 0.45, decorator }), scales);
  expectNear(evaluation.loss, 705188.2);
  expectNear(evaluation.cost, 985404);
  const first = evaluation.gradients.get(opNamed(measured.analysis.graph, 'conv1/norm').id)!;
  expectAllNear([...first], repeated([13, 95012 / 2]));
});

test('vector 14: gates in place of batch norms', () => {
  const { graph } = modelM1();
  const analysis = analysisOf(graph, { algorithm: 'logistic-sigmoid', threshold: 0.1 });
  const widths: Readonly<Record<string, readonly [number, number]>> = {
    conv1: [7, 6],
    conv2: [11, 12],
    conv3: [10, 19],
    conv4: [17, 14],
  };
  // The masks of logits at +10 and -10 are 1 and 0.
  const masks = Object.fromEntries(
    Object.entries(widths).map(([name, [on, off]]) => [name, repeated([on, 1], [off, 0])]),
  );
  const measured = new Measurement(analysis, masks);
  const layers = ['conv1', 'conv2', 'conv3', 'conv4'];
  expectAllNear(
    layers.map((layer) => measured.cost(layer)),
    [474810, 21318, 291600, 197676],
  );
  expectAllNear(
    layers.map((layer) => measured.loss(layer)),
    [474810, 21318, 583200, 395352],
  );
});

test('aliveness can come from other vectors than what is regularised', () => {
  const analysis = analysisOf(oneLayer(3), { algorithm: 'logistic-sigmoid', threshold: 0.5 });
  const source = analysis.sources[0]!.op;
  const evaluation = evaluateRegularizer(
    analysis,
    new Map([[source, Float32Array.of(0.9, 0.9, 0.9)]]),
    new Map([[source, Float32Array.of(1, 0, 1)]]),
  );
  expect([...evaluation.alive].slice(-3)).toEqual([1, 0, 1]);
  expectAllNear([...evaluation.regularization].slice(-3), [0.9, 0.9, 0.9]);
});

test('a vector with a number that is none names its source', () => {
  const analysis = analysisOf(oneLayer(3));
  const source = analysis.sources[0]!.op;
  expect(evaluateRegularizer(analysis, new Map([[source, Float32Array.of(1, NaN, 1)]])).invalid).toBe(source);
  expect(evaluateRegularizer(analysis, new Map([[source, Float32Array.of(1, 0, 1)]])).invalid).toBeUndefined();
});
