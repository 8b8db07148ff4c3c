// The Python frontend with its parser loaded from the installed packages, once a test file.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createPythonFrontend } from '../../server/src/frontends/python/python-frontend.ts';
import { createPythonParser } from '../../server/src/frontends/python/syntax/python-parser.ts';

const require = createRequire(import.meta.url);
const bytes = (file: string): Uint8Array => readFileSync(require.resolve(file));

/** The parser by itself, without a memory. */
export const parserOfTests = await createPythonParser(
  bytes('web-tree-sitter/web-tree-sitter.wasm'),
  bytes('tree-sitter-python/tree-sitter-python.wasm'),
);

export const pythonFrontend = createPythonFrontend(parserOfTests);
