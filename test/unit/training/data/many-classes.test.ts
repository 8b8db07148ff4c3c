// ImageNet's list of files: a thousand classes, a million files. What a file costs does not grow with the classes.

import { expect, test } from 'vitest';
import { labelledFiles } from '../../../../server/src/training/data/image-folder.ts';

function classes(count: number, files: number): ReadonlyMap<string, readonly string[]> {
  const paths = Array.from({ length: files }, (_, index) => String(index));
  return new Map(Array.from({ length: count }, (_, index) => [`class ${String(index)}`, paths]));
}

test('files are numbered by their class', () => {
  const numbers = new Map([
    ['a', 0],
    ['b', 1],
  ]);
  const files = new Map([
    ['b', ['b1']],
    ['a', ['a1', 'a2']],
  ]);
  expect(labelledFiles(files, numbers).map(({ path, label }) => [path, label])).toEqual([
    ['b1', 1],
    ['a1', 0],
    ['a2', 0],
  ]);
});

test('each class is looked up once, however many files it has', () => {
  let looked = 0;
  const numbers = new (class extends Map<string, number> {
    override get(name: string): number {
      looked++;
      return Number(name.slice('class '.length));
    }
  })();
  expect(labelledFiles(classes(100, 1000), numbers)).toHaveLength(100_000);
  expect(looked).toBe(100);
});
