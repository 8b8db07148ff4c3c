// `npm run check:memory`: the memory of torchvision's networks as we say it, against PyTorch's own memory tracker
// (torch.distributed._tools.mem_tracker, on tensors without contents): activations at once at inference, what the forward pass
// keeps for the backward pass, and the most that a step of training holds.
//
//   npm run check:memory [-- BUILDER …]      Python: $MORPHNET_PYTHON with torchvision, else what `pytorch:install` made
//
// PyTorch holds a tensor as long as a variable names it, and writes into tensors in place where a model says so; we say what
// has to exist. So the first and the last are held to a median and printed, and what is kept is held to 1 %.
//
// Exit status: 0 within these, 1 not, 77 no PyTorch with torchvision here.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { neverCancelled } from '../server/src/common/cancellation.ts';
import { knownValue, type Count } from '../server/src/common/count.ts';
import { formatAmount } from '../server/src/common/number-format.ts';
import { inferenceMemory } from '../server/src/costs/memory.ts';
import { trainingMemory } from '../server/src/costs/training-memory.ts';
import { defaultLimits } from '../server/src/frontends/shared/frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import { root } from './bundles.ts';
import { median } from './latency/statistics.ts';
import { findPython } from './python-with-pytorch.ts';

const skipped = 77;
const batch = 2;
const size = 224;

/** One of each family, and the largest of some. */
const usual = [
  'alexnet',
  'convnext_tiny',
  'densenet121',
  'densenet201',
  'efficientnet_b0',
  'efficientnet_v2_s',
  'googlenet',
  'mnasnet1_0',
  'mobilenet_v2',
  'mobilenet_v3_large',
  'regnet_x_400mf',
  'regnet_y_400mf',
  'resnet18',
  'resnet50',
  'resnext50_32x4d',
  'shufflenet_v2_x1_0',
  'squeezenet1_1',
  'swin_t',
  'vgg11',
  'vgg16_bn',
  'vit_b_16',
  'wide_resnet50_2',
];

const truthSchema = v.union([
  v.object({ name: v.string(), error: v.string() }),
  v.object({
    name: v.string(),
    inference: v.number(),
    kept: v.number(),
    step: v.number(),
    weights: v.number(),
  }),
]);

async function main(): Promise<number> {
  const python = findPython();
  if (spawnSync(python, ['-c', 'import torch, torchvision']).status !== 0) {
    console.log(`Skipped: ${python} cannot import torch and torchvision; set MORPHNET_PYTHON.`);
    return skipped;
  }
  const names = process.argv.length > 2 ? process.argv.slice(2) : usual;
  const script = join(root, 'scripts/pytorch_memory.py');
  const text = execFileSync(python, [script, String(batch), String(size), ...names], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const truths = text
    .trim()
    .split('\n')
    .map((line) => v.parse(truthSchema, JSON.parse(line)));
  const site = execFileSync(python, ['-c', 'import sysconfig; print(sysconfig.get_paths()["purelib"])'], {
    encoding: 'utf8',
  }).trim();
  const folder = mkdtempSync(join(tmpdir(), 'morphnet-memory-'));
  try {
    return compareAll(truths, await reading(folder, site));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Reads a builder of torchvision, as a program that makes it. */
async function reading(folder: string, site: string): Promise<(name: string) => NetworkGraph> {
  const [frontend] = await createFrontends();
  if (frontend === undefined) throw new Error('There is no frontend');
  const reader = new DiskReader({ workspace: [pathToFileURL(folder).href], libraries: [pathToFileURL(site).href] });
  return (name) => {
    const file = join(folder, `${name}.py`);
    const auxiliary = name === 'googlenet' || name === 'inception_v3' ? 'aux_logits=False, init_weights=False' : '';
    writeFileSync(file, `from torchvision.models import ${name}\n\nmodel = ${name}(${auxiliary})\n`);
    const request = { entry: 'model', input: [[3, size, size]], from: 'request' } as const;
    const [entry] = frontend.entries(pathToFileURL(file).href, reader, request).entries;
    const graph = entry && frontend.evaluate(entry, reader, defaultLimits, neverCancelled).graph;
    if (graph === undefined) throw new Error(`${name} is not read`);
    return graph;
  };
}

type Truth = v.InferOutput<typeof truthSchema>;

function compareAll(truths: readonly Truth[], read: (name: string) => NetworkGraph): number {
  const errors: Record<'inference' | 'kept' | 'step', number[]> = { inference: [], kept: [], step: [] };
  let failures = 0;
  for (const truth of truths) {
    if ('error' in truth) {
      console.log(`${truth.name}: PyTorch can not run it here: ${truth.error}`);
      continue;
    }
    const graph = read(truth.name);
    const [inference, training] = [inferenceMemory(graph, batch), trainingMemory(graph, batch)];
    const words = (what: keyof typeof errors, count: Count, theirs: number): string => {
      const ours = knownValue(count);
      if (ours === undefined || count.kind !== 'exact') {
        failures++;
        return `${what} ?`;
      }
      errors[what].push(Math.abs(ours / theirs - 1));
      return `${what} ${formatAmount(ours, 'B')} of ${formatAmount(theirs, 'B')} (${(100 * (ours / theirs - 1)).toFixed(1)} %)`;
    };
    const step: Count = training.peak.kind === 'exact' ? training.peak : { kind: 'unknown', reason: '' };
    console.log(
      [
        truth.name.padEnd(20),
        words('inference', inference.peak, truth.inference),
        words('kept', training.kept, truth.kept),
        words('step', step, truth.step),
      ].join('  '),
    );
  }
  const percent = (errorsOf: readonly number[]): string => `${(100 * median(errorsOf)).toFixed(1)} %`;
  console.log(
    `${String(errors.kept.length)} networks, batch ${String(batch)}: median error of activations at inference ${percent(errors.inference)}, of what is kept ${percent(errors.kept)}, of a step ${percent(errors.step)}; ${String(errors.kept.filter((error) => error < 0.01).length)} within 1 % in what is kept`,
  );
  return failures === 0 && median(errors.kept) < 0.01 && median(errors.step) < 0.05 ? 0 : 1;
}

process.exitCode = await main();
