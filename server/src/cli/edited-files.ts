// Edited texts as a diff, and onto the disk; new files, which never replace one that is there.

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { URI } from 'vscode-uri';
import type { EditedText } from '../analysis/edited-texts.ts';
import { workFailed } from './cli-failure.ts';
import { shownDocument, shownPath } from './model-argument.ts';
import { replaceFile } from './replace-file.ts';

/** As `diff -u` prints it, with the `a/` and `b/` that `git apply` and `patch -p1` expect. */
export function unifiedDiff({ document, before, after }: EditedText, folder: string): string {
  const name = shownDocument(document, folder);
  const [first, second] = name.startsWith('/') ? [name, name] : [`a/${name}`, `b/${name}`];
  const patch = createTwoFilesPatch(first, second, before, after, undefined, undefined, { context: 3 });
  // The package puts a rule of equals signs on top, which diff does not.
  return patch.replace(/^=+\n/, '');
}

/** Replaces a file that still has the text which was edited. */
export function writeText({ document, before, after }: EditedText, folder: string): void {
  const path = URI.parse(document).fsPath;
  const written = replaceFile(path, before, after);
  if (!written.ok) throw workFailed(`${shownPath(path, folder)}: ${written.error}`);
}

/** Makes a file; one that is there already stays as it is. Gives its path as shown. */
export function writeNewFile(file: string, content: string | Uint8Array, folder: string): string {
  const path = resolve(folder, file);
  const shown = shownPath(path, folder);
  try {
    writeFileSync(path, content, { flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw workFailed(`${shown} is there already. Name a new file.`);
    }
    throw workFailed(`${shown} cannot be written (${error instanceof Error ? error.message : String(error)}).`);
  }
  return shown;
}
