// Text to typed tree, through tree-sitter. The parser's tree is freed at once; nothing outside this folder sees it.

import { Language, Parser, type Tree } from 'web-tree-sitter';
import type { Problem } from '../../../common/problem.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import type { Statement } from './ast.ts';
import { withoutBodies, type BodyRange } from './deferred-bodies.ts';
import { lowerBlock, lowerFunctionBody } from './lower-statement.ts';
import { reportBroken, type DeferredBody, type Lowering } from './lowering.ts';
import { repairText } from './repair-text.ts';

/** A parsed module. `problems` are syntax errors; the statements around them are whole. */
export interface ParsedModule {
  readonly body: readonly Statement[];
  readonly problems: readonly Problem[];
}

export interface PythonParser {
  /** With a `place`, the text is no part of the document and all of it stands there. */
  parse(document: string, text: string, place?: SourceSpan): ParsedModule;
  /** For texts of which little is used: the bodies of functions are read when they are asked for, errors in them left out. */
  parseLazily(document: string, text: string): ParsedModule;
  /** The statements of a stretch of a document; undefined when there is an error among them. */
  parsePiece(document: string, text: string, start: number, end: number): readonly Statement[] | undefined;
}

/** Loads the runtime and the grammar from their WebAssembly bytes; done once a process. */
export async function createPythonParser(runtime: Uint8Array, grammar: Uint8Array): Promise<PythonParser> {
  await Parser.init({ wasmBinary: runtime });
  const language = await Language.load(grammar);
  const parser = new Parser();
  parser.setLanguage(language);
  /** Hands the tree of a text to `use` and frees it. */
  const withTree = <T>(text: string, otherwise: T, use: (tree: Tree) => T): T => {
    const tree = parser.parse(text);
    if (tree === null) return otherwise;
    try {
      return use(tree);
    } finally {
      tree.delete();
    }
  };
  const nothing: ParsedModule = { body: [], problems: [] };

  const parse = (document: string, text: string, place?: SourceSpan): ParsedModule =>
    withTree(text, nothing, (tree) => {
      const repaired = tree.rootNode.hasError ? repairText(text) : undefined;
      if (repaired === undefined) return lowerModule(tree, { document, problems: [], depth: 0, place });
      return withTree(repaired.text, nothing, (repairedTree) => {
        const problems = repaired.unclosed.map((start) =>
          unclosedBracket(text, place ?? { document, start, end: start + 1 }),
        );
        return lowerModule(repairedTree, { document, problems, depth: 0, place });
      });
    });

  const readBody = (document: string, text: string, { start, end }: BodyRange): ReturnType<DeferredBody['read']> =>
    withTree(bodyHeader + text.slice(start, end), { body: [], isGenerator: false }, (tree) => {
      const offset = start - bodyHeader.length;
      const definition = tree.rootNode.firstNamedChild;
      const body = definition?.childForFieldName('body') ?? undefined;
      return lowerFunctionBody({ document, problems: [], depth: 0, offset }, body);
    });

  return {
    parse,
    parsePiece: (document, text, start, end) =>
      withTree(text.slice(start, end), undefined, (tree) => {
        const lowering: Lowering = { document, problems: [], depth: 0, offset: start };
        const body = tree.rootNode.hasError ? undefined : lowerBlock(lowering, tree.rootNode);
        return lowering.problems.length === 0 ? body : undefined;
      }),
    parseLazily(document, text) {
      const short = withoutBodies(text);
      if (short === undefined) return parse(document, text);
      return (
        withTree<ParsedModule | undefined>(short.text, undefined, (tree) => {
          if (tree.rootNode.hasError) return undefined;
          const deferred = new Map(
            short.bodies.map((range) => [range.start, once(() => readBody(document, text, range))] as const),
          );
          return lowerModule(tree, { document, problems: [], depth: 0, deferred });
        }) ?? parse(document, text)
      );
    },
  };
}

/** Stands in front of a body that is parsed by itself. */
const bodyHeader = 'def _():';

function once(read: DeferredBody['read']): DeferredBody {
  let known: ReturnType<DeferredBody['read']> | undefined;
  return { read: () => (known ??= read()) };
}

function lowerModule(tree: Tree, lowering: Lowering): ParsedModule {
  const body = lowerBlock(lowering, tree.rootNode);
  if (tree.rootNode.hasError && lowering.problems.length === 0) {
    const broken = tree.rootNode.descendantsOfType('ERROR').at(0);
    if (broken) reportBroken(lowering, broken);
  }
  return { body, problems: lowering.problems };
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
