// MorphNet's lines in a training script: found by the script's language, and offered only when the model is read the same with
// them as without.

import { fileName } from '../common/file-name.ts';
import type { Result } from '../common/problem.ts';
import { applyEdits, type LiteralEdit } from '../edits/literal-text.ts';
import { firstDifference } from '../edits/prove.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalyzedModel } from './analyzed-model.ts';

export interface ScriptLines {
  readonly documents: readonly {
    readonly document: string;
    readonly version: number | undefined;
    readonly edits: readonly LiteralEdit[];
  }[];
  /** What the script calls the model. */
  readonly model: string;
}

/** `structure`: the structure's file as the script is to name it. The failure says why the lines are to be written by hand. */
export function scriptLines(
  session: AnalysisSession,
  model: AnalyzedModel,
  script: string,
  structure: string,
): Result<ScriptLines> {
  const text = session.textOf(script);
  if (text === undefined) return { ok: false, error: `${fileName(script)} can not be read` };
  const found = session.trainingLines({ document: script, structure });
  if (!found.ok) return { ok: false, error: `${fileName(script)}: ${found.error}` };
  const { edits } = found.value;
  const after = session.evaluateWith(new Map([[script, applyEdits(text, edits)]]), model.entry);
  const difference = after === undefined ? 'it is not found any more' : firstDifference(model.graph, after);
  if (difference !== undefined)
    return {
      ok: false,
      error: `${fileName(script)}: with the lines the model would be read otherwise (${difference})`,
    };
  const version = session.versionOf(script);
  return { ok: true, value: { documents: [{ document: script, version, edits }], model: found.value.model } };
}
