// The lines of a run's event log (`events.ndjson`), and the trainer's messages: the same records on both.

import * as v from 'valibot';

const base = { version: v.literal(1), /** Milliseconds since the epoch. */ time: v.number() };
const totals = v.strictObject({ macs: v.number(), params: v.number(), latencyMs: v.number() });

/** `cancelled`: stopped for good until somebody thinks otherwise. `paused`: to be resumed. `parent-gone`: nobody asked for it. */
const interruptionReasons = ['cancelled', 'paused', 'parent-gone'] as const;

export const runEventSchema = v.variant('kind', [
  /** First line of every process that works on the run; `step` is where it starts (0, or the checkpoint's). */
  v.object({
    ...base,
    kind: v.literal('started'),
    step: v.number(),
    totalSteps: v.number(),
    engine: v.string(),
    threads: v.number(),
    pid: v.number(),
    seed: totals,
  }),
  /** Averages since the last such line. `cost` is the proposed structure's, in the target resource's unit. */
  v.object({
    ...base,
    kind: v.literal('progress'),
    step: v.number(),
    loss: v.number(),
    /** Absent where no output tells classes apart. */
    accuracy: v.optional(v.number()),
    regularization: v.number(),
    strength: v.number(),
    cost: v.number(),
    seedCost: v.number(),
    learningRate: v.number(),
    stepMs: v.number(),
    secondsLeft: v.number(),
  }),
  /** Alive channels per group, in the order of `structure.json`; `totals` are the proposed structure's. */
  v.object({ ...base, kind: v.literal('alive'), step: v.number(), alive: v.array(v.number()), totals }),
  v.object({
    ...base,
    kind: v.literal('evaluated'),
    step: v.number(),
    loss: v.number(),
    /** Absent where no output tells classes apart. */
    accuracy: v.optional(v.number()),
    images: v.number(),
  }),
  v.object({ ...base, kind: v.literal('checkpoint'), step: v.number(), file: v.string() }),
  v.object({
    ...base,
    kind: v.literal('notice'),
    severity: v.picklist(['information', 'warning']),
    code: v.string(),
    message: v.string(),
  }),
  /** `interrupted`: the process ended at a checkpoint and can be resumed; the reason says who wanted that. */
  v.object({
    ...base,
    kind: v.literal('interrupted'),
    step: v.number(),
    reason: v.picklist(interruptionReasons),
  }),
  v.object({ ...base, kind: v.literal('finished'), step: v.number(), summary: v.string() }),
  v.object({ ...base, kind: v.literal('failed'), step: v.number(), code: v.string(), message: v.string() }),
]);

export type RunEvent = v.InferOutput<typeof runEventSchema>;
export type InterruptionReason = (typeof interruptionReasons)[number];
export type RunEventKind = RunEvent['kind'];

/** The events that a process says last. */
export const endings: ReadonlySet<RunEventKind> = new Set(['interrupted', 'finished', 'failed']);
