// `npm run mutation -- FOLDER [--share 0.1] [--seed 1]`: small faults are put into a folder's code, one at a time, and its tests have to
// notice. A fault that none notices is listed with its place. Only a share of the code is looked at unless more is asked for: places
// of a few lines, spread over all files by the seed, so that another seed looks at others. Stryker comes from the registry, into
// .cache, the first time.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { root } from './bundles.ts';

/** The folders that have tests of their own, and which. */
const folders: Readonly<Record<string, { readonly code: string; readonly tests: readonly string[] }>> = {
  edits: {
    code: 'server/src/edits',
    tests: [
      'test/unit/edits/*',
      'test/unit/analysis/{code-actions,example-edits,refactored-edits,edits-never-offered}*',
    ],
  },
  runs: { code: 'server/src/runs', tests: ['test/unit/runs/*'] },
  analysis: { code: 'server/src/analysis', tests: ['test/unit/analysis/*'] },
  lsp: { code: 'server/src/lsp', tests: ['test/lsp/*', 'test/unit/lsp/*'] },
  client: { code: 'client/src', tests: ['test/unit/client/**'] },
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { share: { type: 'string', default: '0.1' }, seed: { type: 'string', default: '1' } },
});
const [name = ''] = positionals;
const folder = folders[name];
const share = Number(values.share);
if (folder === undefined || !(share > 0 && share <= 1)) {
  console.error(`Say which folder: npm run mutation -- ${Object.keys(folders).join('|')} [--share 0.1] [--seed 1]`);
  process.exit(2);
}

/** Lines of one place; a statement fits, a function seldom does. */
const placeLines = 6;

/** The places of one file that are looked at, as ranges of lines. */
function placesOf(file: string, shift: number): readonly string[] {
  const lines = readFileSync(join(root, file), 'utf8').split('\n').length;
  if (share === 1) return [file];
  const stride = Math.round(placeLines / share);
  const places: string[] = [];
  for (let from = 1 + (shift % stride); from <= lines; from += stride)
    places.push(`${file}:${String(from)}-${String(Math.min(lines, from + placeLines - 1))}`);
  return places;
}

const files = readdirSync(join(root, folder.code), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort()
  .map((file) => `${folder.code}/${file}`);
const seed = Number(values.seed);
const mutate = files.flatMap((file, index) => placesOf(file, seed * 31 + index * 17));

process.env['MORPHNET_MUTATION_TESTS'] = folder.tests.map((tests) => `${tests}.test.{ts,tsx}`).join(' ');
/** What is used of the package, which is no dependency of ours. */
interface MutationTesting {
  readonly Stryker: new (options: object) => { runMutationTest(): Promise<readonly { readonly status: string }[]> };
}

const packages = join(root, '.cache/stryker');
const installed = join(packages, 'node_modules/@stryker-mutator');
if (!existsSync(installed)) {
  mkdirSync(packages, { recursive: true });
  writeFileSync(join(packages, 'package.json'), '{ "private": true }\n');
  // The last line that runs on Node 20. It tests with the repository's own vitest, so no other is fetched.
  const names = ['@stryker-mutator/core@9.6.1', '@stryker-mutator/vitest-runner@9.6.1'];
  const options = ['install', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'];
  execFileSync('npm', [...options, ...names], { cwd: packages, stdio: 'inherit', shell: process.platform === 'win32' });
}
const core = pathToFileURL(join(installed, 'core/dist/src/index.js')).href;
// The package's own interface, of which this is a part.
const { Stryker } = (await import(core)) as MutationTesting;
const results = await new Stryker({
  mutate,
  testRunner: 'vitest',
  plugins: [join(installed, 'vitest-runner/dist/src/index.js')],
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  reporters: ['clear-text'],
  clearTextReporter: { allowColor: false, logTests: false, reportScoreTable: false },
  ignorePatterns: ['/dist', '/.cache', '/docs', '/.morphnet', '/python'],
  tempDirName: '.cache/mutation',
  timeoutMS: 20_000,
  allowEmpty: true,
  checkers: [],
  // Faults that only the text of a message shows are no faults of what is done.
  mutator: { excludedMutations: ['StringLiteral'] },
}).runMutationTest();

const count = (...statuses: readonly string[]): number =>
  results.filter(({ status }) => statuses.includes(status)).length;
const [noticed, missed, uncovered] = [count('Killed', 'Timeout'), count('Survived'), count('NoCoverage')];
const all = noticed + missed + uncovered;
console.log(
  `${folder.code}: ${String(noticed)} of ${String(all)} faults noticed, ${((100 * noticed) / all).toFixed(1)} %; ${String(missed)} not noticed, ${String(uncovered)} where no test comes (share ${values.share}, seed ${values.seed})`,
);
