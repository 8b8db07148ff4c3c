// The kinds of data sets, one line each; and what all of them share: a validation part where there is no test part.

import type { Result } from '../../common/problem.ts';
import type { DataSetReference } from '../../protocol/run-config.ts';
import { readCifar10, readCifar100 } from './cifar.ts';
import { readCsvList } from './csv-list.ts';
import { badFile, type DataSet, type ReadRequest, type ReadSet } from './data-set.ts';
import { detectKind, setBelowRoot, type DataSetKind } from './detect-kind.ts';
import { readIdx } from './idx.ts';
import { readImageFolder } from './image-folder.ts';
import { readImagePairs } from './image-pairs.ts';
import { readMasks } from './masks.ts';
import { readNumpy } from './numpy.ts';
import { splitOff } from './split.ts';

const readers: Readonly<Record<DataSetKind, (request: ReadRequest) => Result<ReadSet> | Promise<Result<ReadSet>>>> = {
  idx: readIdx,
  cifar10: readCifar10,
  cifar100: readCifar100,
  numpy: readNumpy,
  images: readImageFolder,
  csv: readCsvList,
  masks: readMasks,
  pairs: readImagePairs,
};

/** The share of files that may be unreadable, unless the data set's settings say another. */
const defaultBadFiles = 0.01;
/** The share of each class that validates, where there are no test images and the settings say no other. */
const defaultValidation = 0.1;
/** The split does not follow the run's seed: runs with different seeds are compared on the same images. */
const defaultSplitSeed = 1;

/**
 * Reads a data set: arrays whole, of image files their names. `input` is the network's input, to which images are
 * brought, `outputs` its outputs that are images, and `decoder` the program that does so. The failure names the file, what is wrong and the remedy.
 */
export async function readDataSet(
  reference: DataSetReference,
  { input, outputs = [], decoder }: Pick<ReadRequest, 'input' | 'decoder'> & Partial<Pick<ReadRequest, 'outputs'>>,
): Promise<Result<DataSet>> {
  if (reference.kind === 'own')
    return {
      ok: false,
      error: 'The data are those of a script of your own, which only that script reads. Name a data set',
    };
  const { badFiles = defaultBadFiles, outside = false } = reference;
  const root = setBelowRoot(reference.path, reference.kind);
  const { path } = root ?? reference;
  const named = root?.kind ?? reference.kind;
  const kind = named === 'auto' ? detectKind(path) : { ok: true as const, value: named };
  if (!kind.ok) return kind;
  const read = await readers[kind.value]({ path, input, outputs, decoder, outside, badFiles });
  if (!read.ok) return read;
  const { notices = [], test, ...set } = read.value;
  const complete = (parts: Pick<DataSet, 'training' | 'test'>): Result<DataSet> => ({
    ok: true,
    value: { ...set, ...parts, badFiles, notices },
  });
  if (test !== undefined) return complete({ training: set.training, test });
  const { validation = defaultValidation, splitSeed = defaultSplitSeed } = reference;
  const parts = splitOff(set.training, validation, splitSeed);
  if (parts.training.count > 0 && parts.test.count > 0) return complete(parts);
  return badFile(path, 'has no test images, and no class of which one could be kept for validation', 'Add images');
}
