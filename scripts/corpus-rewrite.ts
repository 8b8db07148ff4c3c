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
import { slimModel } from '../server/src/analysis/slim-model.ts';
import { widthChange } from '../server/src/analysis/width-change.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import { root } from './bundles.ts';
import { fetchPackages, requirements, site } from './corpus/packages.ts';
import { randomProposals, share, summary, type Row } from './corpus/width-proposals.ts';
import { listBuilders, type Builder } from './corpus/truth.ts';
import { findPython } from './python-with-pytorch.ts';

/** As scripts/test.ts understands it. */
const skipped = 77;

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

function rewrite(
  session: AnalysisSession,
  model: AnalyzedModel,
  builder: Builder,
  counts: { readonly single: number; readonly whole: number },
  withSlim: boolean,
): readonly { readonly row: Row; readonly task: Omit<Task, 'row'> | undefined }[] {
  return randomProposals(session, model, counts).map(([kind, proposal]) => {
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
