// The source formats that are read, in the order in which they are asked: one line a format.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Language } from 'web-tree-sitter';
import { caffeFrontend } from '../frontends/caffe/caffe-frontend.ts';
import { darknetFrontend } from '../frontends/darknet/darknet-frontend.ts';
import { huggingFaceFrontend } from '../frontends/hugging-face/hugging-face-frontend.ts';
import { kerasJsonFrontend } from '../frontends/keras-json/keras-json-frontend.ts';
import { onnxFrontend } from '../frontends/onnx/onnx-frontend.ts';
import { createPythonFrontend } from '../frontends/python/python-frontend.ts';
import { createPythonParser } from '../frontends/python/syntax/python-parser.ts';
import { tensorflowGraphFrontend } from '../frontends/tensorflow-graph/tensorflow-graph-frontend.ts';
import { createJavaScriptParser } from '../frontends/tensorflow-js/javascript-parser.ts';
import { createTensorflowJsFrontend } from '../frontends/tensorflow-js/tensorflow-js-frontend.ts';
import { ultralyticsFrontend } from '../frontends/ultralytics/ultralytics-frontend.ts';
import type { Frontend } from '../frontends/shared/frontend.ts';

/** Node has it; TypeScript names it with the browser's types only. */
declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object };

/** A WebAssembly file: beside the bundle when bundled, in its package when the sources run as they are. */
function readWasm(packageName: string, name = packageName): Uint8Array {
  const beside = fileURLToPath(new URL(`./${name}.wasm`, import.meta.url));
  const path = existsSync(beside) ? beside : createRequire(import.meta.url).resolve(`${packageName}/${name}.wasm`);
  return new Uint8Array(readFileSync(path));
}

/** All frontends, ready to use. */
export async function createFrontends(): Promise<readonly Frontend[]> {
  // The runtime that all grammars share is loaded with the first.
  const pythonParser = await createPythonParser(readWasm('web-tree-sitter'), readWasm('tree-sitter-python'));
  const typescript = (): Language =>
    Language.loadSync(new WebAssembly.Module(readWasm('tree-sitter-typescript', 'tree-sitter-tsx')));
  return [
    createPythonFrontend(pythonParser),
    createTensorflowJsFrontend(createJavaScriptParser(typescript)),
    darknetFrontend,
    caffeFrontend,
    kerasJsonFrontend,
    tensorflowGraphFrontend,
    ultralyticsFrontend,
    huggingFaceFrontend,
    onnxFrontend,
  ];
}
