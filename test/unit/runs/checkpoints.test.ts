// Two checkpoints are kept, so that a damaged one costs some steps and never the run.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../../../server/src/runs/checkpoints.ts';
import type { TensorFile } from '../../../server/src/runs/safetensors.ts';
import { temporaryFolder } from '../../support/run-folder.ts';

const content = (value: number): TensorFile => ({
  tensors: new Map([['w', { shape: [3], data: Float32Array.of(value, 2, 3) }]]),
  metadata: { controller: String(value) },
});

/** A run with checkpoints of these steps, whose weights begin with the step. */
function runWith(...steps: readonly number[]): string {
  const run = temporaryFolder();
  for (const step of steps) saveCheckpoint(run, step, content(step));
  return run;
}

function damage(run: string, step: number): string {
  const file = join(run, 'checkpoints', `step-${String(step)}.safetensors`);
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.subarray(0, bytes.length - 1));
  return file;
}

describe('checkpoints', () => {
  it('come back from the latest file', () => {
    const loaded = loadCheckpoint(runWith(90, 100));
    expect(loaded).toEqual({ ok: true, value: { step: 100, damaged: [], ...content(100) } });
  });

  it('are kept twice, by number and not by name', () => {
    const run = runWith(8, 9, 10, 100);
    expect(readdirSync(join(run, 'checkpoints')).sort()).toEqual(['step-10.safetensors', 'step-100.safetensors']);
  });

  it('fall back to the one before when the latest is damaged, and name it', () => {
    const run = runWith(10, 20);
    const file = damage(run, 20);
    const loaded = loadCheckpoint(run);
    expect(loaded).toMatchObject({ ok: true, value: { step: 10, metadata: { controller: '10' } } });
    expect(loaded.ok && loaded.value?.damaged).toEqual([expect.stringContaining(`${file} is damaged: `)]);
  });

  it('are kept twice besides a damaged one that a run went on from before', () => {
    const run = runWith(10, 20);
    damage(run, 20);
    saveCheckpoint(run, 12, content(12));
    expect(readdirSync(join(run, 'checkpoints')).sort()).toEqual(['step-10.safetensors', 'step-12.safetensors']);
    damage(run, 12);
    expect(loadCheckpoint(run)).toMatchObject({ ok: true, value: { step: 10 } });
  });

  it('fail when both are damaged, with both files and a remedy', () => {
    const run = runWith(10, 20);
    const files = [damage(run, 10), damage(run, 20)];
    const loaded = loadCheckpoint(run);
    if (loaded.ok) throw new Error('A damaged checkpoint was taken for whole');
    for (const file of files) expect(loaded.error).toContain(file);
    expect(loaded.error).toContain('delete the checkpoints folder');
  });

  it('are none at the beginning of a run', () => {
    expect(loadCheckpoint(temporaryFolder())).toEqual({ ok: true, value: undefined });
  });

  it('say which file can not be read', () => {
    const run = runWith(10);
    mkdirSync(join(run, 'checkpoints', 'step-20.safetensors'));
    const loaded = loadCheckpoint(run);
    expect(loaded).toMatchObject({ ok: true, value: { step: 10 } });
    expect(loaded.ok && loaded.value?.damaged[0]).toMatch(/step-20\.safetensors can not be read: /);
  });

  it('are written beside one that can not be removed', () => {
    const run = runWith(10);
    const inTheWay = join(run, 'checkpoints', 'step-5.safetensors');
    mkdirSync(inTheWay);
    writeFileSync(join(inTheWay, 'notes'), 'not ours');
    saveCheckpoint(run, 20, content(20));
    expect(readFileSync(join(inTheWay, 'notes'), 'utf8')).toBe('not ours');
    expect(loadCheckpoint(run)).toMatchObject({ ok: true, value: { step: 20 } });
  });
});
