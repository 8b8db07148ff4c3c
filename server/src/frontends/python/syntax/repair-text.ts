// Texts with an unclosed bracket, as they are while somebody types. The grammar lets such a bracket swallow everything below
// it; here the statement with the bracket is taken out, in a text of the same length, so that every other place stays.

import { logicalLines } from './logical-lines.ts';

export interface RepairedText {
  readonly text: string;
  /** Offsets of the brackets that are never closed. */
  readonly unclosed: readonly number[];
}

const compound = /^(?:async\s+)?(?:def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b/;

/** The text without the statements whose brackets stay open; undefined when there are none. */
export function repairText(text: string): RepairedText | undefined {
  const broken = (logicalLines(text) ?? []).filter((line) => line.unclosed !== undefined);
  if (broken.length === 0) return undefined;
  let repaired = '';
  let copied = 0;
  const unclosed: number[] = [];
  for (const { start, end, unclosed: bracket } of broken) {
    if (bracket === undefined || start < copied) continue;
    const old = text.slice(start, end);
    // What stands below a header needs one still, even if nothing runs it.
    const filler = compound.test(old) ? 'if 0:' : 'pass';
    const kept = old.replace(/[^\r\n]/g, ' ');
    repaired += text.slice(copied, start) + (old.length < filler.length ? kept : filler + kept.slice(filler.length));
    copied = end;
    unclosed.push(bracket);
  }
  return { text: repaired + text.slice(copied), unclosed };
}
