// The sweeps of a workspace folder: newest first, and without those that can't be read.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSweeps } from '../../../server/src/runs/read-sweeps.ts';
import { sampleSweep } from '../../webview/sample-sweep.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'morphnet-sweeps-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function write(id: string, text: string): void {
  mkdirSync(join(folder, '.morphnet/sweeps', id), { recursive: true });
  writeFileSync(join(folder, '.morphnet/sweeps', id, 'sweep.json'), text);
}

test('a folder without sweeps has none', () => {
  expect(readSweeps(folder)).toEqual([]);
});

test('sweeps come newest first; half a file and another version are left out', () => {
  const sweep = sampleSweep();
  write('20260101-lenet-1', JSON.stringify(sweep));
  write('20260201-lenet-1', JSON.stringify({ ...sweep, steps: 800 }));
  write('20260202-half', JSON.stringify(sweep).slice(0, 100));
  write('20260203-later', JSON.stringify({ ...sweep, version: 2 }));
  mkdirSync(join(folder, '.morphnet/sweeps/20260204-empty'));
  expect(readSweeps(folder).map(({ id, sweep: { steps } }) => [id, steps])).toEqual([
    ['20260201-lenet-1', 800],
    ['20260101-lenet-1', 400],
  ]);
});
