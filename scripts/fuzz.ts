// `npm run fuzz`: damaged model files by the thousand. Texts of the examples, the fixtures and, where `npm run corpus` and
// `npm run check:keras-packages` have fetched them, of public libraries are mutated as half-finished edits do it, and read as the editor and the command line
// read them. No text may crash, hang, or take longer than the limits allow.
//
//   npm run fuzz [-- --cases 10000 --seed 1 --only 4711 --format onnx|yaml|json|js|ts|cfg|prototxt|py|hugging-face|openmmlab]
//
// Each case follows from the seed and its number alone, so `--only` repeats one. Exit status: 0 all survived, 1 not.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import { costReport } from '../server/src/analysis/cost-report.ts';
import { inlayHints } from '../server/src/analysis/inlay-hints.ts';
import { documentProblems } from '../server/src/analysis/problems.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import { defaultSettings } from '../server/src/protocol/settings.ts';
import { bytesOf, floats, integers, node, onnxDocument, onnxFile } from '../test/support/onnx-files.ts';
import { root } from './bundles.ts';
import { mutated, randomOf } from './mutations.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    format: { type: 'string' },
  },
});
const cases = Number(values.cases);
const seed = Number(values.seed);
/** Beyond this a case counts as a hang; the process's own time, so that a busy machine makes none. */
const longestMs = 10_000;

interface Source {
  readonly name: string;
  readonly text: string;
  /** Where it stands, so that its imports are found. */
  readonly uri: string;
}

function sourcesBelow(folder: string): readonly Source[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && /\.(py|cfg|prototxt|ya?ml|json|[jt]sx?|mjs)$/.test(file.name))
    .map((file) => join(file.parentPath, file.name))
    .toSorted()
    .map((path) => ({
      name: path.slice(root.length),
      uri: pathToFileURL(path).toString(),
      text: readFileSync(path, 'utf8'),
    }));
}

const site = join(root, '.cache/corpus/site');
/** What `npm run check:keras-packages` has installed. */
const kerasPackages = join(root, '.cache/keras-packages/installed');
/** Which of ten cases are of these sources: up to `share`, as far as those before leave them. */
const groups = [
  { share: 2, sources: sourcesBelow(join(root, 'examples')) },
  { share: 5, sources: sourcesBelow(join(root, 'test/fixtures')) },
  {
    share: 6,
    sources: ['keras_cv_attention_models', 'classification_models', 'keras_unet_collection'].flatMap((name) =>
      sourcesBelow(join(kerasPackages, name)),
    ),
  },
  { share: 8, sources: sourcesBelow(join(site, 'torchvision/models')) },
  { share: 9, sources: sourcesBelow(join(site, 'timm/models')) },
  { share: 10, sources: sourcesBelow(join(root, 'test/fixtures/python')) },
].filter(({ sources }) => sources.length > 0);

/** The sources of the one format that is wanted; files that are no text have none here. */
const ofFormat =
  values.format === undefined || values.format === 'onnx'
    ? undefined
    : groups
        .flatMap(({ sources }) => sources)
        .filter(({ name }) => name.endsWith(`.${values.format ?? ''}`) || name.includes(`/${values.format ?? ''}/`));

const frontends = await createFrontends();
const roots = [
  // The library that configurations of OpenMMLab name.
  pathToFileURL(join(root, 'test/fixtures/configurations/openmmlab')).toString(),
  pathToFileURL(root).toString().replace(/\/$/, ''),
  pathToFileURL(site).toString(),
  pathToFileURL(kerasPackages).toString(),
];
let session = newSession();

function newSession(): AnalysisSession {
  const disk = new DiskReader({ workspace: roots, libraries: [] });
  const made = new AnalysisSession({ frontends, disk, workspaceRoots: roots });
  made.showChosenFirst();
  return made;
}

function computedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Reads a text as the editor does after a keystroke: its chosen model, its hints and costs; at times all models and problems. */
function read({ uri }: Source, text: string, isThorough: boolean): number {
  session.setDocument(uri, text, 1);
  inlayHints(session, uri, defaultSettings);
  if (isThorough) documentProblems(session, uri, defaultSettings);
  const { models } = session.analyzeChosen(uri);
  for (const model of models) JSON.stringify(costReport(session, model, defaultSettings, (document) => document));
  session.closeDocument(uri);
  return models.length;
}

/** The same of a file that is no text, as it stands on disk. */
function readBytes(content: Uint8Array): number {
  const disk = { roots: [], read: () => undefined, bytes: () => bytesOf(content) };
  const made = new AnalysisSession({ frontends, disk, workspaceRoots: roots });
  const { models } = made.analyze(onnxDocument);
  for (const model of models) JSON.stringify(costReport(made, model, defaultSettings, (document) => document));
  return models.length;
}

/** A copy with some bytes changed, left out, or written twice. */
function damaged(content: Uint8Array, random: () => number): Uint8Array {
  const bytes = [...content];
  for (let change = 0; change <= 4 * random(); change++) {
    const at = Math.floor(random() * bytes.length);
    const length = Math.floor(random() * 12);
    const kind = random();
    if (kind < 0.6) bytes[at] = Math.floor(random() * 256);
    else if (kind < 0.8) bytes.splice(at, length);
    else bytes.splice(at, 0, ...bytes.slice(at, at + length));
  }
  return Uint8Array.from(bytes);
}

/** Every tenth case is one of these. */
const onnxFiles: readonly Uint8Array[] = [
  onnxFile({
    nodes: [
      node('Conv', 'x w', 'c', { pads: [1, 1, 1, 1], strides: [2, 2] }),
      node('BatchNormalization', 'c v v v v', 'n'),
      node('Relu', 'n', 'r'),
      node('Shape', 'r', 's'),
      node('Gather', 's zero', 'b'),
      node('Concat', 'b rest', 't', { axis: 0 }),
      node('Reshape', 'r t', 'f'),
      node('Gemm', 'f m', 'y', { transB: 1 }),
    ],
    constants: {
      w: floats(4, 3, 3, 3),
      v: floats(4),
      zero: integers(0),
      rest: integers(-1),
      m: floats(10, 64),
    },
  }),
  onnxFile({
    nodes: [
      node('Split', 'x half', 'a b', { axis: 2 }),
      node('Resize', 'a - scales', 'u'),
      node('Slice', 'u from to axes', 'q'),
      node('ReduceMean', 'q', 'y', { axes: [2, 3] }),
    ],
    constants: { half: integers(4, 4), scales: floats(4), from: integers(0), to: integers(2), axes: integers(1) },
    opset: 11,
  }),
  onnxFile({
    input: [5, 1, 6],
    nodes: [node('LSTM', 'x w r', 'y h c', { hidden_size: 4 })],
    constants: { w: floats(1, 16, 6), r: floats(1, 16, 4) },
  }),
];

const failures: string[] = [];
let escaped = 0;
process.on('unhandledRejection', (error) => {
  escaped++;
  failures.push(`unhandled rejection: ${String(error)}`);
});

let slowest = { ms: 0, name: '' };
let models = 0;
const started = performance.now();
const numbers = values.only === undefined ? Array.from({ length: cases }, (_, i) => i) : [Number(values.only)];
for (const number of numbers) {
  const random = randomOf(seed, number);
  const sources = ofFormat ?? groups.find(({ share }) => number % 10 < share)?.sources ?? [];
  const source = sources[Math.floor(random() * sources.length)];
  const isBinary = values.format === undefined ? number % 10 === 7 : values.format === 'onnx';
  const file = isBinary ? onnxFiles[Math.floor(random() * onnxFiles.length)] : undefined;
  if (source === undefined) continue;
  const text = mutated(source.text, random);
  const name = `case ${String(number)}, ${file === undefined ? source.name : 'an ONNX file'}`;
  const before = computedMs();
  try {
    models += file === undefined ? read(source, text, number % 10 === 0) : readBytes(damaged(file, random));
  } catch (error) {
    failures.push(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    session = newSession();
  }
  const ms = computedMs() - before;
  if (ms > slowest.ms) slowest = { ms, name };
  if (ms > longestMs) failures.push(`${name}: took ${ms.toFixed(0)} ms`);
  // Rejections are told between cases.
  if (number % 100 === 99) {
    await new Promise((resolve) => setImmediate(resolve));
    session = newSession();
  }
  if (number % 1000 === 999)
    console.log(`${String(number + 1)} cases, ${String(models)} models, ${String(failures.length)} failures`);
}
await new Promise((resolve) => setImmediate(resolve));
for (const failure of failures.slice(0, 20)) console.error(`\n${failure}`);
console.log(
  `${String(numbers.length)} cases with seed ${String(seed)} in ${((performance.now() - started) / 1000).toFixed(0)} s: ${String(models)} models read, ${String(failures.length)} failures, ${String(escaped)} unhandled rejections; slowest ${slowest.ms.toFixed(0)} ms (${slowest.name})`,
);
if (failures.length > 0) console.error(`Repeat one with: npm run fuzz -- --seed ${String(seed)} --only NUMBER`);
process.exitCode = failures.length > 0 ? 1 : 0;
