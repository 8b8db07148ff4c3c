// A list or a folder of images takes time in proportion to its files, however many classes they have.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labelledFiles } from '../../../server/src/training/data/image-folder.ts';
import { readCsvList } from '../../../server/src/training/data/csv-list.ts';
import { temporaryFolder } from '../../support/run-folder.ts';
import { expectLinear } from '../../support/growth.ts';

test('a folder with a class for every ten files', () => {
  expectLinear(
    2_000,
    (count) => {
      const names = Array.from({ length: count }, (_, index) => `class ${String(index)}`);
      const files = new Map(names.map((name) => [name, Array.from({ length: 10 }, (_, index) => String(index))]));
      return { files, numbers: new Map(names.map((name, index) => [name, index])) };
    },
    ({ files, numbers }) => expect(labelledFiles(files, numbers)).toHaveLength(10 * files.size),
  );
});

test('a list with a class for every file', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'a.png'), '');
  expectLinear(
    1_000,
    (count) => {
      const path = join(folder, `${String(count)}.csv`);
      const lines = Array.from({ length: count }, (_, index) => `a.png,class ${String(index)}`);
      writeFileSync(path, lines.join('\n'));
      return path;
    },
    (path) => {
      const read = readCsvList({
        path,
        outside: false,
        badFiles: 0.01,
        outputs: [],
        input: [1, 2, 2],
        decoder: new URL('file:///no-decoder'),
      });
      expect(read.ok ? '' : read.error).toBe('');
    },
  );
});
