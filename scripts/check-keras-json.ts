// `npm run check:keras-json`: the applications of Keras and some models of our own, written to JSON by Keras in its present
// form and the one before, are read and held against what Keras says of them: parameters, multiply-adds, and each layer's shape and
// parameters.
//
//   npm run check:keras-json [-- ResNet50 own]      Python with keras and torch: $MORPHNET_PYTHON, else python3
//
// What Keras says is kept in .cache/keras-json: building everything takes it minutes.
// Exit status: 0 no figure is wrong, 1 one is, 77 this machine has no Keras.

import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { neverCancelled } from '../server/src/common/cancellation.ts';
import { reportCosts, type Cost } from '../server/src/costs/cost-report.ts';
import { defaultDeviceName, findDevice } from '../server/src/costs/device-profile.ts';
import { kerasJsonFrontend } from '../server/src/frontends/keras-json/keras-json-frontend.ts';
import { defaultLimits, type SourceReader } from '../server/src/frontends/shared/frontend.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import { root } from './bundles.ts';
import { layerDifference, layerSchema } from './keras-layers.ts';
import { findPython } from './python-with-pytorch.ts';

/** As scripts/test.ts understands it. */
const skipped = 77;
const cache = join(root, '.cache/keras-json');

const truthSchema = v.object({
  name: v.string(),
  keras3: v.string(),
  keras2: v.nullable(v.string()),
  trainable: v.number(),
  macs: v.number(),
  layers: v.array(layerSchema),
});
type Truth = v.InferOutput<typeof truthSchema>;

function truths(python: string, version: string): readonly Truth[] {
  const kept = join(cache, `${version}.jsonl`);
  if (!existsSync(kept)) {
    mkdirSync(cache, { recursive: true });
    const part = `${kept}.part`;
    const file = openSync(part, 'w');
    const run = spawnSync(python, [join(root, 'scripts/keras_json.py')], { stdio: ['ignore', file, 'inherit'] });
    closeSync(file);
    if (run.status !== 0) throw new Error('Keras could not write its models');
    renameSync(part, kept);
  }
  return readFileSync(kept, 'utf8')
    .trim()
    .split('\n')
    .map((line) => v.parse(truthSchema, JSON.parse(line)));
}

const document = 'file:///model.json';

function graphOf(text: string): { readonly graph: NetworkGraph | undefined; readonly problem: string } {
  const reader: SourceReader = { roots: [], read: (wanted) => (wanted === document ? text : undefined) };
  if (!kerasJsonFrontend.accepts(document, text.slice(0, 100_000))) return { graph: undefined, problem: 'not taken' };
  const [entry] = kerasJsonFrontend.entries(document, reader).entries;
  if (entry === undefined) return { graph: undefined, problem: 'no entry' };
  const { graph, problems } = kerasJsonFrontend.evaluate(entry, reader, defaultLimits, neverCancelled);
  return { graph, problem: problems[0]?.message ?? '' };
}

function outcomeOf(truth: Truth, graph: NetworkGraph | undefined, total: Cost | undefined): string {
  if (graph === undefined || total === undefined) return 'unread';
  if (total.params.kind !== 'exact' || total.macs.kind !== 'exact') return 'marked';
  const isSame = total.params.value === truth.trainable && total.macs.value === truth.macs;
  return isSame && truth.layers.every((layer) => layerDifference(graph, layer) === undefined) ? 'exact' : 'wrong';
}

function main(): number {
  const python = findPython();
  const probe = spawnSync(python, ['-c', 'import keras, torch; print(keras.__version__)'], {
    encoding: 'utf8',
    env: { ...process.env, KERAS_BACKEND: 'torch' },
  });
  if (probe.status !== 0) {
    console.log(`Skipped: ${python} cannot import keras and torch. Set MORPHNET_PYTHON.`);
    return skipped;
  }
  const device = findDevice(defaultDeviceName);
  if (!device.ok) throw new Error('There is no device');
  const wanted = process.argv.slice(2);
  const counts = new Map<string, number>();
  let layers = 0;
  for (const truth of truths(python, probe.stdout.trim())) {
    if (wanted.length > 0 && !wanted.some((name) => truth.name.startsWith(name))) continue;
    for (const form of ['keras3', 'keras2'] as const) {
      const text = truth[form];
      if (text === null) continue;
      const started = performance.now();
      const { graph, problem } = graphOf(text);
      const took = `${String(Math.round(performance.now() - started))} ms`;
      const total = graph && reportCosts(graph, device.value).total;
      const outcome = outcomeOf(truth, graph, total);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      layers += truth.layers.length;
      const differences =
        graph === undefined ? [] : truth.layers.flatMap((layer) => layerDifference(graph, layer) ?? []);
      const said = total === undefined ? 'nothing' : `${JSON.stringify(total.params)}, ${JSON.stringify(total.macs)}`;
      const why = `: ${said}; Keras ${String(truth.trainable)}, ${String(truth.macs)}. ${problem} ${differences[0] ?? ''}`;
      console.log(`${outcome.padEnd(7)} ${form}  ${truth.name}  ${took}${outcome === 'exact' ? '' : why}`);
    }
  }
  const summary = [...counts].map(([outcome, count]) => `${String(count)} ${outcome}`).join(', ');
  console.log(`${summary}; ${String(layers)} layers compared`);
  return (counts.get('wrong') ?? 0) > 0 ? 1 : 0;
}

process.exitCode = main();
