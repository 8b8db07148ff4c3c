// The file that `morphnet calibrate` keeps about this machine, and what the trainer prints while it measures.

import * as v from 'valibot';

/** Times by term, in ms a unit; see costs/latency/terms.ts. */
const rates = v.record(v.string(), v.pipe(v.number(), v.finite(), v.minValue(0)));

/** Number formats that PyTorch is measured in. */
export const pytorchPrecisions = ['fp32', 'fp16', 'bf16', 'amp', 'amp_bf16'] as const;

/** Which PyTorch measures. */
export const pytorchChoiceSchema = v.object({
  /** The Python that has it. */
  python: v.pipe(v.string(), v.minLength(1)),
  precision: v.picklist(pytorchPrecisions),
});
export type PytorchChoice = v.InferOutput<typeof pytorchChoiceSchema>;

export const machineProfileSchema = v.object({
  version: v.literal(1),
  /** When, as an ISO date. */
  measured: v.string(),
  /** What the figures belong to: another processor, memory or runtime makes them stale. */
  machine: v.object({ cpu: v.string(), cores: v.number(), memory: v.number(), runtime: v.string() }),
  /** Where it was measured in PyTorch: on what. `name` is empty for the processor. */
  pytorch: v.optional(
    v.object({ device: v.picklist(['cpu', 'gpu']), name: v.string(), precision: v.picklist(pytorchPrecisions) }),
  ),
  threads: v.number(),
  /** Images in a step. */
  batch: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** How far a typical repetition lay above the best. */
  spread: v.number(),
  /** The median relative error on networks that were not fitted. */
  error: v.pipe(v.number(), v.finite(), v.minValue(0)),
  rates,
});

export type MachineProfile = v.InferOutput<typeof machineProfileSchema>;

/** The word that the trainer takes in place of a run's folder to measure this machine, with threads and batch behind it; on stdin a `PytorchChoice` or nothing. */
export const measureMachineWord = '--measure-machine';

/** The trainer's lines: how far it is, and at last the profile or why there is none. */
export const measureMachineLineSchema = v.variant('kind', [
  v.object({ kind: v.literal('progress'), share: v.number() }),
  v.object({ kind: v.literal('measured'), result: machineProfileSchema }),
  v.object({ kind: v.literal('failed'), reason: v.string() }),
]);
