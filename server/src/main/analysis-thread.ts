// Starts the analysis as a thread of this process.

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { StartAnalysis } from '../lsp/analysis-client.ts';
import type { AnalysisWorkerData } from './analysis-worker.ts';

/**
 * Where V8's heap may grow to gigabytes, it lets it grow to four times what is alive before it cleans up; under this bound, in
 * megabytes, to one and a half times. The analysis' own data is some tens of megabytes whatever is open; the rest is what
 * reading a model leaves behind, and no workspace was seen to need a fourth of the bound. The young generation is left as it is:
 * in half of it an edit's evaluation does not fit, and takes half as long again.
 */
const mostMegabytes = 512;

/** Starts analysis threads of a bundle. */
export function analysisThreadsOf(bundle: string): StartAnalysis {
  return (port, signals) => {
    const workerData: AnalysisWorkerData = { port, signals };
    const thread = new Worker(bundle, {
      workerData,
      transferList: [port],
      resourceLimits: { maxOldGenerationSizeMb: mostMegabytes },
    });
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
  };
}

/** Starts a thread of the bundle that stands beside this one. */
export const startAnalysis: StartAnalysis = analysisThreadsOf(
  fileURLToPath(new URL('./analysis-worker.cjs', import.meta.url)),
);
