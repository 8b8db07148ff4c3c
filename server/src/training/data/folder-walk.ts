// A walk through folders of images: what is there, which of it is the part to test on, and what is left out.

import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { imageKindOf } from './image-files.ts';

const trainingNames = /^train(ing)?$/i;
const testNames = [/^test(ing)?$/i, /^val(id|idation)?$/i];

/** What a walk came by; one for the whole set. */
export interface Walk {
  readonly followsLinks: boolean;
  /** Paths of images in formats that are not read, and of links that are not followed. */
  readonly unreadable: string[];
  readonly links: string[];
}

interface FolderContent {
  readonly folders: readonly string[];
  readonly images: readonly string[];
}

/** The visible content of a folder, by name. */
export function contentOf(folder: string, walk: Walk): FolderContent {
  const folders: string[] = [];
  const images: string[] = [];
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    let target: { isDirectory(): boolean; isFile(): boolean } | undefined = entry;
    if (entry.isSymbolicLink()) {
      if (!walk.followsLinks) walk.links.push(path);
      target = walk.followsLinks ? statSync(path, { throwIfNoEntry: false }) : undefined;
    }
    if (target?.isDirectory() === true) folders.push(entry.name);
    else if (target?.isFile() === true) {
      const kind = imageKindOf(entry.name);
      if (kind === 'readable') images.push(entry.name);
      if (kind === 'unreadable') walk.unreadable.push(path);
    }
  }
  return { folders: folders.sort(), images: images.sort() };
}

/** `above` are the folders on the way here as the disk has them: a link may lead back to one. */
export function imagesBelow(folder: string, walk: Walk, above: readonly string[] = []): readonly string[] {
  const real = realpathSync(folder);
  if (above.includes(real)) return [];
  const { folders, images } = contentOf(folder, walk);
  const below = folders.flatMap((name) => imagesBelow(join(folder, name), walk, [...above, real]));
  return [...images.map((name) => join(folder, name)), ...below];
}

/** Which of the folders are the parts of a set; undefined where they are something else, such as classes. */
export function partFolders(
  folders: readonly string[],
): { readonly training: string; readonly test: string | undefined } | undefined {
  const training = folders.find((name) => trainingNames.test(name));
  const test = testNames.flatMap((names) => folders.find((name) => names.test(name)) ?? [])[0];
  if (training === undefined || (test === undefined && folders.length > 1)) return undefined;
  return { training, test };
}

/** Sentences on what the walk left out. */
export function leftOut({ unreadable, links }: Walk): readonly string[] {
  return [
    ...leftOutBecause(unreadable, 'is of a format that is not read', 'are of formats that are not read'),
    ...leftOutBecause(links, 'is a link', 'are links'),
  ];
}

/** A sentence that names the first few of what is left out. */
export function leftOutBecause(paths: readonly string[], one: string, several: string): readonly string[] {
  if (paths.length === 0) return [];
  const named = paths.slice(0, 5).join(', ');
  const more = paths.length > 5 ? ' and others' : '';
  const count = String(paths.length);
  return [`Left out: ${named}${more}, which ${paths.length === 1 ? one : `${several} (${count} files)`}`];
}
