// The editor's executable refuses memory that was not allocated for JavaScript (Electron's memory cage, since its version
// 21). What native libraries call stands in their files by name; both of these calls would fail there.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { isNative, nativePath } from './tfjs-backend.ts';

const refused = ['napi_create_external_arraybuffer', 'napi_create_external_buffer'];

function bindingsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.node'))
    .map((name) => join(folder, name));
}

function refusedCallsOf(binding: string): readonly string[] {
  const content = readFileSync(binding);
  // A file in which not even this is found would be read wrongly.
  expect(content.includes('napi_create_arraybuffer'), binding).toBe(true);
  return refused.filter((name) => content.includes(name));
}

it('onnxruntime-node hands out no memory of its own, on any platform', () => {
  const bindings = bindingsBelow(dirname(dirname(createRequire(import.meta.url).resolve('onnxruntime-node'))));
  expect(bindings.length).toBeGreaterThan(3);
  expect(bindings.flatMap(refusedCallsOf)).toEqual([]);
});

it.runIf(isNative)('nor does TensorFlow.js for Node', () => {
  const bindings = bindingsBelow(join(nativePath ?? '', 'node_modules/@tensorflow/tfjs-node/lib'));
  expect(bindings).toHaveLength(1);
  expect(bindings.flatMap(refusedCallsOf)).toEqual([]);
});
