// How Node runs the language server: how much memory it takes before it cleans up, and how many threads help it.

import { availableParallelism } from 'node:os';

/**
 * Where V8's heap may grow to gigabytes, it lets it grow to four times what is alive before it cleans up; under this bound, in
 * megabytes, to one and a half times. The server's own data is some tens of megabytes whatever is open; the rest is what
 * reading a model leaves behind, and no workspace was seen to need a fourth of the bound. The young generation is left as it is:
 * in half of it an edit's evaluation does not fit, and takes half as long again.
 */
const mostMegabytes = 512;

/**
 * V8 compiles what runs often on threads beside the one that answers: four of them on any machine. Where there are fewer cores
 * they take the answering thread's and keep the first answers waiting, so they get the cores that it leaves.
 */
const helpingThreads = Math.max(1, Math.min(4, availableParallelism() - 1));

/** Options of Node for the server's process. */
export const serverNodeOptions: readonly string[] = [
  `--max-old-space-size=${String(mostMegabytes)}`,
  `--v8-pool-size=${String(helpingThreads)}`,
];
