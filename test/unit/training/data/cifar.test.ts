// CIFAR's binary batches: records of label bytes and three planes of 32 × 32 pixels.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { normalizationOf } from '../../../../server/src/training/data/normalization.ts';
import { errorOf, inMemory, readSet } from '../../../support/data-sets.ts';
import { writeFiles } from '../../../support/idx-files.ts';
import { temporaryFolder } from '../../../support/run-folder.ts';

/** A record whose planes are filled with three values. */
const record = (labels: readonly number[], red: number, green: number, blue: number): Buffer =>
  Buffer.concat([Buffer.from(labels), ...[red, green, blue].map((value) => Buffer.alloc(1024, value))]);

/** The real data set, where somebody has fetched it. */
const real = process.env['MORPHNET_CIFAR10'] ?? '';

describe('a folder of CIFAR-10 batches', () => {
  it('is read in the order of its batches', async () => {
    const folder = temporaryFolder();
    writeFiles(folder, {
      'data_batch_2.bin': record([9], 4, 5, 6),
      'data_batch_1.bin': Buffer.concat([record([0], 1, 2, 3), record([7], 10, 20, 30)]),
      'test_batch.bin': record([5], 7, 8, 9),
      'readme.html': Buffer.of(1),
    });
    const { shape, classes, ...parts } = await readSet({ kind: 'cifar10', path: folder });
    const [training, test] = [inMemory(parts.training), inMemory(parts.test)];
    expect({ shape, classes, count: training.count }).toEqual({ shape: [3, 32, 32], classes: 10, count: 3 });
    expect([...training.labels]).toEqual([0, 7, 9]);
    const firstOfPlanes = Array.from({ length: 9 }, (_, plane) => training.pixels[plane * 1024]);
    expect(firstOfPlanes).toEqual([1, 2, 3, 10, 20, 30, 4, 5, 6]);
    expect([test.count, test.labels[0], test.pixels[0], test.pixels[3071]]).toEqual([1, 5, 7, 9]);
  });

  it.for([0, 1, 3072, 3074])('tells a batch of %i bytes', async (length) => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'data_batch_1.bin': Buffer.alloc(length), 'test_batch.bin': record([1], 1, 1, 1) });
    expect(await errorOf({ kind: 'cifar10', path: folder })).toContain(
      `${join(folder, 'data_batch_1.bin')} is not made of records of 3073 bytes`,
    );
  });

  it('tells labels that CIFAR-10 does not have, and where', async () => {
    const folder = temporaryFolder();
    const batch = Buffer.concat([record([9], 1, 1, 1), record([10], 1, 1, 1)]);
    writeFiles(folder, { 'data_batch_1.bin': batch, 'test_batch.bin': record([1], 1, 1, 1) });
    expect(await errorOf({ kind: 'cifar10', path: folder })).toContain('has the label 10 in record 1');
  });

  it('tells folders without batches', async () => {
    const folder = temporaryFolder();
    for (const path of [folder, join(folder, 'gone')]) {
      const error = await errorOf({ kind: 'cifar10', path });
      expect(error.startsWith(`${path} `)).toBe(true);
      expect(error).toContain('Choose the folder cifar-10-batches-bin');
    }
  });

  it.skipIf(!existsSync(real))(
    'has the figures of the real one (skipped unless MORPHNET_CIFAR10 names its folder)',
    async () => {
      const set = await readSet({ kind: 'cifar10', path: real });
      const [training, test] = [inMemory(set.training), inMemory(set.test)];
      // Every class is as frequent as the others, in the whole test batch and in balanced parts of it.
      const counts = new Array<number>(10).fill(0);
      for (const label of test.labels) counts[label] = (counts[label] ?? 0) + 1;
      expect(counts).toEqual(new Array<number>(10).fill(test.count / 10));
      // Photographs: no channel is near black or white on average, none is flat.
      const { mean, deviation } = normalizationOf(training, [3, 32, 32]);
      for (const value of mean) expect(Math.abs(value - 0.47)).toBeLessThan(0.05);
      for (const value of deviation) expect(Math.abs(value - 0.25)).toBeLessThan(0.03);
      if (training.count < 50_000) return;
      // The first test images are a cat, two ships and an aeroplane; the first training image is a frog.
      expect([...test.labels.subarray(0, 4)]).toEqual([3, 8, 8, 0]);
      expect(training.labels[0]).toBe(6);
    },
  );
});

describe('a folder of CIFAR-100', () => {
  it('has the fine label, which is the second, as its class', async () => {
    const folder = temporaryFolder();
    writeFiles(folder, {
      'train.bin': Buffer.concat([record([3, 99], 1, 2, 3), record([19, 0], 4, 5, 6)]),
      'test.bin': record([0, 42], 7, 8, 9),
      'fine_label_names.txt': Buffer.of(1),
    });
    const { classes, ...parts } = await readSet({ kind: 'cifar100', path: folder });
    const [training, test] = [inMemory(parts.training), inMemory(parts.test)];
    expect(classes).toBe(100);
    expect([...training.labels, ...test.labels]).toEqual([99, 0, 42]);
    expect(Array.from({ length: 6 }, (_, plane) => training.pixels[plane * 1024])).toEqual([1, 2, 3, 4, 5, 6]);
    expect([test.pixels[0], test.pixels[3071]]).toEqual([7, 9]);
  });

  it('is not taken for CIFAR-10', async () => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'train.bin': record([1], 1, 1, 1), 'test.bin': record([0, 1], 1, 1, 1) });
    expect(await errorOf({ kind: 'cifar100', path: folder })).toContain(
      `${join(folder, 'train.bin')} is not made of records of 3074 bytes`,
    );
    expect(await errorOf({ kind: 'cifar10', path: folder })).toContain('has no CIFAR-10 batches');
  });
});
