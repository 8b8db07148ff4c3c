// Protocol buffers written as text (`name: value`, `name { … }`) as a config tree. Fields may repeat: each time is an entry of its
// own. What can't be read is reported and skipped to the next line, so that a file is read while it is being written.

import type { Problem } from '../../common/problem.ts';
import type { SourceSpan } from '../../common/source-span.ts';
import {
  deepestConfig,
  mostConfigValues,
  type ConfigEntry,
  type ConfigScalar,
  type ConfigText,
  type ConfigValue,
} from './config-tree.ts';

export function readProtobufText(document: string, text: string): ConfigText {
  const reader = new FieldReader(document, text);
  const entries = reader.readFields(undefined, 0);
  return { root: { kind: 'map', entries, span: { document, start: 0, end: text.length } }, problems: reader.problems };
}

/** All values of a field, however they are written: each by itself, or as a list. */
export function valuesAt(value: ConfigValue | undefined, key: string): readonly ConfigValue[] {
  if (value?.kind !== 'map') return [];
  return value.entries.flatMap((entry) => {
    if (entry.key !== key) return [];
    return entry.value.kind === 'list' ? entry.value.items : [entry.value];
  });
}

/** Problems of one file that are told; after a slip of the pen many follow from the first. */
const mostProblems = 50;

const blank = /(?:[\s,;]|#[^\n]*)+/y;
const fieldName = /[A-Za-z_]\w*|\[[\w./ ]+\]/y;
const fieldStart = /[A-Za-z_]\w*[ \t]*[:{<]/y;
const numberText = /[+-]?(?:0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fF]?(?![\w.])/y;
const wordText = /[+-]?[A-Za-z_]\w*/y;
const stringText = /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'/y;
const bracket = /[{}<>]|"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'|#[^\n]*/g;

type Closing = '}' | '>' | ']';

class FieldReader {
  readonly problems: Problem[] = [];
  readonly #document: string;
  readonly #text: string;
  #at: number;
  #left = mostConfigValues;
  #isCutOff = false;

  constructor(document: string, text: string) {
    this.#document = document;
    this.#text = text;
    this.#at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  }

  /** The fields up to the sign that closes them, which is passed; to the end of the text where that is undefined. */
  readFields(closing: Closing | undefined, depth: number, opened?: SourceSpan): readonly ConfigEntry[] {
    const entries: ConfigEntry[] = [];
    for (;;) {
      this.#take(blank);
      const sign = this.#text[this.#at];
      if (sign === undefined) {
        if (closing !== undefined && opened !== undefined)
          this.#problem(`There is no ${closing} for this; write ${closing} where it ends`, opened.start, opened.end);
        return entries;
      }
      if (sign === '}' || sign === '>') {
        this.#at++;
        if (sign === closing) return entries;
        this.#problem(`This ${sign} closes nothing; remove it`, this.#at - 1, this.#at);
        continue;
      }
      const start = this.#at;
      const key = this.#take(fieldName);
      if (key === undefined) {
        this.#skipLine('no field; write name: value, or # before a comment');
        continue;
      }
      const value = this.#fieldValue(key, start, depth);
      if (value !== undefined) entries.push({ key, keySpan: this.#span(start, start + key.length), value });
      if (this.#isCutOff) return entries;
    }
  }

  /** What stands behind a field's name, or undefined after a report. */
  #fieldValue(key: string, start: number, depth: number): ConfigValue | undefined {
    const nameEnd = this.#at;
    this.#take(blank);
    const hasColon = this.#text[this.#at] === ':';
    if (hasColon) {
      this.#at++;
      this.#take(blank);
    }
    const sign = this.#text[this.#at];
    if (sign === '{' || sign === '<') return this.#message(depth, key);
    if (!hasColon) {
      this.#at = nameEnd;
      this.#skipLine(`lacks its value; write ${key}: value or ${key} { … }`, start);
      return undefined;
    }
    if (sign === '[') return this.#list(depth);
    if (sign === undefined || sign === '}' || sign === '>' || this.#isNextField(nameEnd)) {
      this.#problem(`${key} has no value; write ${key}: value`, start, nameEnd);
      return undefined;
    }
    const value = this.#scalar();
    if (value === undefined && !this.#isCutOff) this.#skipLine(`no value of ${key}`);
    return value;
  }

  /** Whether another field begins here, on a later line than its predecessor: one whose value is yet to be written. */
  #isNextField(from: number): boolean {
    if (!this.#text.slice(from, this.#at).includes('\n')) return false;
    fieldStart.lastIndex = this.#at;
    return fieldStart.test(this.#text);
  }

  #message(depth: number, key: string): ConfigValue | undefined {
    const start = this.#at;
    const closing = this.#text[start] === '<' ? '>' : '}';
    this.#at++;
    if (!this.#mayHold(depth)) {
      this.#skipMessage();
      return undefined;
    }
    const keyStart = this.#text.lastIndexOf(key, start);
    const entries = this.readFields(closing, depth + 1, this.#span(keyStart === -1 ? start : keyStart, start + 1));
    return { kind: 'map', entries, span: this.#span(start, this.#at) };
  }

  #list(depth: number): ConfigValue | undefined {
    const start = this.#at++;
    if (!this.#mayHold(depth)) return undefined;
    const items: ConfigValue[] = [];
    for (;;) {
      this.#take(blank);
      const sign = this.#text[this.#at];
      if (sign === ']') {
        this.#at++;
        break;
      }
      const item = sign === '{' || sign === '<' ? this.#message(depth + 1, '') : this.#scalar();
      if (item === undefined) {
        if (!this.#isCutOff) this.#problem('This list lacks its closing bracket; write ]', start, start + 1);
        break;
      }
      items.push(item);
    }
    return { kind: 'list', items, span: this.#span(start, this.#at) };
  }

  #scalar(): ConfigScalar | undefined {
    if (!this.#mayHold(0)) return undefined;
    const start = this.#at;
    const string = this.#strings();
    if (string !== undefined) return { kind: 'scalar', value: string, span: this.#span(start, this.#at) };
    const number = this.#take(numberText);
    if (number !== undefined) return { kind: 'scalar', value: valueOf(number), span: this.#span(start, this.#at) };
    const word = this.#take(wordText);
    if (word === undefined) return undefined;
    const value = word === 'true' ? true : word === 'false' ? false : word;
    return { kind: 'scalar', value, span: this.#span(start, this.#at) };
  }

  /** Strings that follow each other are one. */
  #strings(): string | undefined {
    let value: string | undefined;
    for (;;) {
      const next = this.#take(stringText);
      if (next === undefined) return value;
      value = (value ?? '') + next.slice(1, -1).replace(/\\(["'\\])/g, '$1');
      const end = this.#at;
      this.#take(blank);
      if (!/["']/.test(this.#text[this.#at] ?? '') || this.#text.slice(end, this.#at).includes(',')) {
        this.#at = end;
        return value;
      }
    }
  }

  /** Whether one more value may be read; says so once where not. */
  #mayHold(depth: number): boolean {
    if (depth < deepestConfig && --this.#left >= 0) return true;
    const isDeep = depth >= deepestConfig;
    const limit = isDeep
      ? `nests its fields more than ${String(deepestConfig)} deep; what is deeper`
      : `has more than ${mostConfigValues.toLocaleString('en')} values; the rest`;
    if (!this.problems.some(({ code }) => code === 'limit-source'))
      this.problems.push({
        code: 'limit-source',
        severity: 'warning',
        message: `The file ${limit} is not read.`,
        span: this.#span(this.#at - 1, this.#at),
      });
    if (!isDeep) this.#isCutOff = true;
    return false;
  }

  /** Passes what an opened sign holds, with its closing one. */
  #skipMessage(): void {
    let open = 1;
    bracket.lastIndex = this.#at;
    for (let found = bracket.exec(this.#text); found !== null; found = bracket.exec(this.#text)) {
      if (found[0] === '{' || found[0] === '<') open++;
      else if (found[0] === '}' || found[0] === '>') open--;
      if (open > 0) continue;
      this.#at = found.index + 1;
      return;
    }
    this.#at = this.#text.length;
  }

  /** Reports what stands here and passes it, to the end of its line or a sign that closes a message. */
  #skipLine(what: string, from = this.#at): void {
    const rest = /[^\n}>]*/y;
    rest.lastIndex = Math.max(this.#at, from + 1);
    const end = rest.lastIndex + (rest.exec(this.#text)?.[0].length ?? 0);
    const line = this.#text.slice(from, end).trim();
    const shown = line.length > 40 ? `${line.slice(0, 39)}…` : line;
    this.#problem(`"${shown}" ${what.startsWith('no ') ? 'is ' : ''}${what}`, from, from + Math.max(1, line.length));
    this.#at = Math.max(end, this.#at);
  }

  #problem(message: string, start: number, end: number): void {
    if (this.problems.length < mostProblems)
      this.problems.push({ code: 'syntax-prototxt', severity: 'error', message, span: this.#span(start, end) });
  }

  /** What a pattern finds just here; passes it. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #span(start: number, end: number): SourceSpan {
    return { document: this.#document, start: Math.max(0, start), end: Math.min(end, this.#text.length) };
  }
}

/** As C reads it: a leading 0 makes an octal number of digits that can be one. */
function valueOf(text: string): number {
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/.exec(text) ?? [];
  const plain = /^0[xX]/.test(digits) ? digits : digits.replace(/[fF]$/, '').replace(/^0(?=[0-7]+$)/, '0o');
  return sign === '-' ? -Number(plain) : Number(plain);
}
