// Measuring, as the client asks for it: this machine, a model on it, or steps of a run. All end when the client cancels its request.

import type { CancellationToken } from 'vscode-languageserver/node';
import type { Measuring, OnProgress } from '../experiments/measuring-service.ts';
import type { Result } from '../common/problem.ts';
import type { ServerRequests } from '../protocol/lsp-extensions.ts';
import { refuse } from './refusal.ts';
import { askAbout, type ServerContext } from './server-context.ts';

const noTrainer = 'What measures is missing from this installation. Install the extension for your platform.';
/** All cores but one. */
const threads = 0;

export async function measureMachine(
  { measuring, settings }: ServerContext,
  { precision }: ServerRequests['morphnet/measureMachine']['params'],
  token: CancellationToken,
): Promise<ServerRequests['morphnet/measureMachine']['result']> {
  if (measuring === undefined) return refuse(noTrainer);
  const { service, progress, stored } = measuring;
  const python = (await settings.of()).training.python || service.python;
  const pytorch = precision && { python, precision };
  const profile = await ended(service.machine.bind(service, { threads, batch: 1, pytorch }), progress, token);
  if (!profile.ok) return refuse(profile.error);
  const path = service.store(profile.value);
  stored();
  const { machine, pytorch: measured, error, threads: used } = profile.value;
  return { processor: measured?.device === 'gpu' ? measured.name : machine.cpu, threads: used, error, path };
}

export async function measureModel(
  context: ServerContext,
  params: ServerRequests['morphnet/measureModel']['params'],
  token: CancellationToken,
): Promise<ServerRequests['morphnet/measureModel']['result']> {
  const { measuring, settings } = context;
  if (measuring === undefined) return refuse(noTrainer);
  const { uri: document, entry } = params;
  const found = await askAbout(context, document, 'run-network', { document, entry }, token);
  if ('refused' in found) return found;
  const batch = (await settings.of(document)).batch || 1;
  const { service, progress } = measuring;
  const times = await ended(service.model.bind(service, found.network, { threads, batch }), progress, token);
  return times.ok ? times.value : refuse(times.error);
}

/** Times steps of a run that has not begun, as it would begin now. */
export async function timeRun(
  context: ServerContext,
  { config }: ServerRequests['morphnet/timeRun']['params'],
  token: CancellationToken,
): Promise<ServerRequests['morphnet/timeRun']['result']> {
  const { measuring } = context;
  if (measuring === undefined) return refuse(noTrainer);
  const found = await askAbout(context, config.model.document, 'run-network', config.model, token);
  if ('refused' in found) return found;
  const { service } = measuring;
  const time = await ended(
    () => service.run(config, found.network),
    () => undefined,
    token,
  );
  return time.ok ? time.value : refuse(time.error);
}

async function ended<Measured>(
  start: (onProgress: OnProgress) => Measuring<Measured>,
  progress: OnProgress,
  token: CancellationToken,
): Promise<Result<Measured>> {
  const measuring = start(progress);
  const listener = token.onCancellationRequested(measuring.cancel);
  try {
    return await measuring.ended;
  } finally {
    listener.dispose();
  }
}
