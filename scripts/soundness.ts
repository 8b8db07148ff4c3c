// `npm run soundness`: CPython's own tests, read by the evaluator assertion by assertion. They hold when CPython runs them, so
// one that the evaluator says does not hold is a false claim; nothing is said of those that it does not know or reach.
//
//   npm run soundness [-- --only REGEXP --tests FOLDER --show]      Python: $MORPHNET_PYTHON, else python3, with its package `test`
//
// Exit status: 0 no false claim, 1 a false claim, 77 this Python has no tests.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { builtinNames } from '../server/src/frontends/python/evaluator/builtins.ts';
import { isSubclass } from '../server/src/frontends/python/evaluator/classes.ts';
import { Interpreter } from '../server/src/frontends/python/evaluator/interpreter.ts';
import { resolveDeferred } from '../server/src/frontends/python/evaluator/modules.ts';
import type { ClassValue, ModuleValue } from '../server/src/frontends/python/evaluator/machine.ts';
import { EvaluationStopped, PythonError } from '../server/src/frontends/python/evaluator/python-error.ts';
import { runModule } from '../server/src/frontends/python/evaluator/run-module.ts';
import { openLibraries } from '../server/src/frontends/python/libraries/open-libraries.ts';
import { torchLibrary } from '../server/src/frontends/python/libraries/torch/torch-library.ts';
import { createPythonParser } from '../server/src/frontends/python/syntax/python-parser.ts';
import { defaultLimits } from '../server/src/frontends/shared/frontend.ts';
import { Findings, supportModules, unittestModule } from './soundness/unit-tests.ts';

/** As scripts/test.ts understands it. */
const skipped = 77;
const files =
  `bool builtin class collections contextlib copy dataclasses decorators defaultdict descr dict enum format fstring functools
  generators genexps itertools keywordonlyarg list listcomps math named_expressions operator ordered_dict patma property range re
  scope set setcomps slice string_literals super tuple unpack unpack_ex userdict with`.split(/\s+/);
/** Tests of several types, which those of each derive from. */
const sharedTests = /\/test\/(list|seq|mapping|string)_tests\.py$/;
/** What one test may take of the limits: ten times what a whole model may. */
const shareOfTest = 1 / 100;
/** Milliseconds for one test, where its steps are slow ones; most take one. */
const mostTime = 20_000;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    tests: { type: 'string' },
    show: { type: 'boolean', default: false },
  },
});
const python = process.env['MORPHNET_PYTHON'] ?? 'python3';
const found = spawnSync(python, ['-c', 'import sys, test; print(test.__path__[0]); print(sys.version.split()[0])'], {
  encoding: 'utf8',
});
const [installed = '', version = ''] = found.stdout.trim().split('\n');
const folder = values.tests ?? installed;

const require = createRequire(import.meta.url);
const bytes = (file: string): Uint8Array => readFileSync(require.resolve(file));
const parser = await createPythonParser(
  bytes('web-tree-sitter/web-tree-sitter.wasm'),
  bytes('tree-sitter-python/tree-sitter-python.wasm'),
);

interface Counts {
  readonly sites: number;
  readonly holds: number;
  readonly unknown: number;
  /** Errors that CPython raises and that were not seen. */
  readonly unseen: number;
  readonly wrong: readonly string[];
}

/** Reads one file of tests, and runs what of its tests is known. */
function countsOf(path: string): Counts {
  const text = readFileSync(path, 'utf8');
  const document = 'file:///tests/test.py';
  const findings = new Findings(document);
  const { library } = openLibraries([torchLibrary]);
  const reader = {
    roots: [pathToFileURL(dirname(folder)).href],
    read: (wanted: string): string | undefined =>
      sharedTests.test(wanted) && existsSync(fileURLToPath(wanted))
        ? readFileSync(fileURLToPath(wanted), 'utf8')
        : undefined,
  };
  let end = Infinity;
  const cancellation = {
    get isCancellationRequested(): boolean {
      return performance.now() > end;
    },
  };
  const limits = { ...defaultLimits, steps: 1e9, items: 1e9, sourceLength: 1e7 };
  const machine = new Interpreter(parser, reader, limits, library, builtinNames, cancellation);
  machine.modules.set('unittest', unittestModule(findings));
  for (const [name, support] of supportModules()) machine.modules.set(name, support);
  const module: ModuleValue = {
    kind: 'module',
    name: 'tests',
    document,
    names: new Map(),
    isModelled: false,
    deferred: new Map(),
  };
  const wrong: string[] = [];
  const lineAt = (place: number): number => text.slice(0, place).split('\n').length;
  /** Runs one part with its own time; what it raises is a claim that CPython's run refutes. */
  const attempt = (name: string, part: () => void): boolean => {
    end = performance.now() + mostTime;
    try {
      return machine.runWithin(shareOfTest, () => {
        machine.guarded(part);
      });
    } catch (error) {
      if (error instanceof PythonError) {
        if (!machine.ways.isExploring)
          wrong.push(`${name}, line ${String(lineAt(error.span.start))}: ${error.message}`);
        return false;
      }
      if (error instanceof EvaluationStopped || error instanceof RangeError) return false;
      throw error;
    }
  };
  end = performance.now() + 10 * mostTime;
  try {
    runModule(machine, { names: module.names, parent: undefined, module }, parser.parse(document, text).body);
    resolveDeferred(machine, module);
  } catch (error) {
    if (!(error instanceof EvaluationStopped)) throw error;
  }
  for (const error of machine.moduleFailures.get(document) ?? [])
    wrong.push(`module, line ${String(lineAt(error.span.start))}: ${error.message}`);
  const base = machine.modules.get('unittest')?.names.get('TestCase');
  const isTest = (value: unknown): value is ClassValue =>
    typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'class';
  for (const type of [...module.names.values()].filter(isTest)) {
    if (base?.kind !== 'class' || !isSubclass(type, base)) continue;
    const names = new Set(type.mro.flatMap(({ attributes }) => [...attributes.keys()]));
    for (const name of names) {
      if (!name.startsWith('test')) continue;
      const span = { document, start: 0, end: 0 };
      attempt(`${type.name}.${name}`, () => {
        const test = machine.callWith(type, span);
        machine.callWith(machine.attribute(test, 'setUp', span), span);
        machine.callWith(machine.attribute(test, name, span), span);
      });
    }
  }
  const sites = [...text.matchAll(/\bself\.(assert\w+|fail)\(/g)].map(({ index }) => index);
  const outcomes = sites.map((site) => findings.byPlace.get(site) ?? 'unknown');
  for (const [i, outcome] of outcomes.entries())
    if (outcome === 'false') wrong.push(`line ${String(lineAt(sites[i] ?? 0))} does not hold`);
  const count = (wanted: string): number => outcomes.filter((outcome) => outcome === wanted).length;
  return { sites: sites.length, holds: count('holds'), unknown: count('unknown'), unseen: count('unseen'), wrong };
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '' : ((100 * part) / whole).toFixed(1);
}

if (!existsSync(join(folder, 'test_class.py'))) {
  console.log(
    `Skipped: ${python} has no package \`test\` with CPython's tests. Install it, or name its folder with --tests.`,
  );
  process.exitCode = skipped;
} else {
  console.log(`CPython ${version}\n`);
  console.log(
    '| tests | assertions | hold % | not known % | errors not seen | false |\n| --- | ---: | ---: | ---: | ---: | ---: |',
  );
  let [sites, holds, open, unseen, wrong] = [0, 0, 0, 0, 0];
  for (const name of files.filter((each) => new RegExp(values.only).test(each))) {
    const path = join(folder, `test_${name}.py`);
    if (!existsSync(path)) continue;
    const counts = countsOf(path);
    sites += counts.sites;
    holds += counts.holds;
    open += counts.unknown;
    unseen += counts.unseen;
    wrong += counts.wrong.length;
    console.log(
      `| test_${name} | ${String(counts.sites)} | ${percent(counts.holds, counts.sites)} | ` +
        `${percent(counts.unknown, counts.sites)} | ${String(counts.unseen)} | ${String(counts.wrong.length)} |`,
    );
    if (values.show) for (const each of counts.wrong) console.log(`    ${each}`);
  }
  console.log(
    `| all | ${String(sites)} | ${percent(holds, sites)} | ${percent(open, sites)} | ${String(unseen)} | ${String(wrong)} |`,
  );
  process.exitCode = wrong === 0 ? 0 : 1;
}
