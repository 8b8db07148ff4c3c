// `retrained.json`: what a run's seed and its proposal are worth, each trained from scratch with equal settings.

import * as v from 'valibot';
import { innerRunSchema } from './run-names.ts';

/** The file's name in the run's folder. */
export const retrainingName = 'retrained.json';

const totals = v.object({ macs: v.number(), params: v.number(), latencyMs: v.number() });

export const retrainingFileSchema = v.object({
  version: v.literal(1),
  kind: v.literal('retraining'),
  /** What the figures are; absent: accuracy. `loss` where no output tells classes apart. */
  measure: v.optional(v.literal('loss')),
  steps: v.number(),
  seeds: v.array(v.number()),
  structures: v.array(
    v.object({
      name: v.picklist(['seed', 'proposal', 'expanded']),
      totals,
      /** The measure on the test images, one for each of the seeds. */
      accuracies: v.array(v.number()),
      mean: v.number(),
      /** Of the sample; absent with one seed. */
      standardDeviation: v.optional(v.number()),
      /** The trainings' folders, relative to the run's, with slashes. */
      runs: v.array(innerRunSchema),
    }),
  ),
});

export type RetrainingFile = v.InferOutput<typeof retrainingFileSchema>;
