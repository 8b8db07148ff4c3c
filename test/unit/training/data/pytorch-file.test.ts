// What torch.save wrote, read as data. The files are PyTorch 2.13's own, of a model with conv (1 to 2 channels), norm and fc whose
// parameters count up: the nth begins at ten times n.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readWeightFile } from '../../../../server/src/training/data/weight-file.ts';
import { temporaryFolder } from '../../../support/run-folder.ts';

const folder = new URL('../../../fixtures/pytorch-files/', import.meta.url).pathname;

async function weights(file: string): Promise<Readonly<Record<string, { shape: readonly number[]; data: number[] }>>> {
  const read = await readWeightFile(file);
  if (!read.ok) throw new Error(read.error);
  return Object.fromEntries([...read.value].map(([name, { shape, data }]) => [name, { shape, data: [...data] }]));
}

const model = {
  'conv.weight': { shape: [2, 1, 1, 1], data: [0, 1] },
  'conv.bias': { shape: [2], data: [10, 11] },
  'norm.weight': { shape: [2], data: [20, 21] },
  'norm.bias': { shape: [2], data: [30, 31] },
  'norm.running_mean': { shape: [2], data: [0, 0] },
  'norm.running_var': { shape: [2], data: [1, 1] },
  'fc.weight': { shape: [1, 2], data: [40, 41] },
  'fc.bias': { shape: [1], data: [50] },
};

test.for([
  ['state_dict', 'a state dictionary'],
  ['checkpoint', 'a checkpoint beside an optimizer, of a data-parallel model'],
  ['module', 'a whole module, of which nothing is made'],
] as const)('%s.pth: %s', async ([file]) => {
  expect(await weights(join(folder, `${file}.pth`))).toEqual(model);
});

test('views are laid out by rows, and every floating point type is read; whole numbers are no weights', async () => {
  expect(await weights(join(folder, 'views.pth'))).toEqual({
    a: { shape: [3, 2], data: [0, 3, 1, 4, 2, 5] },
    b: { shape: [3], data: [2, 3, 4] },
    half: { shape: [2], data: [1.5, -2] },
    brain: { shape: [2], data: [1.5, -2] },
    double: { shape: [1], data: [Math.fround(0.1)] },
  });
});

test('the format before 1.6 is refused in words', async () => {
  expect(await readWeightFile(join(folder, 'legacy.pth'))).toMatchObject({
    ok: false,
    error: expect.stringMatching(
      /PyTorch before 1\.6 wrote another format: load the file and save its state_dict\(\) anew/,
    ) as string,
  });
});

test('damaged files end in a sentence or in weights, never in an exception', async () => {
  const whole = readFileSync(join(folder, 'checkpoint.pth'));
  const file = join(temporaryFolder(), 'damaged.pth');
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, byte, length) => {
      const damaged = Buffer.from(whole);
      damaged[at] = byte;
      writeFileSync(file, damaged.subarray(0, length < 100 ? length : whole.length));
      const read = await readWeightFile(file);
      if (!read.ok) expect(read.error).toContain('damaged.pth ');
    }),
    { numRuns: 200, seed: 3 },
  );
});
