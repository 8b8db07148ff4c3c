// What a proposal comes to in the source: proven edits, a module of its own, and where a layer stands.

import type { AttachedProposal } from '../analysis/analysis-session.ts';
import { mostEdits } from '../analysis/most-edits.ts';
import { isExact } from '../analysis/proposal-edits.ts';
import { slimModel as writeSlimModel } from '../analysis/slim-model.ts';
import { changeNotes } from '../analysis/width-change.ts';
import type { Cancellation } from '../common/cancellation.ts';
import { fileName } from '../common/file-name.ts';
import { positionsIn, type AnalysisContext } from './analysis-context.ts';
import type { AnalysisQuestions } from './analysis-questions.ts';
import { toDocumentEdits } from './document-edits.ts';
import { refuse } from './refusal.ts';

export function proposalEdits(
  { session }: AnalysisContext,
  question: AnalysisQuestions['proposal-edits']['params'],
  cancellation: Cancellation,
): AnalysisQuestions['proposal-edits']['answer'] {
  const { document, layer } = question;
  const refactor = session.canNameNumbers(document);
  const edits = mostEdits(session, document, shownOr(session, question), { layer, refactor }, cancellation);
  if (!edits.ok) return refuse(`${fileName(document)}: ${edits.error}`);
  const { title, plan } = edits.value;
  const documents = toDocumentEdits(session, edits.value);
  return { title, documents, isExact: isExact(plan), sentences: changeNotes({ plan }) };
}

export function slimModel(
  { session }: AnalysisContext,
  question: AnalysisQuestions['slim-model']['params'],
): AnalysisQuestions['slim-model']['answer'] {
  const slim = writeSlimModel(session, question.document, shownOr(session, question));
  if (!slim.ok) return refuse(`${fileName(question.document)}: ${slim.error}`);
  return { uri: slim.value.document, text: slim.value.text };
}

/** The proposal that the document shows where it is the one that is asked about: its plans are known already. */
function shownOr(
  session: AnalysisContext['session'],
  { document, attached, isExpanded }: AnalysisQuestions['slim-model']['params'],
): AttachedProposal {
  const shown = session.attachedProposal(document);
  if (isExpanded || shown === undefined) return attached;
  return shown.runId === attached.runId && shown.proposal.step === attached.proposal.step ? shown : attached;
}

export function layerLocation(
  { session }: AnalysisContext,
  { document, entry, layer }: AnalysisQuestions['layer-location']['params'],
): AnalysisQuestions['layer-location']['answer'] {
  const model = session.model(document, entry);
  const op = model?.graph.ops.find(({ name }) => name === layer);
  const span = op?.site === undefined ? undefined : model?.place(op.site.span);
  const positions = span === undefined ? undefined : positionsIn(session, span.document);
  if (span === undefined || positions === undefined) {
    return refuse(`The layer ${layer} is not in ${fileName(document)} any more: the source was changed since the run.`);
  }
  return { uri: span.document, range: positions.range(span.start, span.end) };
}
