// Results in scripts: a failure ends the script with its sentence.

import type { Result } from '../../server/src/common/problem.ts';

/** The value of a result. Throws its sentence when there is none. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}
