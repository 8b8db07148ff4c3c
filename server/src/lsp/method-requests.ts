// What goes beyond one run, as the client asks for it: expanding a proposal, and commands of several trainings.

import type { ExpansionRequest } from '../protocol/expansion-request.ts';
import type { ServerRequests } from '../protocol/lsp-extensions.ts';
import type { MethodKind, MethodTask } from '../protocol/method-messages.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { MethodWork } from './method-backend.ts';
import { refuse } from './refusal.ts';
import { fileOf } from './run-requests.ts';
import type { ServerContext } from './server-context.ts';

const noMethods = 'The trainer is missing from this installation. Install the extension for your platform.';

export async function expandRun(
  context: ServerContext,
  { id, request }: { readonly id: string; readonly request: ExpansionRequest },
): Promise<ServerRequests['morphnet/expandRun']['result']> {
  const run = await context.runs.read(id);
  if (!run.ok) return refuse(run.error);
  if (run.value.proposal === undefined) {
    return refuse(`The run ${id} has proposed no widths yet. Wait for its first alive count.`);
  }
  if (context.methods === undefined) return refuse(noMethods);
  const expanded = await context.methods.expand(run.value.folder, request);
  return expanded.ok ? expanded.value : refuse(expanded.error);
}

export async function startMethod(
  context: ServerContext,
  { task }: { readonly task: MethodTask },
): Promise<ServerRequests['morphnet/startMethod']['result']> {
  if (context.methods === undefined) return refuse(noMethods);
  const { methods } = context;
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
      const started = await methods.retrain({ ...work, folder }, task.request);
      return started.ok ? started.value : refuse(started.error);
    }
    case 'sweep':
    case 'iterate': {
      const work = workOf(context, task.kind, task.config);
      if (work === undefined) return refuse(outside);
      const started =
        task.kind === 'sweep'
          ? await methods.sweep(work, task.config, task.request)
          : await methods.iterate(work, task.config, task.request);
      return started.ok ? started.value : refuse(started.error);
    }
    case 'go-on': {
      const found = await context.runs.unfinished(task.what, task.id);
      if (!found.ok) return refuse(found.error);
      const work = workOf(context, task.what, found.value.config);
      if (work === undefined) return refuse(outside);
      const started = await methods.goOn({ ...work, folder: found.value.folder });
      return started.ok ? started.value : refuse(started.error);
    }
  }
}

export function stopMethod(
  context: ServerContext,
  { id, kind, atOnce = false }: { readonly id: string; readonly kind: MethodKind; readonly atOnce?: boolean },
): Promise<ServerRequests['morphnet/stopMethod']['result']> {
  const answer = context.methods?.stop(id, kind, atOnce) ?? 'absent';
  if (answer === 'absent') return Promise.resolve(refuse('This is not being trained here any more.'));
  return Promise.resolve({ alreadyStopping: answer === 'stopping' });
}

const outside = 'The model lies outside the workspace. Open its folder to keep its runs there.';

function workOf(context: ServerContext, kind: MethodKind, config: RunConfig): Omit<MethodWork, 'folder'> | undefined {
  const workspaceFolder = context.runs.workspaceFolderOf(config.model.document);
  if (workspaceFolder === undefined) return undefined;
  const { document, entry } = config.model;
  return { kind, workspaceFolder, model: entry === '' ? fileOf(document) : entry };
}
