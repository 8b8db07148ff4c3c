// MorphNet's lines in a training script, as the analysis thread finds them.

import { scriptLines } from '../analysis/script-lines.ts';
import { fileName } from '../common/file-name.ts';
import type { AnalysisContext } from './analysis-context.ts';
import type { AnalysisQuestions } from './analysis-questions.ts';
import { toDocumentEdits } from './document-edits.ts';
import { refuse } from './refusal.ts';

export function findScriptLines(
  { session }: AnalysisContext,
  { model: { document, entry }, uri, structure }: AnalysisQuestions['script-lines']['params'],
): AnalysisQuestions['script-lines']['answer'] {
  const model = session.model(document, entry);
  if (model === undefined) return refuse(`There is no model ${entry} in ${fileName(document)} any more.`);
  const lines = scriptLines(session, model, uri, structure);
  return lines.ok ? toDocumentEdits(session, lines.value) : refuse(lines.error);
}
