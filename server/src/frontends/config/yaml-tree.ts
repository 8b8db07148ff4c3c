// YAML as a config tree. Aliases stand for what they name, within bounds: a few lines can otherwise make billions of values.

import { isAlias, isMap, isNode, isScalar, isSeq, parseDocument, type Node } from 'yaml';
import type { Problem } from '../../common/problem.ts';
import {
  deepestConfig,
  mostConfigValues,
  type ConfigEntry,
  type ConfigScalar,
  type ConfigText,
  type ConfigValue,
} from './config-tree.ts';

export function readYaml(document: string, text: string): ConfigText {
  const parsed = parseDocument(text, { logLevel: 'silent', uniqueKeys: false, keepSourceTokens: false });
  const problems = parsed.errors.map(({ message, pos: [start, end] }): Problem => ({
    code: 'yaml-syntax',
    severity: 'error',
    message: message.split('\n')[0]?.replace(/ at line \d+.*$/, '') ?? 'The YAML can not be read',
    span: { document, start, end: Math.max(start, Math.min(end, text.length)) },
  }));
  const reader = new TreeReader(document);
  const root = reader.read(parsed.contents, 0);
  if (reader.isCutOff) {
    const message = `The file has more than ${mostConfigValues.toLocaleString('en')} values, aliases counted as often as they are used, or nests them more than ${String(deepestConfig)} deep; the rest is not read.`;
    problems.push({ code: 'limit-source', severity: 'warning', message, span: { document, start: 0, end: 1 } });
  }
  return { root, problems };
}

class TreeReader {
  readonly #document: string;
  /** Named nodes; an alias means the last of its name before it. */
  readonly #anchors = new Map<string, Node>();
  #left = mostConfigValues;
  isCutOff = false;

  constructor(document: string) {
    this.#document = document;
  }

  read(node: unknown, depth: number): ConfigValue | undefined {
    if (--this.#left < 0 || depth > deepestConfig) {
      this.isCutOff = true;
      return undefined;
    }
    if (isAlias(node)) return this.read(this.#anchors.get(node.source), depth + 1);
    if (isNode(node) && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isMap(node)) {
      const entries = node.items.flatMap(({ key, value }): readonly ConfigEntry[] => {
        const [name, content] = [this.read(key, depth + 1), this.read(value, depth + 1)];
        if (name?.kind !== 'scalar' || content === undefined) return [];
        return [{ key: String(name.value), keySpan: name.span, value: content }];
      });
      return { kind: 'map', entries, span: this.#span(node.range) };
    }
    if (isSeq(node)) {
      const items = node.items.flatMap((item) => this.read(item, depth + 1) ?? []);
      return { kind: 'list', items, span: this.#span(node.range) };
    }
    if (isScalar(node)) {
      const { value } = node;
      const isPlain =
        value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
      // What is none of these, such as a date, is as it is written.
      return { kind: 'scalar', value: isPlain ? value : (node.source ?? ''), span: this.#span(node.range) };
    }
    return node === null || node === undefined ? this.#nothing() : undefined;
  }

  #nothing(): ConfigScalar {
    return { kind: 'scalar', value: null, span: { document: this.#document, start: 0, end: 0 } };
  }

  #span(range: readonly [number, number, number] | null | undefined): ConfigValue['span'] {
    const [start = 0, end = 0] = range ?? [];
    return { document: this.#document, start, end };
  }
}
