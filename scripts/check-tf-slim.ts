// `npm run check:tf-slim`: networks that are written with TF-slim, read from their source without running it, held against
// TensorFlow, which really builds their graphs: parameters, multiply-adds, and of each layer its name, the shape that it gives
// and its parameters. The networks are those of the package tf_slim and those of test/fixtures/tf-slim.
//
//   npm run check:tf-slim [-- mobilenet]      Python with tensorflow-cpu 2.15, tf_keras 2.15 and tf_slim:
//                                              $MORPHNET_TENSORFLOW_PYTHON
//
// What TensorFlow says is kept in .cache/tf-slim.
// Exit status: 0 no figure is wrong, 1 one is, 77 there is no such Python.

import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { neverCancelled } from '../server/src/common/cancellation.ts';
import { macsOf } from '../server/src/costs/op-cost.ts';
import { defaultLimits } from '../server/src/frontends/shared/frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import type { Op } from '../server/src/network/op.ts';
import type { Shape } from '../server/src/network/shape.ts';
import { root } from './bundles.ts';

const python = process.env['MORPHNET_TENSORFLOW_PYTHON'];
/** As scripts/test.ts understands it. */
const skipped = 77;

const ours = join(root, 'test/fixtures/tf-slim');
const cache = join(root, '.cache/tf-slim');
const kept = join(cache, 'truth.jsonl');

interface Network {
  /** A file of ours; undefined for one of the package. */
  readonly path?: string;
  readonly module?: string;
  readonly function: string;
  readonly scope: string;
  readonly arguments: Readonly<Record<string, number>>;
  readonly size: number;
}

const ofPackage = (file: string, name: string, scope: string, size: number, given: Network['arguments']): Network => ({
  module: `tf_slim.nets.${file}`,
  function: name,
  scope,
  arguments: given,
  size,
});
const ofOurs = (name: string, size: number, given: Network['arguments'] = {}): Network => ({
  path: join(ours, `${name}.py`),
  function: name,
  scope: `${name}_arg_scope`,
  arguments: given,
  size,
});

const classes = { num_classes: 1001 };
const networks: readonly Network[] = [
  ...[1, 0.75, 0.5, 0.25].flatMap((depth_multiplier) =>
    [224, 192, 160, 128].map((size) => ofOurs('mobilenet_v1', size, { depth_multiplier })),
  ),
  ...[1.4, 1.3, 1, 0.75, 0.5, 0.35].flatMap((depth_multiplier) =>
    [224, 192, 160, 128, 96].map((size) => ofOurs('mobilenet_v2', size, { depth_multiplier })),
  ),
  ofOurs('inception_v4', 299),
  ofPackage('inception_v1', 'inception_v1', 'inception_v1_arg_scope', 224, classes),
  ...[1, 0.75, 0.5, 0.25].map((depth_multiplier) =>
    ofPackage('inception_v2', 'inception_v2', 'inception_v2_arg_scope', 224, { ...classes, depth_multiplier }),
  ),
  ofPackage('inception_v3', 'inception_v3', 'inception_v3_arg_scope', 299, classes),
  ...[50, 101, 152, 200].flatMap((depth) =>
    [1, 2].map((version) =>
      ofPackage(
        `resnet_v${String(version)}`,
        `resnet_v${String(version)}_${String(depth)}`,
        'resnet_arg_scope',
        224,
        classes,
      ),
    ),
  ),
  ...['vgg_a', 'vgg_16', 'vgg_19'].map((name) => ofPackage('vgg', name, 'vgg_arg_scope', 224, classes)),
  ofPackage('alexnet', 'alexnet_v2', 'alexnet_v2_arg_scope', 224, classes),
  ofPackage('overfeat', 'overfeat', 'overfeat_arg_scope', 231, classes),
];

const layerSchema = v.object({ params: v.number(), macs: v.number(), shape: v.nullable(v.array(v.number())) });
const truthSchema = v.object({ title: v.string(), version: v.string(), layers: v.record(v.string(), layerSchema) });
type Truth = v.InferOutput<typeof truthSchema>;

/** How a network is called in what is printed and kept. */
function titleOf({ function: name, arguments: given, size }: Network): string {
  const settings = Object.entries(given).map(([key, value]) => `${key}=${String(value)}`);
  return `${name}(${settings.join(', ')}) at ${String(size)}`;
}

function keptTruths(): ReadonlyMap<string, Truth> {
  const lines = existsSync(kept) ? readFileSync(kept, 'utf8').trim().split('\n') : [];
  return new Map(lines.map((line) => v.parse(truthSchema, JSON.parse(line))).map((truth) => [truth.title, truth]));
}

/** Has TensorFlow build what is not kept yet, a few networks at a time. */
function completeTruths(interpreter: string, script: string, wanted: readonly Network[]): ReadonlyMap<string, Truth> {
  mkdirSync(cache, { recursive: true });
  const missing = wanted.filter((network) => !keptTruths().has(titleOf(network)));
  for (let at = 0; at < missing.length; at += 8) {
    const input = JSON.stringify(missing.slice(at, at + 8).map((each) => ({ ...each, title: titleOf(each) })));
    const run = spawnSync(interpreter, [script], { input, encoding: 'utf8', maxBuffer: 1e9 });
    if (run.status !== 0) console.error(run.stderr);
    appendFileSync(kept, run.stdout);
  }
  return keptTruths();
}

function trained({ parameters }: Op): number {
  return parameters
    .filter(({ role }) => !role.startsWith('running'))
    .reduce((sum, { shape }) => sum + shape.reduce<number>((all, size) => all * Number(size), 1), 0);
}

interface Figures {
  readonly params: number;
  readonly macs: number;
}

/** What differs from what TensorFlow says, as sentences. */
function differences(
  graph: NetworkGraph,
  truth: Truth,
): { readonly found: readonly string[]; readonly figures: Figures } {
  const found: string[] = [];
  const own = new Map<string, { params: number; macs: number; shape: string | undefined }>();
  for (const op of graph.ops) {
    if (op.parameters.length === 0) continue;
    const name = op.name.replace(/\/depthwise$/, '');
    const before = own.get(name) ?? { params: 0, macs: 0, shape: undefined };
    const shapesOf = (ids: readonly number[]): readonly Shape[] => ids.map((id) => graph.values[id]?.shape ?? []);
    const macs = macsOf(op.attributes, shapesOf(op.inputs), shapesOf(op.outputs));
    own.set(name, {
      params: before.params + trained(op),
      macs: before.macs + (macs.kind === 'exact' ? macs.value : NaN),
      shape: JSON.stringify(graph.values[op.outputs[0] ?? -1]?.shape.slice(1) ?? []),
    });
  }
  for (const [name, layer] of Object.entries(truth.layers)) {
    const mine = own.get(name);
    own.delete(name);
    if (mine === undefined) found.push(`${name} is not there`);
    else if (mine.params !== layer.params)
      found.push(`${name} has ${String(mine.params)} parameters instead of ${String(layer.params)}`);
    else if (mine.macs !== layer.macs)
      found.push(`${name} has ${String(mine.macs)} MACs instead of ${String(layer.macs)}`);
    else if (layer.shape !== null && mine.shape !== JSON.stringify(layer.shape))
      found.push(`${name} gives ${String(mine.shape)} instead of ${JSON.stringify(layer.shape)}`);
  }
  for (const [name, { params }] of own) if (params > 0) found.push(`TensorFlow has no ${name}`);
  const sum = (of: (layer: v.InferOutput<typeof layerSchema>) => number): number =>
    Object.values(truth.layers).reduce((total, layer) => total + of(layer), 0);
  return { found, figures: { params: sum(({ params }) => params), macs: sum(({ macs }) => macs) } };
}

function entryText({ path, function: name, scope, arguments: given }: Network): string {
  const settings = Object.entries(given).map(([key, value]) => `${key}=${String(value)}`);
  const within = path === undefined ? 'arg_scope' : 'slim.arg_scope';
  return `${within}(${scope}())(${name})(${settings.join(', ')})`;
}

async function main(): Promise<number> {
  const probe =
    python === undefined
      ? undefined
      : spawnSync(python, ['-c', 'import tf_slim; print(tf_slim.__file__)'], { encoding: 'utf8' });
  if (python === undefined || probe?.status !== 0) {
    console.log('Skipped: $MORPHNET_TENSORFLOW_PYTHON names no Python with tensorflow and tf_slim.');
    return skipped;
  }
  const packages = join(probe.stdout.trim(), '../..');
  const script = fileURLToPath(new URL('tf_slim_networks.py', import.meta.url));
  const [wanted = ''] = process.argv.slice(2);
  const chosen = networks.filter((network) => new RegExp(wanted).test(titleOf(network)));
  const truths = completeTruths(python, script, chosen);
  const frontend = (await createFrontends()).find(({ languageId }) => languageId === 'python');
  if (frontend === undefined) throw new Error('There is no frontend for Python');
  const reader = new DiskReader({ workspace: [pathToFileURL(ours).href], libraries: [pathToFileURL(packages).href] });
  let wrong = 0;
  let layers = 0;
  for (const network of chosen) {
    const truth = truths.get(titleOf(network));
    if (truth === undefined) throw new Error(`TensorFlow did not describe ${titleOf(network)}`);
    const file = network.path ?? join(packages, `${(network.module ?? '').replaceAll('.', '/')}.py`);
    const document = pathToFileURL(file).href;
    const [entry] = frontend.entries(document, reader, {
      entry: entryText(network),
      input: [[network.size, network.size, 3]],
      from: 'request',
    }).entries;
    const { graph, problems } =
      entry === undefined
        ? { graph: undefined, problems: [] }
        : frontend.evaluate(entry, reader, defaultLimits, neverCancelled);
    const { found, figures } =
      graph === undefined
        ? { found: problems.map(({ message }) => message), figures: { params: 0, macs: 0 } }
        : differences(graph, truth);
    const lost = graph?.unknowns.map(({ reason }) => reason) ?? [];
    layers += Object.keys(truth.layers).length;
    const isExact = graph !== undefined && found.length === 0 && lost.length === 0;
    if (!isExact) wrong++;
    console.log(
      `${isExact ? 'exact' : 'WRONG'}  ${titleOf(network)}: ${String(figures.params)} params, ${String(figures.macs)} MACs, ${(2 * figures.macs).toExponential(5)} FLOPs`,
    );
    for (const line of [...found, ...lost].slice(0, 5)) console.log(`       ${line}`);
  }
  console.log(
    `${String(chosen.length - wrong)} of ${String(chosen.length)} networks exact, ${String(layers)} layers, TensorFlow ${[...truths.values()][0]?.version ?? '?'}`,
  );
  return wrong > 0 ? 1 : 0;
}

process.exitCode = await main();
