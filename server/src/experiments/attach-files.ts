// The files that a training script of the user's own gets: the structure of its model, and morphnet-torch as one file. Files of
// these names that are not ours stay as they are.

import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { Result } from '../common/problem.ts';
import { attachDocument, type AttachRequest } from './attach-structure.ts';

export interface AttachFilesRequest extends Omit<AttachRequest, 'folder'> {
  /** Where the structure is written. */
  readonly structure: string;
  /** The folder that gets the package, and the package's text; absent where the package is installed. */
  readonly package?: { readonly folder: string; readonly text: string };
}

/** A file to write, by its absolute path; what stands there is an earlier one of ours. */
export interface AttachedFile {
  readonly path: string;
  readonly text: string;
  readonly isThere: boolean;
}

const moduleName = 'morphnet_torch.py';

/** What is to be written; nothing is. The failure is a sentence for the user. */
export function attachFiles({
  structure,
  package: module,
  ...rest
}: AttachFilesRequest): Result<readonly AttachedFile[]> {
  const document = attachDocument({ ...rest, folder: dirname(structure) });
  if (!document.ok) return document;
  const isStructure = (found: string): boolean => found.includes('"kind":"morphnet-structure"');
  const isModule = (found: string): boolean => found.startsWith((module?.text ?? '').split('\n', 1)[0] ?? '');
  const wanted = [
    { path: structure, text: document.value, isOurs: isStructure },
    ...(module === undefined ? [] : [{ path: join(module.folder, moduleName), text: module.text, isOurs: isModule }]),
  ];
  const files: AttachedFile[] = [];
  for (const { path, text, isOurs } of wanted) {
    const isThere = existsSync(path);
    if (isThere && !isOurs(readFileSync(path, 'utf8')))
      return {
        ok: false,
        error: `${basename(path)} is there already in ${dirname(path)} and was not written by MorphNet`,
      };
    files.push({ path, text, isThere });
  }
  return { ok: true, value: files };
}

/** A structure's file as a script names it. */
export function nameInScript(structure: string, script: string): string {
  return relative(dirname(script), structure).split(sep).join('/');
}

/** The lines to write by hand, with what the model is called. */
export function linesToCopy(structure: string): string {
  return `from morphnet_torch import MorphNet

morphnet = MorphNet.attach(model, ${JSON.stringify(structure)})    # before the optimizer is made
loss = criterion(model(x), y) + morphnet.loss()      # in the step, behind the forward pass
morphnet.step(loss=loss)                             # behind optimizer.step()
`;
}
