// Starting from trained weights: what a file gives a session, by name, and what is said of a file that is another network's.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createOnnxEngine } from '../../../../server/src/training/engines/onnx/onnx-engine.ts';
import type { TrainingSession } from '../../../../server/src/training/engines/engine.ts';
import { startFromWeights } from '../../../../server/src/training/loop/warm-start.ts';
import { npy, npz } from '../../../support/numpy-files.ts';
import { SmallNetwork } from '../engines/small-network.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'morphnet-weights-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const names = ['fc.weight', 'fc.bias'];

/** A dense layer of two inputs and three classes. */
async function session(): Promise<TrainingSession> {
  const net = new SmallNetwork([2, 1, 1]);
  const graph = net.build(net.dense('fc', net.flatten('flat', net.input), 3));
  const optimizer = { kind: 'sgd', momentum: 0.9, weightDecay: 0 } as const;
  const engine = await createOnnxEngine(1);
  return engine.compile({ graph, batchSize: 2, optimizer, labelSmoothing: 0, sources: [], seed: 1 });
}

/** A safetensors file as any program writes it: no metadata, tensors of several types. */
function safetensors(tensors: Readonly<Record<string, readonly [string, readonly number[], Buffer]>>): string {
  let at = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, [dtype, shape, { length }]]) => {
      at += length;
      return [name, { dtype, shape, data_offsets: [at - length, at] }];
    }),
  );
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  const path = join(folder, 'weights.safetensors');
  writeFileSync(path, Buffer.concat([size, text, ...Object.values(tensors).map(([, , body]) => body)]));
  return path;
}

const floats = (...values: readonly number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);
const words = (...values: readonly number[]): Buffer => Buffer.from(Uint16Array.from(values).buffer);

async function valuesOf(trained: TrainingSession, name: string): Promise<readonly number[]> {
  return [...((await trained.state()).get(name)?.data ?? [])];
}

test('weights come under their names, without what wrappers put in front; what is no float is left out', async () => {
  const trained = await session();
  const path = safetensors({
    'module.fc.weight': ['F32', [3, 2], floats(1, -2, 3, -4, 5, -6)],
    // 1, 0.5 and -2 as half floats.
    'module.fc.bias': ['F16', [3], words(0x3c00, 0x3800, 0xc000)],
    'module.steps': ['I64', [], Buffer.alloc(8)],
  });
  expect(await startFromWeights(trained, path, names)).toEqual({ ok: true, value: undefined });
  expect(await valuesOf(trained, 'fc.weight')).toEqual([1, -2, 3, -4, 5, -6]);
  expect(await valuesOf(trained, 'fc.bias')).toEqual([1, 0.5, -2]);
  await trained.dispose();
});

test('bfloat16 is the first half of a float, and what a file lacks is said and stays random', async () => {
  const trained = await session();
  const before = await valuesOf(trained, 'fc.weight');
  const path = safetensors({ 'fc.bias': ['BF16', [3], words(0x3f80, 0x4049, 0xbf00)] });
  const started = await startFromWeights(trained, path, names);
  expect(started).toEqual({ ok: true, value: `${path} has no fc.weight: these start from random weights` });
  expect(await valuesOf(trained, 'fc.bias')).toEqual([1, 3.140625, -0.5]);
  expect(await valuesOf(trained, 'fc.weight')).toEqual(before);
  await trained.dispose();
});

test('arrays of NumPy are read by rows, however they lie', async () => {
  const trained = await session();
  const path = join(folder, 'weights.npz');
  // By columns: 1 3 5, then 2 4 6.
  const weight = npy([3, 2], [1, 3, 5, 2, 4, 6], { type: '<f4', isFortran: true });
  writeFileSync(path, npz({ 'fc.weight': weight, 'fc.bias': npy([3], [7, 8, 9], { type: '<f8' }) }));
  expect((await startFromWeights(trained, path, names)).ok).toBe(true);
  expect(await valuesOf(trained, 'fc.weight')).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await valuesOf(trained, 'fc.bias')).toEqual([7, 8, 9]);
  await trained.dispose();
});

test('files of other networks, broken ones and other kinds are refused in words', async () => {
  const trained = await session();
  const refused = async (path: string): Promise<string> => {
    const started = await startFromWeights(trained, path, names);
    return started.ok ? 'taken' : started.error;
  };
  expect(await refused(safetensors({ 'fc.bias': ['F32', [4], floats(1, 2, 3, 4)] }))).toMatch(
    /fc\.bias is 4 in the file and 3 in the network\. Name the entry with the arguments/,
  );
  expect(await refused(safetensors({ other: ['F32', [1], floats(1)] }))).toMatch(
    /has no weight of this network: the network has fc\.weight, fc\.bias, the file other$/,
  );
  expect(await refused(safetensors({ 'fc.bias': ['F32', [3], floats(1, NaN, 3)] }))).toMatch(/no finite numbers/);
  expect(await refused(safetensors({ 'fc.bias': ['F32', [3], floats(1)] }))).toMatch(
    /is cut off within its tensor fc\.bias/,
  );
  writeFileSync(join(folder, 'weights.safetensors'), Buffer.from('no header'));
  expect(await refused(join(folder, 'weights.safetensors'))).toMatch(/is cut off inside its header/);
  expect(await refused(join(folder, 'weights.h5'))).toMatch(/Save the weights as one: safetensors\.torch\.save_file/);
  expect(await refused(join(folder, 'absent.npz'))).toMatch(/absent\.npz can not be read/);
  await trained.dispose();
});
