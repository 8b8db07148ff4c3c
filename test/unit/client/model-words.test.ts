// Which layer is the most expensive, and what the language status says.

import { expect, test } from 'vitest';
import { heatLines, mostExpensive, statusText } from '../../../client/src/model-words.ts';
import type { CostTableRow } from '../../../server/src/protocol/cost-table.ts';

/** A layer of so many MACs, which may be made in no text. */
function row(name: string, operations: number | null, isPlaced = true): CostTableRow {
  const exactly = (value: number | null) => ({ value, atLeast: false });
  return {
    name,
    label: 'Conv2d',
    shape: '4×8×8',
    width: 4,
    operations: exactly(operations),
    params: exactly(1),
    activations: exactly(1),
    memory: exactly(1),
    latencyMs: exactly(1),
    tie: null,
    settled: null,
    place: isPlaced ? { uri: 'file:///a.py', line: 3, character: 8 } : null,
  };
}

test('the most expensive layer multiplies most and stands in the source', () => {
  const rows = [row('a', 10), row('b', 30), row('c', 20), row('d', 40, false), row('e', null)];
  expect(mostExpensive(rows)?.name).toBe('b');
  expect(mostExpensive([row('a', 0), row('b', null)])).toBeUndefined();
  expect(mostExpensive([])).toBeUndefined();
});

test('the status names the chosen model and its input', () => {
  const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
  const model = {
    uri: 'file:///a.py',
    entry: 'Net()',
    chosen: false,
    range,
    isInputAssumed: false,
    input: [[3, 32, 32], [10]],
    totals: '',
  };
  expect(statusText([model])).toBe('Net() · 3×32×32, 10');
  expect(statusText([{ ...model, entry: '' }])).toBe('3×32×32, 10');
  expect(statusText([])).toBe('MorphNet');
});

test('lines have a colour by their share of the whole, summed over the layers that a line makes', () => {
  const at = (line: number, operations: number | null, uri = 'file:///a.py'): CostTableRow => ({
    ...row(`layer ${String(line)}`, operations),
    place: { uri, line, character: 0 },
  });
  const rows = [at(1, 20), at(1, 6), at(2, 11), at(3, 4), at(4, 1), at(5, null), at(6, 50, 'file:///b.py')];
  const totals = (value: number | null, atLeast = false) => {
    const exactly = { value, atLeast };
    return { operations: exactly, params: exactly, activations: exactly, memory: exactly, latencyMs: exactly };
  };
  expect(heatLines({ rows, totals: totals(100) }, 'file:///a.py')).toEqual([
    { line: 1, step: 2 },
    { line: 2, step: 1 },
    { line: 3, step: 0 },
  ]);
  // A share of what is known in part would be too high.
  expect(heatLines({ rows, totals: totals(100, true) }, 'file:///a.py')).toEqual([]);
  expect(heatLines({ rows, totals: totals(null) }, 'file:///a.py')).toEqual([]);
});
