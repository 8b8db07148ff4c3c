// The sweeps of a workspace folder: `.morphnet/sweeps/<id>/sweep.json`.

import { basename, join } from 'node:path';
import { sweepFileSchema, sweepName, type SweepFile } from '../protocol/sweep-file.ts';
import { readJsonFile } from './json-file.ts';
import { storedFolders, storeFolder } from './run-store.ts';

export interface KnownSweep {
  readonly id: string;
  readonly sweep: SweepFile;
}

/** One sweep; undefined where it is not there (yet), or not as it should be. */
export function readSweep(workspaceFolder: string, id: string): SweepFile | undefined {
  const folder = storeFolder(workspaceFolder, 'sweeps', id);
  const sweep = folder === undefined ? undefined : readJsonFile(join(folder, sweepName), sweepFileSchema);
  return sweep?.ok === true ? sweep.value : undefined;
}

/** Every readable sweep, newest first. */
export function readSweeps(workspaceFolder: string): readonly KnownSweep[] {
  return storedFolders(workspaceFolder, 'sweeps').flatMap((folder): readonly KnownSweep[] => {
    const sweep = readJsonFile(join(folder, sweepName), sweepFileSchema);
    return sweep.ok && sweep.value !== undefined ? [{ id: basename(folder), sweep: sweep.value }] : [];
  });
}
