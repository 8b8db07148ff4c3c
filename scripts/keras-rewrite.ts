// `npm run corpus:keras-rewrite`: random widths brought into the sources of the builders of `keras.applications`, as edits or, where
// these are not possible, as slim files; every offered one is run in Keras: it builds, its forward runs, and it has the
// parameters that were promised.
//
//   npm run corpus:keras-rewrite [-- --only REGEXP] [--singles 10] [--whole 8] [--verbose]
//
// Python with keras and torch: $MORPHNET_PYTHON, else python3. Exit status: 0 all right, 1 one is wrong, 77 there is no Keras.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import { editedTexts } from '../server/src/analysis/edited-texts.ts';
import { editsOfPlan, isExact } from '../server/src/analysis/proposal-edits.ts';
import { slimModel } from '../server/src/analysis/slim-model.ts';
import { widthChange } from '../server/src/analysis/width-change.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import { root } from './bundles.ts';
import { randomProposals, share, summary, type Row } from './corpus/width-proposals.ts';
import { findPython } from './python-with-pytorch.ts';

/** As scripts/test.ts understands it. */
const skipped = 77;

interface Task {
  readonly row: number;
  readonly files: Readonly<Record<string, string>>;
  readonly slim: string | null;
  readonly module: string;
  readonly entry: string;
  readonly params: number | undefined;
}

const answers = v.object({ row: v.number(), error: v.nullable(v.string()) });

/** The builders of a folder of applications: functions with a capital that can be made without weights. */
function buildersIn(folder: string): readonly { readonly file: string; readonly name: string }[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.py') && !file.includes('test'))
    .toSorted()
    .flatMap((file) =>
      [...readFileSync(join(folder, file), 'utf8').matchAll(/^def ([A-Z]\w*)\(([^)]*)\)/gm)]
        .filter(([, , parameters = '']) => /\binclude_top=/.test(parameters))
        .map(([, name = '']) => ({ file, name })),
    );
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      singles: { type: 'string', default: '10' },
      whole: { type: 'string', default: '8' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const python = findPython();
  const where =
    'import os, keras, torch; print(keras.__version__); print(os.path.dirname(os.path.dirname(keras.__file__)))';
  const probe = spawnSync(python, ['-c', where], { encoding: 'utf8', env: { ...process.env, KERAS_BACKEND: 'torch' } });
  if (probe.status !== 0) {
    console.log(`Skipped: ${python} cannot import keras and torch. Set MORPHNET_PYTHON.`);
    return skipped;
  }
  const [version = '', site = ''] = probe.stdout.trim().split('\n').slice(-2);
  const applications = join(site, 'keras/src/applications');
  if (!existsSync(applications)) throw new Error(`There are no applications in ${applications}`);
  const wanted = new RegExp(values.only);
  const builders = buildersIn(applications).filter(({ name }) => wanted.test(name));
  const frontends = await createFrontends();
  const folder = pathToFileURL(site).href;
  const disk = new DiskReader({ workspace: [folder], libraries: [] });
  const rows: Row[] = [];
  const tasks: Task[] = [];
  for (const { file, name } of builders) {
    const session = new AnalysisSession({ frontends, disk, workspaceRoots: [folder] });
    const document = pathToFileURL(join(applications, file)).href;
    const entry = `${name}(weights=None)`;
    session.requestEntry(document, { entry, from: 'request' });
    const model = session.model(document);
    if (model === undefined) continue;
    const module = `keras.src.applications.${file.replace('.py', '')}`;
    const counts = { single: Number(values.singles), whole: Number(values.whole) };
    for (const [kind, proposal] of randomProposals(session, model, counts)) {
      const started = performance.now();
      const change = widthChange(session, model, proposal, { refactor: true });
      const ms = performance.now() - started;
      const { plan } = change;
      const isOffered = plan.edits.length > 0;
      const attached = { runId: 'corpus', entry: model.entry.name, proposal };
      const slim = isOffered && isExact(plan) ? undefined : slimModel(session, document, attached);
      const edited = plan.refactoring === undefined ? 'edit' : 'refactored';
      const how = isOffered ? edited : slim?.ok === true ? 'slim only' : 'refused';
      const reasons = [
        ...plan.refused.map(({ reason }) => reason).slice(0, 1),
        ...(slim?.ok === false ? [slim.error] : []),
      ];
      const row = rows.length;
      rows.push({ builder: name, kind, how, isExact: isExact(plan), brought: share(change), reasons, ms });
      if (values.verbose)
        console.log(`${name} ${kind} ${how} ${share(change).toFixed(2)} ${ms.toFixed(0)} ms ${reasons.join(' | ')}`);
      if (isOffered) {
        const files = Object.fromEntries(
          editedTexts(session, editsOfPlan(session, plan)).map(({ document: each, after }) => [
            relative(site, fileURLToPath(each)),
            after,
          ]),
        );
        tasks.push({ row, files, slim: null, module, entry, params: change.after.params });
      }
      if (slim?.ok === true)
        tasks.push({
          row,
          files: {},
          slim: slim.value.text,
          module,
          entry: slim.value.entry,
          params: change.wanted?.params ?? change.after.params,
        });
    }
  }
  const { stdout, stderr } = spawnSync(python, [join(root, 'scripts/keras_rewritten.py')], {
    encoding: 'utf8',
    input: tasks.map((task) => JSON.stringify(task)).join('\n'),
    maxBuffer: 1 << 28,
  });
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  const found = lines.map((line) => v.parse(answers, JSON.parse(line)));
  const wrong = found.filter(({ error }) => error !== null);
  for (const { row, error } of wrong)
    console.log(`WRONG ${rows[row]?.builder ?? ''} ${rows[row]?.kind ?? ''} ${rows[row]?.how ?? ''}: ${error ?? ''}`);
  if (found.length < tasks.length) console.error(stderr || 'Keras gave no answer for some edits.');
  const slims = tasks.filter(({ slim }) => slim !== null).length;
  console.log(
    `${String(builders.length)} builders, ${String(rows.length)} proposals, ${String(tasks.length - slims)} edits and ${String(slims)} slim files offered, ${String(found.length - wrong.length)} of them right in Keras ${version}`,
  );
  console.log(
    '| proposals | tried | as numbers | refactored first | exact | slim file only | refused | saving brought (median) | time (median) |',
  );
  console.log('| --- | --: | --: | --: | --: | --: | --: | --: | --: |');
  for (const line of summary(rows)) console.log(line);
  return wrong.length === 0 && found.length === tasks.length ? 0 : 1;
}

process.exitCode = await main();
