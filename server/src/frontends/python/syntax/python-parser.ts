// Text to typed tree, through tree-sitter. The parser's tree is freed at once; nothing outside this folder sees it.

import { Language, Parser } from 'web-tree-sitter';
import type { Problem } from '../../../common/problem.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import type { Statement } from './ast.ts';
import { withoutBodies, type BodyRange } from './deferred-bodies.ts';
import { libraryPieces, noPassiveWords, type LibraryPiece, type PassiveWords } from './late-definitions.ts';
import { logicalLines, type LogicalLine } from './logical-lines.ts';
import { lowerBlock, lowerFunctionBody } from './lower-statement.ts';
import { field, reportBroken, type DeferredBody, type Lowering } from './lowering.ts';
import { repairText } from './repair-text.ts';
import { treeReader, type SyntaxNode, type SyntaxTree } from './syntax-tree.ts';
import { treeWalk, type TreeWalk } from './tree-walk.ts';

/** A parsed module. `problems` are syntax errors; the statements around them are whole. */
export interface ParsedModule {
  readonly body: readonly Statement[];
  readonly problems: readonly Problem[];
  /** Whether a sign was supposed where it is missing; what stands around it is whole, so that it is no problem to show. */
  readonly hasSupposed?: boolean;
}

export interface PythonParser {
  /** With a `place`, the text is no part of the document and all of it stands there. */
  parse(document: string, text: string, place?: SourceSpan): ParsedModule;
  /** For texts of which little is used: the bodies of functions are read when they are asked for, errors in them left out. */
  parseLazily(document: string, text: string, passive?: PassiveWords): ParsedModule;
  /** The statements of a stretch of a document; undefined when there is an error among them. */
  parsePiece(document: string, text: string, start: number, end: number): readonly Statement[] | undefined;
}

/** The parser's runtime is one for the process, and may be asked for again while it loads. */
let runtimeLoading: Promise<TreeWalk> | undefined;

async function loadRuntime(wasmBinary: Uint8Array): Promise<TreeWalk> {
  const runtime = { wasmBinary };
  await Parser.init(runtime);
  return treeWalk(runtime);
}

/** Loads the runtime and the grammar from their WebAssembly bytes. */
export async function createPythonParser(runtime: Uint8Array, grammar: Uint8Array): Promise<PythonParser> {
  const walk = await (runtimeLoading ??= loadRuntime(runtime));
  const readTree = treeReader(await Language.load(grammar), walk);

  const parse = (document: string, text: string, place?: SourceSpan): ParsedModule => {
    const tree = readTree(text);
    const repaired = tree.hasError ? repairText(text) : undefined;
    if (repaired === undefined) return lowerModule(tree, { document, text, problems: [], depth: 0, place });
    const problems = repaired.unclosed.map((start) =>
      unclosedBracket(text, place ?? { document, start, end: start + 1 }),
    );
    return lowerModule(readTree(repaired.text), { document, text: repaired.text, problems, depth: 0, place });
  };

  const readBody = (document: string, text: string, { start, end }: BodyRange): ReturnType<DeferredBody['read']> => {
    const tree = readTree(bodyHeader + text.slice(start, end));
    const cuts = [{ from: 0, by: start - bodyHeader.length }];
    const [definition] = tree.root.children;
    const body = definition && field(definition, 'body');
    return lowerFunctionBody({ document, text: tree.text, problems: [], depth: 0, cuts }, body);
  };

  /** The statements of one piece of a library, definitions as promises; undefined for what is not all Python. */
  const readPiece = (
    document: string,
    text: string,
    lines: readonly LogicalLine[],
    piece: LibraryPiece,
  ): readonly Statement[] | undefined => {
    const read = (): readonly Statement[] | undefined => {
      const short = withoutBodies(text, lines, piece);
      const tree = readTree(short.text);
      if (tree.hasError) return undefined;
      const deferred = new Map(
        short.bodies.map((range) => [range.start, { read: once(() => readBody(document, text, range)) }] as const),
      );
      return lowerBlock({ document, text: tree.text, problems: [], depth: 0, cuts: short.cuts, deferred }, tree.root);
    };
    if (piece.kind === 'text') return read();
    const { name, start, end } = piece;
    // One that turns out to be broken is read as far as it goes, like any broken text.
    const readAll = once(() => read() ?? parse(document, text.slice(start, end), { document, start, end }).body);
    return [{ kind: 'late-definition', name, read: readAll, span: { document, start, end } }];
  };

  return {
    parse,
    parsePiece(document, text, start, end) {
      const tree = readTree(text.slice(start, end));
      if (tree.hasError) return undefined;
      const lowering: Lowering = { document, text: tree.text, problems: [], depth: 0, cuts: [{ from: 0, by: start }] };
      const body = lowerBlock(lowering, tree.root);
      return lowering.problems.length === 0 ? body : undefined;
    },
    parseLazily(document, text, passive = noPassiveWords) {
      const lines = logicalLines(text);
      if (lines === undefined || lines.some(({ unclosed }) => unclosed !== undefined)) return parse(document, text);
      const body: Statement[] = [];
      for (const piece of libraryPieces(text, lines, passive)) {
        const statements = readPiece(document, text, lines, piece);
        if (statements === undefined) return parse(document, text);
        body.push(...statements);
      }
      return { body, problems: [] };
    },
  };
}

/** Stands in front of a body that is parsed by itself. */
const bodyHeader = 'def _():';

function once<T>(read: () => T): () => T {
  let known: T | undefined;
  return () => (known ??= read());
}

function lowerModule(tree: SyntaxTree, lowering: Lowering): ParsedModule {
  const body = lowerBlock(lowering, tree.root);
  if (tree.hasError && lowering.problems.length === 0) {
    const broken = firstBroken(tree.root);
    if (broken) reportBroken(lowering, broken);
  }
  return { body, problems: lowering.problems, hasSupposed: tree.hasError };
}

function firstBroken(node: SyntaxNode): SyntaxNode | undefined {
  if (node.type === 'ERROR') return node;
  for (const child of node.children) {
    const broken = firstBroken(child);
    if (broken !== undefined) return broken;
  }
  return undefined;
}

function unclosedBracket(text: string, span: SourceSpan): Problem {
  const bracket = text.charAt(span.start);
  return {
    code: 'python-syntax',
    severity: 'error',
    message: `This ${bracket} is never closed; its statement is not read`,
    span,
  };
}
