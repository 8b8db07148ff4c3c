// What ended an evaluation early, as a problem.

import type { Problem } from '../../common/problem.ts';
import type { SourceSpan } from '../../common/source-span.ts';
import { limitMessage } from '../shared/frontend.ts';
import { EvaluationStopped, PythonError } from './evaluator/python-error.ts';

/** A Python exception, a limit or an exhausted stack as a problem; anything else is a bug of ours and goes on. */
export function failureOf(error: unknown, fallback: SourceSpan): Problem {
  if (error instanceof PythonError)
    return {
      code: 'python-raises',
      severity: 'error',
      message: `Building this model raises ${error.message}`,
      span: error.span,
    };
  if (error instanceof EvaluationStopped)
    return { code: error.code, severity: 'warning', message: error.message, span: error.span };
  if (error instanceof RangeError) {
    // The machine's own bounds: its stack, or the longest array or text that it can hold.
    const isDepth = /call stack/i.test(error.message);
    const code = isDepth ? 'limit-depth' : 'limit-memory';
    const what = isDepth
      ? 'This model is nested too deeply to be read'
      : 'Something in this model is too large to be held';
    return {
      code,
      severity: 'warning',
      message: limitMessage(code, what),
      span: fallback,
    };
  }
  throw error;
}
