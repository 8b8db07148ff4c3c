// Image files as a data set: which endings are read, and lists of files as parts.

import { extname } from 'node:path';
import type { Result } from '../../common/problem.ts';
import { badFile, type ImagesInFiles, type ReadRequest, type ReadSet } from './data-set.ts';

const endings = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.tif', '.tiff', '.avif']);
/** Images too, but none that the decoder reads. */
const otherEndings = new Set(['.bmp', '.ppm', '.pgm', '.jp2', '.heic', '.tga', '.psd']);

export const endingsInWords = 'JPEG, PNG, WebP, GIF, TIFF or AVIF';

/** What a file's ending says: an image that can be read, one that can't, or something else. */
export function imageKindOf(path: string): 'readable' | 'unreadable' | 'other' {
  const ending = extname(path).toLowerCase();
  return endings.has(ending) ? 'readable' : otherEndings.has(ending) ? 'unreadable' : 'other';
}

export interface LabelledFile {
  readonly path: string;
  readonly label: number;
}

/** What the readers of folders and of lists found. */
export interface FoundFiles {
  readonly name: string;
  readonly classes: number;
  readonly training: readonly LabelledFile[];
  /** Undefined when the set has no test part. */
  readonly test: readonly LabelledFile[] | undefined;
  readonly notices: readonly string[];
}

/** The files as a data set of the network's input size. */
export function filesAsSet({ path, input, decoder }: ReadRequest, found: FoundFiles): Result<ReadSet> {
  const [channels] = input;
  if (channels !== 1 && channels !== 3) {
    return badFile(
      path,
      `has pictures, which have 1 or 3 channels, but the network takes ${String(channels)}`,
      'Set the model’s input in morphnet.json, or save the images as a NumPy array',
    );
  }
  const { name, classes, training, test, notices } = found;
  const part = (files: readonly LabelledFile[]): ImagesInFiles => ({
    kind: 'files',
    count: files.length,
    labels: Int32Array.from(files, ({ label }) => label),
    paths: files.map((file) => file.path),
    decoder,
  });
  return {
    ok: true,
    value: { name, shape: input, classes, training: part(training), ...(test && { test: part(test) }), notices },
  };
}
