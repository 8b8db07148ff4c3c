// One image file as planes of bytes of the network's input size. The decoder is a native library: it is loaded here alone,
// when the first image is wanted.

import type sharpModule from 'sharp';
import type { Result } from '../../common/problem.ts';
import { reasonOf, type ImageShape } from './data-set.ts';

export type Sharp = typeof sharpModule;

/** Loads the decoder; the error says why it can't be. */
export async function loadSharp(): Promise<Result<Sharp>> {
  try {
    const { default: sharp } = await import('sharp');
    // One image at a time in each of our threads, and none twice.
    sharp.concurrency(1);
    sharp.cache(false);
    return { ok: true, value: sharp };
  } catch (error) {
    return {
      ok: false,
      error: `The image decoder (sharp) can not be loaded on this machine: ${reasonOf(error).split('\n')[0] ?? ''}. Save the images as a NumPy array instead`,
    };
  }
}

/**
 * Writes an image to `target` as [channels, height, width] of bytes: turned upright, over black where it is transparent,
 * scaled so that it covers the size, and cut to its middle. The error says why it can't be decoded.
 */
export async function decodeImage(
  sharp: Sharp,
  path: string,
  [channels, height, width]: ImageShape,
  target: Uint8Array,
): Promise<Result<void>> {
  try {
    const { data, info } = await sharp(path, { failOn: 'error', sequentialRead: true })
      .autoOrient()
      .flatten({ background: 'black' })
      .resize(width, height, { fit: 'cover' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    planesOf(data, info.channels, channels, height * width, target);
    return { ok: true, value: undefined };
  } catch (error) {
    return { ok: false, error: reasonOf(error).split('\n')[0] ?? '' };
  }
}

/** A whole image as planes of bytes. */
export interface WholeImage {
  readonly height: number;
  readonly width: number;
  /** [channels, height, width] */
  readonly planes: Uint8Array;
}

/** An image in its own size, turned upright, over black where it is transparent; the error says why it can't be decoded. */
export async function decodeWhole(sharp: Sharp, path: string, channels: number): Promise<Result<WholeImage>> {
  try {
    const { data, info } = await sharp(path, { failOn: 'error', sequentialRead: true })
      .autoOrient()
      .flatten({ background: 'black' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { height, width } = info;
    const planes = new Uint8Array(channels * height * width);
    planesOf(data, info.channels, channels, height * width, planes);
    return { ok: true, value: { height, width, planes } };
  } catch (error) {
    return { ok: false, error: reasonOf(error).split('\n')[0] ?? '' };
  }
}

/** Pixels with channels last as planes. */
function planesOf(data: Buffer, found: number, channels: number, area: number, target: Uint8Array): void {
  for (let channel = 0; channel < channels; channel++) {
    // A grey image may stay of one channel, which then is all three.
    const source = Math.min(channel, found - 1);
    for (let i = 0; i < area; i++) target[channel * area + i] = data[i * found + source] ?? 0;
  }
}
