// `sweep.json`: one structure-learning run a strength, on a logarithmic grid, and the trade-off curve that they make.
// Documented in docs/sweep-json.md. A sweep is a folder:
//
//   .morphnet/sweeps/<id>/
//     config.json, network.json   what all points have in common; the seed
//     sweep.json                  SweepFile, replaced atomically whenever a point changes
//     points/<n>/                 a run's folder each

import * as v from 'valibot';
import { targetResources } from './run-config.ts';
import { innerRunSchema } from './run-names.ts';

/** The file's name in the sweep's folder. */
export const sweepName = 'sweep.json';

/** The settings that an editor asked for, in the folder of a sweep or an iteration, from which the command line starts it. */
export const askedName = 'asked.json';

const amount = v.pipe(v.number(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const sweepPointSchema = v.object({
  strength: amount,
  /** The point's run, relative to the sweep's folder, with slashes. */
  run: innerRunSchema,
  status: v.picklist(['waiting', 'running', 'interrupted', 'finished', 'failed']),
  /** Of the structure that this strength led to: the target resource's cost, and its share of the seed's. */
  cost: v.optional(amount),
  costShare: v.optional(amount),
  totals: v.optional(v.object({ macs: v.number(), params: v.number(), latencyMs: v.number() })),
  /** On the test images: of the network as structure learning left it, dead channels included. */
  accuracy: v.optional(share),
  loss: v.optional(v.number()),
  /** On the test images: of the proposed network, trained from scratch for as many steps. Only with --retrain. */
  retrainedAccuracy: v.optional(share),
  /** Why the point failed. */
  message: v.optional(v.string()),
});

export const sweepFileSchema = v.object({
  version: v.literal(1),
  kind: v.literal('sweep'),
  model: v.object({ document: v.string(), entry: v.string() }),
  data: v.string(),
  resource: v.picklist(targetResources),
  /** FLOPs (two a multiply-add), weights, channels, nanoseconds or bytes, by the resource. */
  unit: v.picklist(['FLOPs', 'weights', 'channels', 'ns', 'bytes']),
  device: v.string(),
  seedCost: amount,
  /** Steps of each run. */
  steps: v.number(),
  seed: v.number(),
  /** Whether each point's structure is trained from scratch too. */
  retrain: v.boolean(),
  /** The share of the seed's cost that was asked for: the point that came nearest to it is marked. */
  targetShare: v.optional(share),
  /** By ascending strength. */
  points: v.array(sweepPointSchema),
});

export type SweepPoint = v.InferOutput<typeof sweepPointSchema>;
export type SweepFile = v.InferOutput<typeof sweepFileSchema>;

/** What the numbers of a resource count. */
export const resourceUnits: Readonly<Record<SweepFile['resource'], SweepFile['unit']>> = {
  flops: 'FLOPs',
  params: 'weights',
  activations: 'channels',
  latency: 'ns',
  memory: 'bytes',
};
