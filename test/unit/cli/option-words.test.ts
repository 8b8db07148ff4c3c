// Wrong options are answered in words that say what to write, with exit status 2.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { morphnetIn } from '../../support/command-line.ts';
import { smallConfig } from '../../support/small-config.ts';
import { temporaryFolder } from '../../support/run-folder.ts';

test.for([
  ['--l1-fraction 2', '--l1-fraction 2 must be at most 1.'],
  ['--combination x', '--combination x is none of max, l2.'],
  ['--strength -1', '--strength -1 must be at least 0.'],
  ['--strength 1e-8 --target flops:0.5', 'contradict each other'],
  ['--input 1,28,28', '--input 1,28,28 is written 1x28x28.'],
  ['--input (3,32,32)', '--input (3,32,32) is written 3x32x32.'],
  ['--input small', '--input small is no shape. Write it without the batch: 3x32x32'],
])('morphnet run %s', async ([words, answer]) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'net.cfg'), smallConfig);
  const { status, notes } = await morphnetIn(folder, [
    'run',
    'net.cfg',
    '--data',
    'idx:x',
    ...(words ?? '').split(' '),
  ]);
  expect(notes).toContain(answer);
  expect(notes).not.toMatch(/Invalid|Expected/);
  expect(status).toBe(2);
});
