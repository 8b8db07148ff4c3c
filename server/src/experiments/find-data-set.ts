// The data set that a script trains on, found without running it: the paths that it hands to data set classes, or that its options
// have as defaults, and the folders that are usually called so. Only what lies in the workspace and is a set that can be read.

import { existsSync, readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { codeCellsOf, notebookText } from '../common/notebook-text.ts';
import type { DataSetReference } from '../protocol/run-config.ts';
import { liesInside } from '../runs/inner-folder.ts';
import { readRegularFile } from '../runs/regular-file.ts';
import { detectKind, setBelowRoot } from '../training/data/detect-kind.ts';
import { imageKindOf } from '../training/data/image-files.ts';

/** Training scripts are shorter. */
const mostBytes = 1_000_000;
/** Entries of a folder that are looked at. */
const mostEntries = 200;
/** Paths that are looked at. */
const mostPaths = 40;

const quoted = /['"]([^'"\n]{1,200})['"]/.source;

/** Where scripts say where their data are; the path is the first group of each. */
const patterns = [
  // datasets.CIFAR10('./data', …), torchvision.datasets.ImageFolder(root='data/train')
  new RegExp(
    `\\b(?:CIFAR100?|(?:Fashion|K|Q|E)?MNIST|ImageFolder|DatasetFolder|ImageNet|SVHN)\\s*\\(\\s*(?:root\\s*=\\s*)?${quoted}`,
    'g',
  ),
  // numpy.load('images.npz')
  new RegExp(`\\bload\\s*\\(\\s*${quoted}`, 'g'),
  // parser.add_argument('--data-dir', default='./data')
  new RegExp(
    `add_argument\\s*\\(\\s*['"]-{0,2}[\\w-]*(?:data|root)[\\w-]*['"][^)\\n]{0,200}?default\\s*=\\s*${quoted}`,
    'g',
  ),
  // DATA_ROOT = './data', data_dir: str = 'data'
  new RegExp(`^\\s*\\w*(?:data|root)\\w*\\s*(?::[^=\\n]{1,40})?=\\s*${quoted}`, 'gim'),
];

const usualFolders = ['data', 'datasets', 'dataset'];

/** The paths that a script names, in the order of the patterns. */
function namedPaths(text: string): readonly string[] {
  const paths = patterns.flatMap((pattern) => [...text.matchAll(pattern)].flatMap(([, path]) => path ?? []));
  return [...new Set(paths)].slice(0, mostPaths);
}

/** The first set of the workspace that a model's script leads to; undefined where there is none. */
export function findDataSet(workspaceFolder: string, modelFile: string): DataSetReference | undefined {
  const bases = [...new Set([dirname(modelFile), workspaceFolder])];
  for (const named of [...namedPaths(textOf(modelFile)), ...usualFolders]) {
    for (const base of bases) {
      const path = resolve(base, named);
      if (path === workspaceFolder || !existsSync(path) || !liesInside(workspaceFolder, path)) continue;
      const set = setBelowRoot(path) ?? setAt(path);
      if (set !== undefined) return set;
    }
  }
  return undefined;
}

function setAt(path: string): DataSetReference | undefined {
  const kind = detectKind(path);
  if (!kind.ok || (kind.value === 'images' && !hasImages(path, 3))) return undefined;
  return { kind: kind.value, path };
}

/** Whether image files lie below: any folder with folders in it could be one of images by its names alone. */
function hasImages(folder: string, levels: number): boolean {
  const entries = readdirSync(folder, { withFileTypes: true }).slice(0, mostEntries);
  if (entries.some((entry) => entry.isFile() && imageKindOf(entry.name) === 'readable')) return levels < 3;
  if (levels === 1) return false;
  return entries.some((entry) => entry.isDirectory() && hasImages(resolve(folder, entry.name), levels - 1));
}

function textOf(file: string): string {
  try {
    const text = readRegularFile(file, mostBytes)?.toString('utf8') ?? '';
    return file.toLowerCase().endsWith('.ipynb') ? notebookText(codeCellsOf(text)).text : text;
  } catch {
    return '';
  }
}
