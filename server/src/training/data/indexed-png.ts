// PNG files with a palette (https://www.w3.org/TR/png-3): the indices themselves, which are class numbers in masks such as those of
// PASCAL VOC. The image decoder gives colours only.

import { inflateSync } from 'node:zlib';
import type { Result } from '../../common/problem.ts';

/** A class or grey value a pixel. */
export interface PixelValues {
  readonly height: number;
  readonly width: number;
  /** [height, width] */
  readonly values: Uint8Array;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** More pixels than any mask: a small file may claim to be huge. */
const mostPixels = 2 ** 28;

/** The indices of a PNG with a palette; undefined where the bytes are none such. The error is a sentence without a subject. */
export function indexedPng(bytes: Buffer): Result<PixelValues> | undefined {
  if (bytes.length < 29 || !bytes.subarray(0, 8).equals(signature)) return undefined;
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const [depth = 0, colour = 0, , , interlace = 0] = bytes.subarray(24, 29);
  const isIndexed = colour === 3 || (colour === 0 && depth < 8);
  if (!isIndexed) return undefined;
  if (interlace !== 0) return { ok: false, error: 'is an interlaced PNG with a palette. Save it without' };
  if (width * height > mostPixels || width === 0) return { ok: false, error: 'is too large' };
  const rowBytes = Math.ceil((width * depth) / 8);
  let rows: Buffer;
  try {
    rows = inflateSync(Buffer.concat(imageData(bytes)), { maxOutputLength: height * (rowBytes + 1) });
  } catch {
    return { ok: false, error: 'is damaged' };
  }
  if (rows.length < height * (rowBytes + 1)) return { ok: false, error: 'is cut off' };
  return { ok: true, value: { height, width, values: indices(rows, { height, width, depth, rowBytes }) } };
}

function imageData(bytes: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT') found.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return found;
}

interface Rows {
  readonly height: number;
  readonly width: number;
  /** Bits a pixel: 1, 2, 4 or 8. */
  readonly depth: number;
  readonly rowBytes: number;
}

/** Undoes the filters (section 9), each of a byte by its left, upper and upper left neighbours, and unpacks the bits. */
function indices(rows: Buffer, { height, width, depth, rowBytes }: Rows): Uint8Array {
  const values = new Uint8Array(height * width);
  let above = new Uint8Array(rowBytes);
  const mask = 2 ** depth - 1;
  for (let y = 0; y < height; y++) {
    const start = y * (rowBytes + 1);
    const filter = rows[start] ?? 0;
    const row = new Uint8Array(rowBytes);
    for (let x = 0; x < rowBytes; x++) {
      const [left, up, corner] = [row[x - 1] ?? 0, above[x] ?? 0, above[x - 1] ?? 0];
      row[x] = (rows[start + 1 + x] ?? 0) + predicted(filter, left, up, corner);
    }
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      values[y * width + x] = ((row[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & mask;
    }
    above = row;
  }
  return values;
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4: {
      const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
      return a <= b && a <= c ? left : b <= c ? up : corner;
    }
    default:
      return 0;
  }
}
