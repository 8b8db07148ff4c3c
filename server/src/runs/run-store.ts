// The runs of a workspace folder: `.morphnet/runs/<date>-<model>-<n>`, which sort by time.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Result } from '../common/problem.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { newestFirst } from './newest-first.ts';
import { readSnapshot } from './run-folder.ts';

/** Where a workspace folder keeps its runs. */
export function runsFolder(workspaceFolder: string): string {
  return join(workspaceFolder, '.morphnet', 'runs');
}

const idPattern = /^[\w-][\w.-]{0,199}$/;

/** The folder of a run by its id; undefined for an id that could lead out of the store. */
export function runFolder(workspaceFolder: string, id: string): string | undefined {
  return storeFolder(workspaceFolder, 'runs', id);
}

/** The same for what else is kept beside the runs. */
export function storeFolder(
  workspaceFolder: string,
  kind: 'runs' | 'sweeps' | 'iterations',
  id: string,
): string | undefined {
  return idPattern.test(id) ? join(workspaceFolder, '.morphnet', kind, id) : undefined;
}

/** Says that there is no data to train on, before a folder is made for a run that could only fail; undefined when there is. */
export function missingData({ data }: Pick<RunConfig, 'data'>): string | undefined {
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
export function newStoreFolder(
  workspaceFolder: string,
  kind: 'runs' | 'sweeps' | 'iterations',
  config: RunConfig,
  now: Date,
): Result<string> {
  const store = join(workspaceFolder, '.morphnet', kind);
  const date = now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const model = basename(decodeURIComponent(config.model.document))
    .replace(/\.[^.]*$/, '')
    .replace(/[^\w-]+/g, '-')
    .slice(0, 60);
  try {
    mkdirSync(store, { recursive: true });
    const ignore = join(workspaceFolder, '.morphnet', '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
    for (let number = 1; ; number++) {
      const folder = join(store, `${date}-${model}-${String(number)}`);
      if (makeFolder(folder)) return { ok: true, value: folder };
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, error: `Runs can't be kept in ${store}: ${reason}` };
  }
}

/** Whether the folder is new. */
function makeFolder(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Every readable run of a workspace folder, newest first. */
export function listRuns(workspaceFolder: string): readonly RunSnapshot[] {
  const store = runsFolder(workspaceFolder);
  return newestFirst(store).flatMap((name) => {
    const snapshot = readSnapshot(join(store, name));
    return snapshot.ok ? [snapshot.value] : [];
  });
}
