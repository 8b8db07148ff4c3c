// What a trainer process and its parent say to each other: JSON lines on stdout and stdin. The first line is `hello`;
// after that every line is an event of the run. The parent says `stop` or `pause`, which both end the process at a
// checkpoint and differ in what the log says; the trainer says `stopping` when it writes that checkpoint. A closed stdin means
// that the parent is gone.

import * as v from 'valibot';

/** Raised when a parent and a trainer can no longer understand each other. */
export const trainerProtocolVersion = 2;

export const helloSchema = v.object({ kind: v.literal('hello'), protocol: v.number(), pid: v.number() });

export const stoppingSchema = v.object({ kind: v.literal('stopping') });

export const trainerCommandSchema = v.object({ kind: v.picklist(['stop', 'pause']) });

export type TrainerCommand = v.InferOutput<typeof trainerCommandSchema>;
