// Whole runs on a small network: every algorithm comes to every target within the steps, and proposes what it says.

import { writtenDevice } from '../../../../server/src/analysis/latency-device.ts';
import { findDevice } from '../../../../server/src/costs/device-profile.ts';
import { expect, test } from 'vitest';
import { neverCancelled } from '../../../../server/src/common/cancellation.ts';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import type { RunConfig } from '../../../../server/src/protocol/run-config.ts';
import { targetResources } from '../../../../server/src/protocol/run-config.ts';
import { runDefaults } from '../../../../server/src/protocol/run-defaults.ts';
import type { RunStructure } from '../../../../server/src/protocol/run-files.ts';
import { groupChannels } from '../../../../server/src/structure/group-channels.ts';
import { rebuildWithWidths } from '../../../../server/src/structure/rebuild-graph.ts';
import { networkCost } from '../../../../server/src/structure/settled-cost.ts';
import type { WidthProposal } from '../../../../server/src/structure/width-proposal.ts';
import type { DataSet, ImagesInMemory } from '../../../../server/src/training/data/data-set.ts';
import { createOnnxEngine } from '../../../../server/src/training/engines/onnx/onnx-engine.ts';
import { randomStream } from '../../../../server/src/training/engines/random.ts';
import { learnStructure } from '../../../../server/src/training/loop/learn-structure.ts';
import type { NewEvent } from '../../../../server/src/training/loop/run-sink.ts';
import { SmallNetwork } from '../engines/small-network.ts';

const device = { name: 'test', peakGflopsPerSecond: 10, memoryGigabytesPerSecond: 5 };
const engine = createOnnxEngine(1);

/** Images of noise with a bright row, whose place is the class. */
function images(count: number, seed: string): ImagesInMemory {
  const random = randomStream(1, seed);
  const labels = Uint8Array.from({ length: count }, () => Math.floor(3 * random.uniform()));
  const pixels = new Uint8Array(count * 64).map(() => 60 * random.uniform());
  labels.forEach((label, image) => {
    const start = image * 64 + 8 * (2 * label + 1);
    pixels.fill(250, start, start + 8);
  });
  return { kind: 'memory', count, labels, pixels };
}

const dataSet: DataSet = {
  name: 'rows',
  shape: [1, 8, 8],
  classes: 3,
  training: images(256, 'training'),
  test: images(64, 'test'),
  badFiles: 0,
  notices: [],
};

/** Two layers with norms, one without, and classes: scales decide about the former, weights about the latter. */
function network(): NetworkGraph {
  const net = new SmallNetwork([1, 8, 8]);
  const layer = (name: string, from: number, width: number): number =>
    net.activation(`${name}.relu`, net.batchNorm(`${name}.norm`, net.convolution(name, from, width, 3)), 'relu');
  const plain = net.convolution('plain', layer('second', layer('first', net.input, 12), 16), 12, 1, { bias: true });
  return net.build(net.dense('head', net.flatten('flat', net.activation('relu', plain, 'relu')), 3));
}

interface Run {
  readonly events: readonly NewEvent[];
  readonly structure: RunStructure | undefined;
  readonly proposal: WidthProposal | undefined;
}

async function run(settings: Pick<RunConfig, 'algorithm' | 'target'> & Partial<RunConfig>): Promise<Run> {
  const events: NewEvent[] = [];
  let structure: RunStructure | undefined;
  let proposal: WidthProposal | undefined;
  const config: RunConfig = {
    ...runDefaults,
    version: 1,
    model: { document: 'test:///network', entry: 'Small', input: [[1, 8, 8]] },
    data: { kind: 'auto', path: 'rows' },
    device,
    steps: 60,
    batchSize: 8,
    learningRate: 0.04,
    ...settings,
  };
  await learnStructure(
    {
      config,
      graph: network(),
      dataSet,
      engine: await engine,
      device,
      pid: 1,
      stopReason: () => 'cancelled',
      now: () => 0,
      sink: {
        event: (event) => events.push(event),
        structure: (found) => {
          structure = found;
        },
        proposal: (found) => {
          proposal = found;
        },
        learnedStructure: () => undefined,
        regularizationVectors: () => undefined,
        save: () => 'checkpoint',
        load: () => ({ ok: true, value: undefined }),
      },
    },
    neverCancelled,
  );
  return { events, structure, proposal };
}

const cases = [
  ...(['gamma', 'group-lasso', 'logistic-sigmoid'] as const).flatMap((algorithm) =>
    targetResources.map((resource) => [algorithm, resource] as const),
  ),
  ['auto', 'flops'] as const,
];

test.for(cases)('%s for %s', async ([algorithm, resource]) => {
  const fraction = 0.6;
  const { events, structure, proposal } = await run({ algorithm, target: { resource, fraction } });
  expect(events.filter(({ kind }) => kind === 'failed')).toEqual([]);
  expect(events.at(-1)?.kind).toBe('finished');
  expect(structure?.algorithm).toBe(algorithm === 'auto' ? 'mixed' : algorithm);
  // The proposed network, really built, costs at most the target; a channel of a layer here is up to a tenth of all.
  const graph = network();
  const widths = new Map((proposal?.groups ?? []).map(({ name, width }) => [name, width.after]));
  const rebuilt = rebuildWithWidths(groupChannels(graph), widths);
  if (!rebuilt.ok) throw new Error(rebuilt.error);
  const options = { resource, device };
  const share = networkCost(rebuilt.value.graph, options) / networkCost(graph, options);
  expect(share).toBeLessThanOrEqual(fraction);
  expect(share).toBeGreaterThan(fraction - 0.1);
  const last = events.findLast((event) => event.kind === 'progress');
  expect(last?.cost).toBeCloseTo(networkCost(rebuilt.value.graph, options), 5);
});

test('a mixed network’s log says which layers got which algorithm', async () => {
  const { events } = await run({ algorithm: 'auto', target: { resource: 'flops', fraction: 0.6 } });
  const notice = events.find((event) => event.kind === 'notice' && event.code === 'mixed-algorithms');
  expect(notice).toMatchObject({
    message:
      'Batch-norm scales decide about first, second; weights (group lasso) about plain, which no scaled batch norm follows',
  });
});

test('a share of latency that starting kernels takes alone is out of reach, and told before anything is trained', async () => {
  const known = findDevice('RTX 4090');
  if (!known.ok) throw new Error(known.error);
  const target = { resource: 'latency', fraction: 0.05 } as const;
  const { events } = await run({ algorithm: 'gamma', target, device: writtenDevice(known.value) });
  expect(events.map((event) => [event.kind, 'code' in event ? event.code : undefined])).toEqual([
    ['failed', 'target-out-of-reach'],
  ]);
  const [failed] = events;
  const said = failed !== undefined && 'message' in failed ? failed.message : '';
  expect(said).toMatch(/^With one channel in every layer that can get narrower, [\d.]+ % of the latency on RTX 4090/);
  expect(said).toContain(', and 5 % are asked for');
  const { events: within } = await run({ algorithm: 'gamma', target: { resource: 'flops', fraction: 0.5 }, steps: 2 });
  expect(within.some((event) => 'code' in event && event.code === 'target-out-of-reach')).toBe(false);
});
