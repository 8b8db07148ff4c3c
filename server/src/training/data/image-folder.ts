// A folder of images: every sub-folder is a class, in the order of the names' characters. With sub-folders `train` and
// `test` (or `val`), these have the classes.

import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../../common/problem.ts';
import { badFile, reasonOf, type ReadRequest, type ReadSet } from './data-set.ts';
import { endingsInWords, filesAsSet, imageKindOf, type LabelledFile } from './image-files.ts';

const remedy = `Choose a folder that has one sub-folder a class, with ${endingsInWords} images in it; or train/ and test/ with such sub-folders each`;

const trainingNames = /^train(ing)?$/i;
const testNames = [/^test(ing)?$/i, /^val(id|idation)?$/i];

/** What a walk came by; one for the whole set. */
interface Walk {
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
function contentOf(folder: string, walk: Walk): FolderContent {
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
function imagesBelow(folder: string, walk: Walk, above: readonly string[] = []): readonly string[] {
  const real = realpathSync(folder);
  if (above.includes(real)) return [];
  const { folders, images } = contentOf(folder, walk);
  const below = folders.flatMap((name) => imagesBelow(join(folder, name), walk, [...above, real]));
  return [...images.map((name) => join(folder, name)), ...below];
}

/** The images of a part, by class name; folders without any image are no classes. */
function classesIn(folder: string, walk: Walk): ReadonlyMap<string, readonly string[]> {
  const found = contentOf(folder, walk)
    .folders.map((name) => [name, imagesBelow(join(folder, name), walk)] as const)
    .filter(([, images]) => images.length > 0);
  return new Map(found);
}

export function readImageFolder(request: ReadRequest): Result<ReadSet> {
  const { path } = request;
  const walk: Walk = { followsLinks: request.outside, unreadable: [], links: [] };
  try {
    return readFolder(request, walk);
  } catch (error) {
    return badFile(path, `is no folder that can be read (${reasonOf(error)})`, remedy);
  }
}

function readFolder(request: ReadRequest, walk: Walk): Result<ReadSet> {
  const { path } = request;
  // What stands beside the classes is told once, by the walk through them.
  const { folders } = contentOf(path, { ...walk, unreadable: [], links: [] });
  const trainingName = folders.find((name) => trainingNames.test(name));
  const testName = testNames.flatMap((names) => folders.find((name) => names.test(name)) ?? [])[0];
  const hasParts = trainingName !== undefined && (testName !== undefined || folders.length === 1);
  const trainingFolder = hasParts ? join(path, trainingName) : path;
  const testFolder = hasParts && testName !== undefined ? join(path, testName) : undefined;
  const training = classesIn(trainingFolder, walk);
  const notices = (): readonly string[] => [
    ...leftOut(walk.unreadable, 'is of a format that is not read', 'are of formats that are not read'),
    ...leftOut(walk.links, 'is a link', 'are links'),
  ];
  if (training.size === 0)
    return badFile(trainingFolder, ['has no sub-folders with images', ...notices()].join('. '), remedy);
  const numbers = new Map([...training.keys()].map((name, index) => [name, index]));
  const test = testFolder === undefined ? undefined : classesIn(testFolder, walk);
  const foreign = [...(test?.keys() ?? [])].find((name) => !training.has(name));
  if (testFolder !== undefined && foreign !== undefined) {
    return badFile(join(testFolder, foreign), `is a class that ${trainingFolder} does not have`, remedy);
  }
  if (testFolder !== undefined && test?.size === 0)
    return badFile(testFolder, 'has no sub-folders with images', remedy);
  return filesAsSet(request, {
    name: `images in ${path}`,
    classes: numbers.size,
    training: labelledFiles(training, numbers),
    test: test && labelledFiles(test, numbers),
    notices: notices(),
  });
}

/** Every file with the number of its class. */
export function labelledFiles(
  classes: ReadonlyMap<string, readonly string[]>,
  numbers: ReadonlyMap<string, number>,
): readonly LabelledFile[] {
  return [...classes].flatMap(([name, files]) => {
    const label = numbers.get(name) ?? -1;
    return files.map((path) => ({ path, label }));
  });
}

/** A sentence that names the first few of what is left out. */
function leftOut(paths: readonly string[], one: string, several: string): readonly string[] {
  if (paths.length === 0) return [];
  const named = paths.slice(0, 5).join(', ');
  const more = paths.length > 5 ? ' and others' : '';
  const count = String(paths.length);
  return [`Left out: ${named}${more}, which ${paths.length === 1 ? one : `${several} (${count} files)`}`];
}
