// JavaScript and TypeScript as plain trees, through tree-sitter. One grammar reads both: that of TypeScript with JSX, which takes all of
// JavaScript. What is broken stands in the tree as `ERROR`, and what is around it is whole.

import { Parser, type Language, type TreeCursor } from 'web-tree-sitter';
import type { SourceSpan } from '../../common/source-span.ts';

/** A node that has a name in the grammar. */
export interface SyntaxNode {
  readonly type: string;
  readonly span: SourceSpan;
  /** Of operators and words without a name; of others the text that they stand for. */
  readonly text: string;
  /** What it is to the node around it: `left`, `body`. */
  readonly field: string | undefined;
  readonly children: readonly SyntaxNode[];
}

export interface ParsedProgram {
  readonly root: SyntaxNode;
  /** Where the first mistake stands. */
  readonly broken: SourceSpan | undefined;
}

export interface JavaScriptParser {
  parse(document: string, text: string): ParsedProgram;
}

const deepest = 400;
/** Types, comments and markup say nothing about a network. */
const skipped =
  /^(comment|type_annotation|type_arguments|type_parameters|interface_declaration|type_alias_declaration|hash_bang_line)$/;
/** Words between the named parts that the meaning depends on. */
const kept = /^(operator|kind)$/;
const keptWords: ReadonlySet<string> = new Set([
  'of',
  'in',
  'static',
  'get',
  'set',
  'await',
  'default',
  'const',
  'let',
  'var',
  '=>',
  '*',
]);

/** In these, places may be left empty between commas. */
const withHoles: ReadonlySet<string> = new Set(['array', 'array_pattern']);

/** The grammar is asked for with the first text: compiling it takes longer than reading most models. */
export function createJavaScriptParser(grammar: () => Language): JavaScriptParser {
  let parser: Parser | undefined;
  const loaded = (): Parser => {
    const made = new Parser();
    made.setLanguage(grammar());
    return made;
  };
  return {
    parse(document, text) {
      parser ??= loaded();
      const tree = parser.parse(text);
      if (tree === null) throw new Error('The parser has no language');
      let broken: SourceSpan | undefined;
      const cursor = tree.walk();
      const copy = (depth: number, parent: string): SyntaxNode | undefined => {
        const { nodeType: type, startIndex: start, endIndex: end } = cursor;
        const field = cursor.currentFieldName ?? undefined;
        if (type === 'ERROR' || cursor.nodeIsMissing) broken ??= { document, start, end: Math.max(end, start + 1) };
        const isKept =
          cursor.nodeIsNamed ||
          (field !== undefined && kept.test(field)) ||
          keptWords.has(type) ||
          (type === ',' && withHoles.has(parent));
        if (!isKept || skipped.test(type)) return undefined;
        const span = { document, start, end };
        const children = depth >= deepest ? [] : childrenOf(cursor, () => copy(depth + 1, type));
        return { type, span, text: text.slice(start, end), field, children };
      };
      try {
        const root = copy(0, '');
        if (root === undefined) throw new Error('A program has a name in the grammar');
        return { root, broken };
      } finally {
        cursor.delete();
        tree.delete();
      }
    },
  };
}

function childrenOf(cursor: TreeCursor, copy: () => SyntaxNode | undefined): readonly SyntaxNode[] {
  if (!cursor.gotoFirstChild()) return [];
  const children: SyntaxNode[] = [];
  do {
    const child = copy();
    if (child !== undefined) children.push(child);
  } while (cursor.gotoNextSibling());
  cursor.gotoParent();
  return children;
}

/** The first child of a field. */
export function field(node: SyntaxNode | undefined, name: string): SyntaxNode | undefined {
  return node?.children.find((child) => child.field === name);
}

const words: ReadonlySet<string> = new Set([...keptWords, 'async', ',']);

/** The children that are no words or operators. */
export function partsOf(node: SyntaxNode | undefined): readonly SyntaxNode[] {
  return (node?.children ?? []).filter(({ type }) => !words.has(type));
}

export function hasWord(node: SyntaxNode, word: string): boolean {
  return node.children.some(({ type }) => type === word);
}

/** The items of a list or of a pattern for one, by place; empty places are undefined. */
export function placesOf(node: SyntaxNode): readonly (SyntaxNode | undefined)[] {
  const places: (SyntaxNode | undefined)[] = [];
  let last: SyntaxNode | undefined;
  for (const child of node.children) {
    if (child.type !== ',') {
      last = child;
      continue;
    }
    places.push(last);
    last = undefined;
  }
  return last === undefined ? places : [...places, last];
}
