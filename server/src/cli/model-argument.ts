// `FILE[::ENTRY]`, `--input` and `--device` as the user writes them.

import { statSync } from 'node:fs';
import { basename, isAbsolute, relative, resolve } from 'node:path';
import { URI } from 'vscode-uri';
import { parseInputShapes } from '../network/shape.ts';
import type { DeviceSetting } from '../protocol/settings.ts';
import { wrongArguments } from './cli-failure.ts';

/** A model file that exists. */
export interface ModelFile {
  /** Absolute. */
  readonly path: string;
  /** The document's URI, as the editor writes it. */
  readonly document: string;
  /** What follows `::`. */
  readonly entry: string | undefined;
}

/** Reads `FILE[::ENTRY]`; a missing file is the caller's mistake. */
export function parseModelArgument(argument: string, folder: string): ModelFile {
  const [file = '', ...entry] = argument.split('::');
  const path = resolve(folder, file);
  if (!isFile(path)) throw wrongArguments(`There is no file ${file}${file === path ? '' : ` in ${folder}`}.`);
  const name = entry.join('::').trim();
  return { path, document: URI.file(path).toString(), entry: name === '' ? undefined : name };
}

/** Whether a path is a file that can be looked at. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Reads `--input 3x32x32`. */
export function parseInputArgument(text: string): readonly (readonly number[])[] {
  const shapes = parseInputShapes(text);
  // Several inputs of one number each are none that a network has.
  if (shapes === undefined || (shapes.length > 1 && shapes.every((shape) => shape.length === 1))) {
    // As in Python's tuples: (1, 28, 28).
    const sizes = /^[[(]?\s*\d+(?:\s*[,;*×\s]\s*\d+)+\s*[\])]?$/.test(text) ? text.match(/\d+/g) : null;
    throw wrongArguments(
      sizes === null
        ? `--input ${text} is no shape. Write it without the batch: 3x32x32`
        : `--input ${text} is written ${sizes.join('x')}.`,
    );
  }
  return shapes;
}

/** Reads `--device`: a name, or a device of one's own as `NAME=PEAK,BANDWIDTH` in GFLOP/s and GB/s. */
export function parseDeviceArgument(text: string): {
  readonly device: string;
  readonly devices: Readonly<Record<string, DeviceSetting>>;
} {
  const [, name, peak, bandwidth] = /^([^=]+)=([^,]+),([^,]+)$/.exec(text) ?? [];
  if (name === undefined) return { device: text, devices: {} };
  const peakGflopsPerSecond = Number(peak);
  const memoryGigabytesPerSecond = Number(bandwidth);
  if (!(peakGflopsPerSecond > 0) || !(memoryGigabytesPerSecond > 0)) {
    throw wrongArguments(`--device ${text} needs two numbers above 0, GFLOP/s and GB/s: laptop=500,40`);
  }
  return { device: name, devices: { [name]: { peakGflopsPerSecond, memoryGigabytesPerSecond } } };
}

/** A path as the user would type it: relative to the folder where that is shorter to read. */
export function shownPath(path: string, folder: string): string {
  const inside = relative(folder, path);
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? path : inside;
}

/** A document's URI as a path; see `shownPath`. Other URIs stay as they are. */
export function shownDocument(document: string, folder: string): string {
  const uri = URI.parse(document);
  return uri.scheme === 'file' ? shownPath(uri.fsPath, folder) : basename(uri.path);
}
