// What was learned stays for few steps, spread over the run, however long it is and however often it was interrupted.

import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { staysLearned, writeLearnedStructure } from '../../../server/src/runs/learned-structures.ts';
import { temporaryFolder } from '../../support/run-folder.ts';

function count(folder: string, step: number): void {
  writeLearnedStructure(folder, { step, every: 20 }, [
    { name: `learned_structure/alive_${String(step)}`, text: '{}' },
    { name: `learned_structure/structure_${String(step)}.json`, text: '{}' },
  ]);
}

function learned(folder: string): readonly string[] {
  return readdirSync(`${folder}/learned_structure`).sort();
}

test('a long run keeps as few files as a short one', () => {
  const folder = temporaryFolder();
  for (let step = 20; step <= 4000; step += 20) count(folder, step);
  expect(learned(folder).length).toBeLessThanOrEqual(2 * 33);
  expect(learned(folder)).toContain('alive_4000');
  expect(learned(folder)).toContain('alive_160');
  expect(learned(folder)).not.toContain('alive_20');
});

test('a short run keeps all of them', () => {
  const folder = temporaryFolder();
  for (let step = 20; step <= 600; step += 20) count(folder, step);
  expect(learned(folder)).toHaveLength(60);
});

test('an interrupted run keeps the same steps', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 20 }), (stop, back) => {
      const [whole, interrupted] = [temporaryFolder(), temporaryFolder()];
      for (let step = 20; step <= 2400; step += 20) count(whole, step);
      for (let step = 20; step <= 20 * stop; step += 20) count(interrupted, step);
      for (let step = 20 * Math.max(1, stop - back); step <= 2400; step += 20) count(interrupted, step);
      expect(learned(interrupted)).toEqual(learned(whole));
    }),
    { numRuns: 5 },
  );
});

test('what stays once stays as long as its distance does', () => {
  for (let latest = 20; latest < 100_000; latest += 980)
    for (const step of [latest, 0]) expect(staysLearned(step, latest, 20)).toBe(true);
});
