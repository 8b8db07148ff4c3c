// What runs when a network runs, on small networks whose work can be counted by hand.

import { describe, expect, test } from 'vitest';
import type { Execution } from '../../../../server/src/costs/latency/execution.ts';
import { workOf, type Work } from '../../../../server/src/costs/latency/work.ts';
import { GraphBuilder } from '../../../../server/src/network/graph-builder.ts';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import type { OpAttributes, ValueId } from '../../../../server/src/network/op.ts';

const eager: Execution = { precision: 'fp32', batch: 2, fusion: 'none', channelsLast: false, processor: 'gpu' };

/** Ops by name; each reads the ops that it lists. */
function network(
  ...ops: readonly (readonly [attributes: OpAttributes, inputs?: readonly number[], place?: number])[]
): NetworkGraph {
  const builder = new GraphBuilder();
  const made: ValueId[] = [];
  for (const [attributes, inputs = [made.length - 1], place = made.length] of ops) {
    const span = { document: 'net.py', start: place, end: place + 1 };
    const added = builder.add({
      name: attributes.kind,
      label: attributes.kind,
      attributes,
      inputs: attributes.kind === 'input' || attributes.kind === 'constant' ? [] : inputs.map((index) => made[index]!),
      site: { span, callChain: [] },
    });
    if (!added.ok) throw new Error(added.error);
    made.push(added.value[0]!);
  }
  const span = { document: 'net.py', start: 0, end: 1 };
  return builder.build(
    'pytorch',
    { document: 'net.py', name: '', from: 'call', span, input: { shapes: [], from: 'call' } },
    [made.at(-1)!],
  );
}

const image: OpAttributes = { kind: 'input', shape: [1, 4, 8, 8], channelAxis: 1 };
const relu: OpAttributes = { kind: 'activation', function: 'relu', channelAxis: 1 };
const norm: OpAttributes = { kind: 'layer-norm', normalizedAxes: [3], epsilon: 1e-5 };
const lastToFront: OpAttributes = { kind: 'permute', order: [0, 3, 1, 2] };
const frontToLast: OpAttributes = { kind: 'permute', order: [0, 2, 3, 1] };

const amounts = (works: readonly (readonly Work[] | undefined)[]): Readonly<Record<string, number>> => {
  const sums: Record<string, number> = {};
  for (const { term, amount } of works.flatMap((work) => work ?? [])) sums[term] = (sums[term] ?? 0) + amount;
  return sums;
};

describe('memory order', () => {
  test('a permutation moves nothing, and who needs the axes in order copies first', () => {
    const works = workOf(network([image], [frontToLast], [norm]), eager);
    expect(works[1]).toEqual([]);
    // 4·8·8 elements, read and written, 4 bytes, 2 images.
    expect(amounts(works)['copied bytes']).toBe(2 * 256 * 4 * 2);
  });

  test('a permutation there and back copies nothing', () => {
    const works = workOf(network([image], [frontToLast], [lastToFront], [{ kind: 'reshape', shape: [1, -1] }]), eager);
    expect(amounts(works)).toEqual({});
  });
});

describe('number formats under autocast', () => {
  const mixed: Execution = { ...eager, precision: 'amp' };

  test('a layer norm gives 32 bits, which the next product has to cast', () => {
    const works = workOf(network([image], [norm], [{ kind: 'dense', inFeatures: 8, outFeatures: 8 }]), mixed);
    // Read 4 bytes, write 2, for 256 elements and 2 images.
    expect(amounts(works)['cast bytes']).toBe(256 * 6 * 2);
  });

  test('a number without axes does not widen what it multiplies, a parameter does', () => {
    const times: OpAttributes = { kind: 'elementwise', operator: 'multiply' };
    const dense: OpAttributes = { kind: 'dense', inFeatures: 8, outFeatures: 8 };
    const bytes = (shape: readonly number[]): number | undefined =>
      amounts(workOf(network([image], [dense], [{ kind: 'constant', shape }], [times, [1, 2]]), mixed))[
        'element bytes'
      ];
    expect(bytes([])).toBe(2 * (256 * 2 + 256 * 2));
    expect(bytes([1])).toBe(2 * (256 * 2 + 256 * 4));
  });
});

describe('fusion', () => {
  test('what only passes through a chain never reaches memory', () => {
    const chain = network([image], [relu], [relu], [relu]);
    expect(amounts(workOf(chain, eager))['relu bytes']).toBe(3 * 2 * 256 * 4 * 2);
    const fused = amounts(workOf(chain, { ...eager, fusion: 'pointwise' }));
    expect(fused['fused bytes']).toBe(2 * 256 * 4 * 2);
    expect(fused['fused kernels started']).toBe(1);
  });

  test('an activation behind a convolution costs nothing in ONNX Runtime', () => {
    const convolution: OpAttributes = {
      kind: 'convolution',
      inChannels: 4,
      outChannels: 4,
      kernel: [1, 1],
      stride: [1, 1],
      padding: [
        { before: 0, after: 0 },
        { before: 0, after: 0 },
      ],
      paddingMode: 'zeros',
      dilation: [1, 1],
      groups: 1,
      channelAxis: 1,
    };
    const works = workOf(network([image], [convolution], [relu]), { ...eager, fusion: 'after-products' });
    expect(works[2]).toEqual([]);
    expect(amounts(works)['pointwise']).toBe(2 * 4 * 4 * 64);
  });
});

test('the scores of an attention that is one call never reach memory', () => {
  const tokens: OpAttributes = { kind: 'input', shape: [1, 2, 16, 8], channelAxis: -1 };
  const swap: OpAttributes = { kind: 'permute', order: [0, 1, 3, 2] };
  const softmax: OpAttributes = { kind: 'softmax', axis: 3, log: false };
  const product: OpAttributes = { kind: 'matmul' };
  const oneCall = network([tokens], [swap, [0]], [product, [0, 1], 7], [softmax, [2], 7], [product, [3, 0], 7]);
  const threeCalls = network([tokens], [swap, [0]], [product, [0, 1], 7], [softmax, [2], 8], [product, [3, 0], 9]);
  const fused = amounts(workOf(oneCall, eager));
  expect(fused['attention']).toBe(2 * 2 * (2 * 16 * 16 * 8));
  expect(fused['softmax bytes']).toBeUndefined();
  expect(amounts(workOf(threeCalls, eager))['softmax bytes']).toBe(2 * 2 * (2 * 16 * 16) * 4);
});

test('work on weights alone is not multiplied by the batch', () => {
  const weights: OpAttributes = { kind: 'constant', shape: [64, 64] };
  const works = workOf(network([image], [weights], [relu, [1]], [relu, [0]]), { ...eager, batch: 100 });
  expect(amounts(works)['weight work bytes']).toBe(8 * 64 * 64);
});
