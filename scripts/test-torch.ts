// Holds morphnet-torch (python/) against the product and against real PyTorch: its own tests, with cases that the product computes.
//
//   npm run test:torch [-- PYTEST ARGUMENTS]      Python: $MORPHNET_PYTHON, what `pytorch:install` made, else python3
//
// Exit status: 0 all passed, 1 a failure, 77 this machine has no PyTorch or no pytest.

import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dist, root } from './bundles.ts';
import { findPython } from './python-with-pytorch.ts';
import { equalityCases } from './torch-equality.ts';

/** As scripts/test.ts understands it. */
const skipped = 77;
const networks = 12;

function main(): number {
  const python = findPython();
  if (spawnSync(python, ['-c', 'import torch, pytest']).status !== 0) {
    console.log(
      `${python} has no PyTorch or no pytest, so morphnet-torch was not tested. npm run pytorch:install gets PyTorch, ${python} -m pip install pytest the other`,
    );
    return skipped;
  }
  if (!existsSync(join(dist, 'cli.cjs'))) {
    console.log('The command line is not built; npm run build makes it.');
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), 'morphnet-torch-'));
  try {
    const cases = join(folder, 'cases.ndjson');
    const file = openSync(cases, 'w');
    let count = 0;
    for (const line of equalityCases(networks, 7)) {
      writeSync(file, `${line}\n`);
      count += 1;
    }
    closeSync(file);
    console.log(`${String(count)} cases: ${String(networks)} random networks by algorithm and target`);
    const environment = {
      ...process.env,
      PYTHONPATH: join(root, 'python'),
      PYTHONDONTWRITEBYTECODE: '1',
      MORPHNET_EQUALITY: cases,
      MORPHNET_COMMAND: JSON.stringify([process.execPath, join(dist, 'cli.cjs')]),
    };
    const words = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', ...process.argv.slice(2)];
    return spawnSync(python, words, { cwd: join(root, 'python'), stdio: 'inherit', env: environment }).status === 0
      ? 0
      : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = main();
