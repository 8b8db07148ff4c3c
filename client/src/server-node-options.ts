// How Node runs the language server: how much memory it may take, and how many threads help it.

import { availableParallelism } from 'node:os';

/** The heap of the thread that speaks the protocol, in megabytes; where models are read there is a bound of its own. */
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
