// Data sets for tests: read from files that a test wrote, or made of a few bytes, and their batches one after the other.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildNodeBundle, root } from '../../scripts/bundles.ts';
import { neverCancelled } from '../../server/src/common/cancellation.ts';
import type { Result } from '../../server/src/common/problem.ts';
import type { DataSetReference } from '../../server/src/protocol/run-config.ts';
import { openBatches, type Batches, type BatchSettings } from '../../server/src/training/data/batches.ts';
import type { DataSet, ImageShape, ImagesInMemory, LabelledImages } from '../../server/src/training/data/data-set.ts';
import { readDataSet } from '../../server/src/training/data/read-data-set.ts';
import type { Batch } from '../../server/src/training/engines/engine.ts';

/** Where sets in memory, which need no decoder, say that theirs is. */
const noDecoder = new URL('file:///no-decoder.cjs');

/** The value, or an error with the message that a user would see. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

export async function readSet(
  reference: DataSetReference,
  input: ImageShape = [1, 2, 3],
  decoder = noDecoder,
): Promise<DataSet> {
  return valueOf(await readDataSet(reference, { input, decoder }));
}

/** What is said of a data set that can't be read. */
export async function errorOf(reference: DataSetReference, input: ImageShape = [1, 2, 3]): Promise<string> {
  const result = await readDataSet(reference, { input, decoder: noDecoder });
  return result.ok ? 'no error' : result.error;
}

/** A part that must be in memory. */
export function inMemory(part: LabelledImages): ImagesInMemory {
  if (part.kind !== 'memory') throw new Error('The images are in files');
  return part;
}

/** A part that must be in files, as paths with labels. */
export function listedFiles(part: LabelledImages): readonly (readonly [path: string, label: number])[] {
  if (part.kind !== 'files') throw new Error('The images are in memory');
  const places = part.places ?? part.paths.keys();
  return Array.from(places, (place) => [part.paths[place] ?? '', part.labels[place] ?? -1]);
}

export async function openedBatches(dataSet: DataSet, settings: BatchSettings): Promise<Batches> {
  const batches = valueOf(await openBatches(dataSet, settings, neverCancelled));
  if (batches === undefined) throw new Error('Nobody cancelled');
  return batches;
}

/** A copy of the training batch of a step. */
export async function trainingBatch(batches: Batches, step: number): Promise<{ images: number[]; labels: number[] }> {
  return copyOf(valueOf(await batches.training(step)));
}

/** Copies of the test batches. */
export async function testBatches(batches: Batches, limit: number): Promise<{ images: number[]; labels: number[] }[]> {
  const all = [];
  for await (const batch of batches.test(limit)) all.push(copyOf(valueOf(batch)));
  return all;
}

const copyOf = ({ images, labels }: Batch): { images: number[]; labels: number[] } => ({
  images: [...images],
  labels: [...labels],
});

/** Bundles the program of decoding threads where it finds the native libraries of `node_modules`. */
export async function buildDecoder(name: string): Promise<URL> {
  const folder = join(root, '.cache', name);
  mkdirSync(folder, { recursive: true });
  const script = join(folder, 'image-decoder.cjs');
  await buildNodeBundle('image-decoder', script);
  return pathToFileURL(script);
}
