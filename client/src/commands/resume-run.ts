// "MorphNet: Resume Run": goes on from the latest checkpoint of a run that was paused, stopped, killed, or lost its window.

import * as vscode from 'vscode';
import type { RunSummary } from '../../../server/src/protocol/run-files.ts';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, requireTrust, showRefusal } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { chooseRun, runTitle } from './choose-run.ts';
import { executeCommand, registerCommand } from './register-command.ts';

export function registerResumeRun({ server, progress }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.resumeRun', 'Resuming the run', async (runId) => {
    if (!(await requireTrust())) return;
    const id =
      runId ??
      (
        await chooseRun(server, {
          purpose: 'The run to resume',
          accepts: ({ status }) => status === 'paused' || status === 'interrupted' || status === 'failed',
          none: 'No run was paused or interrupted.',
        })
      )?.id;
    if (id === undefined) return;
    const result = await server.request('morphnet/resumeRun', { id });
    if (isRefusal(result)) await showRefusal(result);
    else progress.follow(result);
  });
}

/** Workspace state: runs that the user does not want to be asked about again. */
const declinedKey = 'morphnet.declinedRuns';

/** So often it is looked whether a trainer of the last window has come to its checkpoint, and for how long, in milliseconds. */
const looks = { every: 500, until: 60_000 };

/**
 * After a reload or a new start of the editor: goes on with what the last window trained, which nobody stopped. A run that
 * somebody else lost, in a terminal say, is offered once.
 */
export async function resumeLostTrainings(services: ClientServices): Promise<void> {
  if (!vscode.workspace.isTrusted) return;
  const { server, progress, experiments, openTrainings } = services;
  const ours = openTrainings.all;
  for (const training of ours) {
    if (training.kind === 'experiment') {
      openTrainings.remove(training);
      await experiments.start(training.task);
      continue;
    }
    const run = await whenLeft(server, training.id);
    openTrainings.remove(training);
    // What was stopped, paused or finished since is not to go on by itself.
    if (run?.status !== 'interrupted' || run.cancelled === true) continue;
    const result = await server.request('morphnet/resumeRun', { id: run.id });
    if (isRefusal(result)) await showRefusal(result);
    else progress.follow(result);
  }
  await offerInterruptedRun(services, new Set(ours.map(({ id }) => id)));
}

/** A run once the trainer of the last window has left it; undefined when it is gone. */
async function whenLeft(server: ServerConnection, id: string): Promise<RunSummary | undefined> {
  for (let waited = 0; ; waited += looks.every) {
    const run = (await server.request('morphnet/runs', {})).find((known) => known.id === id);
    if (run?.status !== 'running' || waited >= looks.until) return run;
    await new Promise((resolve) => setTimeout(resolve, looks.every));
  }
}

async function offerInterruptedRun({ context, server }: ClientServices, known: ReadonlySet<string>): Promise<void> {
  const declined = context.workspaceState.get<readonly string[]>(declinedKey, []);
  const runs = await server.request('morphnet/runs', {});
  // What the user stopped stays stopped until asked for.
  const run = runs.find(({ status, cancelled }) => status === 'interrupted' && cancelled !== true);
  if (run === undefined || known.has(run.id) || declined.includes(run.id)) return;
  const choice = await vscode.window.showInformationMessage(
    `MorphNet: the run of ${runTitle(run)} was interrupted at step ${run.step} of ${run.totalSteps}.`,
    'Resume',
    'Not this run',
  );
  if (choice === 'Resume') await executeCommand('morphnet.resumeRun', run.id);
  if (choice === 'Not this run') await context.workspaceState.update(declinedKey, [...declined, run.id].slice(-50));
}
