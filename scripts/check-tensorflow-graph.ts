// `npm run check:tensorflow-graph -- FOLDER`: graph models of TensorFlow.js below a folder are read, and run in TensorFlow.js: the
// shape of what each node gives must be the same, and the parameters those that its weights have.
//
//   npm run check:tensorflow-graph -- FOLDER [--most MACS]      larger networks are read, not run; 300 million by default
//
// Exit status: 0 no figure is wrong, 1 one is, 77 no folder is named.

import * as tf from '@tensorflow/tfjs';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { neverCancelled } from '../server/src/common/cancellation.ts';
import { reportCosts } from '../server/src/costs/cost-report.ts';
import { defaultDeviceName, findDevice } from '../server/src/costs/device-profile.ts';
import { defaultLimits } from '../server/src/frontends/shared/frontend.ts';
import { tensorflowGraphFrontend } from '../server/src/frontends/tensorflow-graph/tensorflow-graph-frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';

const { values, positionals } = parseArgs({
  options: { most: { type: 'string', default: '300000000' } },
  allowPositionals: true,
});

interface Manifest {
  readonly paths: readonly string[];
  readonly weights: tf.io.WeightsManifestEntry[];
}

/** The model as TensorFlow.js loads it from its files. */
async function loaded(path: string): Promise<tf.GraphModel> {
  // A file that was read as a graph already.
  const written = JSON.parse(readFileSync(path, 'utf8')) as tf.io.ModelArtifacts & {
    weightsManifest: readonly Manifest[];
  };
  const files = written.weightsManifest.flatMap(({ paths }) =>
    paths.map((name) => readFileSync(join(dirname(path), name))),
  );
  const bytes = Uint8Array.from(Buffer.concat(files));
  return tf.loadGraphModel(
    tf.io.fromMemory({
      ...written,
      weightSpecs: written.weightsManifest.flatMap(({ weights }) => weights),
      weightData: bytes.buffer,
    }),
  );
}

/** The first node whose shape is another one in TensorFlow.js, and how many were compared. */
async function difference(
  graph: NetworkGraph,
  path: string,
): Promise<{ readonly compared: number; readonly found: string | undefined }> {
  const model = await loaded(path);
  const inputs = Object.fromEntries(
    model.inputs.map(({ name }, i) => [name, tf.zeros([1, ...(graph.entry.input.shapes[i] ?? [])])]),
  );
  const named = new Set(
    Object.keys((model as unknown as { executor: { graph: { nodes: object } } }).executor.graph.nodes),
  );
  const ops = graph.ops.filter(
    ({ name, attributes }) => named.has(name) && !['input', 'constant'].includes(attributes.kind),
  );
  const names = ops.map(({ name }) => name);
  const results = await model.executeAsync(inputs, names);
  const shapes = (Array.isArray(results) ? results : [results]).map(({ shape }) => shape.join('×'));
  const found = ops.findIndex((op, i) => {
    const last = graph.ops.findLast(
      ({ name, label }) => label === op.label && (name === op.name || name.startsWith(`${op.name}/`)),
    );
    const own = graph.values[(last ?? op).outputs[0] ?? -1]?.shape.map(String).join('×');
    return own !== shapes[i];
  });
  const op = ops[found];
  return { compared: ops.length, found: op && `${op.name} gives ${shapes[found] ?? '?'} in TensorFlow.js` };
}

async function main(): Promise<number> {
  const [folder] = positionals;
  if (folder === undefined || !existsSync(folder)) {
    console.log('Skipped: name a folder of graph models.');
    return 77;
  }
  await tf.setBackend('cpu');
  const device = findDevice(defaultDeviceName);
  if (!device.ok) throw new Error('There is no device');
  const reader = new DiskReader({ workspace: [pathToFileURL(folder).toString()], libraries: [] });
  const counts = { exact: 0, marked: 0, wrong: 0, unrun: 0, nodes: 0 };
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
  for (const name of files.toSorted()) {
    const path = join(folder, name);
    const document = pathToFileURL(path).toString();
    const text = reader.read(document);
    if (text === undefined || !tensorflowGraphFrontend.accepts(document, text.slice(0, 100_000))) continue;
    const started = performance.now();
    const [entry] = tensorflowGraphFrontend.entries(document, reader).entries;
    const graph = entry && tensorflowGraphFrontend.evaluate(entry, reader, defaultLimits, neverCancelled).graph;
    const took = `${String(Math.round(performance.now() - started))} ms`;
    if (graph === undefined) continue;
    const { params, macs } = reportCosts(graph, device.value).total;
    if (params.kind !== 'exact' || macs.kind !== 'exact') {
      counts.marked++;
      console.log(`marked  ${name}  ${took}: ${graph.unknowns[0]?.reason ?? JSON.stringify(params)}`);
      continue;
    }
    const isRun = macs.value <= Number(values.most);
    const { compared, found } = isRun ? await difference(graph, path) : { compared: 0, found: undefined };
    const outcome = !isRun ? 'unrun' : found === undefined ? 'exact' : 'wrong';
    counts[outcome]++;
    counts.nodes += compared;
    const figures = `${String(params.value)} params, ${String(macs.value)} MACs, ${String(compared)} nodes compared`;
    console.log(`${outcome.padEnd(6)}  ${name}  ${took}: ${figures}${found === undefined ? '' : `; ${found}`}`);
  }
  console.log(
    `${String(counts.exact)} exact, ${String(counts.wrong)} wrong, ${String(counts.marked)} marked, ${String(counts.unrun)} whole but not run; ${String(counts.nodes)} nodes compared`,
  );
  return counts.wrong > 0 ? 1 : 0;
}

process.exitCode = await main();
