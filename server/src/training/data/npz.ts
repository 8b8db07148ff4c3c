// NumPy's archives: a zip of `.npy` files (numpy.savez, numpy.savez_compressed).

import type { Result } from '../../common/problem.ts';
import { openZip, type ZipArchive } from './zip-archive.ts';

/** The archive's files by the names that Python sees: without `.npy`. Contents are read on demand and checked. */
export type Npz = ZipArchive;

/** More than the arrays of any set that fits into memory as images do, in bytes. */
const mostBytes = 8 * 2 ** 30;

/** Opens an archive; the error says what is wrong with the file, as a sentence without a subject. */
export function openNpz(path: string, most = mostBytes): Promise<Result<Npz>> {
  return openZip(path, most, (fileName) => /^(.*)\.npy$/.exec(fileName)?.[1]);
}
