// Real trainer processes on a tiny network and tiny images: what a test needs to run them to their end or into trouble.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildNodeBundle, root } from '../../scripts/bundles.ts';
import type { TrainerProgram } from '../../server/src/jobs/trainer-process.ts';
import type { NetworkGraph } from '../../server/src/network/network-graph.ts';
import type { RunConfig } from '../../server/src/protocol/run-config.ts';
import type { RunEvent, RunEventKind } from '../../server/src/protocol/run-events.ts';
import { loadCheckpoint } from '../../server/src/runs/checkpoints.ts';
import { workspaceOf } from '../../server/src/runs/portable-config.ts';
import { createRunFolder } from '../../server/src/runs/run-folder.ts';
import { randomStream } from '../../server/src/training/engines/random.ts';
import { SmallNetwork } from '../unit/training/engines/small-network.ts';
import { idxImages, idxLabels, writeFiles } from './idx-files.ts';
import { runConfigIn } from './run-folder.ts';
import { runtime } from './runtime.ts';

/** Where this worker's trainer is, below `.cache`: workers run beside each other. */
export const trainerCache = join('trainer-test', process.env['VITEST_POOL_ID'] ?? 'alone');

/** Bundles the trainer where it finds the native libraries of `node_modules`. */
export async function buildTrainer(): Promise<TrainerProgram> {
  const script = join(root, '.cache', trainerCache, 'trainer.cjs');
  await buildNodeBundle('trainer', script);
  return { ...runtime, script };
}

/** Two normalised convolutions, dropout and a head, on 1×8×8 images of three classes. */
export function tinyNetwork(size = 8): NetworkGraph {
  const net = new SmallNetwork([1, size, size]);
  let value = net.input;
  for (const [name, channels] of [
    ['first', 6],
    ['second', 8],
  ] as const) {
    const normalized = net.batchNorm(`${name}.norm`, net.convolution(`${name}.conv`, value, channels, 3));
    value = net.activation(`${name}.relu`, normalized, 'relu');
  }
  const dropped = net.add('dropout', { kind: 'dropout', rate: 0.25 }, [net.globalMean('mean', value)]);
  return net.build(net.dense('head', dropped, 3));
}

/** Images with a bright top, middle or bottom under noise, in a new folder. */
export function writeImages(folder: string): string {
  const random = randomStream(5, 'images');
  const part = (count: number): [Buffer, Buffer] => {
    const labels = Array.from({ length: count }, (_, index) => index % 3);
    const pixels = labels.flatMap((label) =>
      Array.from({ length: 64 }, (_, place) =>
        Math.floor(random.uniform() * 128 + (Math.floor(place / 22) === label ? 127 : 0)),
      ),
    );
    return [idxImages(count, 8, 8, pixels), idxLabels(labels)];
  };
  const [trainImages, trainLabels] = part(60);
  const [testImages, testLabels] = part(20);
  writeFiles(folder, {
    'train-images-idx3-ubyte': trainImages,
    'train-labels-idx1-ubyte': trainLabels,
    't10k-images-idx3-ubyte': testImages,
    't10k-labels-idx1-ubyte': testLabels,
  });
  return folder;
}

/** Makes a run on the tiny images below a folder. */
export function makeRun(
  parent: string,
  name: string,
  changes: Partial<RunConfig> = {},
  network = tinyNetwork(),
): string {
  const data = join(parent, 'data');
  mkdirSync(parent, { recursive: true });
  const config = runConfigIn(workspaceOf(parent), {
    data: { kind: 'idx', path: writeImages(data) },
    steps: 100,
    aliveEvery: 10,
    checkpointEvery: 20,
    ...changes,
  });
  const made = createRunFolder(join(parent, name), config, network);
  if (!made.ok) throw new Error(made.error);
  return made.value;
}

/** The one event of a kind that ends a run. */
export function only<K extends RunEventKind>(
  events: readonly RunEvent[],
  kind: K,
): Extract<RunEvent, { readonly kind: K }> {
  const found = events.filter((event): event is Extract<RunEvent, { readonly kind: K }> => event.kind === kind);
  const [event, ...others] = found;
  if (event === undefined || others.length > 0)
    throw new Error(`${String(found.length)} events are ${kind}: ${JSON.stringify(events)}`);
  return event;
}

/** Everything that must not depend on how often a run was interrupted: weights, controller, counts and proposal. */
export function resultOf(folder: string): Readonly<Record<string, unknown>> {
  const checkpoint = loadCheckpoint(folder);
  if (!checkpoint.ok || checkpoint.value === undefined) throw new Error(`${folder} has no whole checkpoint`);
  const { step, tensors, metadata } = checkpoint.value;
  const counts = readdirSync(join(folder, 'learned_structure')).map((name) => join('learned_structure', name));
  const files = [...counts.sort(), 'proposal.json', 'structure.json'];
  return {
    step,
    // Bits, so that no difference is too small; their digest, so that a failure can be read.
    tensors: Object.fromEntries(
      [...tensors].map(([name, { data }]) => [
        name,
        createHash('sha256').update(new Uint8Array(data.buffer)).digest('hex'),
      ]),
    ),
    controller: Object.fromEntries(Object.entries(metadata).map(([name, text]) => [name, JSON.parse(text) as unknown])),
    files: Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')])),
  };
}
