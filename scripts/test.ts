// `npm test`: everything that CI runs, in order, each step with its own heading; ends with one line of totals.
// A step that cannot run here exits with `skipped` and says why; nothing is skipped silently.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Exit status by which a step says that this machine lacks what it needs. */
const skipped = 77;

interface Step {
  readonly title: string;
  /** Arguments to npm run, so that every step is also a command of its own. */
  readonly script: string;
}

const steps: readonly Step[] = [
  { title: 'types', script: 'typecheck' },
  { title: 'lint', script: 'lint' },
  { title: 'format', script: 'format:check' },
  { title: 'layers', script: 'layers' },
  { title: 'unused files, exports and dependencies', script: 'unused' },
  { title: 'bundles and the installable extension', script: 'package' },
  { title: 'browser and editor to test with', script: 'test:install' },
  { title: 'unit, server, trainer and page tests', script: 'test:unit' },
  { title: 'PyTorch to compare with', script: 'pytorch:install' },
  { title: 'costs against real PyTorch', script: 'check:costs' },
  { title: 'generated slim files against real PyTorch', script: 'check:slim' },
  { title: 'morphnet-torch against the product and real PyTorch', script: 'test:torch' },
  { title: 'end to end in VS Code', script: 'test:e2e' },
];

const root = fileURLToPath(new URL('..', import.meta.url));
const npm = process.env['npm_execpath'];
const results = steps.map((step) => {
  console.log(`\n=== ${step.title} (npm run ${step.script})`);
  const started = Date.now();
  const command = npm === undefined ? 'npm' : process.execPath;
  const { status } = spawnSync(command, [...(npm === undefined ? [] : [npm]), 'run', '--silent', step.script], {
    cwd: root,
    stdio: 'inherit',
  });
  const outcome = status === 0 ? 'passed' : status === skipped ? 'skipped' : 'failed';
  console.log(`--- ${step.title}: ${outcome} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return { step, outcome };
});

const count = (outcome: string): number => results.filter((result) => result.outcome === outcome).length;
for (const { step, outcome } of results) {
  if (outcome !== 'passed') console.log(`${outcome}: ${step.title} (npm run ${step.script})`);
}
console.log(`\nsteps: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
process.exitCode = count('failed') === 0 ? 0 : 1;
