// Holds `morphnet cost --json` against real PyTorch, layer by layer: names, parameters, MACs, output shapes and totals,
// and the memory that a training's forward pass leaves for the backward pass.
//
//   npm run check:costs [-- FILE[::ENTRY] …]      Python: $MORPHNET_PYTHON, what `pytorch:install` made, else python3
//
// Exit status: 0 all equal, 1 a difference or a failure, 77 this machine has no PyTorch, so nothing was compared.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { costJsonSchema, type CostJson } from '../server/src/protocol/cost-json.ts';
import { dist, root } from './bundles.ts';
import { findPython, pytorchExamples } from './python-with-pytorch.ts';

/** As scripts/test.ts understands it. */
const skipped = 77;

const python = findPython();

const layer = v.object({ name: v.string(), params: v.number(), macs: v.number(), outputShape: v.array(v.number()) });
const pytorchSchema = v.object({
  torch: v.string(),
  params: v.number(),
  macs: v.number(),
  counterMacs: v.number(),
  /** Bytes that two images leave for the backward pass. */
  kept: v.number(),
  layers: v.array(layer),
});
type Layer = v.InferOutput<typeof layer>;
type PytorchCosts = v.InferOutput<typeof pytorchSchema>;

/** Runs a program for its output; what it prints on failure goes to this terminal. */
function output(program: string, words: readonly string[]): string | undefined {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status === 0) return stdout;
  console.error(`${[program, ...words].join(' ')}\n${error === undefined ? stderr : error.message}`);
  return undefined;
}

const entriesSchema = v.array(v.object({ name: v.string() }));

/** Every entry of every example in Python: each kind of model, with and without batch norm. */
function exampleModels(): readonly string[] {
  const files = pytorchExamples();
  return files.flatMap((name) => {
    const file = `examples/${name}`;
    const text = output(process.execPath, [join(dist, 'cli.cjs'), 'entries', file, '--json']);
    // A file that gives no entries is checked all the same, so that its failure counts.
    if (text === undefined) return [file];
    return v.parse(entriesSchema, JSON.parse(text)).map((entry) => `${file}::${entry.name}`);
  });
}

function ourCosts(model: string): CostJson | undefined {
  const text = output(process.execPath, [join(dist, 'cli.cjs'), 'cost', model, '--batch', '2', '--json']);
  return text === undefined ? undefined : v.parse(costJsonSchema, JSON.parse(text));
}

function pytorchCosts({ model, entry, input }: CostJson): PytorchCosts | undefined {
  const shapes = input.shapes.map((shape) => shape.join('x'));
  const text = output(python, [join(root, 'scripts/pytorch_costs.py'), join(root, model), entry.name, ...shapes]);
  return text === undefined ? undefined : v.parse(pytorchSchema, JSON.parse(text));
}

/** Calls of a layer after the first are named `name_1`, `name_2` by us, and again `name` by PyTorch. */
function numbered(layers: readonly Layer[]): readonly Layer[] {
  const calls = new Map<string, number>();
  return layers.map((one) => {
    const call = calls.get(one.name) ?? 0;
    calls.set(one.name, call + 1);
    return call === 0 ? one : { ...one, name: `${one.name}_${String(call)}` };
  });
}

function differences(ours: CostJson, theirs: PytorchCosts): readonly string[] {
  const found: string[] = [];
  const compare = (what: string, our: unknown, their: unknown): void => {
    if (JSON.stringify(our) !== JSON.stringify(their)) {
      found.push(`${what}: morphnet says ${JSON.stringify(our)}, PyTorch ${JSON.stringify(their)}`);
    }
  };
  const layers = numbered(theirs.layers);
  compare(
    'layers',
    ours.layers.map(({ name }) => name),
    layers.map(({ name }) => name),
  );
  const byName = new Map(layers.map((one) => [one.name, one]));
  for (const { name, params, macs, outputShape } of ours.layers) {
    const other = byName.get(name);
    if (other === undefined) continue;
    compare(`${name}, params`, params, other.params);
    compare(`${name}, MACs`, macs, other.macs);
    compare(`${name}, output shape`, outputShape, other.outputShape);
  }
  compare('total params', ours.totals.params, { value: theirs.params, atLeast: false });
  compare('total MACs', ours.totals.macs, { value: theirs.macs, atLeast: false });
  compare('total MACs by PyTorch’s flop counter', ours.totals.macs.value, theirs.counterMacs);
  // PyTorch's masks of dropout are as wide as numbers on a processor, and a byte wide on a GPU, as we count them.
  const keptError = Math.abs((ours.memory.kept.value ?? 0) / theirs.kept - 1);
  if (!(keptError < 0.01)) compare('bytes kept for the backward pass', ours.memory.kept.value, theirs.kept);
  compare('unknown parts', ours.unknowns, []);
  return found;
}

function check(model: string): boolean {
  const ours = ourCosts(model);
  const theirs = ours === undefined ? undefined : pytorchCosts(ours);
  if (ours === undefined || theirs === undefined) return false;
  const found = differences(ours, theirs);
  for (const difference of found) console.error(`  ${model}: ${difference}`);
  const figures = `${String(theirs.layers.length)} layers, ${String(theirs.params)} params, ${String(theirs.macs)} MACs, ${String(theirs.kept)} B kept in training`;
  console.log(
    `${found.length === 0 ? 'equal' : 'DIFFERENT'}  ${model} at ${ours.input.shapes.map((shape) => shape.join('×')).join(', ')}: ${figures}`,
  );
  return found.length === 0;
}

function main(): number {
  const probe = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
  if (probe.status !== 0) {
    console.log(
      `Skipped: ${python} cannot import torch. Install PyTorch, or set MORPHNET_PYTHON to a Python that has it.`,
    );
    return skipped;
  }
  if (!existsSync(join(dist, 'cli.cjs'))) {
    console.error('dist/cli.cjs is missing. Run npm run build first.');
    return 1;
  }
  console.log(`PyTorch ${probe.stdout.trim()}`);
  const given = process.argv.slice(2);
  const results = (given.length > 0 ? given : exampleModels()).map(check);
  if (results.length === 0) console.error('There is no example in Python to compare.');
  return results.every(Boolean) && results.length > 0 ? 0 : 1;
}

process.exitCode = main();
