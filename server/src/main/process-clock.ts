// How long reading one model may take in a program that somebody waits for.

import { defaultLimits, type EvaluationLimits } from '../frontends/shared/frontend.ts';

/** The system sums up the time of all threads, which takes a tenth of a millisecond: this often is enough for a limit. */
const lookEveryMs = 10;
let computed = { ms: 0, at: -Infinity };

/**
 * The time that this process has computed, in ms: what other programs do meanwhile is not held against a model. Between
 * two looks at the system's count, time that passes is taken as computed.
 */
function computedMs(): number {
  const now = performance.now();
  if (now - computed.at > lookEveryMs) {
    const { user, system } = process.cpuUsage();
    computed = { ms: (user + system) / 1000, at: now };
  }
  return computed.ms + now - computed.at;
}

/** An editor's patience with a file that does not end; a library that is imported for the first time may add to it. */
const budgetMs = 300;
/** Running the definitions of a million characters takes about a second while the code is still cold. */
const perImportedCharacterMs = 0.002;

/** The usual limits, with an end by the clock for what the counted ones do not foresee. */
export const processLimits: EvaluationLimits = {
  ...defaultLimits,
  time: { now: computedMs, budgetMs, perImportedCharacterMs },
};
