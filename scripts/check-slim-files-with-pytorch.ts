// Holds generated slim files against real PyTorch: written at full width and given the model's weights, a file must compute
// what the model computes; written at random narrower widths, it must have the parameters that were promised.
//
//   npm run check:slim [-- FILE …]      Python: $MORPHNET_PYTHON, what `pytorch:install` made, else python3
//
// Exit status: 0 all equal, 1 a difference or a failure, 77 this machine has no PyTorch, so nothing was compared.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import type { AnalyzedModel } from '../server/src/analysis/analyzed-model.ts';
import { slimModel, type SlimModel } from '../server/src/analysis/slim-model.ts';
import type { Result } from '../server/src/common/problem.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import type { Frontend } from '../server/src/frontends/shared/frontend.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import { root } from './bundles.ts';
import { findPython, pytorchExamples } from './python-with-pytorch.ts';

/** As scripts/test.ts understands it. */
const skipped = 77;
/** Outputs are sums of float32 products; other kernels may add them in another order. */
const tolerance = 1e-4;

const answer = v.union([
  v.object({ error: v.string() }),
  v.object({
    evaluation: v.number(),
    training: v.optional(v.number()),
    slimParams: v.number(),
    slimOutputs: v.array(v.array(v.number())),
    outputs: v.array(v.array(v.number())),
  }),
]);

interface Example {
  readonly session: AnalysisSession;
  readonly path: string;
  readonly model: AnalyzedModel;
}

/** A file at a share of the width of every group that may change; the shares take turns. */
function slimAt({ session, path, model }: Example, shares: readonly number[]): Result<SlimModel> {
  const groups = session.grouping(model.graph).groups.map(({ name, size, fixed }, index) => {
    const after = Math.max(1, Math.round(size * (shares[index % shares.length] ?? 1)));
    return { name, layers: [], width: { before: size, after: fixed === undefined ? after : size } };
  });
  const proposal = { step: 0, layers: [], groups };
  return slimModel(session, pathToFileURL(path).href, { runId: 'check', entry: model.entry.name, proposal });
}

interface Task {
  readonly name: string;
  /** What PyTorch is asked to compare; or why there is nothing. */
  readonly question: Result<unknown>;
  readonly promisedParams: number | undefined;
  readonly seedParams: number | undefined;
}

function taskOf(example: Example, folder: string, index: number): Task {
  const { session, path, model } = example;
  const full = slimAt(example, [1]);
  const slim = slimAt(example, [0.6, 0.35, 0.8, 0.5, 0.2]);
  const paramsOf = (graph: NetworkGraph): number | undefined => {
    const { params } = session.costs(graph, { device: 'V100', devices: {} }).total;
    return params.kind === 'exact' ? params.value : undefined;
  };
  const written = (kind: string, { text, entry }: SlimModel): unknown => {
    const file = join(folder, `${kind}_${String(index)}.py`);
    writeFileSync(file, text);
    return { file, entry };
  };
  const { name: entry, input } = model.entry;
  const name = `${basename(path)}::${entry}`;
  const seedParams = paramsOf(model.graph);
  if (!full.ok || !slim.ok) {
    const error = full.ok ? (slim.ok ? '' : slim.error) : full.error;
    return { name, question: { ok: false, error }, promisedParams: undefined, seedParams };
  }
  const files = { full: written('full', full.value), slim: written('slim', slim.value) };
  return {
    name,
    question: { ok: true, value: { path, entry, ...files, shapes: input.shapes } },
    promisedParams: paramsOf(slim.value.graph),
    seedParams,
  };
}

/** What differs from PyTorch, in sentences; empty when nothing does. */
function differences(task: Task, line: string | undefined): readonly string[] {
  const found = v.parse(answer, JSON.parse(line ?? '{"error": "PyTorch gave no answer"}'));
  if ('error' in found) return [found.error];
  const { evaluation, training = 0, slimParams, slimOutputs, outputs } = found;
  const { promisedParams, seedParams = 0 } = task;
  return [
    ...(evaluation <= tolerance ? [] : [`outputs differ by ${String(evaluation)} in evaluation`]),
    ...(training <= tolerance ? [] : [`outputs differ by ${String(training)} in training`]),
    ...(slimParams === promisedParams ? [] : [`${String(slimParams)} params, ${String(promisedParams)} promised`]),
    ...(slimParams < seedParams ? [] : ['the file is no slimmer']),
    ...(isDeepStrictEqual(slimOutputs, outputs) ? [] : ['output shapes differ']),
  ];
}

function examplesIn(frontends: readonly Frontend[], path: string): readonly Example[] {
  const folder = pathToFileURL(dirname(path)).href;
  const session = new AnalysisSession({
    frontends,
    disk: new DiskReader({ workspace: [folder], libraries: [] }),
    workspaceRoots: [folder],
  });
  return session.analyze(pathToFileURL(path).href).models.map((model) => ({ session, path, model }));
}

async function main(): Promise<number> {
  const python = findPython();
  const probe = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
  if (probe.status !== 0) {
    console.log(
      `Skipped: ${python} cannot import torch. Install PyTorch, or set MORPHNET_PYTHON to a Python that has it.`,
    );
    return skipped;
  }
  console.log(`PyTorch ${probe.stdout.trim()}`);
  const given = process.argv.slice(2).map((path) => resolve(path));
  const paths =
    given.length > 0
      ? given
      : [
          ...pytorchExamples().map((name) => join(root, 'examples', name)),
          join(root, 'test/fixtures/slim-files/attention.py'),
        ];
  const frontends = await createFrontends();
  const examples = paths.flatMap((path) => examplesIn(frontends, path));
  const folder = mkdtempSync(join(tmpdir(), 'morphnet-slim-'));
  try {
    const tasks = examples.map((example, index) => taskOf(example, folder, index));
    const questions = tasks.flatMap(({ question }) => (question.ok ? [JSON.stringify(question.value)] : []));
    const { stdout, stderr } = spawnSync(python, [join(root, 'scripts/pytorch_slim_files.py')], {
      encoding: 'utf8',
      input: questions.join('\n'),
    });
    const answers = stdout.trim().split('\n');
    let failed = 0;
    for (const task of tasks) {
      const found = task.question.ok ? differences(task, answers.shift()) : [task.question.error];
      if (found.length > 0) failed += 1;
      console.log(`${found.length === 0 ? 'equal' : 'DIFFERENT'}  ${task.name}`);
      for (const difference of found) console.error(`  ${difference}`);
    }
    if (answers.length > 0 || tasks.length === 0) console.error(stderr || 'There is no model to compare.');
    return failed === 0 && tasks.length > 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
