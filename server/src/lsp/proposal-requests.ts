// A run's proposal as the client asks for it: proven edits, and where a layer stands in the source.

import type { AttachedProposal } from '../analysis/analysis-session.ts';
import { isExact, proposalEdits as planProposal } from '../analysis/proposal-edits.ts';
import { slimModel as writeSlimModel } from '../analysis/slim-model.ts';
import type { Result } from '../common/problem.ts';
import type { Refusal, ServerRequests, WireRange } from '../protocol/lsp-extensions.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { toDocumentEdits } from './document-edits.ts';
import { fileOf, refuse } from './run-requests.ts';
import { positionsIn, type ServerContext } from './server-context.ts';

export async function proposalEdits(
  context: ServerContext,
  { id, layer, expanded = false }: { readonly id: string; readonly layer?: string; readonly expanded?: boolean },
): Promise<ServerRequests['morphnet/proposalEdits']['result']> {
  const run = await context.runs.read(id);
  if (!run.ok) return refuse(run.error);
  const { document } = run.value.config.model;
  const attached = proposalOf(context, run.value, expanded);
  if (!attached.ok) return refuse(attached.error);
  const edits = planProposal(context.session, document, attached.value, layer);
  if (!edits.ok) return refuse(`${fileOf(document)}: ${edits.error}`);
  const { title, plan } = edits.value;
  return { title, documents: toDocumentEdits(context.session, edits.value), isExact: isExact(plan) };
}

export async function slimModel(
  context: ServerContext,
  { id, expanded = false }: { readonly id: string; readonly expanded?: boolean },
): Promise<ServerRequests['morphnet/slimModel']['result']> {
  const run = await context.runs.read(id);
  if (!run.ok) return refuse(run.error);
  const { document } = run.value.config.model;
  const attached = proposalOf(context, run.value, expanded);
  if (!attached.ok) return refuse(attached.error);
  const slim = writeSlimModel(context.session, document, attached.value);
  if (!slim.ok) return refuse(`${fileOf(document)}: ${slim.error}`);
  return { uri: slim.value.document, text: slim.value.text };
}

/** The attached proposal where it is this run's, since its plans are known already; else the run's own. */
function proposalOf(context: ServerContext, run: RunSnapshot, isExpanded: boolean): Result<AttachedProposal> {
  const { id, config, proposal, expanded } = run;
  const { document, entry, input } = config.model;
  if (isExpanded) {
    if (expanded !== undefined) return { ok: true, value: { runId: id, entry, input, proposal: expanded } };
    return { ok: false, error: `The proposal of ${id} was not expanded yet. Run "MorphNet: Expand Structure".` };
  }
  const attached = context.session.attachedProposal(document);
  if (attached?.runId === id && attached.proposal.step === proposal?.step) return { ok: true, value: attached };
  if (proposal === undefined) {
    return { ok: false, error: `The run ${id} has proposed no widths yet. Wait for its first alive count.` };
  }
  return { ok: true, value: { runId: id, entry, input, proposal } };
}

export async function layerLocation(
  context: ServerContext,
  { id, layer }: { readonly id: string; readonly layer: string },
): Promise<{ uri: string; range: WireRange } | Refusal> {
  const run = await context.runs.read(id);
  if (!run.ok) return refuse(run.error);
  const { document, entry } = run.value.config.model;
  const model = context.session.model(document, entry);
  const op = model?.graph.ops.find(({ name }) => name === layer);
  const span = op === undefined ? undefined : model?.place(op.site.span);
  const positions = span === undefined ? undefined : positionsIn(context.session, span.document);
  if (span === undefined || positions === undefined) {
    return refuse(`The layer ${layer} is not in ${fileOf(document)} any more: the source was changed since the run.`);
  }
  return { uri: span.document, range: positions.range(span.start, span.end) };
}
