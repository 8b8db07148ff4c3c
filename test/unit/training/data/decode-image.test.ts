// Single images through the real decoder: formats, channels, depth, orientation, size and what can't be decoded.

import { join } from 'node:path';
import sharp, { type Sharp as SharpImage } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeImage, loadSharp, type Sharp } from '../../../../server/src/training/data/decode-image.ts';
import type { ImageShape } from '../../../../server/src/training/data/data-set.ts';
import { valueOf } from '../../../support/data-sets.ts';
import { writeFiles } from '../../../support/idx-files.ts';
import { temporaryFolder } from '../../../support/run-folder.ts';

let decoder: Sharp;

beforeAll(async () => {
  decoder = valueOf(await loadSharp());
});

/** What a file with this content decodes to. */
async function decoded(content: Uint8Array, shape: ImageShape): Promise<number[]> {
  const folder = temporaryFolder();
  writeFiles(folder, { image: content });
  const target = new Uint8Array(shape[0] * shape[1] * shape[2]);
  valueOf(await decodeImage(decoder, join(folder, 'image'), shape, target));
  return [...target];
}

/** An image of two pixels side by side, or of more. */
const raw = (channels: 1 | 2 | 3 | 4, ...bytes: readonly number[]): SharpImage =>
  sharp(Uint8Array.from(bytes), { raw: { width: bytes.length / channels, height: 1, channels } });

const red = [255, 0, 0];
const green = [0, 255, 0];
const planes = [255, 0, 0, 255, 0, 0];

describe('an image', () => {
  it('comes as planes, exactly where the format keeps bytes', async () => {
    expect(
      await decoded(
        await raw(3, ...red, ...green)
          .png()
          .toBuffer(),
        [3, 1, 2],
      ),
    ).toEqual(planes);
    expect(
      await decoded(
        await raw(3, ...red, ...green)
          .tiff({ compression: 'lzw' })
          .toBuffer(),
        [3, 1, 2],
      ),
    ).toEqual(planes);
    expect(
      await decoded(
        await raw(3, ...red, ...green)
          .webp({ lossless: true })
          .toBuffer(),
        [3, 1, 2],
      ),
    ).toEqual(planes);
  });

  it('comes nearly so from JPEG', async () => {
    const wide = sharp({ create: { width: 32, height: 16, channels: 3, background: { r: 200, g: 100, b: 50 } } });
    const values = await decoded(await wide.jpeg({ quality: 95 }).toBuffer(), [3, 2, 4]);
    [200, 100, 50].forEach((value, channel) => {
      for (const seen of values.slice(8 * channel, 8 * channel + 8)) expect(Math.abs(seen - value)).toBeLessThan(4);
    });
  });

  it('of grey is the same in three channels', async () => {
    expect(await decoded(await raw(1, 7, 200).toColourspace('b-w').png().toBuffer(), [3, 1, 2])).toEqual([
      7, 200, 7, 200, 7, 200,
    ]);
  });

  it('of colour is its lightness in one channel', async () => {
    const [white, black] = await decoded(await raw(3, 255, 255, 255, 0, 0, 0).png().toBuffer(), [1, 1, 2]);
    expect([white, black]).toEqual([255, 0]);
    const [seenGreen = 0, seenRed = 0] = await decoded(
      await raw(3, ...green, ...red)
        .png()
        .toBuffer(),
      [1, 1, 2],
    );
    expect(seenGreen).toBeGreaterThan(seenRed);
  });

  it('lies over black where it is transparent', async () => {
    expect(
      await decoded(
        await raw(4, ...red, 255, ...green, 0)
          .png()
          .toBuffer(),
        [3, 1, 2],
      ),
    ).toEqual([255, 0, 0, 0, 0, 0]);
    expect(await decoded(await raw(2, 90, 255, 90, 0).png().toBuffer(), [1, 1, 2])).toEqual([90, 0]);
  });

  it('of 16 bits is scaled to eight', async () => {
    const deep = sharp(Uint16Array.of(0x0102, 0xfe03), { raw: { width: 2, height: 1, channels: 1 } });
    const bytes = await deep.toColourspace('grey16').png().toBuffer();
    expect(await decoded(bytes, [1, 1, 2])).toEqual([258, 65027].map((value) => Math.round(value / 257)));
  });

  it('is turned as the camera says', async () => {
    // Orientation 3: upside down.
    const turned = await raw(3, ...red, ...green)
      .withExif({})
      .png()
      .withMetadata({ orientation: 3 })
      .toBuffer();
    expect(await decoded(turned, [3, 1, 2])).toEqual([0, 255, 255, 0, 0, 0]);
  });

  it('is scaled to cover the size, and its middle is taken', async () => {
    // Twice as wide as high, with three red columns on either side: none of them is in the middle square.
    const striped = (width: number): Promise<Buffer> => {
      const row = Array.from({ length: width }, (_, x) => (x < 3 || x >= width - 3 ? red : green)).flat();
      const rows = Array.from({ length: width / 2 }, () => row).flat();
      return sharp(Uint8Array.from(rows), { raw: { width, height: width / 2, channels: 3 } })
        .png()
        .toBuffer();
    };
    const same = await decoded(await striped(12), [3, 6, 6]);
    expect(same).toEqual([0, 255, 0].flatMap((value) => new Array<number>(36).fill(value)));
    const half = await decoded(await striped(24), [3, 6, 6]);
    expect(half.slice(36, 72).every((value) => value > 240)).toBe(true);
  });
});

describe('what is no image', () => {
  it.for<readonly [string, () => Promise<Uint8Array>]>([
    ['empty', () => Promise.resolve(new Uint8Array(0))],
    ['a text', () => Promise.resolve(Buffer.from('not an image at all'))],
    [
      'a JPEG that is cut off',
      async () => {
        const noise = sharp({
          create: {
            width: 64,
            height: 64,
            channels: 3,
            background: 'black',
            noise: { type: 'gaussian', mean: 128, sigma: 60 },
          },
        });
        const bytes = await noise.jpeg().toBuffer();
        return bytes.subarray(0, bytes.length / 2);
      },
    ],
  ])('has a reason: %s', async ([, content]) => {
    await expect(decoded(await content(), [3, 4, 4])).rejects.toThrow(/\S/);
  });

  it('has a reason when it is not there', async () => {
    const result = await decodeImage(decoder, join(temporaryFolder(), 'gone.png'), [3, 1, 1], new Uint8Array(3));
    expect(!result.ok && result.error).toMatch(/missing|No such file/);
  });
});
