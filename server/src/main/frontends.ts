// The source formats that are read, in the order in which they are asked: one line a format.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { caffeFrontend } from '../frontends/caffe/caffe-frontend.ts';
import { darknetFrontend } from '../frontends/darknet/darknet-frontend.ts';
import { kerasJsonFrontend } from '../frontends/keras-json/keras-json-frontend.ts';
import { onnxFrontend } from '../frontends/onnx/onnx-frontend.ts';
import { createPythonFrontend } from '../frontends/python/python-frontend.ts';
import { createPythonParser } from '../frontends/python/syntax/python-parser.ts';
import { tensorflowGraphFrontend } from '../frontends/tensorflow-graph/tensorflow-graph-frontend.ts';
import { createJavaScriptParser } from '../frontends/tensorflow-js/javascript-parser.ts';
import { createTensorflowJsFrontend } from '../frontends/tensorflow-js/tensorflow-js-frontend.ts';
import { ultralyticsFrontend } from '../frontends/ultralytics/ultralytics-frontend.ts';
import type { Frontend } from '../frontends/shared/frontend.ts';

/** A WebAssembly file: beside the bundle when bundled, in its package when the sources run as they are. */
function readWasm(packageName: string, name = packageName): Promise<Uint8Array> {
  const beside = fileURLToPath(new URL(`./${name}.wasm`, import.meta.url));
  if (existsSync(beside)) return readFile(beside);
  return readFile(createRequire(import.meta.url).resolve(`${packageName}/${name}.wasm`));
}

/** All frontends, ready to use. */
export async function createFrontends(): Promise<readonly Frontend[]> {
  const [runtime, python, typescript] = await Promise.all([
    readWasm('web-tree-sitter'),
    readWasm('tree-sitter-python'),
    readWasm('tree-sitter-typescript', 'tree-sitter-tsx'),
  ]);
  // The runtime that all grammars share is loaded with the first.
  const pythonParser = await createPythonParser(runtime, python);
  return [
    createPythonFrontend(pythonParser),
    createTensorflowJsFrontend(await createJavaScriptParser(typescript)),
    darknetFrontend,
    caffeFrontend,
    kerasJsonFrontend,
    tensorflowGraphFrontend,
    ultralyticsFrontend,
    onnxFrontend,
  ];
}
