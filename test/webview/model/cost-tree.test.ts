// The tree behind the table of costs, and what it is copied as.

import { describe, expect, test } from 'vitest';
import type { CostTable } from '../../../server/src/protocol/cost-table.ts';
import { costCopy } from '../../../webview/src/model/cost-copies.ts';
import {
  costTree,
  costWords,
  firstView,
  modulePaths,
  visibleNodes,
  type CostView,
} from '../../../webview/src/model/cost-tree.ts';
import { sampleCosts } from '../sample-costs.ts';

/** Indented names with MACs. */
function shown(view: Partial<CostView> = {}, table: CostTable = sampleCosts()): readonly string[] {
  const words = costWords(table);
  return visibleNodes(costTree(table), { ...firstView, ...view }).map(
    ({ depth, name, costs }) => `${'  '.repeat(depth)}${name} ${words.text('operations', costs.operations)}`,
  );
}

test('modules stand above what is in them, with the sum', () => {
  expect(shown()).toEqual([
    'stem 1.00 M',
    'layer1 4.00 M',
    '  0 2.00 M',
    '    conv1 1.00 M',
    '    conv2 1.00 M',
    '  1 2.00 M',
    '    conv1 1.00 M',
    '    conv2 1.00 M',
    'fc 1.00 M',
  ]);
});

test('folded modules keep their sum', () => {
  expect(modulePaths(costTree(sampleCosts()))).toEqual(['layer1', 'layer1.0', 'layer1.1']);
  expect(shown({ folded: new Set(['layer1']) })).toEqual(['stem 1.00 M', 'layer1 4.00 M', 'fc 1.00 M']);
});

test('siblings are sorted among themselves', () => {
  expect(shown({ sort: 'operations', descending: true, folded: new Set(['layer1']) })[0]).toBe('layer1 4.00 M');
  expect(shown({ sort: 'name', folded: new Set(['layer1']) })).toEqual(['fc 1.00 M', 'layer1 4.00 M', 'stem 1.00 M']);
  const many = shown({ sort: 'name', folded: new Set(['layer1.9', 'layer1.10']) }, sampleCosts(11));
  expect(many.indexOf('  9 364 k')).toBeLessThan(many.indexOf('  10 364 k'));
});

test('a filter keeps the modules around what it finds, also in folded ones', () => {
  expect(shown({ filter: '1.conv2', folded: new Set(['layer1']) })).toEqual([
    'layer1 4.00 M',
    '  1 2.00 M',
    '    conv2 1.00 M',
  ]);
  expect(shown({ filter: 'LINEAR' })).toEqual(['fc 1.00 M']);
});

test('a sum over something unknown is a lower bound', () => {
  const table = sampleCosts();
  const [first, second, ...others] = table.rows;
  const rows = [first!, { ...second!, operations: { value: null, atLeast: false } }, ...others];
  expect(shown({ folded: new Set(['layer1.0', 'layer1.1']) }, { ...table, rows })).toEqual([
    'stem 1.00 M',
    'layer1 ≥ 3.00 M',
    '  0 ≥ 1.00 M',
    '  1 2.00 M',
    'fc 1.00 M',
  ]);
});

describe('copies', () => {
  test('Markdown', () => {
    expect(costCopy(sampleCosts(), 'markdown').split('\n').slice(0, 3)).toEqual([
      '| layer | op | output | width | MACs | params | activations | memory (B) | latency on V100 (ms) |',
      '| :-- | :-- | :-- | --: | --: | --: | --: | --: | --: |',
      '| stem | Conv2d | 16×32×32 | 16 | 1000000 | 1000 | 16384 | 131072 | 0.001 |',
    ]);
  });

  test('CSV quotes what has to be quoted, and names the unit', () => {
    const table = { ...sampleCosts(), unit: 'FLOPs' as const, device: 'my "old", slow one' } as const;
    const [head, stem, ...rest] = costCopy(table, 'csv').trimEnd().split('\n');
    expect(head).toBe(
      'layer,op,output,width,FLOPs,params,activations,memory (B),"latency on my ""old"", slow one (ms)"',
    );
    expect(stem).toBe('stem,Conv2d,16×32×32,16,1000000,1000,16384,131072,0.001');
    expect(rest.at(-1)).toBe('total,,,,6000000,6000,16384,655360,0.006');
  });

  test('JSON is the table', () => {
    expect(JSON.parse(costCopy(sampleCosts(), 'json'))).toEqual(sampleCosts());
  });
});
