// `npm run corpus:rewrite`: widths that differ from layer to layer, brought into the sources of public builders, and every offered
// edit and slim file run in PyTorch: it builds, its forward runs, it has the parameters that were promised, and other models stay
// as they were.
//
//   npm run corpus:rewrite [-- --only REGEXP] [--library torchvision|timm] [--every 1] [--singles 20] [--whole 5] [--verbose]
//       [--rows FILE] [--seconds 3600]
//
// `--rows` keeps what came of each builder in a file: builders that it has are not tried again, and the table is of all of them, so
// that a long measurement can be made in parts (`--seconds`). Start a new file for another state of the product.
// Exit status: 0 all offered edits and files are right, 1 one is wrong, 77 this machine has no PyTorch.

import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import type { AnalyzedModel } from '../server/src/analysis/analyzed-model.ts';
import { editedTexts } from '../server/src/analysis/edited-texts.ts';
import { editsOfPlan, isExact } from '../server/src/analysis/proposal-edits.ts';
import { slimModel } from '../server/src/analysis/slim-model.ts';
import { widthChange } from '../server/src/analysis/width-change.ts';
import type { Frontend } from '../server/src/frontends/shared/frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import { root } from './bundles.ts';
import { fetchedLibraries, fetchPackages, requirements, site } from './corpus/packages.ts';
import { randomProposals, reasonCounts, rowSchema, share, summary, type Row } from './corpus/width-proposals.ts';
import { listBuilders, type Builder } from './corpus/truth.ts';
import { findPython } from './python-with-pytorch.ts';

/** As scripts/test.ts understands it. */
const skipped = 77;

/** What PyTorch is to build: the library with other texts, or a slim file by itself. */
type Task = {
  readonly row: number;
  readonly entry: string;
  readonly input: readonly (readonly number[])[];
  readonly params: number | undefined;
} & (
  | { readonly slim: string }
  | {
      readonly files: Readonly<Record<string, string>>;
      readonly file: string;
      readonly alsoChanges: readonly string[];
    }
);

const answers = v.array(v.object({ row: v.number(), error: v.nullable(v.string()) }));

/** What came of one builder. */
const triedSchema = v.object({
  builder: v.string(),
  /** Whether nothing of the model is unknown, so that a slim file can be asked for. */
  isFullyRead: v.boolean(),
  rows: v.array(rowSchema),
  slimFiles: v.number(),
  noSlimFile: v.array(v.string()),
  tasks: v.number(),
  wrong: v.array(v.string()),
});
type Tried = v.InferOutput<typeof triedSchema>;

interface Counts {
  readonly single: number;
  readonly whole: number;
}

/** Whether convolutions do most of a model's work with weights. */
function isConvolutional({ graph }: AnalyzedModel): boolean {
  const count = (kind: string): number => graph.ops.filter(({ attributes }) => attributes.kind === kind).length;
  return count('convolution') > count('dense');
}

/** Undefined where the model can't be read, or is none for this corpus. */
function tryBuilder(
  frontends: readonly Frontend[],
  disk: DiskReader,
  listed: Builder,
  counts: Counts,
  verbose: boolean,
): { readonly tried: Tried; readonly tasks: readonly Task[] } | undefined {
  // As the file itself offers it, so that it is not a sibling of its own.
  const builder = { ...listed, entry: listed.entry.replace('(weights=None)', '()') };
  // The library's own file is the workspace: siblings are its other builders.
  const session = new AnalysisSession({ frontends, disk, workspaceRoots: [pathToFileURL(site).href] });
  const document = pathToFileURL(join(site, builder.file)).href;
  session.requestEntry(document, { entry: builder.entry, input: builder.input, from: 'request' });
  const model = session.model(document);
  if (model === undefined || (builder.kind === 'timm' && !isConvolutional(model))) return undefined;
  const isFullyRead = model.graph.unknowns.length === 0;
  const rows: Row[] = [];
  const tasks: Task[] = [];
  const noSlimFile: string[] = [];
  let slimFiles = 0;
  for (const [kind, proposal] of randomProposals(session, model, counts)) {
    const started = performance.now();
    const change = widthChange(session, model, proposal, { refactor: true });
    const ms = performance.now() - started;
    const { plan } = change;
    const isOffered = plan.edits.length > 0;
    const task = { row: rows.length, input: builder.input };
    // Where the edit does, a file of one proposal a kind tells enough.
    const asksSlim = isFullyRead && (!isExact(plan) || (kind !== 'single' && !rows.some((row) => row.kind === kind)));
    const slim = asksSlim
      ? slimModel(session, document, { runId: 'corpus', entry: model.entry.name, proposal })
      : undefined;
    if (slim?.ok === true) {
      slimFiles += 1;
      tasks.push({ ...task, slim: slim.value.text, entry: slim.value.entry, params: change.wanted?.params });
    } else if (slim !== undefined) noSlimFile.push(slim.error);
    const edited = plan.refactoring === undefined ? 'edit' : 'refactored';
    const how = isOffered ? edited : slim?.ok === true ? 'slim only' : 'refused';
    const refactored = isExact(plan) ? undefined : session.plans.refactored(model.graph, proposal);
    const reasons = isExact(plan)
      ? []
      : [
          ...plan.refused.map(({ reason }) => reason).slice(0, 1),
          ...(refactored?.ok === false ? [refactored.error] : []),
        ];
    rows.push({ builder: builder.name, kind, how, isExact: isExact(plan), brought: share(change), reasons, ms });
    if (isOffered) {
      const texts = editedTexts(session, editsOfPlan(session, plan));
      const files = Object.fromEntries(
        texts.map(({ document: edited, after }) => [relative(site, fileURLToPath(edited)), after]),
      );
      const { file, entry } = builder;
      tasks.push({ ...task, files, file, entry, params: change.after.params, alsoChanges: plan.alsoChanges });
    }
    if (verbose)
      console.log(
        `${builder.name} ${kind} ${how} ${share(change).toFixed(2)} ${ms.toFixed(0)} ms ${reasons.join(' | ')}`,
      );
  }
  const tried = { builder: builder.name, isFullyRead, rows, slimFiles, noSlimFile, tasks: tasks.length, wrong: [] };
  return { tried, tasks };
}

/** What PyTorch finds wrong, by builder. One process for all, as it takes seconds to load. */
function checkWithPytorch(
  python: string,
  all: readonly { readonly tried: Tried; readonly tasks: readonly Task[] }[],
): Tried[] {
  const numbered = all.flatMap(({ tasks }, place) => tasks.map((task) => ({ task, place })));
  const { stdout, stderr } = spawnSync(python, [join(root, 'scripts/pytorch_rewritten.py'), site, requirements], {
    encoding: 'utf8',
    input: numbered.map(({ task }, row) => JSON.stringify({ ...task, row })).join('\n'),
    maxBuffer: 1 << 28,
  });
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  const found = v.parse(
    answers,
    lines.map((line): unknown => JSON.parse(line)),
  );
  const errors = new Map(found.map(({ row, error }) => [row, error]));
  if (errors.size < numbered.length) console.error(stderr || 'PyTorch gave no answer for some edits.');
  return all.flatMap(({ tried }, place) => {
    const own = numbered.flatMap(({ task, place: other }, row) =>
      other === place ? [{ task, error: errors.get(row) }] : [],
    );
    // What PyTorch was not asked to the end counts as not tried.
    if (own.some(({ error }) => error === undefined)) return [];
    const wrong = own.flatMap(({ task, error }) => {
      const what = 'slim' in task ? 'slim file' : 'edit';
      return typeof error === 'string' ? [`${tried.rows[task.row]?.kind ?? ''} ${what}: ${error}`] : [];
    });
    return [{ ...tried, wrong }];
  });
}

function readTried(file: string | undefined): readonly Tried[] {
  if (file === undefined || !existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => v.parse(triedSchema, JSON.parse(line)));
}

function report(all: readonly Tried[], torch: string): void {
  for (const { builder, wrong } of all) for (const line of wrong) console.log(`WRONG ${builder} ${line}`);
  const sum = (of: (tried: Tried) => number): number => all.reduce((total, tried) => total + of(tried), 0);
  const slimFiles = sum((tried) => tried.slimFiles);
  const tasks = sum((tried) => tried.tasks);
  const libraries = fetchedLibraries().map(({ name, version }) => `${name} ${version}`);
  console.log(
    `${String(all.length)} builders of ${libraries.join(' and ')}; ${String(tasks - slimFiles)} edits and ${String(slimFiles)} slim files offered, ${String(tasks - sum(({ wrong }) => wrong.length))} of the ${String(tasks)} right in PyTorch ${torch}`,
  );
  const read = all.filter(({ isFullyRead }) => isFullyRead);
  const whole = read.filter(({ noSlimFile }) => noSlimFile.length === 0);
  console.log(`A slim file for ${String(whole.length)} of ${String(read.length)} fully read models`);
  for (const [reason, count] of reasonCounts(all.flatMap(({ noSlimFile }) => noSlimFile)))
    console.log(`  no slim file: ${String(count)} ${reason}`);
  console.log('');
  console.log(
    '| proposals | tried | as numbers | refactored first | exact | slim file only | refused | saving brought (median) | time (median) |',
  );
  console.log('| --- | --: | --: | --: | --: | --: | --: | --: | --: |');
  for (const line of summary(all.flatMap(({ rows }) => rows))) console.log(line);
  const reasons = all.flatMap(({ rows }) => rows.flatMap((row) => row.reasons.slice(-1)));
  for (const [reason, count] of reasonCounts(reasons)) console.log(`  not exact: ${String(count)} ${reason}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      library: { type: 'string', default: 'torchvision' },
      every: { type: 'string', default: '1' },
      singles: { type: 'string', default: '20' },
      whole: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '36000' },
      rows: { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const python = findPython();
  const probe = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
  if (probe.status !== 0) {
    console.log(`Skipped: ${python} cannot import torch. Run npm run pytorch:install, or set MORPHNET_PYTHON.`);
    return skipped;
  }
  fetchPackages();
  const wanted = new RegExp(values.only);
  const known = readTried(values.rows);
  const builders = listBuilders()
    .filter(({ kind, name }) => (kind === 'classification' || kind === 'timm') && name.startsWith(values.library))
    .filter((_, index) => index % Number(values.every) === 0)
    .filter(({ name }) => wanted.test(name) && !known.some(({ builder }) => builder === name));
  const frontends = await createFrontends();
  const disk = new DiskReader({ workspace: [pathToFileURL(site).href], libraries: [] });
  const counts = { single: Number(values.singles), whole: Number(values.whole) };
  const end = performance.now() + 1000 * Number(values.seconds);
  const all: { readonly tried: Tried; readonly tasks: readonly Task[] }[] = [];
  let left = builders.length;
  for (const builder of builders) {
    if (performance.now() > end) break;
    left -= 1;
    const tried = tryBuilder(frontends, disk, builder, counts, values.verbose);
    if (tried !== undefined) all.push(tried);
  }
  const checked = checkWithPytorch(python, all);
  if (values.rows !== undefined) for (const tried of checked) appendFileSync(values.rows, `${JSON.stringify(tried)}\n`);
  if (left > 0) console.log(`${String(left)} builders are left for another call.`);
  const tried = [...known, ...checked];
  report(tried, probe.stdout.trim());
  return checked.length === all.length && tried.every(({ wrong }) => wrong.length === 0) ? 0 : 1;
}

process.exitCode = await main();
