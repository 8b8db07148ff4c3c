// The language server's composition root: the channel to the editor is made here and handed to lsp/ with all that touches the world.

import { createConnection } from 'vscode-languageserver/node';
import { createExperimentService } from '../experiments/local-experiment-service.ts';
import { createRunService } from '../experiments/local-run-service.ts';
import { createRunNetworks } from '../experiments/run-network-service.ts';
import { createTrainingQueue } from '../jobs/training-queue.ts';
import type { StartAnalysis } from '../lsp/analysis-client.ts';
import { startServer } from '../lsp/server.ts';
import { layOutInThread } from './layout-thread.ts';
import { readThisMachine } from './machine-profiles.ts';
import { createMeasuring } from './measuring.ts';
import { torchModule } from './torch-module.ts';
import { findCommandLine, findTrainer } from './trainer-program.ts';

/** Long enough to type on, short enough to feel like an answer. */
const delaysMs = { diagnostics: 250, halfTyped: 2000, refresh: 400 };

/** Serves the editor that started this process. */
export function serve(startAnalysis: StartAnalysis): void {
  // The channel is the one that the command line names: `--node-ipc` or `--stdio`. What the editor sent meanwhile waits in it.
  const connection = createConnection();
  // Handlers catch their own failures; this is for what escapes them, in libraries too. An editor without its server is worse.
  const survive = (error: unknown): void => {
    connection.console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  };
  process.on('uncaughtException', survive);
  process.on('unhandledRejection', survive);
  const trainer = findTrainer();
  const training = trainer && createTrainingQueue(trainer);
  const runs = trainer && createRunService(trainer, { training });
  const commandLine = findCommandLine();
  const experiments = commandLine && training && createExperimentService(commandLine, training);
  startServer(connection, {
    startAnalysis,
    layOut: layOutInThread,
    delaysMs,
    thisMachine: () => {
      const found = readThisMachine();
      if (!found.ok) connection.console.warn(found.error);
      return found.ok ? found.value : undefined;
    },
    ...(runs && { runs }),
    networks: createRunNetworks(process.cwd()),
    torchModule,
    ...(experiments && { experiments }),
    ...(trainer && { measuring: createMeasuring(trainer) }),
  });
  connection.listen();
}
