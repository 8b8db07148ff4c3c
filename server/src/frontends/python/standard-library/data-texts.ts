// Data as text in the formats that settings are kept in, as Python's libraries read them: JSON, YAML 1.1 as PyYAML knows it,
// TOML, INI and CSV. Numbers of JSON and YAML lead back to where they stand.

import { parse as parseToml, TomlDate } from 'smol-toml';
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Scalar } from 'yaml';
import type { SourceSpan } from '../../../common/source-span.ts';
import type { DictValue, Machine, PyValue } from '../evaluator/machine.ts';
import { bool, dict, float, int, keyOf, list, none, string, unknown } from '../evaluator/values.ts';

/** Where a text comes from: a document of the workspace, or a string of the program, which has no place of its own. */
export interface DataText {
  readonly text: string;
  readonly document: string | undefined;
}

const deepest = 200;

/** `json.loads`. */
export function readJson(machine: Machine, data: DataText, span: SourceSpan): PyValue {
  try {
    JSON.parse(data.text.replace(/\bNaN\b|-?\bInfinity\b/g, '0'));
  } catch {
    const error = machine.library.module(machine, 'json')?.names.get('JSONDecodeError');
    return machine.raise(error?.kind === 'class' ? error : 'ValueError', 'this is not JSON', span);
  }
  // Tabs may stand anywhere in JSON, but not where YAML counts columns.
  const text = data.text.replaceAll('\t', ' ');
  return readNodes(machine, parseDocument(text, { schema: 'json', ...options }), data, span, false);
}

/** `yaml.safe_load`. */
export function readYaml(machine: Machine, data: DataText, span: SourceSpan): PyValue {
  const document = parseDocument(data.text, { version: '1.1', ...options });
  if (document.errors.length > 0)
    return machine.raise('ValueError', `this is not YAML: ${document.errors[0]?.message.split('\n')[0] ?? ''}`, span);
  return readNodes(machine, document, data, span, true);
}

const options = { uniqueKeys: false, logLevel: 'silent', keepSourceTokens: false } as const;

function readNodes(
  machine: Machine,
  document: Document.Parsed | Document,
  { document: source }: DataText,
  span: SourceSpan,
  isYaml: boolean,
): PyValue {
  const read = (node: unknown, key: string, depth: number): PyValue => {
    machine.hold(1, span);
    if (depth > deepest) return unknown('This text is nested too deeply to be read', span);
    if (isAlias(node)) return read(node.resolve(document), key, depth + 1);
    if (isSeq(node)) return list(node.items.map((item, i) => read(item, `${key}[${String(i)}]`, depth + 1)));
    if (isMap(node)) {
      const made = dict();
      const own: (readonly [PyValue, PyValue])[] = [];
      for (const pair of node.items) {
        const name = read(pair.key, key, depth + 1);
        const path = name.kind === 'string' ? (key === '' ? name.value : `${key}.${name.value}`) : key;
        const value = read(pair.value, path, depth + 1);
        // `<<: *base` takes over what is not said here.
        if (isMergeKey(pair.key)) merge(machine, made, value);
        else own.push([name, value]);
      }
      for (const [name, value] of own) machine.change(made).entries.set(keyOf(name), { key: name, value });
      return made;
    }
    return isScalar(node) ? readScalar(node, key) : none;
  };
  const readScalar = (node: Scalar, key: string): PyValue => {
    const { value, source: written = '', range, type, tag } = node;
    if (tag !== undefined && !tag.startsWith('tag:yaml.org,2002:')) return unknown(`The tag ${tag} is not read`, span);
    const isPlain = type === 'PLAIN';
    if (typeof value === 'boolean')
      return isYaml && isPlain && /^[yYnN]$/.test(written) ? string(written) : bool(value);
    if (typeof value === 'number') {
      // PyYAML reads a number without a point as text when it has an exponent.
      if (isYaml && /^[-+]?[\d_]+e/i.test(written)) return string(written);
      if (isYaml && /^0o/i.test(written)) return string(written);
      const isInteger = Number.isInteger(value) && !/[.e]|inf|nan/i.test(/^[-+]?0x/i.test(written) ? '' : written);
      const place = source !== undefined && range ? { document: source, start: range[0], end: range[1] } : undefined;
      const origin = place && ({ kind: 'config', value, span: place, key } as const);
      return isInteger ? int(value, origin) : float(value, origin);
    }
    if (typeof value === 'string') return string(value);
    return value === null || value === undefined ? none : unknown('This value is not read', span);
  };
  const { contents } = document;
  return contents === null ? none : read(contents, '', 0);
}

const isMergeKey = (key: unknown): boolean => isScalar(key) && key.source === '<<' && key.type === 'PLAIN';

function merge(machine: Machine, made: DictValue, value: PyValue): void {
  const parts = value.kind === 'list' ? value.items : [value];
  for (const part of parts)
    if (part.kind === 'dict')
      for (const [key, entry] of part.entries) if (!made.entries.has(key)) machine.change(made).entries.set(key, entry);
}

/** `tomllib.loads`. */
export function readToml(machine: Machine, { text }: DataText, span: SourceSpan): PyValue {
  const read = (value: unknown): PyValue => {
    machine.hold(1, span);
    if (typeof value === 'bigint') return int(Number(value));
    if (typeof value === 'number') return float(value);
    if (typeof value === 'string') return string(value);
    if (typeof value === 'boolean') return bool(value);
    if (Array.isArray(value)) return list(value.map(read));
    if (value instanceof TomlDate || typeof value !== 'object' || value === null)
      return unknown('Dates are not read', span);
    return dict(Object.entries(value).map(([key, each]) => [string(key), read(each)] as const));
  };
  try {
    return read(parseToml(text, { integersAsBigInt: true }));
  } catch {
    return machine.raise('ValueError', 'this is not TOML', span);
  }
}

/** The sections of an INI file with their options as text; `DEFAULT` is a part of each. */
export function readIni(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let last: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const header = /^\[([^\]]+)\]/.exec(line);
    if (header) {
      const name = header[1] ?? '';
      section = sections.get(name) ?? new Map<string, string>();
      sections.set(name, section);
      last = undefined;
      continue;
    }
    if (section === undefined) continue;
    if (/^\s/.test(line) && last !== undefined) {
      section.set(last, `${section.get(last) ?? ''}\n${line.trim()}`);
      continue;
    }
    const [, name = '', value = ''] = /^\s*([^=:]+?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    last = name.toLowerCase();
    if (last !== '') section.set(last, value);
  }
  const defaults = sections.get('DEFAULT') ?? new Map<string, string>();
  sections.delete('DEFAULT');
  return new Map([...sections].map(([name, own]) => [name, new Map([...defaults, ...own])]));
}

/** The rows of a CSV text, with quotes as spreadsheets write them. */
export function readCsv(text: string, separator: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let isQuoted = false;
  const endRow = (): void => {
    rows.push([...row, field]);
    row = [];
    field = '';
  };
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (isQuoted) {
      if (character !== '"') field += character;
      else if (text.charAt(i + 1) === '"') field += text.charAt(i++);
      else isQuoted = false;
    } else if (character === '"' && field === '') isQuoted = true;
    else if (character === separator) {
      row.push(field);
      field = '';
    } else if (character === '\n') endRow();
    else if (character !== '\r') field += character;
  }
  if (field !== '' || row.length > 0) endRow();
  return rows;
}
