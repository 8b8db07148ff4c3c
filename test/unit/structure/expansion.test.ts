// Vector 62 of the method's specification: scaling learned widths to a budget; and vector 63's network, over-pruned.

import { describe, expect, test } from 'vitest';
import type { NetworkGraph } from '../../../server/src/network/network-graph.ts';
import type { ValueId } from '../../../server/src/network/op.ts';
import type { StructureAnalysis } from '../../../server/src/structure/analyze-structure.ts';
import { costAtCounts, seedCost } from '../../../server/src/structure/evaluate-regularizer.ts';
import { expandWidths, type Expansion, type ExpansionOptions } from '../../../server/src/structure/expansion.ts';
import { groupChannels } from '../../../server/src/structure/group-channels.ts';
import { rebuildGraph, rebuildWithWidths } from '../../../server/src/structure/rebuild-graph.ts';
import { networkCost } from '../../../server/src/structure/settled-cost.ts';
import { analysisOf, expectNear, MethodNetwork, opNamed } from '../../support/method-network.ts';

/** 32×32×3 → 3×3 → 3×3 with stride 2 → mean → 10 classes, with widths 16 and 32. */
function seed(): NetworkGraph {
  const net = new MethodNetwork();
  const first = net.layer('conv1', net.input([1, 3, 32, 32]), 16, 3);
  const second = net.layer('conv2', first, 32, 3, { stride: 2 });
  return net.finish(net.dense('dense', net.mean('mean', second), 10));
}

/** Counts by group id for these widths of the two layers. */
function countsOf(analysis: StructureAnalysis, widths: Readonly<Record<string, number>>): Int32Array {
  return Int32Array.from(analysis.groups, ({ name, size }) => widths[name] ?? size);
}

function expand(
  analysis: StructureAnalysis,
  widths: Readonly<Record<string, number>>,
  options: ExpansionOptions,
): Expansion {
  const expanded = expandWidths(analysis, countsOf(analysis, widths), options);
  if (!expanded.ok) throw new Error(expanded.error);
  return expanded.value;
}

const widthsOf = (analysis: StructureAnalysis, { widths }: Expansion): readonly number[] =>
  ['conv1', 'conv2'].map((name) => widths[analysis.groups.find((group) => group.name === name)!.id]!);

describe('vector 62: expansion', () => {
  const analysis = analysisOf(seed(), { prunableOutputs: false });
  const learned = { conv1: 6, conv2: 30 };

  test('the costs that are given', () => {
    expect(seedCost(analysis)).toBe(3244672);
    expect(costAtCounts(analysis, countsOf(analysis, learned))).toBe(1161816);
  });

  test('to the nearest width', () => {
    const expanded = expand(analysis, learned, { budget: 3244672 });
    expect(widthsOf(analysis, expanded)).toEqual([10, 52]);
    expect(expanded.cost).toBe(2950160);
    expect(expanded.slack).toBe(3244672 - 2950160);
    expectNear(expanded.factor, 1.71667);
    expectNear(expanded.continuousFactor, 1.787609);
  });

  test('rounded down', () => {
    const expanded = expand(analysis, learned, { budget: 3244672, rounding: 'floor' });
    expect(widthsOf(analysis, expanded)).toEqual([10, 54]);
    expect(expanded.cost).toBe(3042360);
    expectNear(expanded.factor, 1.8);
  });

  test('the uniform multiplier that takes the seed to the learned cost', () => {
    const expanded = expand(analysis, { conv1: 16, conv2: 32 }, { budget: 1161816 });
    expectNear(expanded.continuousFactor, 0.538759);
    expect(expanded.factor).toBeLessThan(1);
    expect(expanded.cost).toBeLessThanOrEqual(1161816);
  });

  test('to multiples of 8', () => {
    const widths = widthsOf(analysis, expand(analysis, learned, { budget: 3244672, divisor: 8 }));
    expect(widths.every((width) => width % 8 === 0)).toBe(true);
  });

  test('pinned layers keep their width, and dead ones stay dead', () => {
    const pinned = expand(analysis, learned, { budget: 3244672, pinned: ['conv1'] });
    expect(widthsOf(analysis, pinned)[0]).toBe(6);
    expect(widthsOf(analysis, pinned)[1]).toBeGreaterThan(52);
    expect(
      expandWidths(analysis, countsOf(analysis, learned), { budget: 3244672, pinned: ['conv1', 'conv2'] }),
    ).toMatchObject({
      ok: false,
    });
  });

  test('a budget below the narrowest network is an error', () => {
    expect(expandWidths(analysis, countsOf(analysis, learned), { budget: 1000 })).toMatchObject({ ok: false });
  });

  test('the rebuilt network costs what the expansion says', () => {
    const { widths, cost } = expand(analysis, learned, { budget: 3244672 });
    const byName = new Map(analysis.groups.map(({ id, name }) => [name, widths[id]!]));
    const rebuilt = rebuildWithWidths(analysis.grouping, byName);
    expect(rebuilt.ok && networkCost(rebuilt.value.graph, { resource: 'flops' })).toBe(cost);
  });

  test('no larger factor fits', () => {
    const { factor } = expand(analysis, learned, { budget: 3244672 });
    const at = (point: number): Int32Array =>
      countsOf(analysis, { conv1: Math.floor(point * 6 + 0.5), conv2: Math.floor(point * 30 + 0.5) });
    for (let point = factor + 0.001; point < factor + 3; point += 0.001) {
      const widths = at(point);
      const isSame = widths.every((width, group) => width === at(factor)[group]);
      expect(isSame || costAtCounts(analysis, widths) > 3244672, String(point)).toBe(true);
    }
  });
});

/** ResNet-50 on 32×32 images with a hidden dense layer of 1024 and 10 classes. */
function resnet50(): NetworkGraph {
  const net = new MethodNetwork();
  const bare = { relu: false };
  let value: ValueId = net.layer('conv1', net.input([1, 3, 32, 32]), 64, 7, { stride: 2 });
  value = net.maxPool('pool1', value, 3, 2, 1);
  for (const [stage, blocks] of [3, 4, 6, 3].entries()) {
    const width = 64 * 2 ** stage;
    for (let block = 0; block < blocks; block += 1) {
      const name = `stage${String(stage + 1)}.${String(block)}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const shortcut = block === 0 ? net.layer(`${name}.shortcut`, value, 4 * width, 1, { stride, ...bare }) : value;
      const inner = net.layer(`${name}.conv2`, net.layer(`${name}.conv1`, value, width, 1, { stride }), width, 3);
      value = net.relu(
        `${name}.out`,
        net.addition(`${name}.add`, shortcut, net.layer(`${name}.conv3`, inner, 4 * width, 1, bare)),
      );
    }
  }
  return net.finish(net.dense('classes', net.dense('hidden', net.mean('mean', value), 1024), 10));
}

describe('vector 63: ResNet-50 on small images', () => {
  const graph = resnet50();

  test('has 53 convolutions, and the FLOPs and weights that are stated', () => {
    expect(graph.ops.filter(({ attributes }) => attributes.kind === 'convolution')).toHaveLength(53);
    expect(networkCost(graph, { resource: 'flops' })).toBe(161599488);
    expect(networkCost(graph, { resource: 'params' })).toBe(25562304);
  });

  test('stage outputs are one group each, and dead inner layers take their blocks with them', () => {
    const grouping = groupChannels(graph);
    const widths = new Map([
      ['conv1', 13],
      ['stage1.0.shortcut', 64],
      ['stage2.0.shortcut', 54],
      ['stage3.0.shortcut', 69],
      ['stage4.0.shortcut', 102],
      ['stage2.1.conv1', 0],
      ['stage3.4.conv2', 0],
    ]);
    const rebuilt = rebuildWithWidths(grouping, widths);
    if (!rebuilt.ok) throw new Error(rebuilt.error);
    const names = rebuilt.value.graph.ops.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('stage2.1') || name.startsWith('stage3.4'))).toEqual([
      'stage2.1.out',
      'stage3.4.out',
    ]);
    expect(opNamed(rebuilt.value.graph, 'stage4.2.conv3').attributes).toMatchObject({ outChannels: 102 });
    // The formula leaves the last layers of dead branches their counts, so it says more than is left.
    const formula = costAtCounts(
      analysisOf(graph, { prunableOutputs: false, algorithm: 'group-lasso' }),
      Int32Array.from(grouping.groups, ({ name, size }) => widths.get(name) ?? size),
    );
    expect(networkCost(rebuilt.value.graph, { resource: 'flops' })).toBeLessThan(formula);
    const channels = grouping.groups.flatMap(({ name, size }) =>
      Array.from({ length: size }, (_, index) => Number(index < (widths.get(name) ?? size))),
    );
    expect(rebuildGraph(grouping, channels)).toEqual(rebuilt);
  });
});
