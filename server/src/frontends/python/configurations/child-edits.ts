// Edits of numbers that stand in the files which a configuration builds on. These are shared: what is written there changes every
// configuration on top of it. So the entry is written into the configuration itself, where it has the last word.

import type { TextEdit } from '../../shared/named-numbers.ts';
import type { Expression, Statement } from '../syntax/ast.ts';
import { itemsOf, writtenSettings } from './configured-model.ts';
import { modelName } from './configuration-entries.ts';

/** What is read of a file: its text and its statements. */
export interface ReadFile {
  readonly text: string;
  readonly body: readonly Statement[];
}

/** Settings inside each other, down to the texts of values. */
type Overrides = Map<string, Overrides | string>;

/** The edits with those of other files as entries of the child, where the model's settings are written as such there. */
export function inChild(
  child: string,
  edits: readonly TextEdit[],
  read: (document: string) => ReadFile | undefined,
): readonly TextEdit[] {
  const own = read(child);
  // Names that a file imports are the base's own objects: an assignment would take the place of all of them.
  if (own === undefined || own.text.includes('read_base')) return edits;
  const overrides: Overrides = new Map();
  const kept = edits.filter((edit) => {
    if (edit.document === child) return true;
    const base = read(edit.document);
    const written = base && valueAround(base.body, edit);
    if (base === undefined || written === undefined) return true;
    const { start, end } = written.value.span;
    const inside = edits.filter(
      (other) => other.document === edit.document && other.start >= start && other.end <= end,
    );
    put(overrides, written.path, edited(base.text, start, end, inside));
    return false;
  });
  return overrides.size === 0 ? edits : [...kept, ...insertions(child, own, overrides)];
}

/** The path of keys and the whole value that an edit of a model's settings is in. */
function valueAround(
  body: readonly Statement[],
  { start, end }: TextEdit,
): { readonly path: readonly string[]; readonly value: Expression } | undefined {
  const path = [modelName];
  let value = writtenSettings(body, path);
  const holds = ({ span }: Expression): boolean => span.start <= start && end <= span.end;
  if (value === undefined || !holds(value)) return undefined;
  // Lists are taken over whole.
  while (value.kind === 'call' || value.kind === 'dictionary') {
    const item: { readonly key: string; readonly value: Expression } | undefined = itemsOf(value).find((each) =>
      holds(each.value),
    );
    if (item === undefined) return undefined;
    path.push(item.key);
    ({ value } = item);
  }
  return { path, value };
}

function put(overrides: Overrides, [key = '', ...rest]: readonly string[], text: string): void {
  const inner = overrides.get(key);
  if (rest.length === 0) overrides.set(key, text);
  else if (inner instanceof Map) put(inner, rest, text);
  else {
    const made: Overrides = new Map();
    overrides.set(key, made);
    put(made, rest, text);
  }
}

/** A stretch of a text with the edits inside it. */
function edited(text: string, start: number, end: number, edits: readonly TextEdit[]): string {
  const last = [...edits].sort((left, right) => right.start - left.start);
  const whole = last.reduce(
    (rest, edit) => rest.slice(0, edit.start - start) + edit.newText + rest.slice(edit.end - start),
    text.slice(start, end),
  );
  // Comments end lines; in a value that is written on one line there is none.
  return whole.replace(/#[^\n]*/g, '').replace(/\s*\n\s*/g, ' ');
}

/** Puts settings where the child has the innermost ones around them, or at its end where it has none. */
function insertions(document: string, { text, body }: ReadFile, overrides: Overrides): readonly TextEdit[] {
  const insert = (start: number, newText: string): TextEdit => ({ document, start, end: start, oldText: '', newText });
  const found: TextEdit[] = [];
  const into = (settings: Expression, wanted: Overrides): void => {
    const items = itemsOf(settings);
    const missing: Overrides = new Map();
    for (const [key, value] of wanted) {
      const there = items.find((item) => item.key === key)?.value;
      if (there !== undefined && value instanceof Map && isSettings(there)) into(there, value);
      else if (there !== undefined && typeof value === 'string')
        found.push({ ...there.span, document, oldText: text.slice(there.span.start, there.span.end), newText: value });
      else missing.set(key, value);
    }
    if (missing.size === 0) return;
    const isCall = settings.kind === 'call';
    const shown = [...missing].map(([key, value]) =>
      isCall ? `${key}=${textOf(value)}` : `'${key}': ${textOf(value)}`,
    );
    const last = items.at(-1)?.value.span.end;
    found.push(insert(last ?? settings.span.end - 1, `${last === undefined ? '' : ', '}${shown.join(', ')}`));
  };
  for (const [name, value] of overrides) {
    const there = writtenSettings(body, [name]);
    if (there !== undefined && value instanceof Map && isSettings(there)) into(there, value);
    else found.push(insert(text.length, `${text.endsWith('\n') ? '' : '\n'}${name} = ${textOf(value)}\n`));
  }
  return found;
}

const isSettings = ({ kind }: Expression): boolean => kind === 'call' || kind === 'dictionary';

function textOf(value: Overrides | string): string {
  if (typeof value === 'string') return value;
  return `dict(${[...value].map(([key, inner]) => `${key}=${textOf(inner)}`).join(', ')})`;
}
