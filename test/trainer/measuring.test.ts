// A model is timed by a real process: whole, and each layer with weights by itself; a cancelled one leaves no process behind.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrainerProgram } from '../../server/src/jobs/trainer-process.ts';
import { measureModelHere, measureThisMachine, timeRunHere } from '../../server/src/experiments/measuring-processes.ts';
import { runConfigIn } from '../support/run-folder.ts';
import { readPython } from '../support/python-model.ts';
import { buildTrainer, tinyNetwork, writeImages } from '../support/trainer.ts';

let program: TrainerProgram;
const folder = mkdtempSync(join(tmpdir(), 'morphnet-measuring-'));

beforeAll(async () => {
  program = await buildTrainer();
});

afterAll(() => rmSync(folder, { recursive: true }));

const options = { threads: 1, batch: 2 };

test('a model is timed as a whole and layer by layer', async () => {
  const network = tinyNetwork();
  const shares: number[] = [];
  const measured = await measureModelHere(program, network, options, (share) => shares.push(share)).ended;
  expect(measured).toMatchObject({ ok: true, value: { threads: 1, batch: 2 } });
  if (!measured.ok) return;
  const { layers, milliseconds } = measured.value;
  expect(layers.map(({ name }) => name)).toEqual(['first.conv', 'first.norm', 'second.conv', 'second.norm', 'head']);
  for (const time of [milliseconds, ...layers.map((layer) => layer.milliseconds)]) expect(time).toBeGreaterThan(0);
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual(shares.toSorted((left, right) => left - right));
}, 60_000);

test('channels may stand last, as Keras has them', async () => {
  const { graph } = readPython(`import keras
from keras import layers

model = keras.Sequential([
    keras.Input((8, 8, 3)),
    layers.Conv2D(4, 3, padding='same', name='first'),
    layers.BatchNormalization(name='norm'),
    layers.MaxPooling2D(2),
    layers.GlobalAveragePooling2D(),
    layers.Dense(2, name='head'),
])
`);
  if (graph === undefined) throw new Error('the model is read');
  const measured = await measureModelHere(program, graph, options, () => undefined).ended;
  expect(measured.ok && measured.value.layers.map(({ name }) => name)).toEqual(['first', 'norm', 'head']);
}, 60_000);

test('what can’t be run is named', async () => {
  const { graph } = readPython(`# morphnet: entry=Net() input=3x8x8
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return torch.fft.rfft2(x)
`);
  if (graph === undefined) throw new Error('the model is read');
  const measured = await measureModelHere(program, graph, options, () => undefined).ended;
  expect(measured).toMatchObject({ ok: false, error: expect.stringContaining('can’t be measured') as string });
}, 60_000);

test('a cancelled measurement ends, and nothing comes of it', async () => {
  const measuring = measureThisMachine(program, options, () => {
    measuring.cancel();
  });
  expect(await measuring.ended).toEqual({ ok: false, error: 'Measuring was cancelled; nothing was stored.' });
}, 60_000);

test('a run is timed before it begins: its engine, a step, and how many images there are', async () => {
  const data = { kind: 'idx', path: writeImages(join(folder, 'data')) } as const;
  const config = runConfigIn(folder, { data, engine: 'onnx', threads: 1, batchSize: 4 });
  const timed = await timeRunHere(program, config, tinyNetwork()).ended;
  expect(timed).toMatchObject({ ok: true, value: { threads: 1, imageCount: 60 } });
  if (!timed.ok) return;
  expect(timed.value.engine).toMatch(/^onnx \d/);
  expect(timed.value.stepMs).toBeGreaterThan(0);
  // Twelve times as many images a step take longer.
  const larger = await timeRunHere(program, { ...config, batchSize: 48 }, tinyNetwork()).ended;
  expect(larger.ok && larger.value.stepMs).toBeGreaterThan(timed.value.stepMs);
}, 60_000);

test('what a run could not begin with is said when it is timed', async () => {
  const config = runConfigIn(folder, { data: { kind: 'idx', path: join(folder, 'nothing') } });
  const timed = await timeRunHere(program, config, tinyNetwork()).ended;
  expect(timed).toMatchObject({ ok: false, error: expect.stringContaining('nothing') as string });
}, 60_000);
