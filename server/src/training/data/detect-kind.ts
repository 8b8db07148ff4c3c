// Which kind of data set a path leads to, by names alone.

import { readdirSync, statSync, type Dirent } from 'node:fs';
import type { Result } from '../../common/problem.ts';
import type { DataSetReference } from '../../protocol/run-config.ts';
import { badFile, reasonOf } from './data-set.ts';

export type DataSetKind = Exclude<DataSetReference['kind'], 'auto'>;

const remedy =
  'Choose a folder with IDX files, CIFAR’s binary batches, NumPy arrays or one sub-folder of images a class; or an .npz archive; or a .csv list of files';

const fileKinds: readonly (readonly [RegExp, DataSetKind])[] = [
  [/\.np[yz]$/i, 'numpy'],
  [/\.(csv|tsv)$/i, 'csv'],
];

/** By what lies in the folder; the first that fits. */
const folderKinds: readonly (readonly [DataSetKind, (entry: Dirent) => boolean])[] = [
  ['idx', ({ name }) => /^train.*idx\d?/i.test(name)],
  ['cifar10', ({ name }) => /^data_batch_\d+\.bin$/.test(name)],
  ['cifar100', ({ name }) => name === 'train.bin'],
  ['numpy', ({ name }) => /\.npy$/i.test(name)],
  ['images', (entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.')],
];

export function detectKind(path: string): Result<DataSetKind> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return badFile(path, 'does not exist', remedy);
  if (!stats.isDirectory()) {
    const kind = fileKinds.find(([ending]) => ending.test(path))?.[1];
    return kind === undefined
      ? badFile(path, 'is no data set of a kind that is known', remedy)
      : { ok: true, value: kind };
  }
  let entries: readonly Dirent[];
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    return badFile(path, `can not be read (${reasonOf(error)})`, remedy);
  }
  const kind = folderKinds.find(([, fits]) => entries.some(fits))?.[0];
  return kind === undefined
    ? badFile(path, 'has no data set of a kind that is known', remedy)
    : { ok: true, value: kind };
}
