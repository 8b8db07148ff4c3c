// Reads source files from disk for analysis: below allowed folders only, whatever links point where, and of bounded size.

import {
  type Dirent,
  type Stats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { URI } from 'vscode-uri';
import type { FileBytes } from '../frontends/shared/frontend.ts';
import { archivedConfig } from './keras-archive.ts';
import { outermostPackage, packagesOf, packagesOfProject } from './installed-packages.ts';

/** Model source is small; anything above this is data under a wrong name. */
const maxBytes = 8_000_000;

/** More source files of a workspace are not looked through. */
const mostFiles = 4_000;

/** Folders that hold no source of the user's. */
const foreignFolders = /^(\.|node_modules$|__pycache__$|site-packages$|venv$|env$|build$|dist$)/;

/** Folders are `file:` URIs without a trailing slash. */
export interface AllowedFolders {
  /** Of a folder inside a package the whole package may be read: its modules import each other. */
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
  /** Real paths of files that the user opened, wherever they lie. */
  readonly #files = new Set<string>();

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
    const packages = workspace.map((folder) => changedPath(folder, outermostPackage) ?? folder);
    this.#folders = [...packages, ...named].flatMap((root) => {
      const path = realPathOf(root);
      return path === undefined ? [] : [path.endsWith(sep) ? path : path + sep];
    });
  }

  allowFile(document: string): void {
    const path = realPathOf(document);
    if (path !== undefined) this.#files.add(path);
  }

  /** The text of a file, of a `.keras` archive that of its config; or undefined when it is missing, outside, too large, or no file. */
  read(document: string): string | undefined {
    const path = this.#allowedPath(document);
    if (path === undefined) return undefined;
    if (!path.toLowerCase().endsWith('.keras')) return readBounded(path);
    const bytes = this.bytes(document);
    return bytes && archivedConfig(bytes);
  }

  /** Whether a file or folder is there, wherever: nothing of it is read. */
  exists(document: string): boolean {
    return realPathOf(document) !== undefined;
  }

  /** A file's bytes, whatever its size; undefined when it is missing, outside, or no file. */
  bytes(document: string): FileBytes | undefined {
    const path = this.#allowedPath(document);
    const size = path === undefined ? undefined : withFile(path, (_, { size: found }) => found);
    if (path === undefined || size === undefined) return undefined;
    return {
      size,
      read: (start, length) =>
        withFile(path, (file) => readAt(file, start, Math.min(length, Math.max(0, size - start)))) ?? new Uint8Array(0),
    };
  }

  /** The real path of a file below one of the folders, or of one that was opened by hand. */
  #allowedPath(document: string): string | undefined {
    const path = realPathOf(document);
    if (path === undefined) return undefined;
    return this.#files.has(path) || this.#folders.some((folder) => path.startsWith(folder)) ? path : undefined;
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

/** The text of a regular file, or undefined; no more is read than it had when it was opened, however it grows. */
function readBounded(path: string): string | undefined {
  return withFile(path, (file, { size }) => (size > maxBytes ? undefined : readAt(file, 0, size).toString('utf8')));
}

/**
 * What a regular file is looked at for, or undefined. What is looked at is what is read: the file is opened first, without
 * waiting for a writer as a named pipe would.
 */
function withFile<Value>(path: string, look: (file: number, stats: Stats) => Value): Value | undefined {
  let file: number | undefined;
  try {
    // Windows has neither named pipes among its files nor the flag, which then counts as 0.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file);
    return stats.isFile() ? look(file, stats) : undefined;
  } catch {
    // Gone since, a folder, or not ours to read: no document to analysis in each case.
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** So many bytes of an open file from a place on, or as many as there are. */
function readAt(file: number, start: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let length = 0;
  while (length < size) {
    const read = readSync(file, bytes, length, size - length, start + length);
    if (read === 0) break;
    length += read;
  }
  return bytes.subarray(0, length);
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
