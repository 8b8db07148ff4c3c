// `npm run check:conventions`: what the public counters say of models of many kinds, as a whole and layer by layer, against what
// we say that they say. The counters come from the registry, into an environment in .cache that sees the packages of the Python
// with PyTorch; TensorFlow's profiler is asked where $MORPHNET_TENSORFLOW_PYTHON names a Python with TensorFlow and Keras 3.
//
// Exit status: 0 all figures are equal, 1 one differs, 77 no PyTorch or no counters can be had here.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { neverCancelled } from '../server/src/common/cancellation.ts';
import { knownValue } from '../server/src/common/count.ts';
import { countAs, namedConventions, type NamedConvention } from '../server/src/costs/named-convention.ts';
import { defaultLimits, type EntryRequest } from '../server/src/frontends/shared/frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import type { Op } from '../server/src/network/op.ts';
import { root } from './bundles.ts';
import { opsOfLayer } from './keras-layers.ts';
import { findPython } from './python-with-pytorch.ts';

const skipped = 77;
const folder = join(root, 'scripts/conventions');
const kerasModels = join(folder, 'counted_keras_models.py');
const environment = join(root, '.cache/counters');
const counters = [
  'fvcore==0.1.5.post20221221',
  'thop==0.1.1.post2209072238',
  'torchinfo==1.8.0',
  'ptflops==0.7.5',
  'deepspeed==0.19.8',
  'setuptools<81',
];

const figureSchema = v.object({ total: v.number(), layers: v.record(v.string(), v.number()) });
type Figure = v.InferOutput<typeof figureSchema>;
const figuresSchema = v.record(v.string(), v.record(v.string(), v.nullable(figureSchema)));

/** The Python of an environment with the counters; undefined where it can't be made. */
function pythonWithCounters(): string | undefined {
  const base = findPython();
  const python = join(environment, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (!existsSync(python)) {
    if (spawnSync(base, ['-c', 'import torch']).status !== 0) return undefined;
    execFileSync(base, ['-m', 'venv', environment]);
    const packages = (command: string): string =>
      execFileSync(command, ['-c', 'import sysconfig; print(sysconfig.get_paths()["purelib"])'], {
        encoding: 'utf8',
      }).trim();
    writeFileSync(join(packages(python), 'base.pth'), `${packages(base)}\n`);
    const installed = spawnSync(python, ['-m', 'pip', 'install', '--quiet', ...counters], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (installed.status !== 0) return undefined;
  }
  return python;
}

async function main(): Promise<number> {
  const python = pythonWithCounters();
  if (python === undefined) {
    console.log('Skipped: there is no Python with PyTorch here, or the counters can not be installed.');
    return skipped;
  }
  const models = join(folder, 'counted_models.py');
  const text = execFileSync(python, [join(folder, 'convention_figures.py'), models], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const figures = v.parse(figuresSchema, JSON.parse(text.trim().split('\n').at(-1) ?? ''));
  const shapes = JSON.parse(
    execFileSync(
      python,
      [
        '-c',
        `import sys, json; sys.path.insert(0, sys.argv[1]); from counted_models import models; print(json.dumps(models))`,
        folder,
      ],
      { encoding: 'utf8' },
    ),
  ) as readonly (readonly [string, readonly number[]])[]; // Printed by the line above.
  const [frontend] = await createFrontends();
  if (frontend === undefined) throw new Error('There is no frontend');
  const reader = new DiskReader({ workspace: [pathToFileURL(folder).href], libraries: [] });
  const read = (file: string, request: EntryRequest): NetworkGraph => {
    const [entry] = frontend.entries(pathToFileURL(file).href, reader, request).entries;
    const graph = entry && frontend.evaluate(entry, reader, defaultLimits, neverCancelled).graph;
    if (graph === undefined) throw new Error(`${request.entry ?? ''} is not read`);
    return graph;
  };
  const comparison = new Comparison();
  for (const [name, shape] of shapes) {
    const graph = read(models, { entry: `${name}()`, input: [shape], from: 'request' });
    for (const convention of namedConventions)
      comparison.compare(name, graph, convention, figures[name]?.[convention] ?? undefined);
  }
  const keras = kerasFigures();
  for (const [name, figure] of Object.entries(keras ?? {}))
    comparison.compare(name, read(kerasModels, { entry: `${name}()`, from: 'request' }), 'keras', figure);
  if (keras === undefined)
    console.log('Keras is left out: $MORPHNET_TENSORFLOW_PYTHON names no Python with TensorFlow.');
  console.log(
    `${String(shapes.length)} models of PyTorch, ${String(Object.keys(keras ?? {}).length)} of Keras: ${comparison.summary()}`,
  );
  return comparison.different === 0 ? 0 : 1;
}

/** The ops of a layer at each of its calls, which are numbered from the second on. */
function callsOfLayer(graph: NetworkGraph, layer: string, { layers }: Figure): readonly Op[] {
  const later = graph.ops
    .map(({ name }) => name.split('/')[0] ?? name)
    .filter((name) => name.startsWith(`${layer}_`) && /^\d+$/.test(name.slice(layer.length + 1)) && !(name in layers));
  return [layer, ...new Set(later)].flatMap((name) => opsOfLayer(graph, name));
}

/** What TensorFlow's profiler says; undefined where there is no TensorFlow. */
function kerasFigures(): Readonly<Record<string, Figure>> | undefined {
  const python = process.env['MORPHNET_TENSORFLOW_PYTHON'];
  if (python === undefined || spawnSync(python, ['-c', 'import tensorflow']).status !== 0) return undefined;
  const text = execFileSync(python, [join(folder, 'keras_figures.py'), kerasModels], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return v.parse(v.record(v.string(), figureSchema), JSON.parse(text.trim().split('\n').at(-1) ?? ''));
}

/** Counts what is equal and prints what is not. */
class Comparison {
  different = 0;
  #equal = 0;
  #unknown = 0;
  #layers = 0;

  compare(name: string, graph: NetworkGraph, convention: NamedConvention, theirs: Figure | undefined): void {
    if (theirs === undefined) return;
    const { total, ops } = countAs(graph, convention);
    if (total.kind !== 'exact') {
      this.#unknown++;
      const reason = total.kind === 'unknown' ? total.reason : 'it is a lower bound';
      console.log(`${name}: ${convention} says ${String(theirs.total)}, which is not reproduced: ${reason}`);
      return;
    }
    this.#note(
      total.value === theirs.total,
      `${name}: ${convention} says ${String(theirs.total)}, we say ${String(total.value)}`,
    );
    for (const [layer, count] of Object.entries(theirs.layers)) {
      const own = callsOfLayer(graph, layer, theirs).map(
        (op) => knownValue(ops[op.id] ?? { kind: 'exact', value: 0 }) ?? NaN,
      );
      const ours = own.reduce((sum, each) => sum + each, 0);
      this.#layers++;
      if (ours === count) continue;
      this.different++;
      console.log(`${name}, ${layer}: ${convention} says ${String(count)}, we say ${String(ours)}`);
    }
  }

  #note(isEqual: boolean, difference: string): void {
    if (isEqual) this.#equal++;
    else {
      this.different++;
      console.log(difference);
    }
  }

  summary(): string {
    return `${String(this.#equal)} totals and ${String(this.#layers)} layers compared, ${String(this.different)} differ, ${String(this.#unknown)} totals not reproduced`;
  }
}

process.exitCode = await main();
