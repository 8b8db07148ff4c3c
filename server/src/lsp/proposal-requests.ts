// A run's proposal as the client asks for it; analysis makes edits and modules of it.

import type { CancellationToken } from 'vscode-languageserver/node';
import type { AttachedProposal } from '../analysis/analysis-session.ts';
import type { Result } from '../common/problem.ts';
import type { ServerRequests } from '../protocol/lsp-extensions.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { refuse } from './refusal.ts';
import { askAbout, type ServerContext } from './server-context.ts';

export async function proposalEdits(
  context: ServerContext,
  { id, layer, expanded = false }: { readonly id: string; readonly layer?: string; readonly expanded?: boolean },
  token: CancellationToken,
): Promise<ServerRequests['morphnet/proposalEdits']['result']> {
  const run = await context.runs.read(id);
  if (!run.ok) return refuse(run.error);
  const { document } = run.value.config.model;
  const attached = proposalOf(run.value, expanded);
  if (!attached.ok) return refuse(attached.error);
  const question = { document, attached: attached.value, isExpanded: expanded, ...(layer !== undefined && { layer }) };
  return askAbout(context, document, 'proposal-edits', question, token);
}

export async function slimModel(
  context: ServerContext,
  { id, expanded = false }: { readonly id: string; readonly expanded?: boolean },
  token: CancellationToken,
): Promise<ServerRequests['morphnet/slimModel']['result']> {
  const run = await context.runs.read(id);
  if (!run.ok) return refuse(run.error);
  const { document } = run.value.config.model;
  const attached = proposalOf(run.value, expanded);
  if (!attached.ok) return refuse(attached.error);
  const question = { document, attached: attached.value, isExpanded: expanded };
  return askAbout(context, document, 'slim-model', question, token);
}

function proposalOf(run: RunSnapshot, isExpanded: boolean): Result<AttachedProposal> {
  const { id, config, proposal, expanded } = run;
  const { entry, input } = config.model;
  if (isExpanded) {
    if (expanded !== undefined) return { ok: true, value: { runId: id, entry, input, proposal: expanded } };
    return { ok: false, error: `The proposal of ${id} was not expanded yet. Run "MorphNet: Expand Structure".` };
  }
  if (proposal === undefined) {
    return { ok: false, error: `The run ${id} has proposed no widths yet. Wait for its first alive count.` };
  }
  return { ok: true, value: { runId: id, entry, input, proposal } };
}

export async function layerLocation(
  context: ServerContext,
  { id, layer }: { readonly id: string; readonly layer: string },
  token: CancellationToken,
): Promise<ServerRequests['morphnet/layerLocation']['result']> {
  const run = await context.runs.read(id);
  if (!run.ok) return refuse(run.error);
  const { document, entry } = run.value.config.model;
  return askAbout(context, document, 'layer-location', { document, entry, layer }, token);
}
