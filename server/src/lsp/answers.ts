// Which feature answers which question on the analysis thread, and what can be said of a question before it is answered.

import type { AnalysisSession } from '../analysis/analysis-session.ts';
import type { Cancellation } from '../common/cancellation.ts';
import type { AnalysisContext } from './analysis-context.ts';
import type { AnalysisQuestions, Asked, QuestionName } from './analysis-questions.ts';
import { provideCodeActions, readSiblings, resolveCodeAction } from './code-actions.ts';
import { provideCodeLenses, readCommitted } from './code-lenses.ts';
import { provideCompletion } from './completion.ts';
import { costGraphBoxes } from './cost-graph.ts';
import { costTable } from './cost-table.ts';
import { documentDiagnostics } from './diagnostics.ts';
import { draftRun, runNetwork } from './draft-run.ts';
import { provideHover } from './hover.ts';
import { provideInlayHints, resolveInlayHint } from './inlay-hints.ts';
import { listDevices } from './list-devices.ts';
import { listEntries, listModels } from './list-models.ts';
import { projectEdit } from './project-edit.ts';
import { findScriptLines } from './script-lines.ts';
import { ownWidths, tryWidths, widthEdits } from './width-answers.ts';
import { layerLocation, proposalEdits, slimModel } from './proposal-answers.ts';

/** Answers at once, from what is known or by evaluating; an evaluation that is cancelled leaves an answer that nobody sees. */
type Answerers = {
  readonly [Name in QuestionName]: (
    context: AnalysisContext,
    params: AnalysisQuestions[Name]['params'],
    cancellation: Cancellation,
  ) => AnalysisQuestions[Name]['answer'];
};

export const answerers: Answerers = {
  'inlay-hints': provideInlayHints,
  'inlay-hint': resolveInlayHint,
  hover: provideHover,
  completion: provideCompletion,
  'code-lenses': provideCodeLenses,
  'code-actions': provideCodeActions,
  'code-action': resolveCodeAction,
  siblings: readSiblings,
  committed: readCommitted,
  diagnostics: documentDiagnostics,
  entries: listEntries,
  models: listModels,
  devices: listDevices,
  'cost-table': costTable,
  'cost-graph': costGraphBoxes,
  'try-widths': tryWidths,
  'width-edits': widthEdits,
  'own-widths': ownWidths,
  'project-edit': projectEdit,
  'draft-run': draftRun,
  'run-network': runNetwork,
  'script-lines': findScriptLines,
  'proposal-edits': proposalEdits,
  'slim-model': slimModel,
  'layer-location': layerLocation,
};

/** Whether nobody waits for the answer at the moment: others go first. */
export function isBackground(name: QuestionName): boolean {
  return name === 'diagnostics' || name === 'entries' || name === 'siblings' || name === 'committed';
}

/** The document that a question is about. */
export function documentOf(params: Asked['params']): string | undefined {
  if ('textDocument' in params) return params.textDocument.uri;
  if ('uri' in params) return params.uri;
  return 'document' in params ? params.document : undefined;
}

/** Whether a question can be answered without an evaluation. */
export function isKnown({ name, params }: Asked, session: AnalysisSession): boolean {
  const uri = documentOf(params);
  if (uri === undefined) return false;
  switch (name) {
    case 'inlay-hints':
      return session.isKnown(uri, 'shown');
    case 'hover':
    case 'code-lenses':
    case 'models':
    case 'cost-table':
    case 'cost-graph':
    case 'try-widths':
      return session.isKnown(uri, 'all');
    case 'completion':
    case 'project-edit':
    case 'devices':
      return true;
    case 'entries':
    case 'inlay-hint':
    case 'code-action':
    case 'code-actions':
    case 'siblings':
    case 'committed':
    case 'diagnostics':
    case 'draft-run':
    case 'run-network':
    case 'script-lines':
    case 'proposal-edits':
    case 'width-edits':
    case 'own-widths':
    case 'slim-model':
    case 'layer-location':
      return false;
  }
}
