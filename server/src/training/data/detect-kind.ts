// Which kind of data set a path leads to, by names alone.

import { readdirSync, statSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../../common/problem.ts';
import type { DataSetReference } from '../../protocol/run-config.ts';
import { badFile, reasonOf } from './data-set.ts';
import { pairedKindOf } from './paired-folders.ts';

export type DataSetKind = Exclude<DataSetReference['kind'], 'auto' | 'own'>;

const remedy =
  'Choose a folder with IDX files, CIFAR’s binary batches, NumPy arrays, one sub-folder of images a class, or images beside masks or other images; or an .npz archive; or a .csv list of files';

const fileKinds: readonly (readonly [RegExp, DataSetKind])[] = [
  [/\.np[yz]$/i, 'numpy'],
  [/\.(csv|tsv)$/i, 'csv'],
];

/** By what lies in the folder; the first that fits. */
const folderKinds: readonly (readonly [DataSetKind, (entry: Dirent) => boolean])[] = [
  ['idx', ({ name }) => /^train.*idx\d?/i.test(name)],
  ['cifar10', ({ name }) => /^data_batch_\d+(\.bin)?$/.test(name)],
  ['cifar100', (entry) => entry.name === 'train.bin' || (entry.name === 'train' && entry.isFile())],
  ['numpy', ({ name }) => /\.npy$/i.test(name)],
  ['images', (entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.')],
];

/** Where torchvision unpacks its sets below the root that a script names, and what they are. */
const belowRoot: readonly (readonly [way: string, kind: DataSetKind])[] = [
  ['cifar-10-batches-py', 'cifar10'],
  ['cifar-10-batches-bin', 'cifar10'],
  ['cifar-100-python', 'cifar100'],
  ['cifar-100-binary', 'cifar100'],
  ['MNIST/raw', 'idx'],
  ['FashionMNIST/raw', 'idx'],
  ['KMNIST/raw', 'idx'],
];

/**
 * The set that a torchvision root holds: the only one, or the only one of the kind that was asked for; undefined when there is
 * none or several.
 */
export function setBelowRoot(
  path: string,
  kind: DataSetReference['kind'] = 'auto',
): { readonly kind: DataSetKind; readonly path: string } | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  const found = belowRoot
    .filter(([, known]) => kind === 'auto' || kind === known)
    .map(([way, known]) => ({ kind: known, path: join(path, way) }))
    .filter((set) => statSync(set.path, { throwIfNoEntry: false })?.isDirectory() === true);
  return found.length === 1 ? found[0] : undefined;
}

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
  const paired = pairedKindOf(path);
  if (paired !== undefined) return { ok: true, value: paired };
  const kind = folderKinds.find(([, fits]) => entries.some(fits))?.[0];
  return kind === undefined
    ? badFile(path, 'has no data set of a kind that is known', remedy)
    : { ok: true, value: kind };
}
