// `npm run test:electron`: the trainer, the command line and the language server under the editor's executable instead of Node's.
// There native libraries may not hand out memory of their own (V8's memory cage), and what starts a process has to say that it
// is to run as Node.
//
//   ELECTRON_PATH=/path/to/electron npm run test:electron          Electron itself, or the `code` binary of an installed VS Code
//
// Exit status: 0 passed, 1 a test failed, 77 there is no Electron.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './bundles.ts';

const skipped = 77;

function main(): number {
  const executable = process.env['ELECTRON_PATH'] ?? '';
  if (executable === '') {
    console.log(
      'The tests under Electron are SKIPPED: ELECTRON_PATH does not name an Electron, or the binary of a VS Code.',
    );
    return skipped;
  }
  const asNode = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  const asked = spawnSync(executable, ['-p', 'process.versions.electron + ", Node " + process.versions.node'], {
    encoding: 'utf8',
    env: asNode,
  });
  if (asked.status !== 0 || asked.stdout.startsWith('undefined')) {
    console.log(
      `${executable} is no Electron that runs as Node: ${asked.error?.message ?? asked.stdout + asked.stderr}`,
    );
    return 1;
  }
  console.log(`Electron ${asked.stdout.trim()}`);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/trainer'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, MORPHNET_TEST_ELECTRON: executable },
  });
  return status ?? 1;
}

process.exitCode = main();
