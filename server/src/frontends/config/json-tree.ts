// JSON as a config tree. Brackets are counted before anything is read: what is too deep would end a reader that calls itself.

import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { Problem } from '../../common/problem.ts';
import { deepestConfig, type ConfigEntry, type ConfigText, type ConfigValue } from './config-tree.ts';

/** Machines write JSON: the largest of `keras.applications` has a tenth of this. */
const mostValues = 1_000_000;

/** What is missing, by the parser's names for it. */
const reasons: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is no value of JSON',
  InvalidNumberFormat: 'this is no number of JSON',
  PropertyNameExpected: 'a key in quotes is missing',
  ValueExpected: 'a value is missing',
  ColonExpected: 'a colon is missing',
  CommaExpected: 'a comma is missing',
  CloseBraceExpected: 'a } is missing',
  CloseBracketExpected: 'a ] is missing',
  EndOfFileExpected: 'the file goes on behind its value',
  UnexpectedEndOfString: 'a quotation mark is missing',
};

export function readJson(document: string, text: string): ConfigText {
  if (depthOf(text) > deepestConfig) {
    const message = `The file nests values more than ${String(deepestConfig)} deep, so it is not read.`;
    const span = { document, start: 0, end: Math.min(1, text.length) };
    return { root: undefined, problems: [{ code: 'limit-source', severity: 'warning', message, span }] };
  }
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: false, disallowComments: false });
  const problems = errors.slice(0, 1).map(({ error, offset, length }): Problem => ({
    code: 'json-syntax',
    severity: 'error',
    message: `The JSON is not whole: ${reasons[printParseErrorCode(error)] ?? 'this cannot be read'}. What can be read of the file is.`,
    span: { document, start: offset, end: Math.min(text.length, offset + Math.max(1, length)) },
  }));
  let left = mostValues;
  const valueOf = (node: Node): ConfigValue | undefined => {
    if (--left < 0) return undefined;
    const span = { document, start: node.offset, end: node.offset + node.length };
    switch (node.type) {
      case 'object': {
        const entries = (node.children ?? []).flatMap(({ children = [] }): readonly ConfigEntry[] => {
          const [key, value] = children;
          const read = value === undefined ? undefined : valueOf(value);
          if (key === undefined || read === undefined) return [];
          const keySpan = { document, start: key.offset, end: key.offset + key.length };
          return [{ key: String(key.value), keySpan, value: read }];
        });
        return { kind: 'map', entries, span };
      }
      case 'array':
        return { kind: 'list', items: (node.children ?? []).flatMap((item) => valueOf(item) ?? []), span };
      default: {
        const value: unknown = node.value;
        const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
        return { kind: 'scalar', value: isPlain ? value : null, span };
      }
    }
  };
  const root = tree === undefined ? undefined : valueOf(tree);
  if (left >= 0) return { root, problems };
  const message = `The file has more than ${mostValues.toLocaleString('en')} values; it is not read.`;
  const span = { document, start: 0, end: 1 };
  return { root: undefined, problems: [{ code: 'limit-source', severity: 'warning', message, span }] };
}

/** How deep brackets stand in each other, those in texts left out. */
function depthOf(text: string): number {
  let [depth, deepest, isText] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (isText) {
      if (sign === '\\') at++;
      else if (sign === '"') isText = false;
    } else if (sign === '"') isText = true;
    else if (sign === '[' || sign === '{') deepest = Math.max(deepest, ++depth);
    else if (sign === ']' || sign === '}') depth--;
  }
  return deepest;
}
