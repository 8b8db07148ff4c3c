// The runs of a workspace folder: `.morphnet/runs/<date>-<model>-<n>`, which sort by time.

import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import type { Result } from '../common/problem.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { innerRunSchema, runIdSchema } from '../protocol/run-names.ts';
import { innerFolder, liesInside } from './inner-folder.ts';
import { hasCode } from './regular-file.ts';
import { portableConfig, storeName } from './portable-config.ts';
import { readSnapshot } from './run-folder.ts';

/** What is kept: runs, and several that belong together. */
export type StoreKind = 'runs' | 'sweeps' | 'iterations';

/** Where a workspace folder keeps its runs. */
export function runsFolder(workspaceFolder: string): string {
  return join(workspaceFolder, storeName, 'runs');
}

/** The folder of a run by its id; undefined for an id that could lead out of the store. */
export function runFolder(workspaceFolder: string, id: string): string | undefined {
  return storeFolder(workspaceFolder, 'runs', id);
}

/** The same for what else is kept beside the runs. A folder that is a link, or lies behind one, is not the workspace's own. */
export function storeFolder(workspaceFolder: string, kind: StoreKind, id: string): string | undefined {
  if (!v.is(runIdSchema, id)) return undefined;
  const folder = join(workspaceFolder, storeName, kind, id);
  const isThere = lstatSync(folder, { throwIfNoEntry: false }) !== undefined;
  return isThere && !liesInside(workspaceFolder, folder) ? undefined : folder;
}

/** The folder of a sweep's point by the sweep's id and the point's run: `20260101-net-1/points/3`. */
export function sweepRunFolder(workspaceFolder: string, id: string): string | undefined {
  if (!v.is(innerRunSchema, id)) return undefined;
  const [sweep = '', ...inner] = id.split('/');
  const folder = inner.length === 0 ? undefined : storeFolder(workspaceFolder, 'sweeps', sweep);
  if (folder === undefined) return undefined;
  const point = join(folder, ...inner);
  return liesInside(workspaceFolder, point) ? point : undefined;
}

/** A run's id by its folder: its name, or that of its sweep and its own. */
export function idOfFolder(folder: string): string {
  return /[\\/]sweeps[\\/]([^\\/]+[\\/].+)$/.exec(folder)?.[1]?.replaceAll('\\', '/') ?? basename(folder);
}

/** The folders of a kind, newest first: their names begin with the time at which they were made. None behind a link. */
export function storedFolders(workspaceFolder: string, kind: StoreKind): readonly string[] {
  const store = join(workspaceFolder, storeName, kind);
  if (!liesInside(workspaceFolder, store)) return [];
  try {
    return readdirSync(store, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
      .reverse()
      .map((name) => join(store, name));
  } catch {
    return [];
  }
}

/** Says that there is no data to train on, before a folder is made for a run that could only fail; undefined when there is. */
export function missingData({ data }: Pick<RunConfig, 'data'>): string | undefined {
  if (data.kind === 'own') {
    return 'This is trained by a script of your own, on data that only it knows: start that script again, or name a data set for a new run';
  }
  if (existsSync(data.path)) return undefined;
  return `The data set ${data.path} is not there, so nothing was started. Name one that is, or put it back`;
}

/** Makes an empty folder for a run; see `newStoreFolder`. */
export function newRunFolder(workspaceFolder: string, config: RunConfig, now: Date): Result<string> {
  return newStoreFolder(workspaceFolder, 'runs', config, now);
}

/**
 * Makes an empty folder for a run, or for several that belong together, named by `now` and the model; two that ask at once
 * get two. Keeps version control out of the store.
 */
export function newStoreFolder(workspaceFolder: string, kind: StoreKind, config: RunConfig, now: Date): Result<string> {
  // What can't be kept here must leave no folder behind.
  const stored = portableConfig(config, workspaceFolder);
  if (!stored.ok) return stored;
  const date = now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const model = basename(stored.value.model.document)
    .replace(/\.[^.]*$/, '')
    .replace(/[^\w-]+/g, '-')
    .slice(0, 60);
  try {
    const store = innerFolder(workspaceFolder, storeName, kind);
    keepOutOfVersionControl(join(workspaceFolder, storeName, '.gitignore'));
    for (let number = 1; ; number++) {
      const folder = join(store, `${date}-${model}-${String(number)}`);
      if (makeFolder(folder)) return { ok: true, value: folder };
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, error: `Runs can't be kept in ${join(workspaceFolder, storeName, kind)}: ${reason}` };
  }
}

/** Unless the user said otherwise. */
function keepOutOfVersionControl(ignore: string): void {
  try {
    writeFileSync(ignore, '*\n', { flag: 'wx' });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

/** Whether the folder is new. */
function makeFolder(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Every readable run of a workspace folder, newest first. */
export function listRuns(workspaceFolder: string): readonly RunSnapshot[] {
  return storedFolders(workspaceFolder, 'runs').flatMap((folder) => {
    const snapshot = readSnapshot(folder);
    return snapshot.ok ? [snapshot.value] : [];
  });
}
