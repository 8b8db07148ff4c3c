// `npm run check:onnx`: ONNX files against the models that they were exported from, and against the shapes that ONNX's own
// inference finds. Without files it exports models of torchvision first; each file that is named is checked too.
//
//   npm run check:onnx [-- FILE.onnx ... --no-export]
//
// Status 77 where there is no Python with PyTorch and onnx (MORPHNET_PYTHON names one).

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import { reportCosts } from '../server/src/costs/cost-report.ts';
import { chooseDevice } from '../server/src/analysis/latency-device.ts';
import { onnxFrontend } from '../server/src/frontends/onnx/onnx-frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { valueOf } from '../server/src/network/network-graph.ts';
import { defaultSettings } from '../server/src/protocol/settings.ts';
import { root } from './bundles.ts';
import { findPython } from './python-with-pytorch.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'no-export': { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false } },
});

const exportedSchema = v.looseObject({
  name: v.string(),
  path: v.optional(v.string()),
  exporter: v.optional(v.string()),
  opset: v.optional(v.number()),
  params: v.optional(v.number()),
  macs: v.optional(v.number()),
  failure: v.optional(v.string()),
});
const inferredSchema = v.looseObject({
  path: v.string(),
  params: v.optional(v.number()),
  macs: v.optional(v.nullable(v.number())),
  lost: v.optional(v.nullable(v.string())),
  failure: v.optional(v.string()),
});

const python = findPython();
if (spawnSync(python, ['-c', 'import onnx, torchvision']).status !== 0) {
  console.log('skipped: no Python with PyTorch and onnx; MORPHNET_PYTHON can name one');
  process.exit(77);
}
const lines = (script: string, args: readonly string[], input = ''): readonly unknown[] =>
  execFileSync(python, [join(root, 'scripts/corpus', script), ...args], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): unknown => JSON.parse(line));

const cache = join(root, '.cache/onnx');
mkdirSync(cache, { recursive: true });
const exported = values['no-export']
  ? []
  : lines('onnx_models.py', [cache]).map((line) => v.parse(exportedSchema, line));
const sources = new Map(exported.flatMap((line) => (line.path === undefined ? [] : [[line.path, line] as const])));
const files = [...sources.keys(), ...positionals.map((file) => resolve(file))];

interface Reading {
  readonly params: string;
  readonly macs: string;
  readonly shapes: readonly (readonly (number | null)[])[];
  readonly problems: readonly string[];
  readonly ms: number;
}

/** The figures of a file, `>=` in front of what is a lower bound. */
function read(file: string): Reading {
  const folder = pathToFileURL(dirname(file)).toString();
  const session = new AnalysisSession({
    frontends: [onnxFrontend],
    disk: new DiskReader({ workspace: [folder], libraries: [] }),
    workspaceRoots: [folder],
  });
  const started = performance.now();
  const { models, problems } = session.analyze(pathToFileURL(file).toString());
  const ms = performance.now() - started;
  const messages = problems.filter(({ severity }) => severity !== 'information').map(({ message }) => message);
  const graph = models[0]?.graph;
  if (graph === undefined) return { params: 'none', macs: 'none', shapes: [], problems: messages, ms };
  const { total } = reportCosts(graph, chooseDevice(defaultSettings).device);
  const text = (count: typeof total.macs): string =>
    count.kind === 'exact' ? String(count.value) : count.kind === 'at-least' ? `>=${String(count.value)}` : '?';
  const shapes = graph.inputs.map((id) =>
    valueOf(graph, id).shape.map((size) => (typeof size === 'number' ? size : null)),
  );
  return { params: text(total.params), macs: text(total.macs), shapes, problems: messages, ms };
}

const readings = new Map(files.map((file) => [file, read(file)]));
const questions = [...readings].map(([path, { shapes }]) => JSON.stringify({ path, shapes })).join('\n');
const inferred = new Map(
  lines('onnx_truth.py', [], questions)
    .map((line) => v.parse(inferredSchema, line))
    .map((line) => [line.path, line]),
);

let [exact, bounds, wrong] = [0, 0, 0];
for (const [file, { params, macs, problems, ms }] of readings) {
  const source = sources.get(file);
  const truth = inferred.get(file);
  const verdicts: string[] = [];
  const compare = (what: string, ours: string, theirs: number | null | undefined, by: string): void => {
    if (theirs === null || theirs === undefined) return;
    const bound = ours.startsWith('>=') ? Number(ours.slice(2)) : undefined;
    if (ours === String(theirs)) return;
    if (ours === '?' || ours === 'none' || (bound !== undefined && bound <= theirs)) verdicts.push('bound');
    else verdicts.push(`${what} ${ours} instead of ${String(theirs)} (${by})`);
  };
  // The graph exporter folds norms into convolutions: the file then has fewer parameters than the model.
  if (source?.exporter !== 'graph') compare('params', params, source?.params, 'PyTorch');
  compare('MACs', macs, source?.macs, 'PyTorch');
  compare('params', params, truth?.params, 'onnx');
  compare('MACs', macs, truth?.macs, 'onnx');
  const faults = verdicts.filter((verdict) => verdict !== 'bound');
  const isBound = faults.length === 0 && (verdicts.length > 0 || /[?>]|none/.test(params + macs));
  if (faults.length > 0) wrong++;
  else if (isBound) bounds++;
  else exact++;
  const verdict = faults.length > 0 ? `WRONG ${faults.join('; ')}` : isBound ? 'at least' : 'exact';
  const way = source?.exporter === undefined ? '' : ` ${source.exporter} ${String(source.opset)}`;
  const unknown = truth?.lost ?? truth?.failure;
  console.log(
    `${basename(file)}${way}: ${verdict}, ${params} params, ${macs} MACs, ${ms.toFixed(0)} ms${unknown ? ` (onnx: ${unknown})` : ''}`,
  );
  if (faults.length > 0 || isBound || values.verbose)
    for (const problem of problems.slice(0, 3)) console.log(`  ${problem}`);
}
for (const { name, failure } of exported) if (failure !== undefined) console.log(`${name}: not exported: ${failure}`);
console.log(
  `${String(readings.size)} files: ${String(exact)} exact, ${String(bounds)} at least, ${String(wrong)} wrong`,
);
process.exitCode = wrong > 0 ? 1 : 0;
