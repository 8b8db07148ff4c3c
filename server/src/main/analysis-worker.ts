// The composition root of the analysis thread: parsers and Node's files are made here and handed to lsp/.

import { MessagePort, workerData } from 'node:worker_threads';
import { serveAnalysis } from '../lsp/analysis-server.ts';
import { DiskReader } from './disk-reader.ts';
import { createFrontends } from './frontends.ts';
import { committedFiles } from './git-revision.ts';
import { packEvaluation } from './packed-evaluation.ts';

/** What the thread is started with. */
export interface AnalysisWorkerData {
  readonly port: MessagePort;
  readonly signals: SharedArrayBuffer;
}

function isWorkerData(data: unknown): data is AnalysisWorkerData {
  if (typeof data !== 'object' || data === null || !('port' in data) || !('signals' in data)) return false;
  return data.port instanceof MessagePort && data.signals instanceof SharedArrayBuffer;
}

async function main(): Promise<void> {
  if (!isWorkerData(workerData)) throw new Error('The analysis runs as a thread of the language server only.');
  const { port, signals } = workerData;
  // Messages that come before the parsers are there wait in the port.
  const frontends = await createFrontends();
  const disk = new DiskReader();
  serveAnalysis(port, signals, { frontends, pack: packEvaluation, disk, findCommitted: committedFiles(disk) });
}

void main();
