// Configurations of OpenMMLab as text: Python files that set names on top of other files, which they call their bases. Whether a
// file is one, which files it builds on, and what these tell of the images that its model is for.

import type { Problem } from '../../../common/problem.ts';
import type { SourceReader } from '../../shared/frontend.ts';
import { imageOfDataSet } from '../discovery/vocabulary.ts';
import { joinedPath } from '../standard-library/workspace-files.ts';

/** More files than these build no configuration that anybody wrote. */
const mostFiles = 100;

const begins =
  /^(?:_base_\s*=\s*[[('"]|model\s*=\s*dict\(\s*(?:#[^\n]*\s*)*(?:_scope_|type)\s*=\s*['"]|with read_base\(\))/m;
/** What a configuration has none of. */
const isProgram = /^(?:class|def|async def|if __name__|import torch|import tensorflow|import keras)\b/m;

/** Whether the beginning of a Python file is one of a configuration. */
export function isConfiguration(head: string): boolean {
  return begins.test(head) && !isProgram.test(head);
}

/** One file of a configuration. */
interface ConfigurationFile {
  readonly document: string;
  readonly text: string;
}

export interface ConfigurationFiles {
  /** The file itself, then those that it builds on, the nearest first. */
  readonly files: readonly ConfigurationFile[];
  readonly problems: readonly Problem[];
}

/** A base as it is written: `../_base_/models/resnet50.py`, or `mmdet::_base_/models/ssd300.py` of a project that is installed. */
interface WrittenBase {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** Whether it is a module that the file takes all names from. */
  readonly isImported?: true;
}

const assigned = /^[ \t]*["']?_base_["']?\s*[=:]\s*(\[[^\]]*\]|\([^)]*\)|["'][^"'\n]*["']|(?:\n\s*-[^\n]*)+)/m;
/** `from .._base_.models.resnet50 import *` below `with read_base():`. */
const imported = /^[ \t]+from\s+(\.+[\w.]*)\s+import\s+\*/gm;

/** The files that a text names as its bases. */
export function basesIn(text: string): readonly WrittenBase[] {
  const found = assigned.exec(text);
  const written = found?.[1] ?? '';
  const start = (found?.index ?? 0) + (found?.[0].length ?? 0) - written.length;
  const quoted = [...written.matchAll(/["']([^"'\n]+)["']/g)];
  const names = quoted.length > 0 ? quoted : [...written.matchAll(/-\s*([^\s#]+)/g)];
  const bases = names.map(({ 0: whole, 1: path = '', index }) => ({
    path,
    start: start + index,
    end: start + index + whole.length,
  }));
  if (!text.includes('read_base')) return bases;
  const modules = [...text.matchAll(imported)].map(({ 0: whole, 1: name = '', index }): WrittenBase => {
    const [dots = '.'] = /^\.+/.exec(name) ?? [];
    const folders = '../'.repeat(dots.length - 1);
    return {
      path: `${folders}${name.slice(dots.length).replaceAll('.', '/')}.py`,
      start: index + whole.length - whole.trimStart().length,
      end: index + whole.length,
      isImported: true,
    };
  });
  return [...bases, ...modules];
}

/** Where a base may stand: beside the file that names it, or among the configurations of an installed project. */
export function placesOfBase(document: string, path: string, roots: readonly string[]): readonly string[] {
  const [, project, inner = ''] = /^(\w+)::(.*)$/.exec(path) ?? [];
  if (project === undefined) return [joinedPath(`${document.slice(0, document.lastIndexOf('/'))}/${path}`)];
  return roots.flatMap((root) =>
    [`${root}/${project}/.mim/configs`, `${root}/configs`].map((folder) => joinedPath(`${folder}/${inner}`)),
  );
}

/** A configuration with all that it builds on; that bases are not there, or lead back to themselves, is told. */
export function configurationFiles(document: string, text: string, reader: SourceReader): ConfigurationFiles {
  const files = new Map<string, ConfigurationFile>();
  const problems: Problem[] = [];
  const visit = (file: ConfigurationFile, above: readonly string[], named: WrittenBase | undefined): void => {
    if (files.size >= mostFiles) return;
    files.set(file.document, file);
    // Of several bases the last one has the last word.
    for (const base of basesIn(file.text).toReversed()) {
      const at = named ?? base;
      const told = (message: string): number =>
        problems.push({
          code: 'configuration-base',
          severity: 'error',
          message,
          span: { document, start: at.start, end: at.end },
        });
      const places = placesOfBase(file.document, base.path, reader.roots);
      const found = places.find((place) => reader.read(place) !== undefined);
      const chain = [...above, file.document];
      if (found === undefined) {
        told(`${base.path}${named ? `, which ${nameOf(file.document)} builds on,` : ''} is not in the workspace`);
      } else if (chain.includes(found)) {
        const circle = [...chain.slice(chain.indexOf(found)), found].map(nameOf);
        told(`These configurations build on each other in a circle: ${circle.join(' → ')}`);
      } else if (!files.has(found)) visit({ document: found, text: reader.read(found) ?? '' }, chain, at);
    }
  };
  visit({ document, text }, [], undefined);
  return { files: [...files.values()], problems };
}

const nameOf = (document: string): string => document.slice(document.lastIndexOf('/') + 1);

/** What configurations say of the size of images, as height and width; the first that matches anywhere counts. */
const sizes: readonly { readonly pattern: RegExp; readonly isWidthFirst?: true }[] = [
  { pattern: /["']CenterCrop["'],\s*crop_size=\(?(\d+)(?:,\s*(\d+))?/ },
  { pattern: /\bcrop_size\s*=\s*\(?(\d+)(?:,\s*(\d+)\))?/ },
  { pattern: /\binput_size\s*=\s*\(?(\d+)(?:,\s*(\d+)\))?/ },
  { pattern: /\bimage_size\s*=\s*\(?(\d+)(?:,\s*(\d+)\))?/ },
  { pattern: /\bimg_scale\s*=\s*\(?(\d+)(?:,\s*(\d+)\))?/, isWidthFirst: true },
  { pattern: /["']Resize["'],\s*scale=\(?(\d+)(?:,\s*(\d+)\))?/, isWidthFirst: true },
  { pattern: /\bimg_size\s*=\s*\(?(\d+)(?:,\s*(\d+)\))?/ },
  {
    pattern:
      /["'](?:Efficientnet)?(?:RandomResizedCrop|CenterCrop)["'],\s*(?:scale|crop_size)=\(?(\d+)(?:,\s*(\d+)\))?/,
  },
];

/** The image that a configuration tells of: by how its data are prepared, else by its data set. */
export function imageOfConfiguration(texts: readonly string[]): readonly number[] | undefined {
  const all = texts.map((text) => text.replace(/#[^\n]*/g, ''));
  const first = <T>(ask: (text: string) => T | undefined): T | undefined => {
    for (const text of all) {
      const said = ask(text);
      if (said !== undefined) return said;
    }
    return undefined;
  };
  const set = first((text) => {
    const [, name = ''] =
      /\b(?:dataset_type\s*=|type\s*=)\s*["']((?:Fashion)?MNIST|CIFAR10|CIFAR100)["']/.exec(text) ?? [];
    return imageOfDataSet(name);
  });
  const divisor = first((text) => {
    const [, size] = /\bpad_size_divisor\s*=\s*(\d+)/.exec(text) ?? [];
    return size === undefined ? undefined : Number(size);
  });
  const size = first((text) => {
    for (const { pattern, isWidthFirst } of sizes) {
      const [, one, other = one] = pattern.exec(text) ?? [];
      if (one === undefined || other === undefined) continue;
      return (isWidthFirst ? [other, one] : [one, other]).map(Number);
    }
    return undefined;
  });
  if (size === undefined) return set;
  const padded = size.map((side) => (divisor ? Math.ceil(side / divisor) * divisor : side));
  return [set?.[0] ?? 3, ...padded];
}
