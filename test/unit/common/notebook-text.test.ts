import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellCode, codeCellsOf, isNotebookText, notebookText } from '../../../server/src/common/notebook-text.ts';

test('cells follow each other, each after a line that says so', () => {
  const { text, lines } = notebookText(['import torch', 'a = 1\nb = 2', '']);
  expect(text).toBe('# %%\nimport torch\n# %%\na = 1\nb = 2\n# %%\n\n');
  expect(lines).toEqual([
    { first: 1, count: 1 },
    { first: 3, count: 2 },
    { first: 6, count: 1 },
  ]);
  expect(isNotebookText('file:///a/Model.ipynb', text)).toBe(true);
  expect(isNotebookText('file:///a/model.py', text)).toBe(false);
  expect(isNotebookText('file:///a/model.ipynb', '{"cells": []}')).toBe(false);
});

test.for([
  ['%matplotlib inline', '0#atplotlib inline'],
  ['if gpu:\n    !pip install torch', 'if gpu:\n    0#ip install torch'],
  ['files = !ls', 'files = 0#s'],
  ['nn.Conv2d?', '#n.Conv2d?'],
  ['?nn.Conv2d', '#nn.Conv2d'],
  ['%%bash\nls -l\n\npwd', '#%bash\n#s -l\n\n#wd'],
  ['%%time\nnet = Net()', '0#time\nnet = Net()'],
  ['a = b % c\nc = a != b', 'a = b % c\nc = a != b'],
  ['x = (a\n     % b)', 'x = (a\n     % b)'],
] as const)('%s', ([source, code]) => {
  expect(cellCode(source)).toBe(code);
});

test('every line keeps its length, and its place', () => {
  const line = fc.stringMatching(/^[ %!?a-z=.()#]{0,12}$/);
  fc.assert(
    fc.property(fc.array(fc.array(line, { minLength: 1 }).map((all) => all.join('\n'))), (cells) => {
      const { text, lines } = notebookText(cells);
      const whole = text.split('\n');
      cells.forEach((cell, index) => {
        const { first, count } = lines[index] ?? { first: NaN, count: NaN };
        const own = whole.slice(first, first + count);
        expect(own.map(({ length }) => length)).toEqual(cell.split('\n').map(({ length }) => length));
      });
    }),
  );
});

test('a notebook’s file gives its code cells, and what is no notebook gives none', () => {
  const cell = (cell_type: string, source: unknown): unknown => ({ cell_type, source, metadata: {} });
  const json = JSON.stringify({
    cells: [cell('markdown', ['# Net']), cell('code', ['a = 1\n', 'b = 2']), cell('code', 'c')],
  });
  expect(codeCellsOf(json)).toEqual(['a = 1\nb = 2', 'c']);
  expect(['', '[]', '{"cells": 1}', '{'].map(codeCellsOf)).toEqual([[], [], [], []]);
});
