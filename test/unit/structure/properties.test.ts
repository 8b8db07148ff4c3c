// What must hold for every network: groups partition the channels, tied layers stay equally wide, the cost of a structure is
// that of the rebuilt network, removing channels never costs more, order does not matter, gradients are those of the loss.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reportCosts } from '../../../server/src/costs/cost-report.ts';
import type { NetworkGraph } from '../../../server/src/network/network-graph.ts';
import type { OpId } from '../../../server/src/network/op.ts';
import {
  analyzeStructure,
  type StructureAnalysis,
  type StructureOptions,
} from '../../../server/src/structure/analyze-structure.ts';
import type { ChannelGrouping } from '../../../server/src/structure/channel-grouping.ts';
import { costAtCounts, evaluateRegularizer } from '../../../server/src/structure/evaluate-regularizer.ts';
import { groupChannels } from '../../../server/src/structure/group-channels.ts';
import { rebuildGraph, rebuildWithWidths } from '../../../server/src/structure/rebuild-graph.ts';
import { settledCost } from '../../../server/src/structure/settled-cost.ts';
import { randomStream } from '../../../server/src/training/engines/random.ts';
import { deviceNamed } from '../../support/method-network.ts';
import { randomNetwork, reordered } from '../../support/random-network.ts';

const runs = { numRuns: 150, seed: 20260731 } as const;
const device = deviceNamed('V100');

/** Sets of `op:place` that are one channel, in an order of their own. */
function channelSets(grouping: ChannelGrouping): readonly string[] {
  const sets = new Map<number, string[]>();
  grouping.graph.values.forEach(({ producer }, value) => {
    grouping.valueChannels[value]?.channels.forEach((channel, place) => {
      const name = `${grouping.graph.ops[producer]!.name}:${String(place)}`;
      sets.set(channel, [...(sets.get(channel) ?? []), name]);
    });
  });
  return [...sets.values()].map((names) => names.sort().join(' ')).sort();
}

/** Random widths by group: each group that is not fixed keeps between `least` and all of its channels. */
function randomCounts(grouping: ChannelGrouping, seed: number, least: number): Map<string, number> {
  const random = randomStream(seed, 'widths');
  return new Map(
    grouping.groups.flatMap(({ name, size, fixed }) =>
      fixed === undefined ? [[name, Math.min(size, least + Math.floor(random.uniform() * (size + 1 - least)))]] : [],
    ),
  );
}

/** A random alive vector in which no group dies. */
function randomAlive(grouping: ChannelGrouping, seed: number): Uint8Array {
  const random = randomStream(seed, 'alive');
  const alive = new Uint8Array(grouping.groupOfChannel.length).map(() => Number(random.uniform() < 0.6));
  for (const { id, fixed } of grouping.groups) {
    const [start = 0, end = 0] = grouping.offsets.subarray(id, id + 2);
    if (fixed !== undefined) alive.fill(1, start, end);
    else alive[start + Math.floor(random.uniform() * (end - start))] = 1;
  }
  return alive;
}

function analysisFor(graph: NetworkGraph, options: Partial<StructureOptions> = {}): StructureAnalysis | undefined {
  const analysis = analyzeStructure(graph, {
    algorithm: 'auto',
    resource: 'flops',
    threshold: 0.5,
    device,
    ...options,
  });
  return analysis.ok ? analysis.value : undefined;
}

const countsOf = ({ groups, grouping }: StructureAnalysis, alive: ArrayLike<number>): Int32Array =>
  Int32Array.from(groups, ({ id }) => {
    let count = 0;
    for (let channel = grouping.offsets[id]!; channel < grouping.offsets[id + 1]!; channel += 1)
      count += alive[channel]!;
    return count;
  });

test('groups are a partition: each place of each op lies in exactly one slice of one group', () => {
  fc.assert(
    fc.property(randomNetwork(), (graph) => {
      const grouping = groupChannels(graph);
      const covered = new Map<string, number>();
      for (const { id, members, size } of grouping.groups) {
        for (const { op, start, size: length, step = 1, repeat = 1 } of members) {
          expect(length).toBe(size);
          for (let index = 0; index < length; index += 1) {
            for (let copy = 0; copy < repeat; copy += 1) {
              const place = start + index * step + copy;
              const key = `${String(op)}:${String(place)}`;
              expect(covered.has(key)).toBe(false);
              covered.set(key, id);
              const value = graph.ops[op]!.outputs[0]!;
              // The i-th channel of every slice is the group's i-th channel.
              expect(grouping.valueChannels[value]!.channels[place]).toBe(grouping.offsets[id]! + index);
            }
          }
        }
      }
      const places = grouping.valueChannels.reduce((sum, value) => sum + (value?.channels.length ?? 0), 0);
      expect(covered.size).toBe(places);
      expect(new Set(grouping.groups.map(({ name }) => name)).size).toBe(grouping.groups.length);
    }),
    runs,
  );
});

test('grouping does not depend on the order of the ops', () => {
  fc.assert(
    fc.property(randomNetwork(), fc.nat(), (graph, seed) => {
      const random = randomStream(seed, 'order');
      const late = graph.ops.map(() => random.uniform());
      const other = reordered(graph, (op) => late[op.id]!);
      expect(channelSets(groupChannels(other))).toEqual(channelSets(groupChannels(graph)));
    }),
    runs,
  );
});

test('any widths of the groups give a network that fits together, with equal widths wherever layers are tied', () => {
  fc.assert(
    fc.property(randomNetwork(), fc.nat(), (graph, seed) => {
      const grouping = groupChannels(graph);
      const widths = randomCounts(grouping, seed, 1);
      // Shapes are inferred anew, so layers that do not fit would be a failure.
      const rebuilt = rebuildWithWidths(grouping, widths);
      if (!rebuilt.ok) throw new Error(rebuilt.error);
      expect(rebuilt.value.removed).toEqual([]);
      // A layer that is called twice has one weight: both calls make it the same shape.
      const shapes = new Map<string, readonly unknown[]>();
      for (const { id, shape } of rebuilt.value.graph.ops.flatMap((op) => op.parameters)) {
        expect(shape).toEqual(shapes.get(id) ?? shape);
        shapes.set(id, shape);
      }
      graph.values.forEach(({ producer }, value) => {
        const channels = grouping.valueChannels[value];
        if (channels === undefined) return;
        let width = 0;
        for (const { id, size, members } of grouping.groups) {
          const slices = members.filter(({ op }) => op === producer);
          const copies = slices.reduce((sum, { repeat = 1 }) => sum + repeat, 0);
          if (copies > 0) width += copies * (widths.get(grouping.groups[id]!.name) ?? size);
        }
        expect(rebuilt.value.graph.values[value]!.shape[channels.axis]).toBe(width);
      });
    }),
    runs,
  );
});

test('widening works as narrowing does', () => {
  fc.assert(
    fc.property(randomNetwork(), (graph) => {
      const grouping = groupChannels(graph);
      const wider = new Map(grouping.groups.flatMap(({ name, size, fixed }) => (fixed ? [] : [[name, size + 3]])));
      const rebuilt = rebuildWithWidths(grouping, wider);
      expect(rebuilt.ok ? '' : rebuilt.error).toBe('');
    }),
    runs,
  );
});

describe('the cost of a structure is the cost of the rebuilt network, which another room counts', () => {
  test.for(['flops', 'params', 'latency', 'memory'] as const)('%s', (resource) => {
    fc.assert(
      fc.property(randomNetwork(), fc.nat(), (graph, seed) => {
        const analysis = analysisFor(graph, { resource });
        fc.pre(analysis !== undefined);
        const alive = randomAlive({ ...analysis.grouping, groups: analysis.groups }, seed);
        const rebuilt = rebuildGraph(analysis.grouping, alive);
        if (!rebuilt.ok) throw new Error(rebuilt.error);
        const cost = costAtCounts(analysis, countsOf(analysis, alive));
        const { total } = reportCosts(rebuilt.value.graph, device);
        if (total.macs.kind !== 'exact' || total.latencyMs.kind !== 'exact') throw new Error('Unknown totals');
        switch (resource) {
          case 'flops':
            expect(cost).toBe(2 * total.macs.value);
            break;
          case 'latency':
            expect(cost / 1e6).toBeCloseTo(total.latencyMs.value, 12);
            break;
          case 'params': {
            const parameters = rebuilt.value.graph.ops.flatMap((op) => op.parameters);
            // A layer that is called twice has its weights once.
            const own = new Map(parameters.filter(({ role }) => role === 'weight').map((one) => [one.id, one]));
            const weights = [...own.values()].reduce(
              (sum, { shape }) => sum + shape.reduce<number>((product, size) => product * Number(size), 1),
              0,
            );
            expect(cost).toBe(weights);
            break;
          }
          case 'memory': {
            const bytes = reportCosts(rebuilt.value.graph, deviceNamed('MEMORY_LATENCY')).total.latencyMs;
            expect(bytes.kind === 'exact' && bytes.value * 1e6).toBeCloseTo(cost, 3);
          }
        }
      }),
      runs,
    );
  });
});

describe('the time on a device that was measured is that of the rebuilt network', () => {
  test.for(['Core i7-12700H', 'RTX 4090', 'RTX 5090, amp, PyTorch 2.9, compiled'])('%s', (name) => {
    const rated = deviceNamed(name);
    fc.assert(
      fc.property(randomNetwork(), fc.nat(), (graph, seed) => {
        // A layer in groups that shrink to one channel each is another kind of layer, and turning axes of one channel moves nothing.
        const changesKind = graph.ops.some(
          ({ attributes }) => attributes.kind === 'permute' || ('groups' in attributes && attributes.groups > 1),
        );
        const analysis = changesKind ? undefined : analysisFor(graph, { resource: 'latency', device: rated });
        fc.pre(analysis !== undefined);
        const alive = randomAlive({ ...analysis.grouping, groups: analysis.groups }, seed);
        const rebuilt = rebuildGraph(analysis.grouping, alive);
        if (!rebuilt.ok) throw new Error(rebuilt.error);
        const { latencyMs } = reportCosts(rebuilt.value.graph, rated, 1).total;
        if (latencyMs.kind !== 'exact') throw new Error('Unknown totals');
        // A thousandth is what pads and resizes of channels share out otherwise.
        expect(costAtCounts(analysis, countsOf(analysis, alive)) / 1e6 / latencyMs.value).toBeCloseTo(1, 3);
      }),
      runs,
    );
  });
});

test('where groups die, the rebuilt network costs at most what the formula says, or is cut', () => {
  fc.assert(
    fc.property(randomNetwork(), fc.nat(), (graph, seed) => {
      const analysis = analysisFor(graph);
      fc.pre(analysis !== undefined);
      const grouping = { ...analysis.grouping, groups: analysis.groups };
      const widths = randomCounts(grouping, seed, 0);
      const counts = Int32Array.from(analysis.groups, ({ name, size }) => widths.get(name) ?? size);
      const rebuilt = rebuildWithWidths(analysis.grouping, widths);
      const settled = settledCost(analysis, counts);
      expect(settled).toBeLessThanOrEqual(costAtCounts(analysis, counts));
      if (!rebuilt.ok) {
        expect(rebuilt.error).toMatch(/^The network is cut: no channel of /);
        expect(settled).toBe(0);
      } else {
        const { macs } = reportCosts(rebuilt.value.graph, device).total;
        expect(macs).toEqual({ kind: 'exact', value: settled / 2 });
      }
    }),
    runs,
  );
});

test('removing a channel never raises the cost', () => {
  fc.assert(
    fc.property(
      randomNetwork(),
      fc.nat(),
      fc.constantFrom('flops', 'params', 'activations', 'latency', 'memory'),
      (graph, seed, resource) => {
        const analysis = analysisFor(graph, { resource });
        fc.pre(analysis !== undefined);
        const grouping = { ...analysis.grouping, groups: analysis.groups };
        const widths = randomCounts(grouping, seed, 1);
        const counts = Int32Array.from(analysis.groups, ({ name, size }) => widths.get(name) ?? size);
        const before = costAtCounts(analysis, counts);
        for (const { id, fixed } of analysis.groups) {
          if (fixed !== undefined) continue;
          const fewer = counts.slice();
          fewer[id]! -= 1;
          expect(costAtCounts(analysis, fewer)).toBeLessThanOrEqual(before);
          expect(settledCost(analysis, fewer)).toBeLessThanOrEqual(settledCost(analysis, counts));
        }
      },
    ),
    { ...runs, numRuns: 80 },
  );
});

describe('gradients are those of the loss, with alive counts held still', () => {
  /** Random vectors between 0 and 1, no two entries so close that a small step would change their order. */
  function vectorsOf(analysis: StructureAnalysis, seed: number): ReadonlyMap<OpId, Float32Array> {
    const random = randomStream(seed, 'vectors');
    const count = analysis.sources.reduce((sum, { channels }) => sum + channels, 0);
    const values = Array.from({ length: count }, (_, index) => ({
      value: (index + 1) / (count + 1),
      key: random.uniform(),
    }))
      .sort((left, right) => left.key - right.key)
      .map(({ value }) => value);
    return new Map(analysis.sources.map(({ op, channels }) => [op, Float32Array.from(values.splice(0, channels))]));
  }

  const combinations = {
    gamma: undefined,
    'group-lasso': { kind: 'l2', threshold: 0.5 },
    'logistic-sigmoid': { kind: 'probabilistic' },
  } as const;

  test.for(
    (['gamma', 'group-lasso', 'logistic-sigmoid'] as const).flatMap((algorithm) =>
      (['flops', 'params', 'activations', 'latency', 'memory'] as const).map(
        (resource) => [algorithm, resource] as const,
      ),
    ),
  )('%s for %s', ([algorithm, resource]) => {
    fc.assert(
      fc.property(randomNetwork(8), fc.nat(), (graph, seed) => {
        const combination = combinations[algorithm];
        const analysis = analysisFor(graph, { algorithm, resource, ...(combination && { combination }) });
        fc.pre(analysis !== undefined);
        const vectors = vectorsOf(analysis, seed);
        const { loss, gradients } = evaluateRegularizer(analysis, vectors);
        for (const { op, channels } of analysis.sources) {
          for (const place of [0, channels - 1]) {
            const moved = vectors.get(op)!.slice();
            const step = 2 ** -12;
            moved[place]! += step;
            const other = evaluateRegularizer(analysis, new Map(vectors).set(op, moved), vectors);
            const slope = (other.loss - loss) / (moved[place]! - vectors.get(op)![place]!);
            const expected = gradients.get(op)![place]!;
            expect(Math.abs(slope - expected)).toBeLessThanOrEqual(
              0.02 * Math.max(Math.abs(expected), Math.abs(slope)) + 1e-6 * loss,
            );
          }
        }
      }),
      { ...runs, numRuns: 25 },
    );
  });
});
