// `npm run bench:agreement -- --data cifar10:PATH`: how far the engines lead to the same structure. One model is searched with each
// engine from the same seed, and with the embedded one from a second seed; a difference between engines means something when
// it is larger than the one between seeds.
//
//   npm run bench:agreement -- --data cifar10:PATH [--model examples/resnet20.py] [--steps 200] [--seed 1]
//
// TensorFlow.js is taken from what `npm run test:tfjs-native -- --build-only` made. Exit status: 0, or 77 without it.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tfjsPathVariable } from '../server/src/protocol/engine-report.ts';
import type { RunEvent } from '../server/src/protocol/run-events.ts';
import { EventReader } from '../server/src/runs/event-log.ts';
import { buildNodeBundle, root } from './bundles.ts';
import { nativeTfjs } from './native-tfjs.ts';

const skipped = 77;
const bundles = join(root, '.cache/bench-agreement');

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '' },
    model: { type: 'string', default: join(root, 'examples/resnet20.py') },
    steps: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
  },
});

interface Search {
  readonly title: string;
  readonly engine: 'onnx' | 'tfjs';
  readonly seed: number;
}

/** The last alive counts of a search, a group each, and its last loss. */
function search(
  parent: string,
  { title, engine, seed }: Search,
): { readonly alive: readonly number[]; readonly loss: number } {
  const folder = join(parent, title);
  const settings = ['--engine', engine, '--seed', String(seed), '--steps', values.steps, '--data', values.data];
  const words = [join(bundles, 'cli.cjs'), 'run', values.model, ...settings, '--out', folder];
  const { status, stderr } = spawnSync(process.execPath, words, {
    cwd: parent,
    encoding: 'utf8',
    env: { ...process.env, [tfjsPathVariable]: nativeTfjs },
  });
  if (status !== 0) throw new Error(stderr);
  const events = new EventReader(join(folder, 'events.ndjson')).read();
  const last = <K extends RunEvent['kind']>(kind: K): Extract<RunEvent, { readonly kind: K }> | undefined =>
    events.findLast((event): event is Extract<RunEvent, { readonly kind: K }> => event.kind === kind);
  return { alive: last('alive')?.alive ?? [], loss: last('progress')?.loss ?? NaN };
}

const difference = (one: readonly number[], other: readonly number[]): number =>
  one.reduce((sum, count, group) => sum + Math.abs(count - (other[group] ?? 0)), 0);

async function main(): Promise<number> {
  if (values.data === '' || !existsSync(nativeTfjs)) {
    console.log('SKIPPED: give --data, and build TensorFlow.js by npm run test:tfjs-native -- --build-only.');
    return skipped;
  }
  for (const name of ['cli', 'trainer'] as const) await buildNodeBundle(name, join(bundles, `${name}.cjs`));
  const require = createRequire(import.meta.url);
  for (const wasm of [
    'web-tree-sitter/web-tree-sitter.wasm',
    'tree-sitter-python/tree-sitter-python.wasm',
    'tree-sitter-typescript/tree-sitter-tsx.wasm',
  ])
    copyFileSync(require.resolve(wasm), join(bundles, wasm.slice(wasm.indexOf('/') + 1)));
  const seed = Number(values.seed);
  const searches: readonly Search[] = [
    { title: 'onnx', engine: 'onnx', seed },
    { title: 'tfjs', engine: 'tfjs', seed },
    { title: 'onnx, another seed', engine: 'onnx', seed: seed + 1 },
  ];
  const parent = mkdtempSync(join(tmpdir(), 'morphnet-agreement-'));
  try {
    const found = searches.map((each) => ({ ...each, ...search(parent, each) }));
    for (const { title, alive, loss } of found)
      console.log(`${title.padEnd(20)} loss ${loss.toFixed(4)}   alive ${alive.join(' ')}`);
    const [first, ...others] = found;
    if (first === undefined) return 1;
    const all = first.alive.reduce((sum, count) => sum + count, 0);
    for (const { title, alive } of others)
      console.log(
        `onnx and ${title}: ${String(difference(first.alive, alive))} of ${String(all)} alive channels differ`,
      );
    return 0;
  } finally {
    rmSync(parent, { recursive: true });
  }
}

process.exitCode = await main();
