// Vectors 32 to 40 of the method's specification: ops that move channels or stop them, patterns, and how slices are cut.

import { describe, expect, test } from 'vitest';
import type { NetworkGraph } from '../../../server/src/network/network-graph.ts';
import type { ValueId } from '../../../server/src/network/op.ts';
import { analyzeStructure, type StructureOptions } from '../../../server/src/structure/analyze-structure.ts';
import { groupChannels } from '../../../server/src/structure/group-channels.ts';
import {
  analysisOf,
  expectAllNear,
  expectNear,
  Measurement,
  MethodNetwork,
  opNamed,
  repeated,
} from '../../support/method-network.ts';

const bare = { norm: false, relu: false };

describe('vector 32: flatten and a dense layer', () => {
  const net = new MethodNetwork();
  const conv = net.layer('conv', net.input([1, 3, 8, 8]), 6, 3);
  const graph = net.finish(net.dense('dense', net.flatten('flatten', conv), 10));
  const scales = { conv: [0.9, 0.8, 0.7, 0.1, 0.1, 0.1] };

  test('in the reference the dense layer keeps its whole input', () => {
    const measured = new Measurement(analysisOf(graph, { compat: 'reference' }), scales);
    expectAllNear([measured.cost('dense'), measured.loss('dense')], [7680, 0]);
    expectAllNear([measured.evaluation.cost, measured.evaluation.loss], [18048, 9331.2]);
  });

  test('each channel stands for all of its positions', () => {
    const measured = new Measurement(analysisOf(graph), scales);
    expectAllNear([measured.cost('dense'), measured.loss('dense')], [3840, 3456]);
  });

  test('positions before channels work as well', () => {
    const other = new MethodNetwork();
    const value = other.layer('conv', other.input([1, 3, 8, 8]), 6, 3);
    const last = other.add('permute', { kind: 'permute', order: [0, 2, 3, 1] }, [value]);
    const measured = new Measurement(
      analysisOf(other.finish(other.dense('dense', other.flatten('flatten', last), 10))),
      scales,
    );
    const [first, ...others] = measured.channels('flatten').slice(0, 7);
    expect(others.map((channel) => channel - first!)).toEqual([1, 2, 3, 4, 5, 0]);
    expectAllNear([measured.cost('dense'), measured.loss('dense')], [3840, 3456]);
  });
});

test('vector 33: in the reference nothing behind a reshape is analysed', () => {
  const net = new MethodNetwork();
  const first = net.layer('conv1', net.input([1, 3, 8, 8]), 6, 3, bare);
  const reshaped = net.add('reshape', { kind: 'reshape', shape: [1, 6, 8, 8] }, [first]);
  const graph = net.finish(net.layer('conv2', reshaped, 4, 1));
  const scales = { conv2: [0.9, 0.8, 0.1, 0.1] };
  const reference = new Measurement(analysisOf(graph, { compat: 'reference' }), scales);
  expectNear(reference.evaluation.cost, 1536);
  expect(reference.cost('conv1')).toBe(0);
  // The cost of the network that is rebuilt counts all of it.
  expectNear(new Measurement(analysisOf(graph), scales).evaluation.cost, 1536 + 2 * 64 * 9 * 3 * 6);
});

describe('vector 34: a transpose', () => {
  const model = (middle: 'transpose' | 'dropout'): NetworkGraph => {
    const net = new MethodNetwork();
    const conv = net.layer('conv', net.input([1, 3, 4, 4]), 4, 1);
    const between =
      middle === 'transpose'
        ? net.add('transpose', { kind: 'permute', order: [0, 1, 3, 2] }, [conv])
        : net.add('dropout', { kind: 'dropout', rate: 0.5 }, [conv]);
    return net.finish(net.layer('conv2', between, 3, 1));
  };
  const scales = { conv: [0.9, 0.1, 0.8, 0.1], conv2: repeated([3, 0.9]) };

  test('is a barrier in the reference', () => {
    const measured = new Measurement(analysisOf(model('transpose'), { compat: 'reference' }), scales);
    expectNear(measured.cost('conv2'), 384);
    expect(measured.regularization('transpose')).toEqual([0, 0, 0, 0]);
  });

  test.for(['transpose', 'dropout'] as const)('a %s hands channels on', (middle) => {
    expectNear(new Measurement(analysisOf(model(middle)), scales).cost('conv2'), 192);
  });
});

describe('vector 35: what ends the reference with an error', () => {
  test('two halves of a convolution, each added to another one, are tied half by half', () => {
    const net = new MethodNetwork();
    const image = net.input([1, 3, 8, 8]);
    const whole = net.layer('whole', image, 10, 1);
    const low = net.addition('low', net.slice('slice0', whole, 0, 5), net.layer('a', image, 5, 1));
    const high = net.addition('high', net.slice('slice1', whole, 5, 5), net.layer('b', image, 5, 1));
    const measured = new Measurement(analysisOf(net.finish(low, high)), {
      whole: [0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.8],
      a: [0.1, 0.7, 0.1, 0.1, 0.1],
      b: [0.6, 0.1, 0.1, 0.1, 0.1],
    });
    expect(measured.alive('low')).toEqual([1, 1, 0, 0, 0]);
    expect(measured.alive('high')).toEqual([1, 0, 0, 0, 1]);
    expect(measured.alive('whole')).toEqual([1, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(measured.groups('a')).toEqual(['whole [0..4]']);
    expect(measured.groups('b')).toEqual(['whole [5..9]']);
  });

  test('a mean over the channels takes any number of them and gives whole channels', () => {
    const net = new MethodNetwork();
    const conv = net.layer('conv', net.input([1, 3, 8, 8]), 6, 1);
    const mean = net.add('mean', { kind: 'reduce', reducer: 'mean', axes: [1], keepDimensions: true }, [conv]);
    const measured = new Measurement(analysisOf(net.finish(net.layer('conv2', mean, 2, 1))), {
      conv: [0.9, 0.8, 0.1, 0.1, 0.1, 0.1],
      conv2: [0.9, 0.9],
    });
    expect(measured.aliveCount('conv')).toBe(2);
    expect(measured.aliveCount('mean')).toBe(1);
  });

  test('an op that is not understood keeps its channels whole, and a notice names it', () => {
    const net = new MethodNetwork();
    const image = net.input([1, 3, 8, 8]);
    const other = net.layer('other', image, 5, 1);
    const conv = net.layer(
      'conv',
      net.relu(
        'relu',
        net.add(
          'sorted',
          { kind: 'opaque', operation: 'sort', reason: 'torch.sort is not modelled', shapes: [[1, 6, 8, 8]] },
          [net.layer('before', image, 6, 1)],
        ),
      ),
      4,
      1,
    );
    const analysis = analysisOf(net.finish(net.concat('concat', other, conv)));
    const fixed = analysis.groups.filter(({ fixed: why }) => why?.kind === 'blocked').map(({ name }) => name);
    expect(fixed).toEqual(['before', 'sorted']);
    expect(analysis.notices.map(({ code, message }) => [code, message])).toContainEqual([
      'channels-blocked',
      'The channels of before stay whole: sorted (opaque) is not understood: torch.sort is not modelled',
    ]);
    expect(analysis.notices.map(({ code }) => code)).toContain('cost-at-least');
    expect(analysis.sources).toHaveLength(2);
  });
});

describe('vector 36: depth to space', () => {
  const model = (order: 'crd' | 'dcr'): NetworkGraph => {
    const net = new MethodNetwork();
    const conv = net.layer('conv1', net.input([1, 3, 8, 8]), 8, 3);
    const wide = net.add('d2s', { kind: 'depth-to-space', block: 2, order, channelAxis: 1 }, [conv]);
    return net.finish(net.layer('conv2', wide, 4, 1));
  };
  const scales = { conv1: [0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1], conv2: repeated([4, 0.9]) };

  test('is a barrier in the reference', () => {
    const measured = new Measurement(analysisOf(model('dcr'), { compat: 'reference' }), scales);
    expect(measured.regularization('d2s')).toEqual([0, 0]);
    expect(measured.aliveCount('conv1')).toBe(4);
  });

  test('contiguous blocks, as in PyTorch', () => {
    const measured = new Measurement(analysisOf(model('crd')), scales);
    expectAllNear(measured.regularization('d2s'), [0.9, 0.9]);
    expect(measured.aliveCount('conv1')).toBe(8);
  });

  test('interleaved blocks, as in TensorFlow', () => {
    const measured = new Measurement(analysisOf(model('dcr')), scales);
    expectAllNear(measured.regularization('d2s'), [0.9, 0.1]);
    expect(measured.aliveCount('conv1')).toBe(4);
    expect(measured.aliveCount('d2s')).toBe(1);
  });
});

describe('vector 37: layers without anything to regularise', () => {
  const model = (norm: boolean): NetworkGraph => {
    const net = new MethodNetwork();
    const first = net.layer('conv1', net.input([1, 3, 4, 4]), 4, 1, bare);
    const second = net.layer('conv2', first, 5, 1, norm ? {} : bare);
    return net.finish(net.layer('conv3', second, 6, 1, bare));
  };

  test.for(['reference', undefined] as const)('count at full width when they are connected (%s)', (compat) => {
    const options: Partial<StructureOptions> = compat ? { compat } : {};
    const { evaluation } = new Measurement(analysisOf(model(true), options), { conv2: repeated([5, 0.9]) });
    expectNear(evaluation.cost, 1984);
    expectNear(evaluation.loss, 1440);
  });

  test('are an error that names them when there is nothing else', () => {
    const result = analyzeStructure(model(false), { algorithm: 'gamma', resource: 'flops', threshold: 0.5 });
    expect(result).toEqual({
      ok: false,
      error:
        'No layer can get narrower. conv1: nothing tells what the channels of conv1 are worth; ' +
        'conv2: nothing tells what the channels of conv2 are worth; conv3: conv3 is an output of the network',
    });
  });
});

describe('vector 38: groups by name', () => {
  const net = new MethodNetwork();
  let value = net.input([1, 3, 4, 4]);
  for (const name of ['conv1', 'conv2', 'conv3']) value = net.layer(name, value, 4, 1);
  const graph = net.finish(value);
  const scales = { conv1: [0.9, 0.1, 0.7, 0.2], conv2: [0.1, 0.8, 0.1, 0.1], conv3: [0.1, 0.1, 0.1, 0.9] };
  const totals = (options: Partial<StructureOptions>): readonly number[] => {
    const { evaluation } = new Measurement(analysisOf(graph, { compat: 'reference', ...options }), scales);
    return [evaluation.cost, evaluation.loss];
  };

  test('plain', () => {
    expectAllNear(totals({}), [288, 387.2]);
  });

  test('forced together by an expression', () => {
    const forced = new Measurement(analysisOf(graph, { compat: 'reference', forceGroups: ['conv2|conv3'] }), scales);
    expectAllNear(forced.regularization('conv2'), [0.1, 0.8, 0.1, 0.9]);
    expectAllNear([forced.evaluation.cost, forced.evaluation.loss], [448, 668.8]);
    expectAllNear(totals({ forceGroups: ['conv1', 'conv2|conv3'] }), [448, 668.8]);
  });

  test('frozen', () => {
    expectAllNear(totals({ exclude: ['conv2'] }), [576, 579.2]);
  });

  test('by exact names and globs, which do not reach further than they say', () => {
    const analysis = analysisOf(graph, { forceGroups: ['/conv[23]$/'], exclude: ['conv1'] });
    expect(analysis.groups.map(({ name, fixed }) => [name, fixed?.kind])).toEqual([
      ['input', 'input'],
      ['conv1', 'excluded'],
      ['conv2', undefined],
    ]);
    expect(analysis.notices.map(({ message }) => message)).toEqual([
      '/conv[23]$/ ties the channels of conv2, conv3',
      'conv1 keeps whole conv1',
    ]);
    const kinds = (pattern: string): readonly (string | undefined)[] =>
      groupChannels(graph, { exclude: [pattern], prunableOutputs: true }).groups.map(({ fixed }) => fixed?.kind);
    expect(kinds('conv')).toEqual(['input', undefined, undefined, undefined]);
    expect(kinds('conv1/*')).toEqual(['input', 'excluded', undefined, undefined]);
    expect(kinds('conv?')).toEqual(['input', 'excluded', 'excluded', 'excluded']);
  });

  test.for([
    [{ forceGroups: ['nope'] }, 'No op is called nope'],
    [{ exclude: ['oops'] }, 'No op is called oops'],
    [{ exclude: ['/(/'] }, '( is no regular expression'],
    [{ forceGroups: ['*'] }, '* matches ops of different width'],
  ] as const)('mistakes are told: %o', ([options, message]) => {
    const result = analyzeStructure(graph, { algorithm: 'gamma', resource: 'flops', threshold: 0.5, ...options });
    expect(result).toMatchObject({ ok: false, error: expect.stringContaining(message) as string });
  });
});

/** The sum of concatenations of layers with these widths; each list is one operand. */
function sumOfConcats(...cuts: readonly (readonly number[])[]): Measurement {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const operand = (widths: readonly number[], index: number): ValueId => {
    const parts = widths.map((width, part) => net.layer(`${String(index)}.${String(part)}`, image, width, 1));
    return parts.length === 1 ? parts[0]! : net.concat(`concat${String(index)}`, ...parts);
  };
  const graph = net.finish(net.addition('sum', ...cuts.map(operand)));
  const ones = Object.fromEntries(
    cuts.flatMap((widths, index) =>
      widths.map((width, part) => [`${String(index)}.${String(part)}`, repeated([width, 1])]),
    ),
  );
  return new Measurement(analysisOf(graph), ones);
}

test.for([
  [
    [[5, 4, 2, 7], [9, 4, 5], [18]],
    [5, 4, 2, 2, 5],
  ],
  [
    [
      [1, 2, 3, 4, 5],
      [5, 4, 3, 2, 1],
    ],
    [1, 2, 2, 1, 3, 1, 2, 2, 1],
  ],
  [
    [
      [2, 5],
      [3, 4],
    ],
    [2, 1, 4],
  ],
  [
    [
      [3, 5],
      [3, 3, 2],
    ],
    [3, 3, 2],
  ],
  [
    [[5], [1, 1, 1, 1, 1]],
    [1, 1, 1, 1, 1],
  ],
  [[[10]], [10]],
] as const)('vector 39: slices of a sum are cut wherever an operand is: %o', ([cuts, expected]) => {
  const measured = cuts.length === 1 ? undefined : sumOfConcats(...cuts);
  expect(measured?.slices('sum') ?? [10]).toEqual(expected);
  if (measured === undefined) {
    const net = new MethodNetwork();
    const graph = net.finish(net.layer('only', net.input([1, 3, 4, 4]), 10, 1));
    expect(new Measurement(analysisOf(graph), { only: repeated([10, 1]) }).slices('only')).toEqual(expected);
  }
});

test('vector 39: sums of unequal widths do not come to be', () => {
  expect(() => sumOfConcats([2, 3], [4])).toThrow('do not fit together');
});

test('vector 40: a cut in one op cuts all that is tied to it, wherever it stands', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const layer = (name: string, width: number): ValueId => net.layer(name, image, width, 1, bare);
  const [three, seven] = [layer('three', 3), layer('seven', 7)];
  const a = net.concat('A', layer('a4', 4), three, seven, layer('a6', 6));
  const b = net.concat('B', three, seven, layer('b10', 10));
  const c = net.concat('C', ...['c1', 'c2', 'c3', 'c4'].map((name) => layer(name, 2)), three, seven, layer('c5', 2));
  const cut = net.concat('cut', ...[4, 1, 2, 3, 4, 6].map((width, index) => layer(`cut${String(index)}`, width)));
  const graph = net.finish(net.addition('sum', a, cut), b, c);
  const analysis = analysisOf(graph, { algorithm: 'group-lasso' });
  const ones = Object.fromEntries(
    analysis.sources.map(({ op, channels }) => [graph.ops[op]!.name, repeated([channels, 1])]),
  );
  const measured = new Measurement(analysis, ones);
  expect(measured.slices('A')).toEqual([4, 1, 2, 3, 4, 6]);
  expect(measured.slices('B')).toEqual([1, 2, 3, 4, 10]);
  expect(measured.slices('C')).toEqual([2, 2, 2, 2, 1, 2, 3, 4, 2]);
});

test('vector 40: ten single channels, concatenated step by step', () => {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  let joined = net.layer('c0', image, 1, 1);
  for (let index = 1; index < 10; index += 1) {
    joined = net.concat(`concat${String(index)}`, joined, net.layer(`c${String(index)}`, image, 1, 1));
  }
  const grouping = groupChannels(net.finish(joined), { prunableOutputs: true });
  const channels = grouping.valueChannels[joined]!.channels;
  expect([...channels].map((channel) => grouping.groups[grouping.groupOfChannel[channel]!]!.name)).toEqual(
    Array.from({ length: 10 }, (_, index) => `c${String(index)}`),
  );
  expect(opNamed(grouping.graph, 'concat9').outputs).toEqual([joined]);
});
