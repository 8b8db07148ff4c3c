// Starts the analysis as a thread of this process.

import { Worker } from 'node:worker_threads';
import type { AnalysisThread, StartAnalysis } from '../lsp/analysis-client.ts';
import type { AnalysisThreadData } from './analysis.ts';

/**
 * Where V8's heap may grow to gigabytes, it lets it grow to four times what is alive before it cleans up; under this bound, in
 * megabytes, to one and a half times. The analysis' own data is some tens of megabytes whatever is open; the rest is what
 * reading a model leaves behind, and no workspace was seen to need a fourth of the bound. The young generation is left as it is:
 * in half of it an edit's evaluation does not fit, and takes half as long again.
 */
const mostMegabytes = 512;

/** Starts analysis threads of a bundle; the first at once, so that it has its program by the time that it is asked for. */
export function analysisThreadsOf(bundle: string): StartAnalysis {
  let early: Worker | undefined = threadOf(bundle);
  return (port, signals) => {
    const thread = early ?? threadOf(bundle);
    early = undefined;
    const data: AnalysisThreadData = { port, signals };
    thread.postMessage(data, [port]);
    return watched(thread);
  };
}

function threadOf(bundle: string): Worker {
  return new Worker(bundle, { resourceLimits: { maxOldGenerationSizeMb: mostMegabytes } });
}

function watched(thread: Worker): AnalysisThread {
  let reason = '';
  thread.on('error', (error) => {
    reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  });
  return {
    onEnd: (listener) => {
      thread.on('exit', (code) => {
        listener(reason === '' ? `it exited with status ${String(code)}` : reason);
      });
    },
    end: async () => {
      await thread.terminate();
    },
  };
}
