// The strength controller's state as a checkpoint keeps it: a text, checked when it comes back.

import * as v from 'valibot';
import type { Result } from '../../common/problem.ts';
import type { StrengthState } from '../../structure/strength-controller.ts';

const schema = v.object({
  version: v.literal(1),
  phase: v.picklist(['warm-up', 'shrink', 'hold']),
  strength: v.number(),
  start: v.optional(v.object({ step: v.number(), ratio: v.number() })),
  ratio: v.number(),
  error: v.number(),
  kept: v.optional(v.array(v.number())),
  isForced: v.boolean(),
});

/** The fields always stand in the same order, so that a resumed run's files equal those of an uninterrupted one byte by byte. */
export function formatControllerState(state: StrengthState): string {
  const { version, phase, strength, start, ratio, error, kept, isForced } = state;
  return JSON.stringify({ version, phase, strength, start, ratio, error, kept, isForced });
}

export function parseControllerState(text: string): Result<StrengthState> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = undefined;
  }
  const parsed = v.safeParse(schema, content);
  if (parsed.success) {
    return { ok: true, value: { ...parsed.output, start: parsed.output.start, kept: parsed.output.kept } };
  }
  return {
    ok: false,
    error:
      'The checkpoint is of another version: what it says of the strength is not understood. Start the run anew, or go on with the version that began it',
  };
}
