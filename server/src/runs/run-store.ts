// The runs of a workspace folder: `.morphnet/runs/<date>-<model>-<n>`, which sort by time.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { readSnapshot } from './run-folder.ts';

/** Where a workspace folder keeps its runs. */
export function runsFolder(workspaceFolder: string): string {
  return join(workspaceFolder, '.morphnet', 'runs');
}

const idPattern = /^[\w-][\w.-]{0,199}$/;

/** The folder of a run by its id; undefined for an id that could lead out of the store. */
export function runFolder(workspaceFolder: string, id: string): string | undefined {
  return idPattern.test(id) ? join(runsFolder(workspaceFolder), id) : undefined;
}

/** A folder name that no run has yet; `now` names it. Keeps version control out of the store. */
export function newRunFolder(workspaceFolder: string, config: RunConfig, now: Date): string {
  const store = runsFolder(workspaceFolder);
  mkdirSync(store, { recursive: true });
  const ignore = join(workspaceFolder, '.morphnet', '.gitignore');
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
  const date = now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const model = basename(decodeURIComponent(config.model.document))
    .replace(/\.[^.]*$/, '')
    .replace(/[^\w-]+/g, '-')
    .slice(0, 60);
  for (let number = 1; ; number++) {
    const folder = join(store, `${date}-${model}-${String(number)}`);
    if (!existsSync(folder)) return folder;
  }
}

/** Every readable run of a workspace folder, newest first. */
export function listRuns(workspaceFolder: string): readonly RunSnapshot[] {
  const store = runsFolder(workspaceFolder);
  let names: readonly string[];
  try {
    names = readdirSync(store);
  } catch {
    return [];
  }
  return [...names]
    .sort()
    .reverse()
    .flatMap((name) => {
      const snapshot = readSnapshot(join(store, name));
      return snapshot.ok ? [snapshot.value] : [];
    });
}
