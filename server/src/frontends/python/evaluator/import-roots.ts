// Where the imports of a program are looked up: as Python would when it is started from the file, or from a folder above it, with
// the package that the file belongs to installed. What is a program by its text finds what stands beside it first.

import type { SourceReader } from '../../shared/frontend.ts';

export interface ImportRoots {
  /** Folders from which the file itself can be imported: its package's, or its own; then those that the user has opened. */
  readonly own: readonly string[];
  /** All folders in which modules are looked up, in order. */
  readonly all: readonly string[];
}

/** The folders of a file; `reader.roots` are those that the user has opened, and of installed packages. */
export function importRoots(document: string, reader: SourceReader): ImportRoots {
  const script = folderOf(document);
  const home = packageRoot(script, reader);
  const opened = reader.roots.filter((root) => home === script || root !== script);
  const own = unique([home, ...opened]);
  const sources = opened.filter((root) => isBelow(script, root)).map((root) => `${root}/src`);
  const beside = home !== script && isProgram.test(reader.read(document) ?? '') ? [script] : [];
  return { own, all: unique([...beside, ...own, ...foldersAbove(script, opened), ...sources]) };
}

/** A file that does something when it is started. */
const isProgram = /^if __name__ *== *['"]__main__['"]/m;

/** The folder that holds the outermost package which a folder is in; the folder itself where it is no package. */
function packageRoot(folder: string, reader: SourceReader): string {
  let root = folder;
  while (root.includes('/') && reader.read(`${root}/__init__.py`) !== undefined) root = folderOf(root);
  return root;
}

/** A folder and those above it, nearest first, up to one that the user has opened. */
function foldersAbove(folder: string, opened: readonly string[]): readonly string[] {
  const found: string[] = [];
  let next = folder;
  while (opened.some((root) => isBelow(next, root))) {
    found.push(next);
    next = folderOf(next);
  }
  return found.length > 0 ? found : [folder];
}

const isBelow = (folder: string, root: string): boolean => folder !== root && folder.startsWith(`${root}/`);

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const unique = (folders: readonly string[]): readonly string[] => [...new Set(folders)];
