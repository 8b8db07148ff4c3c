// Folders of images beside folders of masks, or of other images: which file belongs to which.

import { readdirSync, statSync } from 'node:fs';
import { join, parse, relative } from 'node:path';
import { imagesBelow, leftOut, leftOutBecause, partFolders, type Walk } from './folder-walk.ts';
import { imageKindOf } from './image-files.ts';

type PairedKind = 'masks' | 'pairs';

/** An image and what is to come of it. */
export interface FilePair {
  readonly image: string;
  readonly target: string;
}

interface PairedFiles {
  readonly training: readonly FilePair[];
  /** Undefined where the set has no part to test on. */
  readonly test: readonly FilePair[] | undefined;
  readonly notices: readonly string[];
}

/** What folders of images and of their targets are called. */
const sides: readonly (readonly [kind: PairedKind, image: RegExp, target: RegExp])[] = [
  [
    'masks',
    /^(images?|imgs?|JPEGImages|leftImg8bit|inputs?)$/i,
    /^(masks?|labels?|annotations?|annots?|SegmentationClass|gtFine|gt|ground_?truth)$/i,
  ],
  ['pairs', /^(inputs?|images?|source|noisy|blur(red|ry)?|rainy|hazy)$/i, /^(targets?|outputs?|clean|sharp|gt)$/i],
  ['pairs', /^(lr|low|low_?res|lq)$/i, /^(hr|high|high_?res|hq|gt)$/i],
];
/** Letters name classes as well: they are sides only where pairs are asked for. */
const letters: typeof sides = [['pairs', /^[ax]$/i, /^[by]$/i]];

/** What stands behind the name of an image in those of its mask, or of its smaller copy. */
const suffix =
  /([_-](mask|masks|label|labels|labelIds|gtFine_labelIds|gt|seg|segmentation|target|hr|lr|leftImg8bit)|x[2348])$/i;

interface Sides {
  readonly kind: PairedKind;
  readonly images: string;
  readonly targets: string;
}

/** The two folders below one, where it has such. */
function sidesIn(folder: string, wanted: PairedKind | undefined): Sides | undefined {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name);
  for (const [kind, image, target] of wanted === undefined ? sides : [...sides, ...letters]) {
    const images = names.find((name) => image.test(name));
    const targets = names.find((name) => target.test(name) && name !== images);
    if (images === undefined || targets === undefined || (wanted ?? kind) !== kind) continue;
    return { kind, images: join(folder, images), targets: join(folder, targets) };
  }
  return undefined;
}

/** `train` and its like below a folder. */
function partsOf(folder: string): { readonly training: string; readonly test: string | undefined } | undefined {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const parts = partFolders(names.map(({ name }) => name));
  return parts && { training: join(folder, parts.training), test: parts.test && join(folder, parts.test) };
}

/** What kind of pairs a folder has by its names, and by there being pictures on both sides; undefined where it has none. */
export function pairedKindOf(path: string): PairedKind | undefined {
  try {
    const found = sidesIn(path, undefined) ?? sidesIn(partsOf(path)?.training ?? path, undefined);
    if (found === undefined) return undefined;
    return hasPicture(found.images) && hasPicture(found.targets) ? found.kind : undefined;
  } catch {
    return undefined;
  }
}

function hasPicture(folder: string, depth = 2): boolean {
  const entries = readdirSync(folder, { withFileTypes: true });
  if (entries.some((entry) => entry.isFile() && imageKindOf(entry.name) !== 'other')) return true;
  return depth > 0 && entries.some((entry) => entry.isDirectory() && hasPicture(join(folder, entry.name), depth - 1));
}

/** Finds the pairs below a folder; undefined where it has no two such folders. Throws what the file system says. */
export function pairedFiles(path: string, kind: PairedKind, followsLinks: boolean): PairedFiles | undefined {
  const walk: Walk = { followsLinks, unreadable: [], links: [] };
  const alone: string[] = [];
  const pairsOf = (found: Sides, part = ''): readonly FilePair[] => pairs(found, part, walk, alone);
  const notices = (): readonly string[] => [
    ...leftOut(walk),
    ...leftOutBecause(alone, 'has no counterpart', 'have no counterpart'),
  ];
  const here = sidesIn(path, kind);
  if (here !== undefined) {
    const parts = partsOf(here.images);
    if (parts === undefined) return { training: pairsOf(here), test: undefined, notices: notices() };
    const [training, test] = [parts.training, parts.test].map((folder) => folder && relative(here.images, folder));
    return {
      training: pairsOf(here, training),
      test: test === undefined ? undefined : pairsOf(here, test),
      notices: notices(),
    };
  }
  const parts = partsOf(path);
  const training = parts && sidesIn(parts.training, kind);
  if (parts === undefined || training === undefined) return undefined;
  const test = parts.test === undefined ? undefined : sidesIn(parts.test, kind);
  return { training: pairsOf(training), test: test && pairsOf(test), notices: notices() };
}

/** Images and targets of one name, wherever below the two folders' `part` they lie. */
function pairs({ images, targets }: Sides, part: string, walk: Walk, alone: string[]): readonly FilePair[] {
  const nameOf = (root: string, path: string): string => {
    const { dir, name } = parse(relative(root, path));
    return join(dir, name.replace(suffix, '').replace(suffix, ''));
  };
  const [imageRoot, targetRoot] = [join(images, part), join(targets, part)];
  const isThere = statSync(targetRoot, { throwIfNoEntry: false })?.isDirectory() === true;
  const byName = new Map(
    (isThere ? imagesBelow(targetRoot, walk) : []).map((path) => [nameOf(targetRoot, path), path]),
  );
  return imagesBelow(imageRoot, walk).flatMap((image) => {
    const target = byName.get(nameOf(imageRoot, image));
    if (target !== undefined) return [{ image, target }];
    alone.push(image);
    return [];
  });
}

/** The names that are known, for messages. */
export function pairedRemedy(kind: PairedKind): string {
  return kind === 'masks'
    ? 'Put images/ and masks/ side by side, with files of one name; or train/ and val/ with such folders each'
    : 'Put input/ and target/ side by side (or lr/ and hr/, noisy/ and clean/), with files of one name; or train/ and val/ with such folders each';
}
