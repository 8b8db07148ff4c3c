// What frontends of files that are models themselves do alike: which of a file's models come first, with which input, and what
// an evaluation begins with.

import type { Result } from '../../common/problem.ts';
import type { ModelEntry } from '../../network/network-graph.ts';
import type { Directive } from './directive.ts';
import {
  overlongText,
  type EntryRequest,
  type Evaluation,
  type EvaluationLimits,
  type SourceReader,
} from './frontend.ts';

/** The text of an entry's file, or the evaluation that says why it can't be read. Without `limits` the format has a bound of its own. */
export function textOfEntry(
  { document }: ModelEntry,
  reader: SourceReader,
  limits?: EvaluationLimits,
): Result<string, Evaluation> {
  const text = reader.read(document);
  const problem =
    text === undefined
      ? ({ code: 'missing-document', severity: 'error', message: `${document} cannot be read` } as const)
      : limits && overlongText(document, text, limits);
  if (text !== undefined && problem === undefined) return { ok: true, value: text };
  return { ok: false, error: { graph: undefined, problems: problem ? [problem] : [], dependencies: [document] } };
}

/** The input that somebody asked for or wrote in a directive; undefined where the file is to tell it. */
export function askedInput(
  request: EntryRequest | undefined,
  directive: Directive | undefined,
): ModelEntry['input'] | undefined {
  if (request?.input !== undefined) return { shapes: request.input, from: request.from };
  if (directive?.input !== undefined) return { shapes: directive.input, from: 'directive', span: directive.span };
  return undefined;
}

/** The models of a file that are listed: the chosen one first, and no other where it was asked for by name. */
export function chosenFirst<Model>(
  all: readonly Model[],
  chosen: Model | undefined,
  request: EntryRequest | undefined,
): readonly Model[] {
  const ordered = chosen === undefined ? all : [chosen, ...all.filter((model) => model !== chosen)];
  return request?.entry !== undefined && request.entry !== '' ? ordered.slice(0, 1) : ordered;
}
