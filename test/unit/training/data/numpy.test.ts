// NumPy's arrays: every type and order that is promised, the layouts of images, the names of arrays, and damaged files.

import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImageShape } from '../../../../server/src/training/data/data-set.ts';
import { readNpy } from '../../../../server/src/training/data/npy.ts';
import { readDataSet } from '../../../../server/src/training/data/read-data-set.ts';
import { errorOf, inMemory, readSet, valueOf } from '../../../support/data-sets.ts';
import { writeFiles } from '../../../support/idx-files.ts';
import { npy, npyTypes, npz } from '../../../support/numpy-files.ts';
import { temporaryFolder } from '../../../support/run-folder.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const labels = npy([2], [1, 0], { type: '<i8' });

/** The pixels of two training images that stand in an array beside those of a test image. */
async function pixelsOf(images: Buffer, input: ImageShape): Promise<Uint8Array | Float32Array> {
  const path = join(temporaryFolder(), 'set.npz');
  const test = { x_test: images, y_test: labels };
  writeFiles(join(path, '..'), { 'set.npz': npz({ x_train: images, y_train: labels, ...test }) });
  return inMemory((await readSet({ kind: 'numpy', path }, input)).training).pixels;
}

describe('an array file', () => {
  it.for(npyTypes)('has elements of the type %s', (type) => {
    const values = [0, 1, 1, 0, 1, 1];
    const extremes = /f/.test(type) ? [-0.5, 0.25] : /[ui][248]/.test(type) ? [300, 2 ** 14] : [0, 1];
    const array = readNpy(npy([2, 4], [...values, ...extremes], { type }));
    if (!array.ok) throw new Error(array.error);
    expect(Array.from(array.value.elements, Number)).toEqual([...values, ...extremes]);
    expect(array.value.shape).toEqual([2, 4]);
    expect(array.value.strides).toEqual([4, 1]);
  });

  it.for([1, 2, 3] as const)('is of version %i', (version) => {
    const array = readNpy(npy([3], [-7, 8, 9], { type: '<i4', version }));
    expect(array.ok && Array.from(array.value.elements)).toEqual([-7, 8, 9]);
  });

  it('may be in the order of Fortran, in which the first index runs fastest', () => {
    const array = readNpy(npy([2, 3, 4], upTo(24), { isFortran: true }));
    expect(array.ok && array.value.strides).toEqual([1, 2, 6]);
  });

  it('is told to be cut off at any length, and to be something else', () => {
    const whole = npy([2, 3], upTo(6), { type: '<f4' });
    for (const length of upTo(whole.length)) expect(readNpy(whole.subarray(0, length)).ok).toBe(false);
    expect(readNpy(whole.subarray(0, whole.length - 1))).toMatchObject({
      error: 'is cut off: its shape (2, 3) needs 24 bytes, but there are 23',
    });
    expect(readNpy(Buffer.from('\x89PNG and more than ten bytes'))).toMatchObject({
      error: 'does not begin like a NumPy array',
    });
  });

  it('of any bytes is read or refused, and never more', () => {
    const whole = npy([2, 3], upTo(6), { type: '<f4' });
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(changes, (bytes) => {
        const changed = Buffer.from(whole);
        for (const [place, byte] of bytes) changed[place] = byte;
        const array = readNpy(changed);
        if (!array.ok) expect(array.error).toMatch(/^(is|has|does) /);
        else expect(array.value.elements.length).toBe(array.value.shape.reduce((product, size) => product * size, 1));
      }),
      { numRuns: 2000 },
    );
  });

  it.for(['|O', '<c8', '<U12', '<M8[ns]', '<f2'])('of the type %s is refused by name', (type) => {
    const result = readNpy(npy([1], [0], { type }));
    expect(!result.ok && result.error).toContain(`'${type}'`);
  });
});

describe('images in arrays', () => {
  // Two images of 2 channels, 3 rows and 4 columns; each pixel is its number with channels first.
  const input = [2, 3, 4] as const;
  const channelsFirst = upTo(48);
  const at = (image: number, channel: number, row: number, column: number): number =>
    ((image * 2 + channel) * 3 + row) * 4 + column;
  /** The same images with the indices in another order, the last one fastest. */
  const channelsLast = upTo(2).flatMap((image) =>
    upTo(3).flatMap((row) => upTo(4).flatMap((column) => upTo(2).map((channel) => at(image, channel, row, column)))),
  );
  const fortran = upTo(4).flatMap((column) =>
    upTo(3).flatMap((row) => upTo(2).flatMap((channel) => upTo(2).map((image) => at(image, channel, row, column)))),
  );
  const fortranLast = upTo(2).flatMap((channel) =>
    upTo(4).flatMap((column) => upTo(3).flatMap((row) => upTo(2).map((image) => at(image, channel, row, column)))),
  );

  it.for<readonly [string, Buffer]>([
    ['channels first', npy([2, 2, 3, 4], channelsFirst)],
    ['channels last', npy([2, 3, 4, 2], channelsLast)],
    ['channels first in the order of Fortran', npy([2, 2, 3, 4], fortran, { isFortran: true })],
    ['channels last in the order of Fortran', npy([2, 3, 4, 2], fortranLast, { isFortran: true })],
    ['flat', npy([2, 24], channelsFirst)],
  ])('may be %s', async ([, images]) => {
    const pixels = await pixelsOf(images, input);
    expect(pixels).toBeInstanceOf(Uint8Array);
    expect([...pixels]).toEqual(channelsFirst);
  });

  it.for(['<i4', '<i8', '<f4', '<f8', '>f8'])('of the type %s become 32-bit floats', async (type) => {
    const pixels = await pixelsOf(
      npy(
        [2, 2, 3, 4],
        channelsFirst.map((value) => value - 20),
        { type },
      ),
      input,
    );
    expect(pixels).toBeInstanceOf(Float32Array);
    expect([...pixels]).toEqual(channelsFirst.map((value) => value - 20));
  });

  it('may be grey without an axis of channels', async () => {
    expect([...(await pixelsOf(npy([2, 3, 4], upTo(24)), [1, 3, 4]))]).toEqual(upTo(24));
  });

  it('are channels first where both would do', async () => {
    expect([...(await pixelsOf(npy([2, 2, 2, 2], upTo(16)), [2, 2, 2]))]).toEqual(upTo(16));
  });

  it('of another size are told with the network’s', async () => {
    await expect(pixelsOf(npy([2, 3, 5, 2], new Array<number>(60).fill(0)), input)).rejects.toThrow(
      /x_train in .*set\.npz has the shape \(2, 3, 5, 2\)\. The network takes images of 2×3×4: save them as \(count, 2, 3, 4\) or \(count, 3, 4, 2\)/,
    );
  });

  it('with a pixel that is no number are told', async () => {
    const values = channelsFirst.with(30, Number.NaN);
    await expect(pixelsOf(npy([2, 2, 3, 4], values, { type: '<f4' }), input)).rejects.toThrow('in image 1');
  });
});

describe('arrays by name', () => {
  const input = [1, 1, 1] as const;
  const images = (...values: readonly number[]): Buffer => npy([values.length, 1, 1], values);
  const classes = (...values: readonly number[]): Buffer => npy([values.length], values, { type: '<i8' });

  it.for<readonly [string, readonly [string, string, string, string]]>([
    ['Keras', ['x_train', 'y_train', 'x_test', 'y_test']],
    ['MedMNIST', ['train_images', 'train_labels', 'test_images', 'test_labels']],
    ['a validation set', ['X', 'y', 'X_val', 'y_val']],
    ['one word', ['trainImages', 'trainLabels', 'testImages', 'testLabels']],
  ])('are found as %s names them, in an archive and in a folder', async ([, [x, y, xTest, yTest]]) => {
    const folder = temporaryFolder();
    const arrays = { [x]: images(5, 6), [y]: classes(1, 0), [xTest]: images(7), [yTest]: classes(2), other: images(0) };
    writeFiles(folder, { 'set.npz': npz(arrays) });
    writeFiles(
      join(folder, 'files'),
      Object.fromEntries(Object.entries(arrays).map(([name, content]) => [`${name}.npy`, content])),
    );
    for (const path of [join(folder, 'set.npz'), join(folder, 'files'), join(folder, 'files', `${x}.npy`)]) {
      const { classes: count, ...parts } = await readSet({ kind: 'auto', path }, input);
      const [training, test] = [inMemory(parts.training), inMemory(parts.test)];
      expect([count, ...training.pixels, ...training.labels, ...test.pixels, ...test.labels]).toEqual([
        3, 5, 6, 1, 0, 7, 2,
      ]);
    }
  });

  it('are split where there is no test part', async () => {
    const path = join(temporaryFolder(), 'a.npz');
    writeFiles(join(path, '..'), {
      'a.npz': npz({
        images: images(...upTo(20)),
        labels: npy(
          [20, 1],
          upTo(20).map((i) => i % 2),
        ),
      }),
    });
    const { training, test } = await readSet({ kind: 'numpy', path, validation: 0.3 }, input);
    expect([training.count, test.count]).toEqual([14, 6]);
  });

  it('are inflated, and their checksums hold', async () => {
    const folder = temporaryFolder();
    const arrays = { x: images(5, 6, 5, 6), y: classes(0, 1, 0, 1) };
    const stored = npz(arrays);
    const damaged = Buffer.from(stored);
    // The last byte of x: its file name stands behind 30 bytes, its content behind that.
    const last = 30 + 'x.npy'.length + arrays.x.length - 1;
    damaged[last] = 9;
    writeFiles(folder, {
      'deflated.npz': npz(arrays, true),
      'damaged.npz': damaged,
      'cut.npz': stored.subarray(0, -30),
    });
    const { training } = await readSet({ kind: 'numpy', path: join(folder, 'deflated.npz') }, input);
    expect([...inMemory(training).pixels]).toEqual([5, 6, 5, 6]);
    const damagedPath = join(folder, 'damaged.npz');
    expect(await errorOf({ kind: 'numpy', path: damagedPath }, input)).toContain(
      `${damagedPath} is damaged: the checksum of x differs`,
    );
    const cutPath = join(folder, 'cut.npz');
    expect(await errorOf({ kind: 'numpy', path: cutPath }, input)).toContain(
      `${cutPath} is no zip archive that can be read`,
    );
  });

  it.for<readonly [string, Readonly<Record<string, Buffer>>, string]>([
    [
      'no labels',
      { x_train: images(1), other: images(1) },
      'has the arrays x_train, other, of which none are training images',
    ],
    [
      'two arrays for one thing',
      { x_train: images(1), train_images: images(1), y_train: classes(0) },
      'x_train and train_images',
    ],
    ['fewer labels than images', { x: images(1, 2), y: classes(0) }, 'has 1 labels, but x in'],
    ['a negative label', { x: images(1, 2), y: classes(0, -1) }, 'has the label -1 at index 1'],
    [
      'numbers that are none',
      { x: images(1, 2), y: npy([2], [0.5, Infinity], { type: '<f4' }) },
      'has a number that is not finite, at index 1',
    ],
    ['one-hot labels', { x: images(1, 2), y: npy([2, 3], [0, 1, 0, 0, 0, 1]) }, 'is one-hot. Save one class number'],
    ['targets of five axes', { x: images(1, 2), y: npy([2, 1, 2, 1, 3], upTo(12)) }, 'has the shape (2, 1, 2, 1, 3)'],
    [
      'targets of one part alone',
      { x_train: images(1), y_train: classes(0), y_age_train: classes(9), x_test: images(1), y_test: classes(0) },
      'has no array for the test images like y_age_train',
    ],
    ['no images', { x: npy([0, 1, 1], []), y: npy([0], []) }, 'has no images'],
  ])('tell of %s', async ([, arrays, message]) => {
    const path = join(temporaryFolder(), 'a.npz');
    writeFiles(join(path, '..'), { 'a.npz': npz(arrays) });
    expect(await errorOf({ kind: 'numpy', path }, input)).toContain(message);
  });
});

describe('what there is to learn', () => {
  const input: ImageShape = [1, 2, 3];
  async function targetsOf(arrays: Readonly<Record<string, Buffer>>, output?: ImageShape) {
    const path = join(temporaryFolder(), 'a.npz');
    writeFiles(join(path, '..'), { 'a.npz': npz({ x: npy([4, 2, 3], upTo(24)), ...arrays }) });
    const set = valueOf(
      await readDataSet(
        { kind: 'numpy', path },
        { input, outputs: output ? [output] : [], decoder: new URL('file:///none') },
      ),
    );
    const values = inMemory(set.training).targets?.map((array) => [...array]);
    return { targets: set.targets, values, labels: [...set.training.labels] };
  }

  it('is classes of images alone where nothing else is there', async () => {
    expect(await targetsOf({ y: npy([4], [0, 2, 1, 1]) })).toEqual({
      targets: undefined,
      values: undefined,
      labels: [0, 2, 1, 1],
    });
  });

  it('is classes of pixels, as integers of any type, with or without an axis of channels', async () => {
    const pixels = [0, 1, 2, 255, 1, 0];
    const all = [...pixels, ...pixels, ...pixels, ...pixels];
    const mask = { name: '', kind: 'classes', shape: [2, 3], classes: 3 };
    for (const shape of [
      [4, 2, 3],
      [4, 2, 3, 1],
      [4, 1, 2, 3],
    ])
      expect(await targetsOf({ masks: npy(shape, all, { type: '<i4' }) }, [3, 2, 3])).toMatchObject({
        targets: [mask],
        values: [all],
      });
    const signed = all.map((value) => (value === 255 ? -1 : value));
    expect(await targetsOf({ y: npy([4, 2, 3], signed, { type: '<i8' }) }, [3, 2, 3])).toMatchObject({
      targets: [mask],
      values: [all],
    });
  });

  it('is vectors and single numbers', async () => {
    const halves = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4];
    expect(await targetsOf({ y: npy([4, 2], halves, { type: '<f4' }) })).toMatchObject({
      targets: [{ kind: 'numbers', shape: [2] }],
      values: [halves],
    });
    expect(await targetsOf({ y: npy([4], halves.slice(0, 4), { type: '<f8' }) })).toMatchObject({
      targets: [{ kind: 'numbers', shape: [1] }],
    });
    const fortran = npy([4, 2], [1, 2, 3, 4, 5, 6, 7, 8], { type: '<f4', isFortran: true });
    expect((await targetsOf({ y: fortran })).values).toEqual([[1, 5, 2, 6, 3, 7, 4, 8]]);
  });

  it('is images of the size that the network makes, in either layout', async () => {
    const last = npy([4, 1, 2, 3], upTo(24), { type: '<f4' });
    const first = { targets: [{ kind: 'numbers', shape: [3, 1, 2] }] };
    const found = await targetsOf({ y: last }, [3, 1, 2]);
    expect(found).toMatchObject(first);
    expect(found.values?.[0]?.slice(0, 6)).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it('is several things by name, of which the first classes are what a part for validation is drawn by', async () => {
    const found = await targetsOf({ y_age: npy([4], [0.5, 1, 2, 3], { type: '<f4' }), y: npy([4], [1, 0, 1, 0]) });
    expect(found.targets).toEqual([
      { name: '', kind: 'classes', shape: [], classes: 2 },
      { name: 'age', kind: 'numbers', shape: [1], classes: 0 },
    ]);
    expect(found.labels).toEqual([1, 0, 1, 0]);
  });
});
