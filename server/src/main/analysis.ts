// The composition root of the analysis thread: parsers and Node's files are made here and handed to lsp/.

import { MessagePort, parentPort } from 'node:worker_threads';
import { serveAnalysis } from '../lsp/analysis-server.ts';
import { DiskReader } from './disk-reader.ts';
import { createFrontends } from './frontends.ts';
import { committedFiles } from './git-revision.ts';
import { packEvaluation } from './packed-evaluation.ts';

/** What the thread is told first. */
export interface AnalysisThreadData {
  readonly port: MessagePort;
  readonly signals: SharedArrayBuffer;
}

function isThreadData(data: unknown): data is AnalysisThreadData {
  if (typeof data !== 'object' || data === null || !('port' in data) || !('signals' in data)) return false;
  return data.port instanceof MessagePort && data.signals instanceof SharedArrayBuffer;
}

async function main(): Promise<void> {
  const told = new Promise<unknown>((resolve) => parentPort?.once('message', resolve));
  // The parsers are loaded meanwhile; messages that come before they are there wait in the port.
  const frontends = await createFrontends();
  const data = await told;
  if (!isThreadData(data)) throw new Error('The analysis runs as a thread of the language server only.');
  const { port, signals } = data;
  const disk = new DiskReader();
  serveAnalysis(port, signals, { frontends, pack: packEvaluation, disk, findCommitted: committedFiles(disk) });
}

void main();
