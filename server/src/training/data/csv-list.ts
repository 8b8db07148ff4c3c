// A list of image files with their classes, as a spreadsheet or a script writes it: path and label in each line, and
// perhaps the part that an image belongs to. Paths are relative to the list.

import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import * as v from 'valibot';
import type { Result } from '../../common/problem.ts';
import { badFile, reasonOf, type ReadRequest, type ReadSet } from './data-set.ts';
import { filesAsSet, type LabelledFile } from './image-files.ts';

const remedy = 'Write one image a line, its path (relative to the list) and its class: cats/1.jpg,cat';

const pathNames = /^(path|file|files|filename|file_?name|file_?path|image|images|image_?path|img)$/i;
const labelNames = /^(label|labels|class|class_?name|target|category|y)$/i;
const partNames = /^(split|part|set|subset|fold)$/i;
const testWords = /^(test|testing|val|valid|validation)$/i;
const trainingWords = /^(train|training)$/i;

/** A line of the file, with its number from 1. */
interface Line {
  readonly number: number;
  readonly cells: readonly string[];
}

const recordsSchema = v.array(v.object({ info: v.object({ lines: v.number() }), record: v.array(v.string()) }));

function readLines(path: string): Result<readonly Line[]> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return badFile(path, `can not be read (${reasonOf(error)})`, remedy);
  }
  try {
    const options = { bom: true, delimiter: [',', ';', '\t'], info: true, relax_column_count: true, trim: true };
    const records = v.parse(recordsSchema, parse(text, { ...options, skip_empty_lines: true }));
    return { ok: true, value: records.map(({ info, record }) => ({ number: info.lines, cells: record })) };
  } catch (error) {
    return badFile(path, `is no list of comma-separated values (${reasonOf(error)})`, remedy);
  }
}

/** Which cell of a line is what. */
interface Columns {
  readonly path: number;
  readonly label: number;
  readonly part: number | undefined;
  readonly hasHeader: boolean;
}

/** By the names of a header; without one that is known, path and label are the first two cells. */
function columnsOf([first, second]: readonly Line[], folder: string): Columns {
  const cells = first?.cells ?? [];
  const find = (names: RegExp): number => cells.findIndex((cell) => names.test(cell));
  const [path, label, part] = [find(pathNames), find(labelNames), find(partNames)];
  if (path >= 0 && label >= 0) return { path, label, part: part < 0 ? undefined : part, hasHeader: true };
  const isThere = (line: Line | undefined): boolean =>
    line?.cells[0] !== undefined && statSync(resolve(folder, line.cells[0]), { throwIfNoEntry: false }) !== undefined;
  // A header in words of its own: its first cell names no file, but the next line's does.
  return { path: 0, label: 1, part: undefined, hasHeader: !isThere(first) && isThere(second) };
}

export function readCsvList(request: ReadRequest): Result<ReadSet> {
  const { path, outside } = request;
  const lines = readLines(path);
  if (!lines.ok) return lines;
  const folder = dirname(path);
  const columns = columnsOf(lines.value, folder);
  const rows: (Line & { readonly file: string; readonly label: string; readonly part: string })[] = [];
  for (const line of columns.hasHeader ? lines.value.slice(1) : lines.value) {
    const [cell, label] = [line.cells[columns.path] ?? '', line.cells[columns.label] ?? ''];
    const place = `${path}:${String(line.number)}`;
    if (cell === '' || label === '') return badFile(place, 'has no path and label', remedy);
    const file = resolve(folder, cell);
    const way = relative(folder, file);
    if (!outside && (way.startsWith('..') || isAbsolute(way))) {
      return badFile(
        place,
        `names ${cell}, which lies outside the list’s folder`,
        'Choose the list by hand (with --data, or in the picker) if that is meant',
      );
    }
    const part = columns.part === undefined ? '' : (line.cells[columns.part] ?? '');
    if (part !== '' && !testWords.test(part) && !trainingWords.test(part))
      return badFile(place, `has the part ${part}`, 'Write train, test or val');
    rows.push({ ...line, file, label, part });
  }
  if (rows.length === 0) return badFile(path, 'has no lines', remedy);
  const classes = classNumbers(rows.map(({ label }) => label));
  const labelled = (isTest: boolean): readonly LabelledFile[] =>
    rows
      .filter(({ part }) => testWords.test(part) === isTest)
      .map(({ file, label }) => ({ path: file, label: classes.get(label) ?? 0 }));
  const [training, test] = [labelled(false), labelled(true)];
  if (training.length === 0) return badFile(path, 'has no images to train on', remedy);
  return filesAsSet(request, {
    name: `images listed in ${path}`,
    classes: Math.max(...classes.values()) + 1,
    training,
    test: test.length === 0 ? undefined : test,
    notices: [],
  });
}

/** Labels that are all whole numbers are the classes' numbers; others are names, numbered in the order of their characters. */
function classNumbers(labels: readonly string[]): ReadonlyMap<string, number> {
  const names = [...new Set(labels)].sort();
  const areNumbers = names.every((name) => /^\d{1,6}$/.test(name));
  return new Map(names.map((name, index) => [name, areNumbers ? Number(name) : index]));
}
