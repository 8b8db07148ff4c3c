// Findings of several models as one list.

import type { Problem } from '../common/problem.ts';

/** Findings without repetition: several entries report the same line. */
export class ProblemList {
  readonly #byKey = new Map<string, Problem>();

  constructor(problems: readonly Problem[]) {
    this.add(problems);
  }

  add(problems: readonly Problem[]): void {
    for (const problem of problems) {
      const { span } = problem;
      const place = span === undefined ? '' : `${span.document}:${String(span.start)}:${String(span.end)}`;
      const key = `${problem.code}|${place}|${problem.message}`;
      if (!this.#byKey.has(key)) this.#byKey.set(key, problem);
    }
  }

  get all(): readonly Problem[] {
    return [...this.#byKey.values()];
  }
}
