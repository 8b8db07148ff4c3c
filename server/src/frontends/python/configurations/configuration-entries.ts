// The model that a configuration of OpenMMLab tells of: the settings by the name `model`, its own or of a file that it builds on.

import type { Problem } from '../../../common/problem.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import { findDirectives } from '../../shared/directive.ts';
import { askedInput } from '../../shared/file-entries.ts';
import type { EntryList, EntryRequest, Evaluation, SourceReader } from '../../shared/frontend.ts';
import { basesIn, configurationFiles, imageOfConfiguration } from './configuration-text.ts';

/** The name by which a configuration keeps its model. */
export const modelName = 'model';

const setsModel = /^model\s*=/m;

/** The one entry of a configuration; none where nothing says `model`, as in settings of data or of a schedule. */
export function configurationEntries(
  document: string,
  text: string,
  reader: SourceReader,
  request: EntryRequest | undefined,
): EntryList {
  const { files, problems } = configurationFiles(document, text, reader);
  const { directives, problems: misread } = findDirectives(document, text);
  if (!files.some(({ text: each }) => setsModel.test(each))) return { entries: [], problems };
  const directive = directives.find(({ input }) => input !== undefined);
  const input = askedInput(request, directive) ?? {
    shapes: [imageOfConfiguration(files.map(({ text: each }) => each)) ?? [3, 224, 224]],
    from: 'default' as const,
  };
  const entry = { document, name: modelName, from: 'call' as const, span: placeOfModel(document, text), input };
  return { entries: [entry], problems: [...misread, ...problems] };
}

/**
 * What was found where a model is given images and nothing else. A detector that wants to know more of them raises then, and is no
 * less right for it.
 */
export function atImagesAlone(evaluation: Evaluation): Evaluation {
  const told = evaluation.problems.map((problem): Problem =>
    problem.code === 'python-raises' || problem.code === 'shape-mismatch'
      ? { ...problem, severity: 'information', message: `${problem.message}. It is given an image alone here` }
      : problem,
  );
  return { ...evaluation, problems: told };
}

/** Where a file says `model`, else what it builds on. */
function placeOfModel(document: string, text: string): SourceSpan {
  const own = setsModel.exec(text);
  if (own) return { document, start: own.index, end: own.index + modelName.length };
  const [base] = basesIn(text);
  const written = /^_base_/m.exec(text);
  const start = written?.index ?? base?.start ?? 0;
  return { document, start, end: written ? start + '_base_'.length : (base?.end ?? start) };
}
