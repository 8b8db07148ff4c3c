// Hand-made IDX files: http://yann.lecun.com/exdb/mnist says how they are laid out.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of images: the magic number 0x803, three sizes, one byte a pixel. */
export function idxImages(count: number, height: number, width: number, pixels: readonly number[]): Buffer {
  const header = Buffer.alloc(16);
  [0x803, count, height, width].forEach((value, index) => header.writeUInt32BE(value, 4 * index));
  return Buffer.concat([header, Buffer.from(pixels)]);
}

/** A file of labels: the magic number 0x801, how many, one byte each. */
export function idxLabels(labels: readonly number[]): Buffer {
  const header = Buffer.alloc(8);
  [0x801, labels.length].forEach((value, index) => header.writeUInt32BE(value, 4 * index));
  return Buffer.concat([header, Buffer.from(labels)]);
}

/** Writes files by name into a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}
