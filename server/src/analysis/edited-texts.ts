// Proven edits as whole texts, for those who show a difference or write files.

import { applyEdits } from '../edits/literal-text.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { ProposalEdits } from './proposal-edits.ts';

export interface EditedText {
  readonly document: string;
  readonly before: string;
  readonly after: string;
}

/** Each edited document before and after; before is what the edits were proven on. */
export function editedTexts(
  session: AnalysisSession,
  { documents }: Pick<ProposalEdits, 'documents'>,
): readonly EditedText[] {
  return documents.map(({ document, edits }) => {
    const before = session.textOf(document) ?? '';
    return { document, before, after: applyEdits(before, edits) };
  });
}
