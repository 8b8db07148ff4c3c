// Names of runs, sweeps and iterations, and of the runs within them: parts of paths that lead nowhere else.

import * as v from 'valibot';

const part = /[\w-][\w.-]{0,199}/.source;

/** A run, a sweep or an iteration: the name of its folder in the store. */
export const runIdSchema = v.pipe(v.string(), v.regex(new RegExp(`^${part}$`), 'is no name of a run'));

/** A run within another's folder, relative to that, with slashes: `points/3`; behind a sweep's name it names that point's run. */
export const innerRunSchema = v.pipe(
  v.string(),
  v.regex(new RegExp(`^${part}(?:/${part}){0,3}$`), 'is no run within this folder'),
);
