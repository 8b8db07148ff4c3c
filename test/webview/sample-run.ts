// Runs to look at: built to the wire's schemas, and checked by them, so that a page test never shows what cannot be.

import * as v from 'valibot';
import type { RetrainingFile } from '../../server/src/protocol/retraining-file.ts';
import type { RunEvent } from '../../server/src/protocol/run-events.ts';
import {
  runSnapshotSchema,
  type ExpandedProposal,
  type RunProposal,
  type RunSnapshot,
} from '../../server/src/protocol/run-files.ts';

const startTime = 1_800_000_000_000;

/** A model of `layers` convolutions, the third tied to the first (if there are more), trained up to `step` of 200. */
export interface SampleRun {
  readonly layers: number;
  readonly step: number;
  readonly status: RunSnapshot['status'];
  readonly entry?: string;
  readonly layerName?: (index: number) => string;
  /** Put after the training's own events. */
  readonly ending?: readonly RunEvent[];
  /** With what `expand` made of the proposal, all widths doubled, to a FLOPs budget of the seed's; and retrained. */
  readonly isExpanded?: boolean;
}

const width = 64;
const tiedLayer = 2;
const macsEach = 1000;
const paramsEach = 100;

/** Every network has one: the channels of its input, which no layer gives. */
const inputGroup = { name: 'input', size: 1, layers: [], fixed: 'input is an input of the network' };

/** Channels that are left of a layer after some steps: one fewer every ten steps for even layers. */
export function aliveAt(layer: number, step: number): number {
  return layer % 2 === 0 ? width - Math.floor(step / 10) : width;
}

export function at(step: number): { readonly version: 1; readonly time: number; readonly step: number } {
  return { version: 1, time: startTime + step * 25, step };
}

export function sampleRun(sample: SampleRun): RunSnapshot {
  const { layers, step, status, entry = 'LeNet()', layerName = (index) => `features.${index}`, ending = [] } = sample;
  const { isExpanded = false } = sample;
  const names = Array.from({ length: layers }, (_, index) => layerName(index));
  const isTied = (index: number): boolean => index === tiedLayer && layers > tiedLayer + 1;
  const grouped = names.map((name, index) => ({ name, index })).filter(({ index }) => !isTied(index));
  const groups = grouped.map(({ name, index }) => ({
    name,
    size: width,
    layers: [name, ...(index === 0 ? names.filter((_, other) => isTied(other)) : [])],
    ...(index === layers - 1 && { fixed: 'its channels are the output of the model' }),
  }));
  const seed = { macs: layers * macsEach, params: layers * paramsEach, latencyMs: layers * 0.01 };
  const totalsAt = (now: number): typeof seed => {
    const share = names.reduce((sum, _, index) => sum + aliveAt(index, now) / width, 0) / Math.max(1, layers);
    return { macs: seed.macs * share, params: seed.params * share, latencyMs: seed.latencyMs * share };
  };
  const events: RunEvent[] = [];
  if (status !== 'queued') {
    events.push({ ...at(0), kind: 'started', totalSteps: 200, engine: 'onnx', threads: 1, pid: 4321, seed });
  }
  for (let now = 10; now <= step; now += 10) {
    events.push({
      ...at(now),
      kind: 'progress',
      loss: 2 / now,
      accuracy: now / 250,
      regularization: 0.5 - now / 1000,
      strength: 0.001,
      cost: totalsAt(now).macs,
      seedCost: seed.macs,
      learningRate: 0.001,
      stepMs: 25,
      secondsLeft: (200 - now) * 0.025,
    });
    if (now % 20 === 0) {
      events.push({
        ...at(now),
        kind: 'alive',
        alive: [1, ...grouped.map(({ index }) => aliveAt(index, now))],
        totals: totalsAt(now),
      });
    }
    if (now % 100 === 0) {
      events.push({ ...at(now), kind: 'evaluated', loss: 2.2 / now, accuracy: now / 260, images: 10_000 });
      events.push({ ...at(now), kind: 'checkpoint', file: `checkpoints/step-${now}.bin` });
    }
  }
  const counted = step - (step % 20);
  const snapshot = {
    id: 'lenet-1',
    folder: 'file:///models/.morphnet/runs/lenet-1',
    status,
    config: {
      version: 1,
      model: { document: 'file:///models/lenet%20small.py', entry, input: [[1, 28, 28]] },
      data: { kind: 'idx', path: '/data/mnist/idx' },
      target: { resource: 'flops', fraction: 0.5 },
      algorithm: 'auto',
      threshold: 0.01,
      batchSize: 64,
      learningRate: 0.001,
      optimizer: 'adam',
      weightDecay: 0,
      steps: 200,
      seed: 1,
      engine: 'auto',
      threads: 0,
      aliveEvery: 20,
      checkpointEvery: 100,
      device: { name: 'V100', peakGflopsPerSecond: 15_700, memoryGigabytesPerSecond: 900 },
    },
    ...(status !== 'queued' && { structure: { version: 1, algorithm: 'gamma', groups: [inputGroup, ...groups] } }),
    events: [...events, ...ending],
    ...(counted >= 20 && { proposal: proposalAt(names, counted, seed, totalsAt(counted)) }),
    ...(isExpanded && { retraining: retraining(seed, totalsAt(counted)) }),
    ...(isExpanded && { expanded: expandedOf(proposalAt(names, counted, seed, totalsAt(counted))) }),
  };
  return v.parse(runSnapshotSchema, snapshot);
}

type Totals = Record<'macs' | 'params' | 'latencyMs', number>;

function proposalAt(names: readonly string[], step: number, before: Totals, after: Totals): RunProposal {
  const change = (key: keyof Totals): { before: number; after: number } => ({ before: before[key], after: after[key] });
  return {
    version: 1,
    step,
    layers: names.map((name, index) => {
      const alive = aliveAt(index, step);
      return {
        name,
        label: 'Conv2d 3×3',
        group: index === tiedLayer && names.length > tiedLayer + 1 ? (names[0] ?? name) : name,
        width: { before: width, after: alive },
        macs: { before: macsEach, after: (macsEach * alive) / width },
        params: { before: paramsEach, after: (paramsEach * alive) / width },
        latencyMs: { before: 0.01, after: (0.01 * alive) / width },
      };
    }),
    groups: names.map((name, index) => ({
      name,
      layers: [name],
      width: { before: width, after: aliveAt(index, step) },
    })),
    totals: { macs: change('macs'), params: change('params'), latencyMs: change('latencyMs') },
    removed: [],
    device: 'V100',
  };
}

function retraining(seed: Totals, proposed: Totals): RetrainingFile {
  const structure = (
    name: RetrainingFile['structures'][number]['name'],
    totals: Totals,
    mean: number,
  ): RetrainingFile['structures'][number] => ({
    name,
    totals,
    accuracies: [mean - 0.01, mean + 0.01],
    mean,
    standardDeviation: 0.0141,
    runs: [`retrained/${name}-1`, `retrained/${name}-2`],
  });
  const structures = [
    structure('seed', seed, 0.9),
    structure('proposal', proposed, 0.895),
    structure('expanded', seed, 0.913),
  ];
  return { version: 1, kind: 'retraining', steps: 200, seeds: [1, 2], structures };
}

function expandedOf(proposal: RunProposal): ExpandedProposal {
  const { totals } = proposal;
  return {
    ...proposal,
    layers: proposal.layers.map((layer) => ({ ...layer, width: { ...layer.width, after: 2 * layer.width.after } })),
    expansion: {
      resource: 'flops',
      seedCost: 2 * totals.macs.before,
      budget: 2 * totals.macs.before,
      cost: 1.9 * totals.macs.before,
      factor: 2,
      multipleOf: 8,
    },
  };
}
