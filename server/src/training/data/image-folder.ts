// A folder of images: every sub-folder is a class, in the order of the names' characters. With sub-folders `train` and
// `test` (or `val`), these have the classes.

import { join } from 'node:path';
import type { Result } from '../../common/problem.ts';
import { badFile, reasonOf, type ReadRequest, type ReadSet } from './data-set.ts';
import { contentOf, imagesBelow, leftOut, partFolders, type Walk } from './folder-walk.ts';
import { endingsInWords, filesAsSet, type LabelledFile } from './image-files.ts';

const remedy = `Choose a folder that has one sub-folder a class, with ${endingsInWords} images in it; or train/ and test/ with such sub-folders each`;

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
  const parts = partFolders(folders);
  const trainingFolder = parts ? join(path, parts.training) : path;
  const testFolder = parts?.test === undefined ? undefined : join(path, parts.test);
  const training = classesIn(trainingFolder, walk);
  const notices = (): readonly string[] => [...leftOut(walk)];
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
