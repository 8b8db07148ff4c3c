// `morphnet run` up to the process that trains: which settings it is started with, what its events look like on the
// terminal and as JSON, how it ends. The trainer itself is tested as a real process in test/trainer.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TrainingService } from '../../../server/src/experiments/run-service.ts';
import { huggingFaceFrontend } from '../../../server/src/frontends/hugging-face/hugging-face-frontend.ts';
import type { NetworkGraph } from '../../../server/src/network/network-graph.ts';
import type { RunConfig } from '../../../server/src/protocol/run-config.ts';
import type { RunEvent } from '../../../server/src/protocol/run-events.ts';
import type { RunProposal, RunSnapshot, RunStatus } from '../../../server/src/protocol/run-files.ts';
import { morphnetIn, pressInterrupt } from '../../support/command-line.ts';

const example = readFileSync(fileURLToPath(new URL('../../../examples/darknet-tiny.cfg', import.meta.url)), 'utf8');
const base = { version: 1, time: 0 } as const;
const totals = { macs: 33_734_656, params: 288_010, latencyMs: 0.0063 };
const started: RunEvent = {
  ...base,
  kind: 'started',
  step: 0,
  totalSteps: 40,
  engine: 'onnx',
  threads: 1,
  pid: 1,
  seed: totals,
};
const evaluated: RunEvent = { ...base, kind: 'evaluated', step: 40, loss: 1.25, accuracy: 0.625, images: 2000 };
const alive: RunEvent = { ...base, kind: 'alive', step: 20, alive: [30, 16], totals: { ...totals, macs: 20e6 } };
const finished: RunEvent = { ...base, kind: 'finished', step: 40, summary: 'Found widths for 59 % of the FLOPs.' };
const change = (before: number, after: number) => ({ before, after });
const proposal: RunProposal = {
  version: 1,
  step: 40,
  removed: [],
  device: 'V100',
  layers: [
    {
      name: 'convolutional_0',
      label: 'convolutional',
      group: 'g',
      width: change(32, 30),
      macs: change(884_736, 829_440),
      params: change(928, 870),
      latencyMs: change(0.2, 0.2),
    },
  ],
  totals: { macs: change(33_734_656, 20_000_000), params: change(288_010, 150_000), latencyMs: change(0.0063, 0.005) },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'morphnet-run-'));
  writeFileSync(join(folder, 'net.cfg'), example);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A trainer that plays these events; `waitsForStop` holds the end back until it is asked to stop. */
function playing(events: readonly RunEvent[], status: RunStatus, waitsForStop = false) {
  const seen: { config?: RunConfig; network?: NetworkGraph; folder?: string | undefined; resumed?: string } = {};
  const play = (runFolder: string, listener: ((event: RunEvent) => void) | undefined) => {
    let stop = (): void => undefined;
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    const snapshot = (): RunSnapshot => ({
      id: 'r',
      folder: runFolder,
      status,
      config: seen.config ?? ({ steps: 40 } as RunConfig),
      events: [...events],
      ...(status === 'finished' && { proposal }),
    });
    const ended = (async () => {
      // As with a real process, nothing arrives before the caller has the training in hand.
      await new Promise((resolve) => setImmediate(resolve));
      for (const event of events) listener?.(event);
      if (waitsForStop) {
        pressInterrupt();
        await stopped;
      }
      return { ok: true, value: snapshot() } as const;
    })();
    return Promise.resolve({
      ok: true,
      value: { folder: runFolder, stop, ended },
    } as const);
  };
  const service: TrainingService = {
    start: (where, config, network, listener) => {
      Object.assign(seen, { config, network, folder: where.folder });
      return play(where.folder ?? join(where.workspace, '.morphnet/runs/r'), listener);
    },
    resume: (runFolder, listener) => {
      seen.resumed = runFolder;
      return play(runFolder, listener);
    },
    engines: () => Promise.reject(new Error('Not asked for here')),
    read: () => Promise.reject(new Error('Not asked for here')),
  };
  return { service, seen };
}

test('the command line becomes the run’s settings', async () => {
  const { service, seen } = playing([started, finished], 'finished');
  const words = [
    'run',
    'net.cfg',
    '--data',
    'cifar10:images',
    '--target',
    'params:0.25',
    '--steps',
    '40',
    '--seed',
    '7',
    '--engine',
    'onnx',
    '--out',
    'here',
  ];
  expect((await morphnetIn(folder, words, service)).status).toBe(0);
  expect(seen.config).toMatchObject({
    version: 1,
    model: { entry: '', input: [[3, 32, 32]] },
    data: { kind: 'cifar10', path: join(folder, 'images') },
    target: { resource: 'params', fraction: 0.25 },
    steps: 40,
    seed: 7,
    engine: 'onnx',
    device: { name: 'Core i7-12700H, fp32, PyTorch 2.4, compiled' },
  });
  expect(fileURLToPath(seen.config!.model.document)).toBe(join(folder, 'net.cfg'));
  expect(seen.network!.ops.some((op) => op.name === 'convolutional_0')).toBe(true);
  expect(seen.folder).toBe(join(folder, 'here'));
});

test('a model that is written in JSON is trained, not taken for settings', async () => {
  const model = { model_type: 'resnet', hidden_sizes: [8, 16], depths: [1, 1], embedding_size: 8, num_labels: 10 };
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({ architectures: ['ResNetForImageClassification'], ...model }),
  );
  const { service, seen } = playing([started, finished], 'finished');
  const words = ['run', 'config.json', '--data', 'cifar10:images', '--target', 'flops:0.5', '--input', '3x32x32'];
  expect((await morphnetIn(folder, words, service, [huggingFaceFrontend])).status).toBe(0);
  expect(fileURLToPath(seen.config!.model.document)).toBe(join(folder, 'config.json'));
  expect(seen.network!.ops.at(-1)?.name).toBe('classifier.1');
});

test('a log has a line an alive count; the end shows the proposal and how to apply it', async () => {
  const { service } = playing([started, alive, evaluated, finished], 'finished');
  const { output, notes } = await morphnetIn(folder, ['run', 'net.cfg', '--data', 'cifar10:images'], service);
  expect(notes.split('\n')).toEqual([
    'Training with onnx on 1 thread; the seed has 33.7 MMACs, 288 k params.',
    'step 20/40: alive 30 16; 20.0 MMACs, 288 k params',
    'step 40/40: 62.5 % of 2000 images right, loss 1.2500',
    '',
  ]);
  expect(output).toMatch(/^Found widths for 59 % of the FLOPs\.\n\nlayer /);
  expect(output).toMatch(/^convolutional_0 +32 → 30 +885 k → 829 k +928 → 870 +0\.20 ms$/m);
  expect(output).toMatch(/^total +33\.7 M → 20\.0 M +288 k → 150 k/m);
  expect(output).toContain('Write it:      morphnet apply .morphnet/runs/r --write\n');
});

test('with --json every line is one event', async () => {
  const events = [started, alive, finished];
  const { service } = playing(events, 'finished');
  const { output, notes } = await morphnetIn(folder, ['run', 'net.cfg', '--data', 'cifar10:images', '--json'], service);
  expect(
    output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent),
  ).toEqual(events);
  expect(notes).toBe('');
});

test('Ctrl-C stops at a checkpoint and says how to go on', async () => {
  const interrupted: RunEvent = { ...base, kind: 'interrupted', step: 20, reason: 'cancelled' };
  const { service } = playing([started, interrupted], 'interrupted', true);
  const { status, notes } = await morphnetIn(
    folder,
    ['run', 'net.cfg', '--data', 'cifar10:images', '--steps', '40', '--out', 'here'],
    service,
  );
  expect(status).toBe(1);
  expect(notes).toContain('Stopping at a checkpoint. Ctrl-C again ends at once.\n');
  expect(notes).toMatch(/Stopped at step 20 of 40\. Go on with: morphnet run here\n$/);
});

test('a failed run says why and where it is', async () => {
  const failed: RunEvent = {
    ...base,
    kind: 'failed',
    step: 0,
    code: 'data-missing',
    message: 'There is no train-images-idx3-ubyte in images.',
  };
  const { service } = playing([failed], 'failed');
  const { status, notes } = await morphnetIn(
    folder,
    ['run', 'net.cfg', '--data', 'idx:images', '--out', 'here'],
    service,
  );
  expect(status).toBe(1);
  expect(notes).toBe(
    'There is no train-images-idx3-ubyte in images. [data-missing]\nThe run stays in here; go on with: morphnet run here\n',
  );
});

describe('where settings come from', () => {
  test('morphnet.json as the argument', async () => {
    writeFileSync(
      join(folder, 'morphnet.json'),
      JSON.stringify({
        models: [{ file: 'net.cfg', input: [3, 16, 16] }],
        data: { kind: 'cifar10', path: 'images' },
        target: 'flops:0.3',
        steps: 12,
      }),
    );
    const { service, seen } = playing([started, finished], 'finished');
    expect((await morphnetIn(folder, ['run', 'morphnet.json', '--seed', '3'], service)).status).toBe(0);
    expect(seen.config).toMatchObject({
      model: { input: [[3, 16, 16]] },
      data: { kind: 'cifar10', path: join(folder, 'images') },
      target: { fraction: 0.3 },
      steps: 12,
      seed: 3,
    });
  });

  test('a data set with settings of its own, of a kind that is found out', async () => {
    const data = { path: 'photos', validation: 0.2, badFiles: 0.05 };
    writeFileSync(join(folder, 'morphnet.json'), JSON.stringify({ models: [{ file: 'net.cfg' }], data }));
    const { service, seen } = playing([started, finished], 'finished');
    expect((await morphnetIn(folder, ['run', 'net.cfg'], service)).status).toBe(0);
    expect(seen.config?.data).toEqual({ ...data, kind: 'auto', path: join(folder, 'photos') });
  });

  test('a data set’s path alone, which may lead elsewhere as it was typed by hand', async () => {
    mkdirSync(join(folder, 'photos'));
    const { service, seen } = playing([started, finished], 'finished');
    expect((await morphnetIn(folder, ['run', 'net.cfg', '--data', 'photos'], service)).status).toBe(0);
    expect(seen.config?.data).toEqual({ kind: 'auto', path: join(folder, 'photos'), outside: true });
  });

  test('the config of an earlier run as the argument', async () => {
    const first = playing([started, finished], 'finished');
    await morphnetIn(
      folder,
      ['run', 'net.cfg', '--data', 'cifar10:images', '--input', '3x64x64', '--steps', '9'],
      first.service,
    );
    writeFileSync(join(folder, 'config.json'), JSON.stringify(first.seen.config));
    const second = playing([started, finished], 'finished');
    await morphnetIn(folder, ['run', 'config.json', '--seed', '5'], second.service);
    expect(second.seen.config).toEqual({ ...first.seen.config!, seed: 5 });
  });

  test('a run’s folder goes on, and takes no new settings', async () => {
    mkdirSync(join(folder, 'here'));
    const { service, seen } = playing([{ ...started, step: 20 }, finished], 'finished');
    const { status, notes } = await morphnetIn(folder, ['run', 'here'], service);
    expect({ status, resumed: seen.resumed }).toEqual({ status: 0, resumed: join(folder, 'here') });
    expect(notes).toMatch(/^Training from step 20 with onnx/);
    const refused = await morphnetIn(folder, ['run', 'here', '--steps', '50'], service);
    expect(refused).toMatchObject({
      status: 2,
      notes: expect.stringMatching(/^--steps cannot be changed while a run goes on/) as string,
    });
  });
});

describe('what can go wrong before training', () => {
  test.for<[string, string[], 1 | 2, RegExp]>([
    ['no data', [], 2, /^There is nothing to train on\. Give --data, or name the data set in morphnet\.json/],
    ['no such data set', ['--data', 'imagenet:x'], 2, /^--data imagenet:x is no data set/],
    [
      'no such target',
      ['--data', 'idx:x', '--target', 'flops:2'],
      2,
      /^--target flops:2 is no target\. Write flops or params/,
    ],
    ['no steps', ['--data', 'idx:x', '--steps', '0'], 2, /^--steps 0 must be a whole number of at least 1/],
    ['no such engine', ['--data', 'idx:x', '--engine', 'steam'], 2, /^There is no engine steam/],
  ])('%s', async ([, words, status, message]) => {
    const { service } = playing([], 'finished');
    const result = await morphnetIn(folder, ['run', 'net.cfg', ...words], service);
    expect(result.notes).toMatch(message);
    expect(result.status).toBe(status);
  });

  test('a project whose data lies outside', async () => {
    writeFileSync(
      join(folder, 'morphnet.json'),
      '{ "models": [{ "file": "net.cfg" }], "data": { "kind": "idx", "path": "../../elsewhere" } }',
    );
    const { service } = playing([], 'finished');
    const result = await morphnetIn(folder, ['run', 'net.cfg'], service);
    expect(result.notes).toMatch(
      /^morphnet\.json names the data set \.\.\/\.\.\/elsewhere, which lies outside\. Give it by --data idx:/,
    );
    expect(result.status).toBe(1);
  });

  test('a config that is wrong names its field', async () => {
    writeFileSync(
      join(folder, 'config.json'),
      '{ "version": 1, "model": { "document": "file:///x.cfg", "entry": "", "input": [[3, 0]] } }',
    );
    const { service } = playing([], 'finished');
    const result = await morphnetIn(folder, ['run', 'config.json'], service);
    expect(result.notes).toMatch(/^config\.json: model\.input\.0\.1 must be /);
    expect(result.status).toBe(1);
  });
});
