// The comment by which a model file names its entry and input: `# morphnet: entry=ResNet18() input=3x32x32`.
// Any comment sign will do, so that every format has the same directive.

import type { Problem } from '../../common/problem.ts';
import type { SourceSpan } from '../../common/source-span.ts';
import { parseInputShapes } from '../../network/shape.ts';

/** What one directive says; a part that is absent or malformed is undefined. */
export interface Directive {
  readonly entry?: string;
  readonly input?: readonly (readonly number[])[];
  /** From the comment sign to the end of the line. */
  readonly span: SourceSpan;
}

export interface DirectiveList {
  readonly directives: readonly Directive[];
  readonly problems: readonly Problem[];
}

const directiveLine = /^[ \t]*(?:#|;|\/\/)[ \t]*morphnet[ \t]*:([^\r\n]*)/gm;
/** A key, and a value up to the next key: an entry's arguments may hold spaces. */
const setting = /([A-Za-z]\w*)[ \t]*=[ \t]*(.*?)(?=[ \t]+[A-Za-z]\w*[ \t]*=(?![=])(?![^(]*\))|[ \t]*$)/g;

/** All directives of a text, in order. */
export function findDirectives(document: string, text: string): DirectiveList {
  const problems: Problem[] = [];
  const directives = [...text.matchAll(directiveLine)].map((line): Directive => {
    const lead = line[0].length - line[0].trimStart().length;
    const span: SourceSpan = { document, start: line.index + lead, end: line.index + line[0].trimEnd().length };
    const body = line[1] ?? '';
    const bodyStart = line.index + line[0].length - body.length;
    let entry: string | undefined;
    let input: readonly (readonly number[])[] | undefined;
    let found = 0;
    for (const match of body.matchAll(setting)) {
      found++;
      const key = match[1] ?? '';
      const value = (match[2] ?? '').trim();
      const place = {
        document,
        start: bodyStart + match.index,
        end: bodyStart + match.index + match[0].trimEnd().length,
      };
      if (key === 'entry' && value !== '') entry = value;
      else if (key === 'input') {
        input = parseInputShapes(value);
        if (input === undefined)
          problems.push(malformed(`"${value}" is no input shape; write it as 3x32x32, without the batch`, place));
      } else
        problems.push(malformed(`A morphnet directive has no "${key}"; it knows entry=… and input=3x32x32`, place));
    }
    if (found === 0)
      problems.push(malformed('This morphnet directive says nothing; write entry=Model() or input=3x32x32', span));
    return { span, ...(entry !== undefined && { entry }), ...(input !== undefined && { input }) };
  });
  return { directives, problems };
}

function malformed(message: string, span: SourceSpan): Problem {
  return { code: 'directive-malformed', severity: 'warning', message, span };
}
