// What analysis reports to the user: a stable code, a sentence with the remedy, a place.

import type { SourceSpan } from './source-span.ts';

export type Severity = 'error' | 'warning' | 'information' | 'hint';

/** One finding. `code` is stable kebab-case (`add-width-mismatch`), documented once and tested once. */
export interface Problem {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** Absent when the finding is about no place in a text (a missing data set). */
  readonly span?: SourceSpan;
  readonly related?: readonly { readonly span: SourceSpan; readonly message: string }[];
}

/** Success or a failure that a user can cause. */
export type Result<T, E = string> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };
