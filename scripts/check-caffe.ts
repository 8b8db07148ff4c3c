// `npm run check:caffe -- FOLDER…`: every .prototxt with layers in the folders against OpenCV, which reads Caffe's nets by code of
// its own: the shape that each layer gives, and that the weights which we say it has fit.
//
// MORPHNET_PYTHON names a Python with opencv-python-headless below 5; status 77 without. Nets of more than --most million
// parameters (40) are left out, since their weights are written to disk as zeros.

import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import { chooseDevice } from '../server/src/analysis/latency-device.ts';
import { reportCosts } from '../server/src/costs/cost-report.ts';
import { caffeFrontend } from '../server/src/frontends/caffe/caffe-frontend.ts';
import { layersOf, type LayerDefinition } from '../server/src/frontends/caffe/layer-definition.ts';
import { readProtobufText } from '../server/src/frontends/config/protobuf-text.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import type { Op } from '../server/src/network/op.ts';
import { elementCount } from '../server/src/network/shape.ts';
import { defaultSettings } from '../server/src/protocol/settings.ts';
import { root } from './bundles.ts';
import { findPython } from './python-with-pytorch.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { most: { type: 'string', default: '40' } },
});
const most = 1e6 * Number(values.most);

const answerSchema = v.object({
  file: v.string(),
  shapes: v.optional(v.record(v.string(), v.array(v.array(v.number())))),
  failure: v.optional(v.string()),
});

function graphOf(file: string): NetworkGraph | undefined {
  const folder = pathToFileURL(root).toString();
  const session = new AnalysisSession({
    frontends: [caffeFrontend],
    disk: new DiskReader({ workspace: [folder, pathToFileURL(resolve(file, '..')).toString()], libraries: [] }),
    workspaceRoots: [folder],
  });
  return session.analyze(pathToFileURL(file).toString()).models[0]?.graph;
}

/** The blobs of a layer as Caffe keeps them: statistics by themselves, and factors without the axes of one element. */
function blobsOf(graph: NetworkGraph, op: Op): readonly (readonly number[])[] {
  const sizes = (shape: Op['parameters'][number]['shape']): readonly number[] => shape.map(Number);
  if (op.label === 'BatchNorm') {
    const channels = Number(graph.values[op.outputs[0] ?? 0]?.shape[1]);
    return [[channels], [channels], [1]];
  }
  return op.parameters
    .filter(({ role }) => role !== 'running-mean' && role !== 'running-variance')
    .map(({ shape, role }) => (role === 'other' ? [elementCount(shape) ?? 0] : sizes(shape)));
}

/** The layers of a net by where they begin, as they are written. */
function writtenLayers(file: string): ReadonlyMap<number | undefined, LayerDefinition> {
  const { root: net } = readProtobufText(file, readFileSync(file, 'utf8'));
  return new Map(layersOf(net).map((layer) => [layer.span.start, layer]));
}

interface Net {
  readonly file: string;
  readonly graph: NetworkGraph;
  readonly written: ReadonlyMap<number | undefined, LayerDefinition>;
  readonly asked: string;
}

const nets: Net[] = [];
let left = 0;
for (const folder of positionals.map((each) => resolve(each)))
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (!name.endsWith('.prototxt')) continue;
    const file = join(folder, name);
    const graph = graphOf(file);
    if (graph === undefined) continue;
    const { total } = reportCosts(graph, chooseDevice(defaultSettings).device);
    const [input, second] = graph.entry.input.shapes;
    const isOpen = graph.entry.input.from === 'default';
    if (total.params.kind !== 'exact' || total.params.value > most || second !== undefined || isOpen) {
      left++;
      continue;
    }
    const written = writtenLayers(file);
    const layers = [...written].map(([start, { name: layer, type }]) => {
      const blobs = graph.ops.filter(({ site }) => site?.span.start === start).flatMap((op) => blobsOf(graph, op));
      return { name: layer, type, blobs };
    });
    nets.push({
      file,
      graph,
      written,
      asked: JSON.stringify({ file, input, layers: layers.filter(({ blobs }) => blobs.length > 0) }),
    });
  }

const python = findPython();
if (
  nets.length === 0 ||
  spawnSync(python, ['-c', 'import cv2; assert int(cv2.__version__.split(".")[0]) < 5']).status !== 0
) {
  console.log('skipped: name folders of nets, and a Python with opencv-python-headless below 5 by MORPHNET_PYTHON');
  process.exit(77);
}
const { stdout } = spawnSync(python, [join(root, 'scripts/caffe_shapes.py')], {
  input: nets.map(({ asked }) => asked).join('\n'),
  encoding: 'utf8',
  maxBuffer: 1 << 28,
});
const count = { nets: 0, layers: 0, wrong: 0, unread: 0 };
for (const line of stdout.split('\n').filter((each) => each.startsWith('{"file"'))) {
  const { file, shapes, failure } = v.parse(answerSchema, JSON.parse(line));
  const net = nets.find((each) => each.file === file);
  if (net === undefined) continue;
  if (shapes === undefined) {
    count.unread++;
    console.log(`${file}: not read by OpenCV: ${failure ?? ''}`);
    continue;
  }
  count.nets++;
  const { graph, written } = net;
  for (const [start, layer] of written) {
    const theirs = shapes[layer.name]?.[0];
    // What a layer adds beside itself stands before it.
    const last = graph.ops.findLast(({ site }) => site?.span.start === start);
    if (theirs === undefined || last === undefined || layer.tops.length > 1) continue;
    const ours = graph.values[last.outputs[0] ?? 0]?.shape.map(Number) ?? [];
    count.layers++;
    if (ours.join('×') === theirs.join('×')) continue;
    count.wrong++;
    console.log(`${file}: ${layer.name} ${ours.join('×')}, OpenCV ${theirs.join('×')}`);
  }
}
console.log(
  `${String(count.nets)} nets that OpenCV reads, ${String(count.layers)} layers: ${String(count.wrong)} of another shape; ${String(count.unread)} not read by OpenCV, ${String(left)} left out`,
);
process.exitCode = count.wrong > 0 ? 1 : 0;
