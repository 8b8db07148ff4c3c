// Text to typed tree, through tree-sitter. The parser's tree is freed at once; nothing outside this folder sees it.

import { Language, Parser } from 'web-tree-sitter';
import type { Problem } from '../../../common/problem.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import type { Statement } from './ast.ts';
import { lowerBlock } from './lower-statement.ts';
import { reportBroken, type Lowering } from './lowering.ts';

/** A parsed module. `problems` are syntax errors; the statements around them are whole. */
export interface ParsedModule {
  readonly body: readonly Statement[];
  readonly problems: readonly Problem[];
}

export interface PythonParser {
  /** With a `place`, the text is no part of the document and all of it stands there. */
  parse(document: string, text: string, place?: SourceSpan): ParsedModule;
}

/** Loads the runtime and the grammar from their WebAssembly bytes; done once a process. */
export async function createPythonParser(runtime: Uint8Array, grammar: Uint8Array): Promise<PythonParser> {
  await Parser.init({ wasmBinary: runtime });
  const language = await Language.load(grammar);
  const parser = new Parser();
  parser.setLanguage(language);
  return {
    parse(document, text, place) {
      const tree = parser.parse(text);
      if (tree === null) return { body: [], problems: [] };
      try {
        const lowering: Lowering = { document, problems: [], depth: 0, place };
        const body = lowerBlock(lowering, tree.rootNode);
        if (tree.rootNode.hasError && lowering.problems.length === 0) {
          const broken = tree.rootNode.descendantsOfType('ERROR').at(0);
          if (broken) reportBroken(lowering, broken);
        }
        return { body, problems: lowering.problems };
      } finally {
        tree.delete();
      }
    },
  };
}
