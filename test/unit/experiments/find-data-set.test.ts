// The data set of a training script, in the ways that public scripts name it.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findDataSet } from '../../../server/src/experiments/find-data-set.ts';
import { temporaryFolder } from '../../support/run-folder.ts';

function workspace(script: string, files: readonly string[]): { readonly folder: string; readonly model: string } {
  const folder = temporaryFolder();
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  mkdirSync(join(folder, 'src'), { recursive: true });
  const model = join(folder, 'src/main.py');
  writeFileSync(model, script);
  return { folder, model };
}

const cifar = ['storage/cifar-10-batches-py/data_batch_1', 'storage/cifar-10-batches-py/test_batch'];

test.for([
  ["trainset = torchvision.datasets.CIFAR10(root='../storage', train=True, download=True)"],
  ["train = datasets.CIFAR10('storage', train=True)"],
  ["parser.add_argument('--data-dir', type=str, default='./storage', metavar='DIR')"],
  ["parser.add_argument('data', nargs='?', default='storage')"],
  ["DATA_ROOT = '../storage'"],
])('%s', ([script]) => {
  const { folder, model } = workspace(script ?? '', cifar);
  expect(findDataSet(folder, model)).toEqual({ kind: 'cifar10', path: join(folder, 'storage/cifar-10-batches-py') });
});

test('a folder of images that the script names', () => {
  const { folder, model } = workspace("data = ImageFolder('pets', transform)", ['pets/cat/1.jpg', 'pets/dog/1.png']);
  expect(findDataSet(folder, model)).toEqual({ kind: 'images', path: join(folder, 'pets') });
});

test('the usual folder where the script says nothing', () => {
  const { folder, model } = workspace('', ['data/MNIST/raw/train-images-idx3-ubyte']);
  expect(findDataSet(folder, model)).toEqual({ kind: 'idx', path: join(folder, 'data/MNIST/raw') });
});

test('folders of other things are no images, and nothing outside the workspace is looked at', () => {
  const { folder, model } = workspace("x = CIFAR10('/')\ny = MNIST('../../..')", ['data/configs/a.yaml']);
  expect(findDataSet(folder, model)).toBeUndefined();
  const elsewhere = workspace('', cifar);
  symlinkSync(join(elsewhere.folder, 'storage'), join(folder, 'datasets'));
  expect(findDataSet(folder, model)).toBeUndefined();
});
