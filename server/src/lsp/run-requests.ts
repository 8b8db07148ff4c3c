// Runs as the client asks for them: draft, start, stop, pause, resume, list, snapshot.

import type { Cancellation } from '../common/cancellation.ts';
import type { Refusal, RunDraft, RunSummary, ServerRequests } from '../protocol/lsp-extensions.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { draftRun } from './draft-run.ts';
import type { StopAnswer } from './run-backend.ts';
import type { ServerContext } from './server-context.ts';

/** A failure that the user can mend. */
export function refuse(message: string): Refusal {
  return { refused: true, message };
}

export async function draftRunOf(
  context: ServerContext,
  { uri, entry }: { readonly uri: string; readonly entry?: string },
  cancellation: Cancellation,
): Promise<RunDraft | Refusal> {
  const settings = await context.settings.of(uri);
  const found = context.projects.of(uri);
  if (found?.problem !== undefined) return refuse(`${found.problem} Mend it, then run again.`);
  const model = context.session.model(uri, entry, cancellation);
  if (model === undefined) return refuse(noModel(context, uri, entry));
  if (model.stale)
    return refuse(`${fileOf(uri)} has an error, so its model is not what it says. Mend it, then run again.`);
  return draftRun(model, settings, found, context.roots());
}

export async function startRun(
  context: ServerContext,
  { config }: { readonly config: RunConfig },
  cancellation: Cancellation,
): Promise<RunSummary | Refusal> {
  const { document, entry, input } = config.model;
  const model = context.session.model(document, entry, cancellation);
  if (model === undefined) return refuse(noModel(context, document, entry));
  if (model.stale) return refuse(`${fileOf(document)} has an error. Mend it, then run again.`);
  if (JSON.stringify(model.entry.input.shapes) !== JSON.stringify(input)) {
    return refuse(`${fileOf(document)} now has another input shape than the run was drafted for. Run MorphNet again.`);
  }
  const run = await context.runs.start(config, model.graph);
  return run.ok ? summarize(run.value) : refuse(run.error);
}

export function stopRun(
  context: ServerContext,
  { id, atOnce = false }: { readonly id: string; readonly atOnce?: boolean },
): Promise<{ alreadyStopping: boolean } | Refusal> {
  return Promise.resolve(answered(id, context.runs.stop(id, atOnce)));
}

export function pauseRun(
  context: ServerContext,
  { id }: { readonly id: string },
): Promise<{ alreadyStopping: boolean } | Refusal> {
  return Promise.resolve(answered(id, context.runs.pause(id)));
}

function answered(id: string, answer: StopAnswer): { alreadyStopping: boolean } | Refusal {
  if (answer === 'absent') return refuse(`The run ${id} is not being trained here.`);
  return { alreadyStopping: answer === 'stopping' };
}

export async function resumeRun(
  context: ServerContext,
  { id }: { readonly id: string },
): Promise<RunSummary | Refusal> {
  const run = await context.runs.resume(id);
  return run.ok ? summarize(run.value) : refuse(run.error);
}

export async function listRuns(context: ServerContext): Promise<readonly RunSummary[]> {
  return (await context.runs.list()).map(summarize);
}

export function listSweeps(context: ServerContext): Promise<ServerRequests['morphnet/sweeps']['result']> {
  return context.runs.sweeps();
}

export async function runSnapshot(
  context: ServerContext,
  { id }: { readonly id: string },
): Promise<RunSnapshot | Refusal> {
  const run = await context.runs.read(id);
  return run.ok ? run.value : refuse(run.error);
}

function summarize({ id, folder, status, config, events }: RunSnapshot): RunSummary {
  const step = events.reduce((latest, event) => ('step' in event ? event.step : latest), 0);
  return {
    id,
    folder,
    status,
    uri: config.model.document,
    entry: config.model.entry,
    step,
    totalSteps: config.steps,
  };
}

function noModel(context: ServerContext, uri: string, entry: string | undefined): string {
  if (context.session.textOf(uri) === undefined) {
    return `${fileOf(uri)} can't be read. Open a file below the workspace folder.`;
  }
  const what = entry === undefined || entry === '' ? 'No model' : `No model ${entry}`;
  return `${what} was found in ${fileOf(uri)}. Name one in morphnet.json or by a line such as "# morphnet: entry=LeNet() input=1x28x28".`;
}

/** The last part of a URI, as a user knows it. */
export function fileOf(uri: string): string {
  const name = uri.slice(uri.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
