// What the list of a run's settings shows, and what it makes of what is typed.

import { expect, test } from 'vitest';
import { configRows } from '../../../client/src/commands/config-rows.ts';
import type { RunConfig } from '../../../server/src/protocol/run-config.ts';
import { runDefaults } from '../../../server/src/protocol/run-defaults.ts';

const config: RunConfig = {
  version: 1,
  model: { document: 'file:///w/lenet.py', entry: 'LeNet', input: [[1, 28, 28]] },
  data: { kind: 'idx', path: '/w/data' },
  ...runDefaults,
  device: { name: 'V100', peakGflopsPerSecond: 125000, memoryGigabytesPerSecond: 900 },
};

/** What a row shows after its box was left with this text; a refusal in brackets. */
function typed(label: string, text: string, before = config): string {
  const row = configRows.find((candidate) => candidate.label === label)!;
  const read = row.read(text, before);
  return read.ok ? row.show(read.value) : `[${read.error}]`;
}

test.for(configRows)('$label: leaving the box as it is changes nothing', (row) => {
  expect(row.read(row.text(config), config)).toEqual({ ok: true, value: config });
});

test('numbers are taken within their bounds', () => {
  expect(typed('Steps', '250')).toBe('250');
  expect(typed('Steps', '2.5')).toBe('[Type a whole number of at least 1.]');
  expect(typed('Steps', '')).toBe('[Type a whole number of at least 1.]');
  expect(typed('Learning rate', '1e-3')).toBe('0.001');
  expect(typed('Learning rate', '0')).toBe('[Type a number above 0 such as 0.01.]');
  expect(typed('Seed', '0')).toBe('0');
  expect(typed('Seed', '-1')).toBe('[Type a whole number of at least 0.]');
});

test('a target is a resource with or without a share', () => {
  expect(typed('Target', 'params:0.25')).toBe('model size, down to 25 %');
  expect(typed('Target', 'flops')).toBe('FLOPs');
  for (const text of ['0.3', '30 %', '30%', 'flops:30 %']) expect(typed('Target', text)).toBe('FLOPs, down to 30 %');
  expect(typed('Target', '130 %')).toMatch(/^\[Write flops or params/);
  expect(typed('Target', 'flops:1.5')).toMatch(/^\[Write flops or params/);
  expect(typed('Target', 'watts:0.5')).toMatch(/^\[Write flops or params/);
});

test('every suggested target is one', () => {
  const row = configRows.find(({ label }) => label === 'Target')!;
  const shown = (row.suggestions ?? []).map(({ text }) => typed('Target', text));
  expect(shown).toEqual([
    'FLOPs, down to 70 %',
    'FLOPs, down to 50 %',
    'FLOPs, down to 30 %',
    'model size, down to 70 %',
    'model size, down to 50 %',
    'model size, down to 30 %',
    'latency, down to 70 %',
    'latency, down to 50 %',
    'latency, down to 30 %',
  ]);
});

test('data, target and steps stand first; the rest is behind Advanced', () => {
  const first = configRows.filter(({ isAdvanced }) => isAdvanced !== true).map(({ label }) => label);
  expect(first).toEqual(['Data set', 'Target', 'Steps']);
  // What is behind Advanced follows what is not, so that nothing moves when it is shown.
  expect(configRows.slice(0, first.length).map(({ label }) => label)).toEqual(first);
});

test('an empty strength is found from the target', () => {
  const strong = { ...config, strength: 1e-8 };
  expect(typed('Strength', '', strong)).toBe('found from the target');
  expect(typed('Strength', '1e-9', strong)).toBe('1e-9');
});

test('a data set is a path, with or without a kind, on Windows too', () => {
  expect(typed('Data set', 'cifar10:C:\\data')).toBe('cifar10: C:\\data');
  expect(typed('Data set', 'C:\\data')).toBe('C:\\data');
  expect(typed('Data set', 'images: /photos')).toBe('images: /photos');
  expect(typed('Data set', '/data')).toBe('/data');
  expect(typed('Data set', 'idx:')).toMatch(/^\[Give a folder or file/);
  expect(typed('Data set', ' ')).toMatch(/^\[Give a folder or file/);
});
