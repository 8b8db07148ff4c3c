// What the trainer prints when it times a few steps of a run that has not begun: how long one takes, with which engine, and how
// many images there are.

import * as v from 'valibot';

export const runTimeSchema = v.object({
  /** `onnx 1.30.0`, as a run's log names it. */
  engine: v.string(),
  threads: v.number(),
  /** One training step, the middle of those that were timed; decoding of image files not counted. */
  stepMs: v.pipe(v.number(), v.finite(), v.minValue(0)),
  /** Images to train on; a step takes a batch of them. */
  imageCount: v.number(),
});

export type RunTime = v.InferOutput<typeof runTimeSchema>;

/** The word that the trainer takes in place of a run's folder to time a run. Its settings and network come on stdin, as JSON. */
export const timeRunWord = '--time-run';

/** The trainer's lines: at last the times or why there are none. */
export const timeRunLineSchema = v.variant('kind', [
  v.object({ kind: v.literal('progress'), share: v.number() }),
  v.object({ kind: v.literal('measured'), result: runTimeSchema }),
  v.object({ kind: v.literal('failed'), reason: v.string() }),
]);
