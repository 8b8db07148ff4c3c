// The calls of an evaluation, and when numbers went through expressions.

import type { SourceSpan } from '../../common/source-span.ts';

/** One call of a function of the source that ran while a model was made and run. */
export interface TracedCall {
  /** Its place in the order of calls. */
  readonly id: number;
  /** The call that it was made in; undefined outside all functions. */
  readonly parent: number | undefined;
  /** The rounds, from 0, of the loops of its parent that it was made in, outermost first. */
  readonly rounds: readonly number[];
  /** The text of the call. */
  readonly site: SourceSpan;
  readonly name: string;
  /** The text of the function's definition. */
  readonly body: SourceSpan;
}

/** When a number went through an expression: in which call, and in which rounds of its loops. */
export interface NumberPassing {
  readonly call: number;
  readonly rounds: readonly number[];
}
