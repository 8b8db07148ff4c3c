// Words that a format has at a place: names of sections, keys and values, with what they mean. Completion lists them, and a hover on
// one says it.

export interface FormatWord {
  readonly name: string;
  /** A sentence or two. */
  readonly meaning: string;
  readonly kind: 'section' | 'key' | 'value';
  /** What is written in place of the name where that is more. */
  readonly insert?: string;
}

export interface WordsHere {
  /** The text that a word takes the place of, as offsets. */
  readonly start: number;
  readonly end: number;
  readonly words: readonly FormatWord[];
}

/** Words of a kind from a table of names and meanings. */
export function wordsOf(
  kind: FormatWord['kind'],
  table: Readonly<Record<string, string>>,
  insert?: (name: string) => string,
): readonly FormatWord[] {
  return Object.entries(table).map(([name, meaning]) => ({
    name,
    meaning,
    kind,
    ...(insert && { insert: insert(name) }),
  }));
}

/** The run of signs around an offset that a word may have. */
export function wordAround(
  text: string,
  offset: number,
  sign: RegExp,
): { readonly start: number; readonly end: number } {
  let [start, end] = [offset, offset];
  while (start > 0 && sign.test(text[start - 1] ?? '')) start--;
  while (end < text.length && sign.test(text[end] ?? '')) end++;
  return { start, end };
}
