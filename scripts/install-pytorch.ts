// `npm run pytorch:install`: a virtual environment with PyTorch, where this machine has a build of it at hand (a folder that
// pip is told to look in). Nothing of gigabytes is fetched from a registry; without a build it says so and exits with 77.

import { spawnSync } from 'node:child_process';
import { installedPython, pytorchEnvironment } from './python-with-pytorch.ts';

const skipped = 77;
/** What PyTorch needs beside itself to count costs, and what runs the tests of morphnet-torch; all small. */
const companions = [
  'filelock',
  'typing-extensions',
  'sympy',
  'networkx',
  'jinja2',
  'fsspec',
  'numpy',
  'pytest',
  'flit_core',
];

function run(program: string, ...words: readonly string[]): boolean {
  return spawnSync(program, words, { stdio: ['ignore', 'ignore', 'ignore'] }).status === 0;
}

function skip(reason: string): never {
  console.log(`PyTorch is NOT installed: ${reason}. Checks against PyTorch will be skipped.`);
  process.exit(skipped);
}

const hasTorch = (python: string): boolean => run(python, '-c', 'import torch');

const own = process.env['MORPHNET_PYTHON'];
if (own !== undefined && hasTorch(own)) console.log(`PyTorch is there: ${own}`);
else if (hasTorch('python3')) console.log('PyTorch is there: python3');
else if (hasTorch(installedPython)) console.log('PyTorch is there: installed before');
else {
  if (!run('python3', '-m', 'venv', pytorchEnvironment)) skip('python3 can not make a virtual environment');
  const pip = ['-m', 'pip', 'install', '--quiet'];
  if (!run(installedPython, ...pip, '--no-index', '--no-deps', 'torch'))
    skip('this machine has no build of it at hand');
  if (!run(installedPython, ...pip, ...companions) || !hasTorch(installedPython))
    skip('what it needs can not be installed');
  console.log('PyTorch is installed from the build at hand.');
}
