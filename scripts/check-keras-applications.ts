// `npm run check:keras`: every builder of `keras.applications`, read from the package's source without running it, held
// against Keras, which really builds it on PyTorch: parameters, multiply-adds, and of each layer its name, the shape that it
// gives, its trained parameters and the line that makes it.
//
//   npm run check:keras [-- Xception ResNet50]      Python with keras and torch: $MORPHNET_PYTHON, else python3
//
// What Keras says is kept in .cache/keras as it comes: building everything takes it minutes, and what was stopped goes on.
// Exit status: 0 no figure is wrong, 1 one is, 77 this machine has no Keras.

import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { neverCancelled } from '../server/src/common/cancellation.ts';
import { LineIndex } from '../server/src/common/line-index.ts';
import { reportCosts } from '../server/src/costs/cost-report.ts';
import { defaultDeviceName, findDevice } from '../server/src/costs/device-profile.ts';
import { defaultLimits, type Frontend, type SourceReader } from '../server/src/frontends/shared/frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import { layerDifference, layerSchema, opsOfLayer, type KerasLayer } from './keras-layers.ts';
import { findPython } from './python-with-pytorch.ts';

const cache = fileURLToPath(new URL('../.cache/keras/', import.meta.url));

/** As scripts/test.ts understands it. */
const skipped = 77;

const truthSchema = v.object({
  name: v.string(),
  arguments: v.string(),
  params: v.optional(v.number()),
  trainable: v.optional(v.number()),
  macs: v.optional(v.number()),
  layers: v.optional(v.array(layerSchema), []),
  error: v.optional(v.string()),
});
type Truth = v.InferOutput<typeof truthSchema>;

/** The reader of the installed packages, which keeps what it read. */
function packagesReader(folder: string): SourceReader {
  const disk = new DiskReader({ workspace: [], libraries: [pathToFileURL(folder).href] });
  const texts = new Map<string, string | undefined>();
  return {
    roots: disk.roots,
    read: (document) => {
      if (!texts.has(document)) texts.set(document, disk.read(document));
      return texts.get(document);
    },
  };
}

const document = 'file:///keras_application.py';

function readApplication(frontend: Frontend, packages: SourceReader, truth: Truth): NetworkGraph | undefined {
  const text = `import keras\n\nmodel = keras.applications.${truth.name}(${truth.arguments})\n`;
  const reader: SourceReader = {
    ...packages,
    roots: packages.roots,
    read: (wanted) => (wanted === document ? text : packages.read(wanted)),
  };
  const [entry] = frontend.entries(document, reader).entries;
  return entry && frontend.evaluate(entry, reader, defaultLimits, neverCancelled).graph;
}

/** What of a layer differs from what Keras says, as a sentence; undefined when nothing does. */
function difference(graph: NetworkGraph, packages: SourceReader, layer: KerasLayer): string | undefined {
  const found = layerDifference(graph, layer);
  const place = opsOfLayer(graph, layer.name).at(-1)?.site?.span;
  if (found !== undefined || place === undefined || layer.line === 0) return found;
  const text = packages.read(place.document);
  if (text === undefined) return undefined;
  const line = new LineIndex(text).positionAt(place.start).line + 1;
  return line === layer.line
    ? undefined
    : `${layer.name} stands on line ${String(line)} instead of ${String(layer.line)}`;
}

/** Has Keras build what is not kept yet. A line that was cut off as it was written is asked for again. */
async function keepTruths(python: string, script: string, kept: string, wanted: readonly string[]): Promise<void> {
  mkdirSync(dirname(kept), { recursive: true });
  const whole = existsSync(kept) ? readFileSync(kept, 'utf8').replace(/[^\n]*$/, '') : '';
  writeFileSync(kept, whole);
  const run = spawn(python, [script, ...wanted], { stdio: ['pipe', 'pipe', 'inherit'] });
  run.stdin.end(whole);
  await pipeline(run.stdout, createWriteStream(kept, { flags: 'a' }));
}

async function main(): Promise<number> {
  const python = findPython();
  const probe = spawnSync(
    python,
    [
      '-c',
      'import keras, torch, os; print(keras.__version__); print(os.path.dirname(os.path.dirname(keras.__file__)))',
    ],
    {
      encoding: 'utf8',
      env: { ...process.env, KERAS_BACKEND: 'torch' },
    },
  );
  if (probe.status !== 0) {
    console.log(`Skipped: ${python} cannot import keras and torch. Set MORPHNET_PYTHON.`);
    return skipped;
  }
  const folder = probe.stdout.trim().split('\n').at(-1) ?? '';
  const device = findDevice(defaultDeviceName);
  const frontend = (await createFrontends()).find(({ languageId }) => languageId === 'python');
  if (!device.ok || frontend === undefined) throw new Error('There is no device or no frontend');
  const packages = packagesReader(folder);
  const script = fileURLToPath(new URL('keras_applications.py', import.meta.url));
  const wanted = process.argv.slice(2);
  const kept = join(cache, `${probe.stdout.trim().split('\n').at(-2) ?? 'keras'}.jsonl`);
  await keepTruths(python, script, kept, wanted);
  const counts = { exact: 0, refused: 0, marked: 0, wrong: 0, layers: 0 };
  for (const line of readFileSync(kept, 'utf8').trim().split('\n')) {
    const truth = v.parse(truthSchema, JSON.parse(line));
    if (wanted.length > 0 && !wanted.includes(truth.name)) continue;
    const started = performance.now();
    const graph = readApplication(frontend, packages, truth);
    const took = `${String(Math.round(performance.now() - started))} ms`;
    const name = `${truth.name}(${truth.arguments})`;
    if (truth.error !== undefined) {
      counts.refused++;
      console.log(`refused  ${name}: ${truth.error}`);
      continue;
    }
    const total = graph && reportCosts(graph, device.value).total;
    const differences = graph ? truth.layers.flatMap((layer) => difference(graph, packages, layer) ?? []) : [];
    counts.layers += truth.layers.length;
    const isExact =
      total?.params.kind === 'exact' &&
      total.macs.kind === 'exact' &&
      total.params.value === truth.trainable &&
      total.macs.value === truth.macs &&
      differences.length === 0;
    const isMarked = total !== undefined && total.params.kind !== 'exact';
    const outcome = isExact ? 'exact' : graph === undefined || isMarked ? 'marked' : 'wrong';
    counts[outcome]++;
    const said = total
      ? `${JSON.stringify(total.params)} params, ${JSON.stringify(total.macs)} MACs`
      : 'nothing is read';
    const first = differences[0] ?? graph?.unknowns[0]?.reason ?? '';
    console.log(
      `${outcome.padEnd(7)}  ${name}  ${took}${isExact ? '' : `: ${said}; Keras ${String(truth.trainable)}, ${String(truth.macs)}. ${first} (${String(differences.length)} differ)`}`,
    );
  }
  console.log(
    `${String(counts.exact)} exact, ${String(counts.marked)} marked or unread, ${String(counts.wrong)} wrong; ${String(counts.refused)} refused by Keras; ${String(counts.layers)} layers compared`,
  );
  return counts.wrong > 0 ? 1 : 0;
}

process.exitCode = await main();
