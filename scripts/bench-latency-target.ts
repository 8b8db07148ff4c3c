// `npm run bench:latency-target`: what a latency target does to the time that a network takes on this machine. The command line
// does all of it, as a user would: measures the machine, learns widths for a share of the latency and for the share of FLOPs
// that those come to, writes both as files, times them, and trains seed and proposals from scratch.
//
//   npm run bench:latency-target [-- --target 0.7 --steps 600 --retrain-steps 600 --model examples/resnet20.py --data FOLDER]
//
// Run it on a quiet machine. Exit status: 0 the measured share of the time is within 15 % of the predicted one, 1 it is not.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { dist, root } from './bundles.ts';
import { modelMeasurementSchema } from '../server/src/protocol/model-measurement.ts';
import { retrainingFileSchema } from '../server/src/protocol/retraining-file.ts';
import { costJsonSchema } from '../server/src/protocol/cost-json.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'examples/resnet20.py' },
    data: { type: 'string', default: join(root, '../shared/data/cifar-10-batches-bin') },
    target: { type: 'string', default: '0.7' },
    steps: { type: 'string', default: '600' },
    'retrain-steps': { type: 'string', default: '600' },
    threads: { type: 'string', default: '1' },
  },
});
const mostError = 0.15;

const folder = mkdtempSync(join(tmpdir(), 'morphnet-latency-target-'));
const environment = { ...process.env, MORPHNET_CONFIG_FOLDER: join(folder, 'config') };
const model = basename(values.model);
copyFileSync(resolve(root, values.model), join(folder, model));

/** What a command prints. */
function morphnet(...words: readonly string[]): string {
  return execFileSync(process.execPath, [join(dist, 'cli.cjs'), ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 28,
  });
}

interface Figures {
  readonly flops: number;
  readonly predicted: number;
  readonly measured: number;
}

function figuresOf(file: string): Figures {
  const cost = v.parse(costJsonSchema, JSON.parse(morphnet('cost', file, '--device', 'this machine', '--json')));
  const times = v.parse(
    modelMeasurementSchema,
    JSON.parse(morphnet('measure', file, '--threads', values.threads, '--json')),
  );
  return {
    flops: cost.totals.flops.value ?? NaN,
    predicted: cost.totals.latencyMs.value ?? NaN,
    measured: times.milliseconds,
  };
}

/** Learns widths for a target; gives the slim model's file and the run. */
function learn(name: string, target: string): { readonly file: string; readonly run: string } {
  const run = join(folder, name);
  morphnet(
    ...['run', model, '--data', `cifar10:${resolve(values.data)}`, '--target', target, '--steps', values.steps],
    ...['--device', 'this machine', '--out', run],
  );
  const file = `${name}.py`;
  morphnet('apply', run, '--slim-file', file);
  return { file, run };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

try {
  console.log(morphnet('calibrate', '--threads', values.threads).trim().split('\n').slice(0, 2).join('\n'));
  const seed = figuresOf(model);
  const byLatency = learn('latency', `latency:${values.target}`);
  const latency = figuresOf(byLatency.file);
  const byFlops = learn('flops', `flops:${(latency.flops / seed.flops).toFixed(3)}`);
  const flops = figuresOf(byFlops.file);
  const rows = [
    ['seed', seed],
    [`latency:${values.target}`, latency],
    [`flops:${(latency.flops / seed.flops).toFixed(3)}`, flops],
  ] as const;
  console.log(`\n| ${model}, batch 1 | FLOPs | predicted | measured |\n| --- | ---: | ---: | ---: |`);
  for (const [name, one] of rows)
    console.log(
      `| ${name} | ${percent(one.flops / seed.flops)} | ${one.predicted.toFixed(2)} ms, ${percent(one.predicted / seed.predicted)} | ${one.measured.toFixed(2)} ms, ${percent(one.measured / seed.measured)} |`,
    );
  for (const { run } of [byLatency, byFlops]) {
    const text = morphnet('retrain', run, '--steps', values['retrain-steps'], '--json');
    const { structures } = v.parse(retrainingFileSchema, JSON.parse(text));
    const words = structures.map(({ name, accuracies }) => `${name} ${accuracies.map(percent).join(', ')}`);
    console.log(`${basename(run)}, from scratch: ${words.join(' · ')}`);
  }
  const error = latency.measured / seed.measured / (latency.predicted / seed.predicted) - 1;
  console.log(`\nThe measured share of the seed's time is ${percent(error)} off the predicted one.`);
  process.exitCode = Math.abs(error) <= mostError ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
