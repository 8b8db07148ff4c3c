// What the trainer prints while it times a model on this machine.

import * as v from 'valibot';

const milliseconds = v.pipe(v.number(), v.finite(), v.minValue(0));

export const modelMeasurementSchema = v.object({
  threads: v.number(),
  /** Images in a step. */
  batch: v.number(),
  /** One step of the whole network, of the fastest tenth of the repetitions. */
  milliseconds,
  /** How far a typical repetition lay above the best, as a share. */
  spread: v.number(),
  /** Layers by themselves, in network order. A layer that the runtime joins to its neighbor takes longer alone. */
  layers: v.array(v.object({ name: v.string(), milliseconds })),
});

export type ModelMeasurement = v.InferOutput<typeof modelMeasurementSchema>;

/**
 * The word that the trainer takes in place of a run's folder to time a network, with threads and batch behind it. The
 * network comes on stdin, as JSON.
 */
export const measureModelWord = '--measure-model';

/** The trainer's lines: how far it is, and at last the times or why there are none. */
export const measureModelLineSchema = v.variant('kind', [
  v.object({ kind: v.literal('progress'), share: v.number() }),
  v.object({ kind: v.literal('measured'), result: modelMeasurementSchema }),
  v.object({ kind: v.literal('failed'), reason: v.string() }),
]);
