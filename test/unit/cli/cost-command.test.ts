// `morphnet cost` as a user calls it, over real files: the JSON by its schema, the table, and every way to get it wrong.

import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { costJsonSchema, type CostJson } from '../../../server/src/protocol/cost-json.ts';
import { morphnetIn } from '../../support/command-line.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'morphnet-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const morphnet = (from: string, ...words: string[]) => morphnetIn(from, words);

async function costs(from: string, ...words: string[]): Promise<CostJson> {
  const { status, output, notes } = await morphnet(from, 'cost', ...words, '--json');
  expect({ status, notes }).toEqual({ status: 0, notes: '' });
  return v.parse(costJsonSchema, JSON.parse(output));
}

test('memory is told layer by layer, and in sentences for a file, for inference and for training', async () => {
  const { status, output } = await morphnet(
    repository,
    'cost',
    'examples/darknet-tiny.cfg',
    '--memory',
    '--batch',
    '2',
  );
  expect(status).toBe(0);
  // 3·32·9 weights; an image and what becomes of it; the image, for two of each: four bytes a number.
  expect(output).toMatch(/^convolutional_0 +convolutional 3×3 +32×32×32 +3\.46 kB +287 kB +24\.6 kB +:11$/m);
  expect(output).toMatch(/^Weights as a file: 1\.16 MB as fp32, 578 kB as fp16, 289 kB as int8\.$/m);
  expect(output).toMatch(/^Inference: 786 kB of activations at once for 2 images, at/m);
  expect(output).toMatch(/^Training step: [\d.]+ MB for 2 images: 1\.1\d MB of weights, as much of gradients,/m);
});

test('latencies are of the project’s device, and of another that is asked for', async () => {
  mkdirSync(join(folder, 'edge'), { recursive: true });
  writeFileSync(
    join(folder, 'edge/net.cfg'),
    '[net]\nchannels=3\nwidth=8\nheight=8\n[convolutional]\nfilters=4\nsize=3\n',
  );
  const devices = { 'edge box': { peakGflopsPerSecond: 1, memoryGigabytesPerSecond: 1 } };
  writeFileSync(join(folder, 'edge/morphnet.json'), JSON.stringify({ device: 'edge box', devices }));
  expect((await costs(folder, 'edge/net.cfg')).device).toBe('edge box');
  expect((await costs(folder, 'edge/net.cfg', '--device', 'V100')).device).toBe('V100');
});

describe('JSON', () => {
  test('the example, with every layer in its place', async () => {
    const report = await costs(repository, 'examples/darknet-tiny.cfg');
    expect(report).toMatchObject({
      model: 'examples/darknet-tiny.cfg',
      framework: 'darknet',
      input: { shapes: [[3, 32, 32]], from: 'call' },
      convention: 'macs',
      device: 'Core i7-12700H, fp32, PyTorch 2.4, compiled',
      batch: 1,
    });
    // Fitted at one image a step, which is said beside the figures.
    expect(report.latency).toMatch(/^Latency on Core i7-12700H.*: fitted, ±\d+ %, float32, batch 1\.$/);
    // in · out · kernel area · positions.
    expect(report.layers[0]).toMatchObject({
      name: 'convolutional_0',
      op: 'convolutional',
      kernel: [3, 3],
      stride: [1, 1],
      padding: [1, 1],
      dilation: [1, 1],
      groups: 1,
      inChannels: 3,
      outChannels: 32,
      outputShape: [32, 32, 32],
      params: 3 * 32 * 9,
      macs: 3 * 32 * 9 * 1024,
      origin: { file: 'examples/darknet-tiny.cfg', line: 11, column: 1, endLine: 11, endColumn: 16, callChain: [] },
      width: {
        value: 32,
        editable: true,
        reason: null,
        sources: [{ line: 13, column: 9, endLine: 13, endColumn: 11, text: '32' }],
      },
    });
    expect(report.totals.flops.value).toBe(2 * report.totals.macs.value!);
    const sum = report.layers.reduce((total, layer) => total + layer.macs!, 0);
    expect(report.totals.macs).toEqual({ value: sum, atLeast: false });
    expect(report.unknowns).toEqual([]);
  });

  test('an input and a device of the user’s own', async () => {
    const small = await costs(repository, 'examples/darknet-tiny.cfg');
    const large = await costs(
      repository,
      'examples/darknet-tiny.cfg',
      '--input',
      '3x64x64',
      '--device',
      'laptop=0.001,1e6',
      '--convention',
      'flops',
    );
    expect(large).toMatchObject({
      input: { shapes: [[3, 64, 64]], from: 'request' },
      device: 'laptop',
      convention: 'flops',
    });
    expect(large.totals.macs.value).toBe(4 * small.totals.macs.value!);
    // 1e-3 GFLOP/s is 1e6 FLOP/s: so many FLOPs take a thousandth as many ms.
    expect(large.totals.latencyMs.value).toBeCloseTo(large.totals.flops.value! / 1000, 0);
  });

  test('morphnet.json beside the model says the input, a command line says it louder', async () => {
    mkdirSync(join(folder, 'project'), { recursive: true });
    writeFileSync(
      join(folder, 'project/net.cfg'),
      '[net]\nchannels=3\nwidth=8\nheight=8\n[convolutional]\nfilters=4\nactivation=linear\n',
    );
    writeFileSync(join(folder, 'project/morphnet.json'), '{ "models": [{ "file": "net.cfg", "input": [3, 16, 16] }] }');
    expect((await costs(folder, 'project/net.cfg')).input).toEqual({ shapes: [[3, 16, 16]], from: 'config' });
    expect((await costs(folder, 'project/net.cfg', '--input', '3x4x4')).input).toEqual({
      shapes: [[3, 4, 4]],
      from: 'request',
    });
  });

  test('what is unknown is null, and totals are lower bounds', async () => {
    writeFileSync(
      join(folder, 'odd.cfg'),
      '[net]\nchannels=3\nwidth=8\nheight=8\n[convolutional]\nfilters=4\nactivation=linear\n[wormhole]\n',
    );
    const { status, output, notes } = await morphnet(folder, 'cost', 'odd.cfg', '--json');
    const report = v.parse(costJsonSchema, JSON.parse(output));
    // A script must not take bounds for figures.
    expect(status).toBe(1);
    expect(notes).toContain('the totals are lower bounds: ');
    expect(report.layers[1]).toMatchObject({
      name: 'wormhole_1',
      params: null,
      macs: null,
      latencyMs: null,
      width: null,
    });
    expect(report.totals.macs).toEqual({ value: 3 * 4 * 64, atLeast: true });
    expect(notes).toMatch(/^odd\.cfg:8:1: warning: \[wormhole\] is no layer that is understood here/);
  });
});

test('the table has a line a layer and says where the input comes from', async () => {
  const { output } = await morphnet(
    repository,
    'cost',
    'examples/darknet-tiny.cfg',
    '--convention',
    'flops',
    '--device',
    'V100',
  );
  const lines = output.split('\n');
  expect(lines[0]).toBe('examples/darknet-tiny.cfg at input 3×32×32 (from the file)');
  expect(lines[2]).toMatch(/^layer +op +output +FLOPs +params +latency +where$/);
  // 2 · 3 · 32 · 9 · 1024
  expect(lines[4]).toMatch(/^convolutional_0 +convolutional 3×3 +32×32×32 +1\.77 M +864 +0\.\d+ µs +:11$/);
  expect(lines.slice(-3).join(' ')).toMatch(/^Latency on V100 is a roofline/);
  expect(lines.at(-4)).toMatch(/^total: 67\.5 MFLOPs · 288 k params · 152 k activations · 6\.3 µs on V100$/);
});

test('the graph has a line an op', async () => {
  const { output } = await morphnet(repository, 'graph', 'examples/darknet-tiny.cfg');
  expect(output).toMatch(/^shortcut_3 +elementwise +convolutional_2\.leaky, +1×32×32×32\n +convolutional_0\.leaky$/m);
});

test('the entries of a file, with their inputs', async () => {
  const { output } = await morphnet(repository, 'entries', 'examples/darknet-tiny.cfg', '--json');
  expect(JSON.parse(output)).toEqual([{ name: '', from: 'call', input: { shapes: [[3, 32, 32]], from: 'call' } }]);
});

describe('what can go wrong', () => {
  test.for<[string, string[], 1 | 2, RegExp]>([
    ['no such file', ['cost', 'missing.cfg'], 2, /^There is no file missing\.cfg in \/.*\.\n$/],
    [
      'no such entry',
      ['cost', 'examples/darknet-tiny.cfg::Net'],
      1,
      /A Darknet file is one model without a name; leave out "Net"/,
    ],
    ['no model', ['cost', 'package.json'], 1, /^package\.json holds no model that can be read: a PyTorch module/],
    [
      'no such device',
      ['cost', 'examples/darknet-tiny.cfg', '--device', 'abacus'],
      2,
      /^There is no device abacus; known are RTX 4090, .*V100/,
    ],
    [
      'an absurd device',
      ['cost', 'examples/darknet-tiny.cfg', '--device', 'laptop=5,1e9'],
      2,
      /has 1000000000 GB\/s, which no device has/,
    ],
    ['half a device', ['cost', 'examples/darknet-tiny.cfg', '--device', 'laptop=5,0'], 2, /needs two numbers above 0/],
    [
      'no shape',
      ['cost', 'examples/darknet-tiny.cfg', '--input', '3x32x'],
      2,
      /^--input 3x32x is no shape\. Write it without the batch: 3x32x32/,
    ],
    [
      'no such convention',
      ['cost', 'examples/darknet-tiny.cfg', '--convention', 'flips'],
      2,
      /^There is no convention flips; known are macs, flops, morphnet, fvcore/,
    ],
    ['an unknown option', ['cost', 'examples/darknet-tiny.cfg', '--fast'], 2, /unknown option '--fast'/],
    ['an unknown command', ['costs'], 2, /unknown command 'costs'/],
  ])('%s', async ([, words, status, message]) => {
    const result = await morphnet(repository, ...words);
    expect(result.notes).toMatch(message);
    expect(result).toMatchObject({ status, output: '' });
  });

  test('a project’s device that is none is told', async () => {
    mkdirSync(join(folder, 'far'), { recursive: true });
    writeFileSync(join(folder, 'far/net.cfg'), '[net]\nchannels=3\nwidth=8\nheight=8\n[avgpool]\n');
    writeFileSync(join(folder, 'far/morphnet.json'), '{ "device": "edge box" }');
    const { status, notes } = await morphnet(folder, 'cost', 'far/net.cfg');
    expect(status).toBe(2);
    expect(notes).toMatch(/^There is no device edge box; known are /);
  });

  test('a wrong morphnet.json is named with line, column and field', async () => {
    mkdirSync(join(folder, 'wrong'), { recursive: true });
    writeFileSync(join(folder, 'wrong/net.cfg'), '[net]\nchannels=3\nwidth=8\nheight=8\n[avgpool]\n');
    writeFileSync(join(folder, 'wrong/morphnet.json'), '{\n  "steps": -5\n}');
    const { status, notes } = await morphnet(folder, 'cost', 'wrong/net.cfg');
    expect(status).toBe(1);
    expect(notes).toMatch(/^wrong\/morphnet\.json:2:12: steps must be /);
  });
});

test('version and help are answers, not failures', async () => {
  expect(await morphnet(repository, '--version')).toEqual({ status: 0, output: '1.2.3\n', notes: '' });
  const help = await morphnet(repository, 'cost', '--help');
  expect(help.status).toBe(0);
  expect(help.output).toContain('--convention <name>');
});
