// What a command of several trainings (retrain, sweep, iterate) says to the editor that started it, one JSON object a line,
// and what the editor asks for. Such a process is the command line's program with `editorWord` before its arguments.

import * as v from 'valibot';
import { expansionRequestSchema } from './expansion-request.ts';
import { runConfigSchema } from './run-config.ts';
import { runEventSchema } from './run-events.ts';
import { innerRunSchema, runIdSchema } from './run-names.ts';

/** The first argument of a command line that an editor has started. */
export const editorWord = '--for-editor';

/** The line that asks such a process to stop at a checkpoint. When its input ends it does the same. */
export const stopWord = 'stop';

export const experimentMessageSchema = v.variant('kind', [
  /** The next of its trainings begins. */
  v.object({ kind: v.literal('stage'), title: v.string(), number: v.number(), of: v.number() }),
  /** News of the training that goes on. */
  v.object({ kind: v.literal('event'), event: runEventSchema }),
  /** The last line. `message`: why it did not come to its end. */
  v.object({ kind: v.literal('ended'), ok: v.boolean(), message: v.string() }),
]);

export type ExperimentMessage = v.InferOutput<typeof experimentMessageSchema>;

/** One of the trainings that a command is made of. */
export type ExperimentStage = Omit<Extract<ExperimentMessage, { kind: 'stage' }>, 'kind'>;

const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000));
const strength = v.pipe(v.number(), v.gtValue(0), v.finite());

export const retrainRequestSchema = v.object({
  /** Absent: as many as the run had. */
  steps: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  seeds: count,
  /** The expanded network too. */
  expanded: v.boolean(),
});

export const sweepRequestSchema = v.object({
  points: count,
  /** Absent: around 1 / the seed's cost. */
  strengths: v.exactOptional(v.object({ from: strength, to: strength })),
  retrain: v.boolean(),
});

export const iterateRequestSchema = v.object({ rounds: count, budget: expansionRequestSchema });

export type RetrainRequest = v.InferOutput<typeof retrainRequestSchema>;
export type SweepRequest = v.InferOutput<typeof sweepRequestSchema>;
export type IterateRequest = v.InferOutput<typeof iterateRequestSchema>;

/** What to start, or to go on with. */
export const experimentTaskSchema = v.variant('kind', [
  v.object({ kind: v.literal('retrain'), run: innerRunSchema, request: retrainRequestSchema }),
  v.object({ kind: v.literal('sweep'), config: runConfigSchema, request: sweepRequestSchema }),
  v.object({ kind: v.literal('iterate'), config: runConfigSchema, request: iterateRequestSchema }),
  v.object({ kind: v.literal('resume'), what: v.picklist(['sweep', 'iterate']), id: runIdSchema }),
]);

export type ExperimentTask = v.InferOutput<typeof experimentTaskSchema>;

export const experimentKindSchema = v.picklist(['retrain', 'sweep', 'iterate']);

export type ExperimentKind = v.InferOutput<typeof experimentKindSchema>;

/** How such a work stands. */
export interface ExperimentSummary {
  readonly kind: ExperimentKind;
  /** The run that is retrained, the sweep, or the iteration: the name of its folder. */
  readonly id: string;
  readonly model: string;
  readonly status: 'queued' | 'running' | 'stopping' | 'interrupted' | 'finished' | 'failed';
  readonly stage?: ExperimentStage;
  /** Within the stage. */
  readonly step: number;
  readonly totalSteps: number;
  readonly secondsLeft?: number;
  /** Why it ended before its end. */
  readonly message?: string;
}
