// Folders below a run's or a workspace's own. A link on the way could lead anywhere, so nothing is written through one.

import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { hasCode } from './regular-file.ts';

/** Makes the folders below `root` that are missing, and gives the last one. Throws when one of them is a link or a file. */
export function innerFolder(root: string, ...parts: readonly string[]): string {
  let folder = root;
  for (const part of parts) {
    folder = join(folder, part);
    try {
      mkdirSync(folder);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      const stats = lstatSync(folder);
      if (!stats.isDirectory())
        throw new Error(
          `${folder} is ${stats.isSymbolicLink() ? 'a link' : 'no folder'}; nothing is written through it`,
        );
    }
  }
  return folder;
}

/** Whether a path, with every link followed, lies in a folder. False when one of them is not there. */
export function liesInside(folder: string, path: string): boolean {
  try {
    const way = relative(realpathSync(folder), realpathSync(path));
    return way !== '..' && !way.startsWith(`..${sep}`) && !/^([a-z]:)?[\\/]/i.test(way);
  } catch {
    return false;
  }
}
