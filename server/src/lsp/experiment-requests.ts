// What goes beyond one run, as the client asks for it: expanding a proposal, and commands of several trainings.

import type { ExpansionRequest } from '../protocol/expansion-request.ts';
import type { ServerRequests } from '../protocol/lsp-extensions.ts';
import type { ExperimentKind, ExperimentTask } from '../protocol/experiment-messages.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { Experiment } from '../experiments/experiment-service.ts';
import { refuse } from './refusal.ts';
import { fileOf } from './run-requests.ts';
import type { ServerContext } from './server-context.ts';

const noTrainer = 'The trainer is missing from this installation. Install the extension for your platform.';

export async function expandRun(
  context: ServerContext,
  { id, request }: { readonly id: string; readonly request: ExpansionRequest },
): Promise<ServerRequests['morphnet/expandRun']['result']> {
  const run = await context.runs.read(id);
  if (!run.ok) return refuse(run.error);
  if (run.value.proposal === undefined) {
    return refuse(`The run ${id} has proposed no widths yet. Wait for its first alive count.`);
  }
  if (context.experiments === undefined) return refuse(noTrainer);
  const expanded = await context.experiments.expand(run.value.folder, request);
  return expanded.ok ? expanded.value : refuse(expanded.error);
}

export async function startExperiment(
  context: ServerContext,
  { task }: { readonly task: ExperimentTask },
): Promise<ServerRequests['morphnet/startExperiment']['result']> {
  if (context.experiments === undefined) return refuse(noTrainer);
  const { experiments } = context;
  switch (task.kind) {
    case 'retrain': {
      const run = await context.runs.read(task.run);
      if (!run.ok) return refuse(run.error);
      const { config, folder, proposal, status } = run.value;
      if (proposal === undefined) return refuse(`The run ${task.run} has proposed no widths yet.`);
      if (status === 'running' || status === 'queued') {
        return refuse(`The run ${task.run} may still change its proposal. Wait for its end, or stop it.`);
      }
      const work = workOf(context, 'retrain', config);
      if (work === undefined) return refuse(outside);
      const started = await experiments.retrain({ ...work, folder }, task.request);
      return started.ok ? started.value : refuse(started.error);
    }
    case 'sweep':
    case 'iterate': {
      const work = workOf(context, task.kind, task.config);
      if (work === undefined) return refuse(outside);
      const started =
        task.kind === 'sweep'
          ? await experiments.sweep(work, task.config, task.request)
          : await experiments.iterate(work, task.config, task.request);
      return started.ok ? started.value : refuse(started.error);
    }
    case 'resume': {
      const found = await context.runs.unfinished(task.what, task.id);
      if (!found.ok) return refuse(found.error);
      const work = workOf(context, task.what, found.value.config);
      if (work === undefined) return refuse(outside);
      const started = await experiments.resume({ ...work, folder: found.value.folder });
      return started.ok ? started.value : refuse(started.error);
    }
  }
}

export function stopExperiment(
  context: ServerContext,
  { id, kind, atOnce = false }: { readonly id: string; readonly kind: ExperimentKind; readonly atOnce?: boolean },
): Promise<ServerRequests['morphnet/stopExperiment']['result']> {
  const answer = context.experiments?.stop(id, kind, atOnce) ?? 'absent';
  if (answer === 'absent') return Promise.resolve(refuse('This is not being trained here any more.'));
  return Promise.resolve({ alreadyStopping: answer === 'stopping' });
}

const outside = 'The model lies outside the workspace. Open its folder to keep its runs there.';

function workOf(
  context: ServerContext,
  kind: ExperimentKind,
  config: RunConfig,
): Omit<Experiment, 'folder'> | undefined {
  const workspaceFolder = context.runs.workspaceFolderOf(config.model.document);
  if (workspaceFolder === undefined) return undefined;
  const { document, entry } = config.model;
  return { kind, workspaceFolder, model: entry === '' ? fileOf(document) : entry };
}
