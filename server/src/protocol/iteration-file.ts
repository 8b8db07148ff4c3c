// `iteration.json`: rounds of shrinking and expanding. Documented in docs/run-folder.md. An iteration is a folder:
//
//   .morphnet/iterations/<id>/
//     config.json, network.json   of the first round; the seed
//     iteration.json              IterationFile, replaced atomically after each round
//     round-<n>/                  a run's folder each, whose seed is the round before, expanded
//     proposal.json               from the seed to what the last finished round was expanded to

import * as v from 'valibot';
import { targetResources } from './run-config.ts';
import { innerRunSchema } from './run-names.ts';

/** The file's name in the iteration's folder. */
export const iterationName = 'iteration.json';

export const iterationFileSchema = v.object({
  version: v.literal(1),
  kind: v.literal('iteration'),
  /** Rounds asked for. */
  rounds: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** What each round is expanded to: at most `budget` of this resource. */
  resource: v.picklist(targetResources),
  seedCost: v.number(),
  budget: v.number(),
  multipleOf: v.number(),
  finished: v.array(
    v.object({
      run: innerRunSchema,
      /** Costs in the resource's unit: after shrinking, and after expanding by the factor. */
      shrunkCost: v.number(),
      factor: v.number(),
      expandedCost: v.number(),
      /** On the test images, of the network as structure learning left it. */
      accuracy: v.optional(v.number()),
    }),
  ),
});

export type IterationFile = v.InferOutput<typeof iterationFileSchema>;
