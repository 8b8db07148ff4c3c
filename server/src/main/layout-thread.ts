// Lays drawings out in a thread, which is started for each and ends with it: neither typing nor a page waits for one.

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Drawing, LaidOut } from '../analysis/layered-layout.ts';
import type { LayOutDrawing } from '../lsp/drawing-layouts.ts';

/** The thread's program, which stands beside this bundle. */
const program = fileURLToPath(new URL('./layout-worker.cjs', import.meta.url));

/** Undefined where it was cancelled before it was done. */
export const layOutInThread: LayOutDrawing = (drawing: Drawing, signal: AbortSignal) =>
  new Promise((resolve, reject) => {
    const thread = new Worker(program, { workerData: drawing });
    const end = (): void => void thread.terminate();
    signal.addEventListener('abort', end);
    // What the thread says is what its one program gives.
    thread.once('message', (laidOut: LaidOut) => {
      resolve(laidOut);
    });
    thread.once('error', reject);
    thread.once('exit', () => {
      signal.removeEventListener('abort', end);
      resolve(undefined);
    });
  });
