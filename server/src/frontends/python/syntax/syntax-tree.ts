// The parser's tree as plain data, copied in one walk: every look into the parser's own tree is a call into WebAssembly.

import { Parser, type Language } from 'web-tree-sitter';
import type { TreeWalk } from './tree-walk.ts';

/** One node; what has no name in the grammar is there only where the meaning depends on it. */
export interface SyntaxNode {
  /** The grammar's name of the node, or the token's text where it has none; `ERROR` for what is no Python. */
  readonly type: string;
  /** Offsets into the parsed text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly isNamed: boolean;
  /** Put in by the parser to go on. */
  readonly isMissing: boolean;
  /** What it is to the node around it. */
  readonly field: string | undefined;
  /** Without comments and line continuations, which stand anywhere. */
  readonly children: readonly SyntaxNode[];
}

/** In these the operators, commas and colons between the named children matter. */
const withTokens: ReadonlySet<string> = new Set([
  'augmented_assignment',
  'binary_operator',
  'boolean_operator',
  'comparison_operator',
  'slice',
  'subscript',
  'unary_operator',
  'yield',
]);

/** The children of these are told apart by their order only. */
const withoutFields: ReadonlySet<string> = new Set([
  'argument_list',
  'block',
  'dictionary',
  'expression_list',
  'expression_statement',
  'list',
  'module',
  'parenthesized_expression',
  'pattern_list',
  'set',
  'string',
  'tuple',
]);

/** These are read from their text, or, as annotations are, not at all. */
const leaves: ReadonlySet<string> = new Set([
  'ellipsis',
  'false',
  'float',
  'identifier',
  'integer',
  'none',
  'string_content',
  'string_end',
  'string_start',
  'true',
  'type',
  'type_conversion',
]);

const skipped: ReadonlySet<string> = new Set(['comment', 'line_continuation']);

/** What a kind of node is, by the number that the parser gives it. */
interface NodeKind {
  readonly type: string;
  readonly isNamed: boolean;
  readonly isSkipped: boolean;
  readonly isLeaf: boolean;
  readonly isString: boolean;
  readonly hasTokens: boolean;
  readonly hasFields: boolean;
}

function nodeKind(type: string, isNamed: boolean): NodeKind {
  return {
    type,
    isNamed,
    isSkipped: isNamed && skipped.has(type),
    isLeaf: !isNamed || leaves.has(type),
    isString: isNamed && type === 'string',
    hasTokens: isNamed && withTokens.has(type),
    hasFields: !withoutFields.has(type),
  };
}

/** The number that stands for text that is no Python is in no grammar's table. */
const error = nodeKind('ERROR', true);
const none: readonly SyntaxNode[] = [];
const nothing: SyntaxNode = {
  type: 'module',
  isNamed: true,
  start: 0,
  end: 0,
  isMissing: false,
  field: undefined,
  children: none,
};

/** Trees are copied down to here; what is nested deeper is refused long before by whoever reads them. */
const deepest = 4000;

/** A text's tree. */
export interface SyntaxTree {
  readonly text: string;
  readonly root: SyntaxNode;
  /** Whether something in it is no Python. */
  readonly hasError: boolean;
}

/** Parses with a grammar. Strings without expressions inside have no children. */
export function treeReader(language: Language, walk: TreeWalk): (text: string) => SyntaxTree {
  const parser = new Parser();
  parser.setLanguage(language);
  const { fields } = language;
  const kinds = language.types.map((type, id) => nodeKind(type, language.nodeTypeIsNamed(id)));

  /** The node where the walk is, which is there again at the end. */
  const copy = (at: number, text: string, parent: NodeKind, depth: number): SyntaxNode | undefined => {
    const kind = kinds[walk.kind(at)] ?? error;
    const { type, isNamed } = kind;
    if (kind.isSkipped || (!isNamed && !parent.hasTokens)) return undefined;
    const start = walk.start(at);
    const end = walk.end(at);
    // Only what is put in has no extent. Each question is a call, and there are many nodes.
    const isMissing = start === end && walk.isMissing(at) !== 0;
    const field = parent.hasFields ? (fields[walk.field(at)] ?? undefined) : undefined;
    const isRead = kind.isLeaf || depth >= deepest || (kind.isString && !isFormatted(text, start));
    if (isRead || walk.toFirstChild(at) === 0) return { type, start, end, isNamed, isMissing, field, children: none };
    const children: SyntaxNode[] = [];
    do {
      const child = copy(at, text, kind, depth + 1);
      if (child !== undefined) children.push(child);
    } while (walk.toNextSibling(at) !== 0);
    walk.toParent(at);
    return { type, start, end, isNamed, isMissing, field, children };
  };

  return (text) => {
    const tree = parser.parse(text);
    // The parser gives no tree only without a language or when it is told to stop.
    if (tree === null) throw new Error('The parser has no language');
    try {
      const { hasError } = tree.rootNode;
      return { text, hasError, root: walk.from(tree, (at) => copy(at, text, error, 0)) ?? nothing };
    } finally {
      tree.delete();
    }
  };
}

/** Whether the string literal at an offset has an `f` (or `t`) in front of its quotes. */
function isFormatted(text: string, start: number): boolean {
  for (let at = start; at < start + 3; at++) {
    const letter = text[at];
    if (letter === "'" || letter === '"') return false;
    if (letter === 'f' || letter === 'F' || letter === 't' || letter === 'T') return true;
  }
  return false;
}
