// What goes beyond one run, as the client asks for it: expanding a proposal.

import type { ExpansionRequest } from '../protocol/expansion-request.ts';
import type { ServerRequests } from '../protocol/lsp-extensions.ts';
import { refuse } from './run-requests.ts';
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
