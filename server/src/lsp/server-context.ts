// What the server's own thread works with: made once in server.ts, handed to each request.

import type { CancellationToken } from 'vscode-languageserver/node';
import type { ExperimentService } from '../experiments/experiment-service.ts';
import type { MeasuringService } from '../experiments/measuring-service.ts';
import type { RunNetworkService } from '../experiments/run-network-service.ts';
import type { AnalysisClient } from './analysis-client.ts';
import type { AnalysisQuestions, QuestionName } from './analysis-questions.ts';
import type { LayOutDrawing } from './drawing-layouts.ts';
import type { NotebookCells } from './notebook-cells.ts';
import { intoCells, intoNotebook } from './notebook-questions.ts';
import type { ServerLog } from './server-log.ts';
import type { SettingsStore } from './settings-store.ts';
import type { WorkspaceRuns } from './workspace-runs.ts';

export interface ServerContext {
  readonly analysis: AnalysisClient;
  readonly cells: NotebookCells;
  readonly settings: SettingsStore;
  readonly log: ServerLog;
  readonly runs: WorkspaceRuns;
  /** Absent where the trainer is not installed. */
  readonly experiments: ExperimentService | undefined;
  readonly measuring:
    | {
        readonly service: MeasuringService;
        /** Tells the client the share that is done. */
        readonly progress: (share: number) => void;
        /** This machine has another profile from now on. */
        readonly stored: () => void;
      }
    | undefined;
  /** Lays a drawing out, or has it laid out already. */
  readonly layOut: LayOutDrawing;
  readonly networks: Pick<RunNetworkService, 'attach'> | undefined;
  /** morphnet-torch as one file. */
  readonly torchModule: (() => string) | undefined;
}

/** Asks analysis about a document or a cell of a notebook, under its settings; undefined: about none in particular. */
export async function askAbout<Name extends QuestionName>(
  { analysis, cells, settings }: Pick<ServerContext, 'analysis' | 'cells' | 'settings'>,
  uri: string | undefined,
  name: Name,
  params: AnalysisQuestions[Name]['params'],
  token: CancellationToken,
): Promise<AnalysisQuestions[Name]['answer']> {
  const cell = uri === undefined ? undefined : cells.cell(uri);
  const asked = intoNotebook(name, params, cell);
  const answer = await analysis.ask(name, asked, await settings.of(cell?.notebook ?? uri), token);
  return intoCells(name, answer, cells, cell);
}
