// A run belongs to the workspace folder that holds it: its settings on disk name files relative to that, so that a project that
// is moved, copied or renamed works on its own files, and a run's folder from elsewhere names no file of the user's.

import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { URI } from 'vscode-uri';
import type { Result } from '../common/problem.ts';
import type { RunConfig } from '../protocol/run-config.ts';

/** The folder of a workspace folder that holds all that is kept here. */
export const storeName = '.morphnet';

/**
 * The workspace folder that a run, a sweep or an iteration belongs to: the one whose `.morphnet` it lies in. What lies in none
 * belongs to the folder that the program works in, as a command line has it.
 */
export function workspaceOf(folder: string, workingFolder = process.cwd()): string {
  const parts = resolve(workingFolder, folder).split(sep);
  const store = parts.lastIndexOf(storeName);
  return store < 0 ? resolve(workingFolder) : parts.slice(0, store).join(sep) || sep;
}

/**
 * The workspace folder that keeps a new run of a command line: the working folder where the model lies in it, otherwise the
 * nearest folder above the model that is a project's (it has a store, a `morphnet.json` or a repository), or the model's own.
 */
export function workspaceFor(config: RunConfig, workingFolder: string): string {
  const path = URI.parse(config.model.document).fsPath;
  if (wayInside(workingFolder, path) !== undefined) return workingFolder;
  const own = dirname(path);
  for (let folder = own; dirname(folder) !== folder; folder = dirname(folder))
    if ([storeName, 'morphnet.json', '.git'].some((name) => existsSync(join(folder, name)))) return folder;
  return own;
}

/** The way from a folder to what lies in it, with slashes; undefined for what does not. */
function wayInside(folder: string, path: string): string | undefined {
  const way = relative(folder, path);
  if (way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return undefined;
  return way.split(sep).join('/');
}

/** A model's file as its run names it: relative to the workspace, with slashes. */
function storedDocument(document: string, workspace: string): Result<string> {
  const uri = URI.parse(document);
  const way = uri.scheme === 'file' ? wayInside(workspace, uri.fsPath) : undefined;
  if (way !== undefined) return { ok: true, value: way };
  return {
    ok: false,
    error: `The model ${uri.scheme === 'file' ? uri.fsPath : document} lies outside ${workspace}, which holds its runs. Work in a folder that holds both`,
  };
}

/** Data may lie anywhere, since they are only read. */
function storedPath(path: string, workspace: string): string {
  return path === workspace ? '.' : (wayInside(workspace, path) ?? path);
}

/** Settings as they are kept on disk. */
export function portableConfig(config: RunConfig, workspace: string): Result<RunConfig> {
  const document = storedDocument(config.model.document, workspace);
  if (!document.ok) return document;
  const model = { ...config.model, document: document.value };
  const data = { ...config.data, path: storedPath(config.data.path, workspace) };
  const weights = config.weights === undefined ? {} : { weights: storedPath(config.weights, workspace) };
  return { ok: true, value: { ...config, model, data, ...weights } };
}

/** Settings from disk with the URI of the model's file and an absolute path of the data. */
export function resolvedConfig(stored: RunConfig, workspace: string): Result<RunConfig> {
  const path = stored.model.document.startsWith('file:')
    ? movedDocument(URI.parse(stored.model.document).fsPath, workspace)
    : resolve(workspace, stored.model.document);
  if (path === undefined || wayInside(workspace, path) === undefined) {
    return {
      ok: false,
      error: `The run names the model ${stored.model.document}, which is not in ${workspace}, the folder that holds the run. Work there, or write its path below that folder into config.json`,
    };
  }
  const model = { ...stored.model, document: URI.file(path).toString() };
  return {
    ok: true,
    value: {
      ...stored,
      model,
      data: { ...stored.data, path: resolve(workspace, stored.data.path) },
      ...(stored.weights !== undefined && { weights: resolve(workspace, stored.weights) }),
    },
  };
}

/**
 * Earlier versions wrote the URI of the model's file. Where that lies elsewhere the project was moved or copied since: its own
 * file is the one that the longest end of that path leads to.
 */
function movedDocument(path: string, workspace: string): string | undefined {
  if (wayInside(workspace, path) !== undefined) return path;
  let folder = dirname(path);
  const candidates: string[] = [];
  for (let way = basename(path); ; way = join(basename(folder), way), folder = dirname(folder)) {
    candidates.unshift(join(workspace, way));
    if (dirname(folder) === folder) break;
  }
  return candidates.find((candidate) => existsSync(candidate));
}

/** A network as JSON whose places in the source are relative to the workspace too. */
export function portableNetwork(network: unknown, workspace: string): string {
  const above = `${URI.file(workspace).toString().replace(/\/$/, '')}/`;
  return JSON.stringify(network, (key, value: unknown) =>
    key === 'document' && typeof value === 'string' && value.startsWith(above) ? value.slice(above.length) : value,
  );
}
