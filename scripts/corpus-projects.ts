// `npm run corpus:projects`: every entry that the product offers by itself in whole public projects, read from text alone, then
// made and run in PyTorch at the input that is offered with it. Text, truth and table are kept in .cache/corpus.
//
//   npm run corpus:projects [-- --only REGEXP] [--most ENTRIES] [--seconds LIMIT] [--continue] [--folder CHECKOUT]
//
// Python: $MORPHNET_PYTHON, what `pytorch:install` made, else python3; packages on PYTHONPATH are read and run as installed ones. With
// --seconds no further project is begun after so long, and --continue keeps what was found of projects before. --folder looks at
// one checkout instead, and also tells its files that offer nothing, with the reason, and those that take long.
//
// Exit status: 0 no figure is wrong, 1 a figure is wrong and not marked, 77 this machine has no PyTorch.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import type { Problem } from '../server/src/common/problem.ts';
import type { Count } from '../server/src/common/count.ts';
import { findDevice, defaultDeviceName } from '../server/src/costs/device-profile.ts';
import { reportCosts } from '../server/src/costs/cost-report.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import { root } from './bundles.ts';
import { cache } from './corpus/packages.ts';
import { fetchProject, projects } from './corpus/projects.ts';
import { findPython } from './python-with-pytorch.ts';

/** As scripts/test.ts understands it. */
const skipped = 77;

const truthSchema = v.object({
  params: v.optional(v.number()),
  macs: v.optional(v.number()),
  failure: v.optional(v.string()),
  stage: v.optional(v.string()),
});
type Truth = v.InferOutput<typeof truthSchema>;

interface Offered {
  readonly file: string;
  readonly entry: string;
  readonly shapes: number[][];
  readonly from: string;
  readonly params: Count;
  readonly macs: Count;
  readonly reason: string;
}

/** Milliseconds for one file, behind which it is told with `--folder`. */
const slowFile = 1_000;

const outcomes = ['exact', 'marked', 'wrong', 'does not run', 'no truth'] as const;

interface Row extends Offered {
  readonly project: string;
  readonly outcome: (typeof outcomes)[number];
  readonly truth: Truth;
}

const countSchema = v.variant('kind', [
  v.object({ kind: v.literal('exact'), value: v.number() }),
  v.object({ kind: v.literal('at-least'), value: v.number(), reason: v.string() }),
  v.object({ kind: v.literal('unknown'), reason: v.string() }),
]);

/** What is kept of a project between runs. */
const findingSchema = v.object({
  rows: v.array(
    v.object({
      project: v.string(),
      file: v.string(),
      entry: v.string(),
      shapes: v.array(v.array(v.number())),
      from: v.string(),
      params: countSchema,
      macs: countSchema,
      reason: v.string(),
      truth: truthSchema,
      outcome: v.picklist(outcomes),
    }),
  ),
  loud: v.array(v.string()),
});
type Finding = v.InferOutput<typeof findingSchema>;

/** The entries of one project with our figures, and the problems of its files that are more than a hint. */
async function readProject(
  folder: string,
  installed: readonly string[],
  most: number,
): Promise<{ offered: Offered[]; loud: string[]; silent: string[]; slow: string[] }> {
  const workspace = pathToFileURL(folder).href;
  const disk = new DiskReader({ workspace: [workspace], libraries: installed.map((each) => pathToFileURL(each).href) });
  const session = new AnalysisSession({ frontends: await createFrontends(), disk, workspaceRoots: [workspace] });
  const device = findDevice(defaultDeviceName);
  if (!device.ok) throw new Error('There is no device');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith('.py'))
    .map((file) => join(file.parentPath, file.name))
    .sort();
  const offered: Offered[] = [];
  const loud: string[] = [];
  const silent: string[] = [];
  const slow: string[] = [];
  for (const path of files) {
    const document = pathToFileURL(path).href;
    if (offered.length >= most || !session.accepts(document)) continue;
    const file = relative(folder, path).split(sep).join('/');
    const begin = performance.now();
    const { models, problems } = session.analyze(document);
    const took = performance.now() - begin;
    if (took > slowFile) slow.push(`${file}: ${took.toFixed(0)} ms for ${models.length} entries`);
    if (models.length === 0 && problems.length > 0) silent.push(`${file}: ${problems[0]?.message ?? ''}`);
    const isLoud = ({ severity, code }: Problem): boolean =>
      /^(error|warning)$/.test(severity) && !code.startsWith('limit-');
    for (const problem of problems.filter(isLoud))
      loud.push(`${file}: ${problem.severity} ${problem.code}: ${problem.message}`);
    for (const { entry, graph } of models) {
      const { total } = reportCosts(graph, device.value);
      const [reason] = graph.unknowns.map((part) => part.reason);
      const { shapes, from } = graph.entry.input;
      offered.push({
        file,
        entry: entry.name,
        shapes: shapes.map((shape) => [...shape]),
        from,
        params: total.params,
        macs: total.macs,
        reason: reason ?? problems[0]?.message ?? '',
      });
    }
    session.closeDocument(document);
  }
  return { offered: offered.slice(0, most), loud, silent, slow };
}

/** What PyTorch says of each entry; what was measured once is not measured again. */
function truthsOf(folder: string, offered: readonly Offered[]): readonly Truth[] {
  const truths = join(cache, 'project-truths');
  mkdirSync(truths, { recursive: true });
  const program = join(root, 'scripts/corpus/project_truth.py');
  const version = readFileSync(program, 'utf8');
  const placeOf = ({ file, entry, shapes }: Offered): string =>
    join(
      truths,
      createHash('sha256')
        .update(JSON.stringify([version, folder, file, entry, shapes]))
        .digest('hex')
        .slice(0, 32),
    );
  const missing = offered.filter((each) => !existsSync(placeOf(each)));
  if (missing.length > 0) {
    const input = missing.map(({ file, entry, shapes }) => JSON.stringify({ file, entry, shapes })).join('\n');
    const { stdout, stderr } = spawnSync(findPython(), [program, folder], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    const lines = stdout.trim().split('\n');
    if (lines.length !== missing.length) console.log(`${folder}: ${stderr.slice(-500)}`);
    for (const [i, each] of missing.entries()) {
      const line = lines[i];
      if (line !== undefined && line !== '') writeFileSync(placeOf(each), line);
    }
  }
  return offered.map((each) =>
    existsSync(placeOf(each))
      ? v.parse(truthSchema, JSON.parse(readFileSync(placeOf(each), 'utf8')))
      : { failure: 'not measured', stage: 'limit' },
  );
}

function outcomeOf({ params, macs }: Offered, truth: Truth): Row['outcome'] {
  const judged = [judge(params, truth.params), judge(macs, truth.macs)];
  if (judged.includes('wrong')) return 'wrong';
  // What PyTorch could not make or import here says nothing; what it made and could not run at the input offered, does.
  if (truth.failure !== undefined) return truth.stage === 'run' ? 'does not run' : 'no truth';
  return judged.every((one) => one === 'exact') ? 'exact' : 'marked';
}

function judge(ours: Count, truth: number | undefined): 'exact' | 'marked' | 'wrong' {
  if (truth === undefined || ours.kind === 'unknown') return 'marked';
  if (ours.kind === 'exact') return ours.value === truth ? 'exact' : 'wrong';
  return ours.value <= truth ? 'marked' : 'wrong';
}

function counted<T>(items: readonly T[], key: (item: T) => string): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return [...counts].sort((left, right) => right[1] - left[1]);
}

function summary(rows: readonly Row[]): string {
  const line = (name: string, own: readonly Row[]): string => {
    const of = (outcome: Row['outcome']): number => own.filter((row) => row.outcome === outcome).length;
    const run = of('exact') + of('marked') + of('wrong');
    const tried = run + of('does not run');
    const share = (part: number, whole: number): string =>
      whole === 0 ? '' : ` (${((100 * part) / whole).toFixed(1)} %)`;
    return `| ${name} | ${own.length} | ${tried} | ${run}${share(run, tried)} | ${of('exact')}${share(of('exact'), run)} | ${of('marked')} | ${of('wrong')} |`;
  };
  const names = [...new Set(rows.map(({ project }) => project))];
  return [
    '| project | entries | with truth | run | exact | marked | wrong |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...names.map((name) =>
      line(
        name,
        rows.filter(({ project }) => project === name),
      ),
    ),
    line('all', rows),
    '',
  ].join('\n');
}

/** What came of one project; each entry that is not exact is told at once. */
async function findingsOf(
  project: string,
  folder: string,
  installed: readonly string[],
  most: number,
): Promise<Finding & { readonly silent: readonly string[]; readonly slow: readonly string[] }> {
  const reading = await readProject(folder, installed, most);
  const truths = truthsOf(folder, reading.offered);
  const rows: Row[] = [];
  for (const [i, offered] of reading.offered.entries()) {
    const truth = truths[i] ?? {};
    const row: Row = { ...offered, project, truth, outcome: outcomeOf(offered, truth) };
    rows.push(row);
    if (row.outcome === 'wrong' || row.outcome === 'does not run' || row.outcome === 'marked')
      console.log(
        `${row.outcome}\t${project} ${row.file}::${row.entry} at ${JSON.stringify(row.shapes)} (${row.from})\t${JSON.stringify(row.params.kind === 'unknown' ? '?' : row.params.value)} ${truth.params ?? ''}\t${truth.failure ?? row.reason}`,
      );
  }
  const { silent, slow } = reading;
  return { rows, loud: reading.loud.map((text) => `${project} ${text}`), silent, slow };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      most: { type: 'string', default: '40' },
      seconds: { type: 'string', default: 'Infinity' },
      continue: { type: 'boolean', default: false },
      folder: { type: 'string' },
    },
  });
  const probe = spawnSync(
    findPython(),
    ['-c', 'import os, torch; print(os.path.dirname(os.path.dirname(torch.__file__)))'],
    { encoding: 'utf8' },
  );
  if (probe.status !== 0) {
    console.log(`Skipped: ${findPython()} cannot import torch. Run npm run pytorch:install, or set MORPHNET_PYTHON.`);
    return skipped;
  }
  // The libraries that the truth imports are those that are read.
  const more = (process.env['PYTHONPATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const installed = [...more, probe.stdout.trim()];
  const end = Date.now() + 1000 * Number(values.seconds);
  const wanted = new RegExp(values.only);
  if (values.folder !== undefined) {
    const found = await findingsOf(basename(values.folder), values.folder, installed, Number(values.most));
    for (const each of found.loud) console.log(`loud\t${each}`);
    for (const each of found.silent) console.log(`nothing\t${each}`);
    for (const each of found.slow) console.log(`slow\t${each}`);
    console.log(summary(found.rows));
    return found.rows.some(({ outcome }) => outcome === 'wrong') ? 1 : 0;
  }
  const findings: Finding[] = [];
  for (const project of projects.filter((name) => wanted.test(name))) {
    const kept = join(cache, 'project-rows', `${project}.json`);
    if (values.continue && existsSync(kept))
      findings.push(v.parse(findingSchema, JSON.parse(readFileSync(kept, 'utf8'))));
    else if (Date.now() < end) {
      const { rows, loud } = await findingsOf(project, fetchProject(project), installed, Number(values.most));
      const found: Finding = { rows, loud };
      mkdirSync(dirname(kept), { recursive: true });
      writeFileSync(kept, JSON.stringify(found));
      findings.push(found);
    }
  }
  const rows = findings.flatMap((found) => found.rows);
  const loud = findings.flatMap((found) => found.loud);
  const isMarked = ({ outcome }: Row): boolean => outcome === 'marked';
  const text = [
    summary(rows),
    'Marked, by reason:',
    ...counted(rows.filter(isMarked), ({ reason }) => reason.replace(/\d+/g, 'N').slice(0, 120))
      .slice(0, 30)
      .map(([reason, count]) => `- ${count}: ${reason}`),
    '',
    `Problems of severity error or warning: ${loud.length}`,
    ...loud.slice(0, 200).map((each) => `- ${each}`),
    '',
  ].join('\n');
  writeFileSync(join(cache, 'projects.md'), text);
  console.log(text);
  return rows.some(({ outcome }) => outcome === 'wrong') ? 1 : 0;
}

process.exitCode = await main();
