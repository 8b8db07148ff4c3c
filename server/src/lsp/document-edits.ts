// Edits of the core as the protocol's, with the document versions that they were proven for.

import type { AnalysisSession } from '../analysis/analysis-session.ts';
import type { ProposalEdits } from '../analysis/proposal-edits.ts';
import type { WireDocumentEdits } from '../protocol/lsp-extensions.ts';
import { positionsIn } from './analysis-context.ts';

/** A document without a version is not open: its edits fit what stands on disk. */
export function toDocumentEdits(
  session: AnalysisSession,
  edits: Pick<ProposalEdits, 'documents'>,
): readonly WireDocumentEdits[] {
  return edits.documents.flatMap(({ document, version, edits: own }) => {
    const positions = positionsIn(session, document);
    const text = session.textOf(document);
    if (positions === undefined || text === undefined) return [];
    return [
      {
        uri: document,
        version: version ?? null,
        edits: own.map(({ start, end, newText }) => ({
          range: positions.range(start, end),
          oldText: text.slice(start, end),
          newText,
        })),
      },
    ];
  });
}
