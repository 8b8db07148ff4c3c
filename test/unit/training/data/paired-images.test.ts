// Images beside masks and beside other images: which file belongs to which, what their pixels say, and what is said of bad ones.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync, crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readDataSet } from '../../../../server/src/training/data/read-data-set.ts';
import type { ImageShape } from '../../../../server/src/training/data/data-set.ts';
import { indexedPng } from '../../../../server/src/training/data/indexed-png.ts';
import { inMemory, openedBatches, valueOf } from '../../../support/data-sets.ts';
import { temporaryFolder } from '../../../support/run-folder.ts';

const decoder = new URL('file:///no-decoder.cjs');

async function picture(
  path: string,
  width: number,
  height: number,
  value: (x: number, y: number) => number | readonly [number, number, number],
): Promise<void> {
  const bytes = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const found = value(x, y);
      bytes.set(typeof found === 'number' ? [found, found, found] : found, 3 * (y * width + x));
    }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    await sharp(bytes, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer(),
  );
}

/** A PNG of colour type 3, by the words of its specification; the filter of row y is y % 5. */
function palettePng(width: number, height: number, depth: number, index: (x: number, y: number) => number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const rowBytes = Math.ceil((width * depth) / 8);
  let above = new Uint8Array(rowBytes);
  const rows: number[] = [];
  for (let y = 0; y < height; y++) {
    const row = new Uint8Array(rowBytes);
    for (let x = 0; x < width; x++) row[(x * depth) >> 3]! |= index(x, y) << (8 - depth - ((x * depth) & 7));
    const filter = y % 5;
    rows.push(filter);
    for (let x = 0; x < rowBytes; x++) {
      const [left, up, corner] = [row[x - 1] ?? 0, above[x] ?? 0, above[x - 1] ?? 0];
      const paeth = [left, up, corner].toSorted(
        (a, b) => Math.abs(left + up - corner - a) - Math.abs(left + up - corner - b),
      )[0]!;
      rows.push(((row[x] ?? 0) - [0, left, up, (left + up) >> 1, paeth][filter]!) & 255);
    }
    above = row;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, 3, 0, 0, 0], 8);
  const palette = Buffer.alloc(3 * 2 ** depth, 7);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(Buffer.from(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const read = async (path: string, input: ImageShape, output: ImageShape, kind: 'auto' | 'masks' | 'pairs' = 'auto') =>
  readDataSet({ kind, path, badFiles: 0.4 }, { input, outputs: [output], decoder });

describe('a palette', () => {
  it.for([1, 2, 4, 8])('of %i bits is read as indices', (depth) => {
    const index = (x: number, y: number): number => (3 * x + 5 * y + x * y) % Math.min(2 ** depth, 21);
    const found = indexedPng(palettePng(13, 11, depth, index));
    const expected = Array.from({ length: 143 }, (_, place) => index(place % 13, Math.floor(place / 13)));
    expect(found?.ok === true && [...found.value.values]).toEqual(expected);
  });

  it('that is cut off or damaged is said to be, and other files are none', () => {
    const whole = palettePng(13, 11, 8, (x) => x);
    for (let length = 0; length < whole.length - 16; length += 7)
      expect(indexedPng(whole.subarray(0, length))?.ok).not.toBe(true);
    expect(indexedPng(Buffer.from('something else that is long enough to be a PNG'))).toBeUndefined();
  });
});

describe('images beside masks', () => {
  it('are paired by name, their classes those of the pixels, 255 none; colours are refused by name', async () => {
    const folder = temporaryFolder();
    for (const name of ['a', 'b', 'c']) {
      await picture(join(folder, 'train', 'images', `${name}.png`), 4, 4, (x) => 60 * x);
      mkdirSync(join(folder, 'train', 'masks'), { recursive: true });
      const mask = palettePng(4, 4, 8, (x, y) => (y === 0 ? 255 : x % 3));
      writeFileSync(join(folder, 'train', 'masks', `${name}_mask.png`), mask);
    }
    await picture(join(folder, 'train', 'masks', 'c_mask.png'), 4, 4, (x) => [x, 0, 0]);
    await picture(join(folder, 'train', 'images', 'alone.png'), 4, 4, () => 0);
    await picture(join(folder, 'val', 'images', 'd.jpg.png'), 4, 4, () => 0);
    await picture(join(folder, 'val', 'masks', 'd.jpg.png'), 4, 4, (x) => x);
    const set = valueOf(await read(folder, [1, 4, 4], [4, 2, 2]));
    expect(set).toMatchObject({ classes: 4, targets: [{ kind: 'classes', shape: [2, 2], classes: 4 }] });
    expect([set.training.count, set.test.count]).toEqual([2, 1]);
    expect(set.notices.join('\n')).toMatch(/alone\.png, which has no counterpart/);
    expect(set.notices.join('\n')).toMatch(/c_mask\.png \(it is in colours/);
    // Half of the size: the pixels at (1, 1), (3, 1), (1, 3) and (3, 3).
    expect([...(inMemory(set.test).targets?.[0] ?? [])]).toEqual([1, 3, 1, 3]);
    const batches = await openedBatches(set, { size: 2, seed: 1, targets: [{ target: 0, as: 'classes' }] });
    expect([...(valueOf(await batches.training(0)).targets?.[0] ?? [])]).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
    const every = valueOf(
      await readDataSet(
        { kind: 'auto', path: join(folder, 'train'), badFiles: 0.1 },
        { input: [1, 4, 4], outputs: [[4, 4, 4]], decoder },
      ).then((found) => (found.ok ? { ok: true, value: 'read' } : { ok: true, value: found.error })),
    );
    expect(every).toMatch(/has 1 of 3 images or masks that can’t be read: .*c_mask\.png/);
  });

  it('of black and white have the classes 0 and 1, and shift and mirror with their images', async () => {
    const folder = temporaryFolder();
    const white = (x: number, y: number): number => (x < 3 && y < 5 ? 255 : 0);
    for (const name of ['1', '2', '3', '4']) {
      await picture(join(folder, 'imgs', `${name}.png`), 8, 8, white);
      await picture(join(folder, 'labels', `${name}.png`), 8, 8, white);
    }
    const set = valueOf(await read(folder, [1, 8, 8], [2, 8, 8]));
    expect(set.classes).toBe(2);
    const settings = { size: 3, seed: 4, augmentation: 'crop-flip', targets: [{ target: 0, as: 'classes' }] } as const;
    const batches = await openedBatches(set, settings);
    for (let step = 0; step < 5; step++) {
      const { images, targets } = valueOf(await batches.training(step));
      const bright = Math.max(...images);
      // What was shifted in counts in the mask no more.
      [...(targets?.[0] ?? [])].forEach((label, place) => {
        if (label >= 0) expect((images[place] ?? NaN) === bright).toBe(label === 1);
      });
    }
  });
});

describe('images beside images', () => {
  it('are cut into patches whose targets are of the network’s size', async () => {
    const folder = temporaryFolder();
    await picture(join(folder, 'lr', 'p1.png'), 9, 4, (x, y) => 20 * x + y);
    await picture(join(folder, 'hr', 'p1x2.png'), 18, 8, (x, y) => 10 * x + y);
    await picture(join(folder, 'lr', 'p2.png'), 4, 4, (x) => x);
    await picture(join(folder, 'hr', 'p2.png'), 8, 8, (x) => x);
    await picture(join(folder, 'lr', 'small.png'), 2, 4, (x) => x);
    await picture(join(folder, 'hr', 'small.png'), 4, 8, (x) => x);
    const found = await read(folder, [1, 4, 4], [1, 8, 8], 'pairs');
    const set = valueOf(found);
    expect(set.training.count + set.test.count).toBe(3);
    expect(set.targets).toEqual([{ name: '', kind: 'numbers', shape: [1, 8, 8], classes: 0 }]);
    expect(set.notices.join('\n')).toMatch(/small\.png \(it is 2×4, less than the 4×4 that the network takes\)/);
    const { pixels, targets } = inMemory(set.training);
    // The second patch of the first image begins at column 4, in its target at column 8.
    expect([...pixels.slice(16, 20)]).toEqual([80, 100, 120, 140]);
    expect([...(targets?.[0]?.slice(64, 68) ?? [])]).toEqual([80, 90, 100, 110]);
    const batches = await openedBatches(set, { size: 1, seed: 1, targets: [{ target: 0, as: 'numbers' }] });
    const numbers = valueOf(await batches.training(0)).targets?.[0] ?? new Float32Array();
    expect(Math.max(...numbers)).toBeLessThanOrEqual(1);
  });

  it('of other sizes than the network makes are named', async () => {
    const folder = temporaryFolder();
    await picture(join(folder, 'input', '1.png'), 4, 4, () => 1);
    await picture(join(folder, 'target', '1.png'), 12, 12, () => 1);
    const found = await read(folder, [1, 4, 4], [1, 8, 8], 'pairs');
    expect(found.ok ? '' : found.error).toMatch(/it is 12×12 for an image of 4×4, but the network makes 8×8 of 4×4/);
  });
});
