// CIFAR-10's binary batches: records of a label and three planes of 32 × 32 pixels.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { normalizationOf } from '../../../../server/src/training/data/data-set.ts';
import { readDataSet } from '../../../../server/src/training/data/read-data-set.ts';
import { writeFiles } from '../../../support/idx-files.ts';
import { temporaryFolder } from '../../../support/run-folder.ts';

/** A record whose planes are filled with three values. */
const record = (label: number, red: number, green: number, blue: number): Buffer =>
  Buffer.concat([Buffer.of(label), ...[red, green, blue].map((value) => Buffer.alloc(1024, value))]);

const read = (path: string) => readDataSet({ kind: 'cifar10', path });

/** The real data set, where somebody has fetched it. */
const real = process.env['MORPHNET_CIFAR10'] ?? '';

describe('a folder of CIFAR-10 batches', () => {
  it('is read in the order of its batches', () => {
    const folder = temporaryFolder();
    writeFiles(folder, {
      'data_batch_2.bin': record(9, 4, 5, 6),
      'data_batch_1.bin': Buffer.concat([record(0, 1, 2, 3), record(7, 10, 20, 30)]),
      'test_batch.bin': record(5, 7, 8, 9),
      'readme.html': Buffer.of(1),
    });
    const set = read(folder);
    if (!set.ok) throw new Error(set.error);
    const { shape, classes, training, test } = set.value;
    expect({ shape, classes, count: training.count }).toEqual({ shape: [3, 32, 32], classes: 10, count: 3 });
    expect([...training.labels]).toEqual([0, 7, 9]);
    const firstOfPlanes = Array.from({ length: 9 }, (_, plane) => training.pixels[plane * 1024]);
    expect(firstOfPlanes).toEqual([1, 2, 3, 10, 20, 30, 4, 5, 6]);
    expect([test.count, test.labels[0], test.pixels[0], test.pixels[3071]]).toEqual([1, 5, 7, 9]);
  });

  it.for([
    ['cut off', record(1, 1, 1, 1).subarray(1)],
    ['empty', Buffer.alloc(0)],
  ] as const)('names a batch that is %s', ([, bytes]) => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'data_batch_1.bin': bytes, 'test_batch.bin': record(1, 1, 1, 1) });
    const set = read(folder);
    expect(set).toMatchObject({ ok: false });
    expect(!set.ok && set.error).toContain(`${join(folder, 'data_batch_1.bin')} is not made of records of 3073 bytes`);
  });

  it('tells labels that CIFAR-10 does not have', () => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'data_batch_1.bin': record(10, 1, 1, 1), 'test_batch.bin': record(1, 1, 1, 1) });
    const set = read(folder);
    expect(!set.ok && set.error).toContain('has the label 10');
  });

  it('tells folders without batches', () => {
    const folder = temporaryFolder();
    for (const path of [folder, join(folder, 'gone')]) {
      const set = read(path);
      expect(!set.ok && set.error.startsWith(`${path} `)).toBe(true);
      expect(!set.ok && set.error).toContain('Choose the folder cifar-10-batches-bin');
    }
  });

  it.skipIf(!existsSync(real))(
    'has the figures of the real one (skipped unless MORPHNET_CIFAR10 names its folder)',
    () => {
      const set = read(real);
      if (!set.ok) throw new Error(set.error);
      const { training, test } = set.value;
      // Every class is as frequent as the others, in the whole test batch and in balanced parts of it.
      const counts = new Array<number>(10).fill(0);
      for (const label of test.labels) counts[label] = (counts[label] ?? 0) + 1;
      expect(counts).toEqual(new Array<number>(10).fill(test.count / 10));
      // Photographs: no channel is near black or white on average, none is flat.
      const { mean, deviation } = normalizationOf(set.value);
      for (const value of mean) expect(Math.abs(value - 0.47)).toBeLessThan(0.05);
      for (const value of deviation) expect(Math.abs(value - 0.25)).toBeLessThan(0.03);
      if (training.count < 50_000) return;
      // The first test images are a cat, two ships and an aeroplane; the first training image is a frog.
      expect([...test.labels.subarray(0, 4)]).toEqual([3, 8, 8, 0]);
      expect(training.labels[0]).toBe(6);
    },
  );
});
