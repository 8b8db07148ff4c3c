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
    for (const { key, value, start, end } of settingsIn(body)) {
      found++;
      const place = { document, start: bodyStart + start, end: bodyStart + end };
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

/** One `key=value`, with the place of both. */
interface Setting {
  readonly key: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The settings of a directive's text. A value goes up to the next key: an entry's arguments may hold spaces, and keys of
 * their own in brackets. Each character is looked at a fixed number of times, since comments come from anywhere.
 */
function settingsIn(body: string): readonly Setting[] {
  const keyHere = /(?<=^|[ \t])([A-Za-z]\w*)([ \t]*)=(?!=)[ \t]*/y;
  const isBracketed = bracketedPlaces(body);
  const keys: { readonly key: string; readonly start: number; readonly valueStart: number }[] = [];
  for (let at = 0; at < body.length; at++) {
    if (isBracketed(at)) continue;
    keyHere.lastIndex = at;
    const found = keyHere.exec(body);
    if (found !== null) keys.push({ key: found[1] ?? '', start: at, valueStart: at + found[0].length });
  }
  return keys.map(({ key, start, valueStart }, i) => {
    const value = body.slice(valueStart, keys[i + 1]?.start).trimEnd();
    const end = value === '' ? start + body.slice(start, valueStart).trimEnd().length : valueStart + value.length;
    return { key, value, start, end };
  });
}

/** Tells the places between a bracket and the one that closes it; one that nothing closes is a character like others. */
function bracketedPlaces(body: string): (at: number) => boolean {
  const opened = new Int32Array(body.length);
  const unclosed: number[] = [];
  for (let at = 0; at < body.length; at++) {
    if (body[at] === '(') unclosed.push(at);
    const start = body[at] === ')' ? unclosed.pop() : undefined;
    if (start === undefined) continue;
    opened[start] = 1;
    opened[at] = -1;
  }
  for (let at = 1; at < opened.length; at++) opened[at] = (opened[at] ?? 0) + (opened[at - 1] ?? 0);
  return (at) => (opened[at] ?? 0) > 0;
}

function malformed(message: string, span: SourceSpan): Problem {
  return { code: 'directive-malformed', severity: 'warning', message, span };
}
