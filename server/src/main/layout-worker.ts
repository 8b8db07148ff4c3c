// The composition root of the thread that lays a drawing out: one drawing, one answer, and it ends. It is a bundle of its own, so
// that nothing else carries the library that does it.

import { parentPort, workerData } from 'node:worker_threads';
import { layOut, type Drawing } from '../analysis/layered-layout.ts';

function isDrawing(data: unknown): data is Drawing {
  return typeof data === 'object' && data !== null && 'boxes' in data && 'links' in data;
}

if (!isDrawing(workerData)) throw new Error('Drawings are laid out in a thread of the language server only.');
parentPort?.postMessage(layOut(workerData));
