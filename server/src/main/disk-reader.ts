// Reads source files from disk for analysis: below allowed folders only, whatever links point where, and of bounded size.

import { type Dirent, closeSync, constants, fstatSync, openSync, readdirSync, readSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { URI } from 'vscode-uri';
import { packagesOf, packagesOfProject } from './installed-packages.ts';

/** Model source is small; anything above this is data under a wrong name. */
const maxBytes = 8_000_000;

/** More source files of a workspace are not looked through. */
const mostFiles = 4_000;

/** Folders that hold no source of the user's. */
const foreignFolders = /^(\.|node_modules$|__pycache__$|site-packages$|venv$|env$|build$|dist$)/;

/** Folders are `file:` URIs without a trailing slash. */
export interface AllowedFolders {
  readonly workspace: readonly string[];
  /**
   * Installed libraries whose source may be read, looked up after the workspace: folders of packages, or environments that
   * have one. Empty: those of virtual environments in the workspace.
   */
  readonly libraries: readonly string[];
}

export class DiskReader {
  #roots: readonly string[] = [];
  #workspace: readonly string[] = [];
  /** Real paths of the roots, each with a closing separator. */
  #folders: readonly string[] = [];

  constructor(folders: AllowedFolders = { workspace: [], libraries: [] }) {
    this.allow(folders);
  }

  /** Where absolute imports are looked up, in order. */
  get roots(): readonly string[] {
    return this.#roots;
  }

  allow({ workspace, libraries }: AllowedFolders): void {
    this.#workspace = workspace;
    const named = libraries.map((library) => changedPath(library, (path) => packagesOf(path) ?? path) ?? library);
    const found = workspace.flatMap((folder) => changedPath(folder, packagesOfProject) ?? []);
    this.#roots = [...workspace, ...(named.length > 0 ? named : found)];
    // What was found lies in the workspace; a link there must not open another folder.
    this.#folders = [...workspace, ...named].flatMap((root) => {
      const path = realPathOf(root);
      return path === undefined ? [] : [path.endsWith(sep) ? path : path + sep];
    });
  }

  /** The text of a file, or undefined when it is missing, outside, too large, or no file. */
  read(document: string): string | undefined {
    const path = realPathOf(document);
    if (path === undefined || !this.#folders.some((folder) => path.startsWith(folder))) return undefined;
    return readBounded(path);
  }

  /** The Python files of the workspace's folders, as URIs; the nearest first, where there are very many. */
  sourceFiles(): readonly string[] {
    const found: string[] = [];
    const open = this.#workspace.flatMap((folder) => changedPath(folder, (path) => path) ?? []);
    for (const folder of open) {
      if (found.length >= mostFiles) break;
      const path = fileURLToPath(folder);
      for (const entry of entriesOf(path)) {
        if (foreignFolders.test(entry.name)) continue;
        const uri = URI.file(join(path, entry.name)).toString();
        if (entry.isDirectory()) open.push(uri);
        else if (entry.isFile() && entry.name.endsWith('.py')) found.push(uri);
      }
    }
    return [...new Set(found)].slice(0, mostFiles);
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Gone since, or not ours to read: it holds no source for us.
    return [];
  }
}

/**
 * The text of a regular file, or undefined. What is looked at is what is read: the file is opened first, without waiting for
 * a writer as a named pipe would, and no more is read than it had then, however it grows.
 */
function readBounded(path: string): string | undefined {
  let file: number | undefined;
  try {
    // Windows has neither named pipes among its files nor the flag, which then counts as 0.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file);
    if (!stats.isFile() || stats.size > maxBytes) return undefined;
    const bytes = Buffer.allocUnsafe(stats.size);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(file, bytes, length, bytes.length - length, length);
      if (read === 0) break;
      length += read;
    }
    return bytes.toString('utf8', 0, length);
  } catch {
    // Gone since, a folder, or not ours to read: no document to analysis in each case.
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** A folder's URI after a change of its path. */
function changedPath(uri: string, change: (path: string) => string | undefined): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  const path = change(fileURLToPath(uri));
  return path === undefined ? undefined : URI.file(path).toString();
}

/** The path with every link followed, so that none leads outside; undefined when there is nothing. */
function realPathOf(uri: string): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  try {
    return realpathSync.native(fileURLToPath(uri));
  } catch {
    return undefined;
  }
}
