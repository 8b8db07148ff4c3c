// Runs as the client asks for them: draft, start, stop, pause, resume, list, snapshot.

import type { CancellationToken } from 'vscode-languageserver/node';
import type { StopAnswer } from '../experiments/run-service.ts';
import type { Refusal, RunDraft, ServerRequests } from '../protocol/lsp-extensions.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunSnapshot, RunSummary } from '../protocol/run-files.ts';
import { refuse } from './refusal.ts';
import { askAbout, type ServerContext } from './server-context.ts';

export async function draftRunOf(
  context: ServerContext,
  { uri, entry }: { readonly uri: string; readonly entry?: string },
  token: CancellationToken,
): Promise<RunDraft | Refusal> {
  const draft = await askAbout(context, uri, 'draft-run', { uri, ...(entry !== undefined && { entry }) }, token);
  if ('refused' in draft || draft.config.data !== undefined) return draft;
  // Nobody said; the script that is open most likely does.
  const data = await context.runs.dataSetOf(draft.config.model.document);
  return data === undefined ? draft : { ...draft, config: { ...draft.config, data }, missing: [], isDataFound: true };
}

export async function startRun(
  context: ServerContext,
  { config }: { readonly config: RunConfig },
  token: CancellationToken,
): Promise<RunSummary | Refusal> {
  const found = await askAbout(context, config.model.document, 'run-network', config.model, token);
  if ('refused' in found) return found;
  const run = await context.runs.start(config, found.network);
  return run.ok ? run.value : refuse(run.error);
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
  return run.ok ? run.value : refuse(run.error);
}

export function listRuns(context: ServerContext): Promise<readonly RunSummary[]> {
  return context.runs.list();
}

export async function readSweep(
  context: ServerContext,
  { id }: { readonly id: string },
): Promise<ServerRequests['morphnet/sweep']['result']> {
  return (await context.runs.sweep(id)) ?? null;
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

/** The last part of a URI, as a user knows it. */
export function fileOf(uri: string): string {
  const name = uri.slice(uri.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
