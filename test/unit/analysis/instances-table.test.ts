// The instances of a line as a hover shows them: few rows, one unit a column.

import { expect, test } from 'vitest';
import { instancesTable, type Instance } from '../../../server/src/analysis/instances-table.ts';

const exact = (value: number) => ({ kind: 'exact', value }) as const;
const layer = (name: string, macs: number, more: Partial<Instance> = {}): Instance => ({
  name,
  label: 'Conv2d',
  shape: '64×8×8',
  cost: {
    macs: exact(macs),
    operations: exact(macs),
    params: exact(macs / 10),
    activations: exact(1),
    latencyMs: exact(macs / 1e8),
  },
  chain: [],
  ...more,
});
const show = (instances: readonly Instance[]): readonly string[] =>
  instancesTable(instances, { convention: 'macs', device: 'V100' })
    .replaceAll('\u00a0', ' ')
    .replaceAll('\\', '')
    .split('\n');

test('equal layers share a row, and a column its unit', () => {
  expect(show([layer('a.0', 2_000_000), layer('a.1', 2_000_000), layer('head', 5000)])).toEqual([
    '| Layer | Output | MMACs | k params | µs on V100 |',
    '| :-- | --: | --: | --: | --: |',
    '| `a.0` Conv2d ×2 | 64×8×8 | 2 | 200 | 20 |',
    '| `head` Conv2d | 64×8×8 | 0.00500 | 0.500 | 0.0500 |',
  ]);
});

test('of many different layers the costliest are shown, and what the others cost together', () => {
  const many = Array.from({ length: 58 }, (_, index) => layer(`layer${String(index)}`, 1_000_000 * (58 - index)));
  const lines = show(many);
  expect(lines).toHaveLength(8);
  expect(lines[2]).toContain('`layer0`');
  // 1 + 2 + … + 53.
  expect(lines.at(-1)).toContain('53 more, together |  | 1431 |');
});

test('calls are told where they tell the layers apart', () => {
  const two = (second: string): readonly string[] =>
    show([
      layer('a', 1000, { chain: ['net.py:1', 'net.py:5'] }),
      layer('b', 1000, { chain: ['net.py:1', second] }),
    ]).slice(2);
  expect(two('net.py:5')).toEqual(['| `a` Conv2d ×2 | 64×8×8 | 1 | 100 | 0.0100 |']);
  expect(two('net.py:6').map((line) => line.split(' | ').at(-1))).toEqual(['net.py:5 |', 'net.py:6 |']);
});
