// How long reading one model may take in a program that somebody waits for.

import { defaultLimits, type EvaluationLimits } from '../frontends/shared/frontend.ts';

/** The time that this process has computed, in ms: what other programs do meanwhile is not held against a model. */
function computedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
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
