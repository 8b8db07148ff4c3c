// Which Python has PyTorch, for checks and benchmarks: the one named by MORPHNET_PYTHON, the one that
// `npm run pytorch:install` made, or python3.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bundles.ts';

/** The virtual environment that `npm run pytorch:install` makes, ignored by version control. */
export const pytorchEnvironment = join(root, '.cache/pytorch');

/** The Python of that environment. */
export const installedPython = join(
  pytorchEnvironment,
  process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python',
);

/** The Python to compare with; whether it has PyTorch is for the caller to find out. */
export function findPython(): string {
  return process.env['MORPHNET_PYTHON'] ?? (existsSync(installedPython) ? installedPython : 'python3');
}

/** Names of the examples that are written in PyTorch: others need another framework to be checked against. */
export function pytorchExamples(): readonly string[] {
  const folder = join(root, 'examples');
  return readdirSync(folder).filter(
    (name) => name.endsWith('.py') && /^(?:import|from) torch\b/m.test(readFileSync(join(folder, name), 'utf8')),
  );
}
