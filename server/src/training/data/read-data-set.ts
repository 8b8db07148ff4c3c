// The kinds of data sets, one line each.

import type { Result } from '../../common/problem.ts';
import type { DataSetReference } from '../../protocol/run-config.ts';
import { readCifar10 } from './cifar10.ts';
import type { DataSet } from './data-set.ts';
import { readIdx } from './idx.ts';

const readers: Readonly<Record<DataSetReference['kind'], (path: string) => Result<DataSet>>> = {
  idx: readIdx,
  cifar10: readCifar10,
};

/** Reads a data set whole. The failure names the file, what is wrong and the remedy. */
export function readDataSet({ kind, path }: DataSetReference): Result<DataSet> {
  return readers[kind](path);
}
