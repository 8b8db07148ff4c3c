// Ways in which running Python ends early. These are control flow inside the evaluator and never leave it.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { InstanceValue, Scope } from './machine.ts';

/** A Python exception on its way to a handler. */
export class PythonError extends Error {
  readonly exception: InstanceValue;
  readonly span: SourceSpan;
  /** The call that a `raise` or `assert` of the source ends; it is never gone on with behind that statement. */
  readonly ends: Scope | undefined;

  constructor(exception: InstanceValue, message: string, span: SourceSpan, ends?: Scope) {
    super(message);
    this.exception = exception;
    this.span = span;
    this.ends = ends;
  }
}

/** A bound of the evaluation was reached, or it was cancelled; nothing more is evaluated. */
export class EvaluationStopped extends Error {
  readonly code: string;
  readonly span: SourceSpan;

  constructor(code: string, message: string, span: SourceSpan) {
    super(message);
    this.code = code;
    this.span = span;
  }
}
