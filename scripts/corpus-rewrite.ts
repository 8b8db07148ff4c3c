// `npm run corpus:rewrite`: widths that differ from layer to layer, brought into the sources of public builders, and every offered
// edit run in PyTorch: it builds, its forward runs, it has the parameters that were promised, and other models stay as they were.
//
//   npm run corpus:rewrite [-- --only REGEXP] [--library torchvision|timm] [--singles 20] [--whole 5] [--verbose]
//
// Exit status: 0 all offered edits are right, 1 one is wrong, 77 this machine has no PyTorch.

import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import type { AnalyzedModel } from '../server/src/analysis/analyzed-model.ts';
import { editedTexts } from '../server/src/analysis/edited-texts.ts';
import { editsOfPlan, isExact } from '../server/src/analysis/proposal-edits.ts';
import type { ProposedWidths } from '../server/src/analysis/proposal-plans.ts';
import { slimModel } from '../server/src/analysis/slim-model.ts';
import { widthChange, type WidthChange } from '../server/src/analysis/width-change.ts';
import { hasOwnWidth } from '../server/src/network/op-traits.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import { root } from './bundles.ts';
import { fetchPackages, requirements, site } from './corpus/packages.ts';
import { listBuilders, type Builder } from './corpus/truth.ts';
import { findPython } from './python-with-pytorch.ts';

/** As scripts/test.ts understands it. */
const skipped = 77;

type ProposalKind = 'single' | 'whole' | 'uniform' | 'realistic';
const kinds: readonly ProposalKind[] = ['single', 'whole', 'uniform', 'realistic'];

/** Numbers below 1 that are the same in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Group {
  readonly name: string;
  readonly size: number;
  readonly layers: readonly string[];
}

function proposalOf(groups: readonly Group[], widthOf: (group: Group) => number): ProposedWidths {
  const rows = groups.map((group) => {
    const after = Math.min(group.size, Math.max(1, Math.round(widthOf(group))));
    return { name: group.name, layers: group.layers, width: { before: group.size, after } };
  });
  return {
    step: 0,
    groups: rows,
    layers: rows.flatMap(({ name, layers, width }) => layers.map((layer) => ({ name: layer, group: name, width }))),
  };
}

/** What runs end in: most layers keep most of their channels, some lose nearly all, and residual streams lose least. */
function realisticWidth({ size, layers }: Group, random: () => number): number {
  const kept = layers.length > 1 ? 0.8 + 0.2 * random() : random() < 0.2 ? 0.05 + 0.2 * random() : 0.4 + 0.6 * random();
  return size * kept;
}

interface Row {
  readonly builder: string;
  readonly kind: ProposalKind;
  readonly how: 'edit' | 'refactored' | 'slim only' | 'refused';
  readonly isExact: boolean;
  /** The saving of MACs that the edit brings, as a share of that of the proposal. */
  readonly brought: number;
  readonly reasons: readonly string[];
  readonly ms: number;
}

interface Task {
  readonly row: number;
  readonly library: string;
  readonly files: Readonly<Record<string, string>>;
  readonly file: string;
  readonly entry: string;
  readonly input: readonly (readonly number[])[];
  readonly params: number | undefined;
  readonly alsoChanges: readonly string[];
}

const answers = v.array(v.object({ row: v.number(), error: v.nullable(v.string()) }));

function share({ before, wanted, after }: WidthChange): number {
  const asked = (before.macs ?? 0) - (wanted?.macs ?? 0);
  return asked <= 0 ? 1 : ((before.macs ?? 0) - (after.macs ?? 0)) / asked;
}

function rewrite(
  session: AnalysisSession,
  model: AnalyzedModel,
  builder: Builder,
  counts: { readonly single: number; readonly whole: number },
  withSlim: boolean,
): readonly { readonly row: Row; readonly task: Omit<Task, 'row'> | undefined }[] {
  const grouping = session.grouping(model.graph);
  const groups = grouping.groups.flatMap(({ name, size, members, fixed }): readonly Group[] => {
    const ops = new Set(members.map(({ op }) => op));
    const layers = model.graph.ops.filter((op) => ops.has(op.id) && hasOwnWidth(op)).map((op) => op.name);
    return fixed !== undefined || layers.length === 0 || size < 2 ? [] : [{ name, size, layers }];
  });
  if (groups.length === 0) return [];
  const random = randomFrom(groups.length);
  const drawn = (group: Group): number => group.size * (0.15 + 0.85 * random());
  const singles = Array.from({ length: Math.min(counts.single, groups.length) }, () => {
    const chosen = groups[Math.floor(random() * groups.length)];
    return proposalOf(groups, (group) => (group === chosen ? Math.min(group.size - 1, drawn(group)) : group.size));
  });
  const proposals: readonly (readonly [ProposalKind, ProposedWidths])[] = [
    ...singles.map((one) => ['single', one] as const),
    ...Array.from({ length: counts.whole }, () => ['whole', proposalOf(groups, drawn)] as const),
    ['uniform', proposalOf(groups, ({ size }) => size * 0.75)],
    ['realistic', proposalOf(groups, (group) => realisticWidth(group, random))],
  ];
  return proposals.map(([kind, proposal]) => {
    const started = performance.now();
    const change = widthChange(session, model, proposal, { refactor: true });
    const ms = performance.now() - started;
    const { plan } = change;
    const isOffered = plan.edits.length > 0;
    const attached = { runId: 'corpus', entry: model.entry.name, proposal };
    const isSlim = !isOffered && withSlim && slimModel(session, model.entry.document, attached).ok;
    const how = isOffered ? (plan.refactoring === undefined ? 'edit' : 'refactored') : isSlim ? 'slim only' : 'refused';
    const refactored = isExact(plan) ? undefined : session.plans.refactored(model.graph, proposal);
    const reasons = isExact(plan)
      ? []
      : [
          ...plan.refused.map(({ reason }) => reason).slice(0, 1),
          ...(refactored?.ok === false ? [refactored.error] : []),
        ];
    const row = {
      builder: builder.name,
      kind,
      how,
      isExact: isExact(plan),
      brought: share(change),
      reasons,
      ms,
    } as const;
    if (!isOffered) return { row, task: undefined };
    const texts = editedTexts(session, editsOfPlan(session, plan));
    const files = Object.fromEntries(
      texts.map(({ document, after }) => [relative(site, fileURLToPath(document)), after]),
    );
    const { file, entry, input } = builder;
    const library = builder.kind === 'timm' ? 'timm' : 'torchvision';
    return {
      row,
      task: { library, files, file, entry, input, params: change.after.params, alsoChanges: plan.alsoChanges },
    };
  });
}

function median(values: readonly number[]): number {
  const ordered = [...values].sort((left, right) => left - right);
  return ordered[ordered.length >> 1] ?? NaN;
}

function summary(rows: readonly Row[]): readonly string[] {
  const percent = (part: number): string => `${(100 * part).toFixed(0)} %`;
  return kinds.flatMap((kind) => {
    const own = rows.filter((row) => row.kind === kind);
    if (own.length === 0) return [];
    const of = (test: (row: Row) => boolean): string => percent(own.filter(test).length / own.length);
    return [
      `| ${kind} | ${String(own.length)} | ${of(({ how }) => how === 'edit')} | ${of(({ how }) => how === 'refactored')} | ${of((row) => row.isExact)} | ${of(({ how }) => how === 'slim only')} | ${of(({ how }) => how === 'refused')} | ${percent(median(own.map(({ brought }) => brought)))} | ${median(own.map(({ ms }) => ms)).toFixed(0)} ms |`,
    ];
  });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      library: { type: 'string', default: 'torchvision' },
      singles: { type: 'string', default: '20' },
      whole: { type: 'string', default: '5' },
      slim: { type: 'boolean', default: false },
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
  const wanted = new RegExp(values.only ?? '');
  const builders = listBuilders().filter(
    ({ name, kind }) =>
      (kind === 'classification' || kind === 'timm') && wanted.test(name) && name.startsWith(values.library),
  );
  const frontends = await createFrontends();
  const folder = pathToFileURL(site).href;
  const disk = new DiskReader({ workspace: [folder], libraries: [] });
  const rows: Row[] = [];
  const tasks: Task[] = [];
  for (const listed of builders) {
    // As the file itself offers it, so that it is not a sibling of its own.
    const builder = { ...listed, entry: listed.entry.replace('(weights=None)', '()') };
    // The library's own file is the workspace: siblings are its other builders.
    const session = new AnalysisSession({ frontends, disk, workspaceRoots: [folder] });
    const document = pathToFileURL(join(site, builder.file)).href;
    session.requestEntry(document, { entry: builder.entry, input: builder.input, from: 'request' });
    const model = session.model(document);
    if (model === undefined) continue;
    const counts = { single: Number(values.singles), whole: Number(values.whole) };
    for (const { row, task } of rewrite(session, model, builder, counts, values.slim)) {
      if (task !== undefined) tasks.push({ ...task, row: rows.length });
      rows.push(row);
      if (values.verbose)
        console.log(
          `${row.builder} ${row.kind} ${row.how} ${row.brought.toFixed(2)} ${row.ms.toFixed(0)} ms ${row.reasons.join(' | ')}`,
        );
    }
  }
  const { stdout, stderr } = spawnSync(python, [join(root, 'scripts/pytorch_rewritten.py'), site, requirements], {
    encoding: 'utf8',
    input: tasks.map((task) => JSON.stringify(task)).join('\n'),
    maxBuffer: 1 << 28,
  });
  const found = v.parse(
    answers,
    stdout.trim() === ''
      ? []
      : stdout
          .trim()
          .split('\n')
          .map((line): unknown => JSON.parse(line)),
  );
  const wrong = found.filter(({ error }) => error !== null);
  for (const { row, error } of wrong)
    console.log(`WRONG ${rows[row]?.builder ?? ''} ${rows[row]?.kind ?? ''}: ${error ?? ''}`);
  if (found.length < tasks.length) console.error(stderr || 'PyTorch gave no answer for some edits.');
  console.log(
    `${String(builders.length)} builders, ${String(tasks.length)} edits offered, ${String(found.length - wrong.length)} of them right in PyTorch ${probe.stdout.trim()}`,
  );
  console.log(
    '| proposals | tried | as numbers | refactored first | exact | slim file only | refused | saving brought (median) | time (median) |',
  );
  console.log('| --- | --: | --: | --: | --: | --: | --: | --: | --: |');
  for (const line of summary(rows)) console.log(line);
  return wrong.length === 0 && found.length === tasks.length ? 0 : 1;
}

process.exitCode = await main();
