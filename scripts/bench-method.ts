// `npm run bench:method`: the method on CIFAR-10, measured. Regularizers of FLOPs and of model size each cut ResNet-20 to
// the same share of its FLOPs; then both structures and the uniformly narrowed seed are trained from scratch, equally
// long, over several seeds. Finished parts are kept in .cache/bench-method, so a stopped run goes on.
//
//   npm run bench:method [-- --seeds 1,2,3 --fraction 0.3 --search-steps 2000 --steps 5000 --batch 32 --threads 1 --engine onnx]
//
// The defaults take about an hour of one core. Much shorter runs say nothing: after 800 steps from scratch a network is
// judged by how fast it starts to learn.
//
// Exit status: 0 the paper's claims hold, 1 one does not.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { trainableModule } from '../server/src/frontends/python/libraries/torch/trainable-module.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import { engineNames } from '../server/src/protocol/engine-report.ts';
import { analyzeStructure } from '../server/src/structure/analyze-structure.ts';
import { seedCost } from '../server/src/structure/evaluate-regularizer.ts';
import { expandWidths } from '../server/src/structure/expansion.ts';
import { groupChannels } from '../server/src/structure/group-channels.ts';
import { rebuildWithWidths } from '../server/src/structure/rebuild-graph.ts';
import { networkCost } from '../server/src/structure/settled-cost.ts';
import { readDataSet } from '../server/src/training/data/read-data-set.ts';
import { chooseEngine } from '../server/src/training/engines/choose-engine.ts';
import { trainPlain } from '../server/src/training/loop/train-plain.ts';
import { asNetworkGraph, imageShapeOf } from '../server/src/training/loop/training-setup.ts';
import { torchOptions } from '../server/src/trainer/torch-program.ts';
import { finishedPart } from './bench-method/finished-parts.ts';
import { must } from './bench-method/must.ts';
import { searchStructure, type SearchResult } from './bench-method/structure-search.ts';
import { keptByStage, layerTable, summarize, type Widths } from './bench-method/tables.ts';
import { dist, root } from './bundles.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'examples/resnet20.py' },
    data: { type: 'string', default: '../shared/data/cifar-10-batches-bin' },
    seeds: { type: 'string', default: '1,2,3' },
    fraction: { type: 'string', default: '0.3' },
    'search-steps': { type: 'string', default: '2000' },
    'search-rate': { type: 'string', default: '0.1' },
    threshold: { type: 'string', default: '0.01' },
    steps: { type: 'string', default: '5000' },
    rate: { type: 'string', default: '0.1' },
    batch: { type: 'string', default: '32' },
    augmentation: { type: 'string', default: 'crop-flip' },
    threads: { type: 'string', default: '1' },
    /** onnx, tfjs or torch (the PyTorch of MORPHNET_PYTHON). */
    engine: { type: 'string', default: 'onnx' },
    /** What is trained from scratch to compare. */
    retrain: { type: 'string', default: 'uniform,flops' },
    cache: { type: 'string', default: join(root, '.cache', 'bench-method') },
  },
});
const seeds = values.seeds.split(',').map(Number);
const fraction = Number(values.fraction);
const common = {
  batchSize: Number(values.batch),
  optimizer: 'sgd',
  weightDecay: 5e-4,
  augmentation: values.augmentation === 'none' ? 'none' : 'crop-flip',
} as const;
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const say = (text: string): void => {
  console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);
};

function readModel(): NetworkGraph {
  if (!existsSync(join(dist, 'cli.cjs')))
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
  const words = [join(dist, 'cli.cjs'), 'graph', values.model, '--json'];
  const text = execFileSync(process.execPath, words, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
  return must(asNetworkGraph(JSON.parse(text)));
}

const graph = readModel();
const grouping = groupChannels(graph);
const dataSet = must(
  await readDataSet(
    { kind: 'cifar10', path: resolve(root, values.data) },
    { input: must(imageShapeOf(graph)), decoder: new URL('../dist/image-decoder.cjs', import.meta.url) },
  ),
);
const torch = { script: join(dist, 'torch_engine.py'), write: trainableModule };
const engine = must(
  await chooseEngine(
    v.parse(v.picklist(engineNames), values.engine),
    {
      threads: Number(values.threads),
      torch: torchOptions(torch, undefined, root),
      onFallback: (message) => {
        throw new Error(message);
      },
    },
    cpus().length,
  ),
);
/** What the embedded engine came to is kept apart from what others did. */
const engineKey = engine.info.name === 'onnx' ? {} : { engine: engine.info.name };
const seedFlops = networkCost(graph, { resource: 'flops' });
const narrowed = (widths: Widths): NetworkGraph =>
  must(rebuildWithWidths(grouping, new Map(Object.entries(widths)))).graph;
const figures = (network: NetworkGraph): string =>
  `${percent(networkCost(network, { resource: 'flops' }) / seedFlops)} of the FLOPs, ${percent(networkCost(network, { resource: 'params' }) / networkCost(graph, { resource: 'params' }))} of the weights`;

say(
  `${values.model} on ${dataSet.name}: ${(seedFlops / 1e6).toFixed(1)} MFLOPs; target ${percent(fraction)}; ${engine.info.name} ${engine.info.version}, ${values.threads} thread(s) of ${String(cpus().length)} × ${cpus()[0]?.model.trim() ?? 'unknown'}; Node ${process.version}`,
);

/** A line now and then, with the time that a step takes. */
function progress(name: string, steps: number): (step: number, text: () => string) => void {
  let since = performance.now();
  let from = 0;
  return (step, text) => {
    if ((step + 1) % 50 !== 0) return;
    const each = (performance.now() - since) / (step + 1 - from);
    since = performance.now();
    from = step + 1;
    say(`  ${name}: step ${String(step + 1)}/${String(steps)}, ${each.toFixed(0)} ms a step, ${text()}`);
  };
}

const regularizers = ['flops', 'params'] as const;

function search(resource: (typeof regularizers)[number], seed: number): Promise<SearchResult> {
  const name = `search-${resource}-${String(seed)}`;
  const settings = {
    ...common,
    ...engineKey,
    model: values.model,
    resource,
    seed,
    fraction,
    threshold: Number(values.threshold),
    steps: Number(values['search-steps']),
    learningRate: Number(values['search-rate']),
  };
  return finishedPart(values.cache, name, settings, isSearchResult, () =>
    searchStructure(graph, dataSet, engine, settings, progress(name, settings.steps)),
  );
}

function isSearchResult(content: unknown): content is SearchResult {
  return typeof content === 'object' && content !== null && 'widths' in content && 'isForced' in content;
}

async function accuracyOf(structure: string, widths: Widths, seed: number): Promise<number> {
  const name = `train-${structure}-${String(seed)}`;
  const settings = { ...common, seed, steps: Number(values.steps), learningRate: Number(values.rate) };
  const { accuracy } = await finishedPart(
    values.cache,
    name,
    { model: values.model, ...engineKey, ...settings, widths },
    isTested,
    async () => {
      const onStep = progress(name, settings.steps);
      const { accuracy = NaN } = must(
        await trainPlain(narrowed(widths), dataSet, engine, settings, (step, loss) => {
          onStep(step, () => `loss ${loss.toFixed(3)}`);
        }),
      );
      return { accuracy };
    },
  );
  return accuracy;
}

function isTested(content: unknown): content is { readonly accuracy: number } {
  return (
    typeof content === 'object' && content !== null && 'accuracy' in content && typeof content.accuracy === 'number'
  );
}

/** The seed at the largest uniform factor that fits the target. */
function uniformWidths(): Widths {
  const analysis = must(analyzeStructure(graph, { algorithm: 'gamma', resource: 'flops', threshold: 0 }));
  const whole = analysis.groups.map(({ size }) => size);
  const { widths } = must(expandWidths(analysis, whole, { budget: fraction * seedCost(analysis) }));
  return Object.fromEntries(analysis.groups.map(({ id, name }) => [name, widths[id] ?? 0]));
}

const uniform = uniformWidths();
say(`uniform: ${figures(narrowed(uniform))}`);
const accuracies = new Map<string, number[]>([
  ['flops', []],
  ['params', []],
  ['uniform', []],
]);
const kept = new Map<string, number[][]>();
const columns: { readonly title: string; readonly widths: Widths }[] = [];
let forced = 0;
const learned = new Map<string, Widths>();
for (const seed of seeds) {
  for (const resource of regularizers) {
    const found = await search(resource, seed);
    learned.set(`${resource} ${String(seed)}`, found.widths);
    columns.push({ title: `${resource} ${String(seed)}`, widths: found.widths });
    if (found.isForced) forced += 1;
    const stages = keptByStage(grouping, found.widths).map(([, share]) => share);
    kept.set(resource, [...(kept.get(resource) ?? []), stages]);
    say(
      `${resource} regularizer, seed ${String(seed)}: ${figures(narrowed(found.widths))}; ${found.isForced ? 'cut by rank' : 'reached by training'} at step ${String(found.decidedAt)}, strength ${found.finalStrength.toExponential(2)}`,
    );
  }
}
// What the verdict is made of comes first, so that a run that is stopped early has it.
const compared = values.retrain.split(',');
const order = [['uniform', 'flops'], ['params']].flatMap((structures) =>
  seeds.flatMap((seed) =>
    structures.filter((one) => compared.includes(one)).map((structure) => [structure, seed] as const),
  ),
);
for (const [structure, seed] of order) {
  const widths = learned.get(`${structure} ${String(seed)}`) ?? uniform;
  const accuracy = await accuracyOf(structure, widths, seed);
  accuracies.get(structure)?.push(accuracy);
  say(`${structure}, seed ${String(seed)}: ${percent(accuracy)}`);
}
columns.push({ title: 'uniform', widths: uniform });

console.log(`\n${layerTable(grouping, columns)}\n`);
const sides = keptByStage(grouping, {}).map(([side]) => `${String(side)}×${String(side)}`);
const means = (resource: string): readonly number[] =>
  sides.map((_, stage) => summarize((kept.get(resource) ?? []).map((stages) => stages[stage] ?? 0)).mean);
const [early, late] = [0, sides.length - 1];
console.log(`Channels that are left, mean over seeds (${sides.join(', ')}):`);
for (const resource of regularizers) console.log(`  ${resource.padEnd(7)} ${means(resource).map(percent).join(', ')}`);
const share = (resource: string, stage: number): number => means(resource)[stage] ?? 0;
const differs = share('flops', early) < share('params', early) && share('flops', late) > share('params', late);
console.log(
  `At equal FLOPs the FLOPs regularizer ${differs ? 'takes more from the early layers and less from the late ones than' : 'does NOT differ as the paper says from'} the model-size regularizer.`,
);
console.log(
  `\nAccuracy after ${values.steps} steps from scratch, mean and standard deviation over ${String(seeds.length)} seed(s):`,
);
for (const [structure, numbers] of accuracies) {
  if (numbers.length === 0) continue;
  const { mean, deviation } = summarize(numbers);
  console.log(
    `  ${structure.padEnd(7)} ${percent(mean)} ± ${percent(deviation)}   (${numbers.map(percent).join(', ')})`,
  );
}
const gains = (accuracies.get('flops') ?? []).map((value, index) => value - (accuracies.get('uniform')?.[index] ?? 0));
const gain = summarize(gains);
// One standard error: a mean within it is no finding.
const error = gain.deviation / Math.sqrt(Math.max(1, gains.length));
const beats = gain.mean > error;
console.log(
  `The structure learned for FLOPs ${beats ? 'beats' : 'does NOT beat'} the uniformly narrowed seed: ${percent(gain.mean)} ± ${percent(gain.deviation)} (standard error ${percent(error)}), seed by seed ${gains.map(percent).join(', ')}.`,
);
if (forced > 0)
  console.log(`${String(forced)} structure(s) were cut by rank: search longer, or at a higher learning rate.`);
process.exitCode = differs && beats ? 0 : 1;
