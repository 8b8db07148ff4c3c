// A run's folder is made once, is checked where it is read, and says how the run stands.

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../server/src/protocol/run-events.ts';
import type { RunStatus } from '../../../server/src/protocol/run-files.ts';
import { EventWriter, eventsFile } from '../../../server/src/runs/event-log.ts';
import {
  createRunFolder,
  readConfig,
  readNetwork,
  readProposal,
  readSnapshot,
  removeLeftovers,
} from '../../../server/src/runs/run-folder.ts';
import { afterEvent, newState, statusOf } from '../../../server/src/runs/run-state.ts';
import { runConfig, temporaryFolder } from '../../support/run-folder.ts';

const network = { version: 1, ops: [], values: [] };
const base = { version: 1, time: 5 } as const;
const noCost = { macs: 0, params: 0, latencyMs: 0 };
const started: RunEvent = {
  ...base,
  kind: 'started',
  step: 0,
  totalSteps: 9,
  engine: 'onnx 1',
  threads: 1,
  pid: 1,
  seed: noCost,
};
const checkpoint: RunEvent = { ...base, kind: 'checkpoint', step: 4, file: 'checkpoints/step-4.safetensors' };
const interrupted: RunEvent = { ...base, kind: 'interrupted', step: 4, reason: 'cancelled' };
const paused: RunEvent = { ...base, kind: 'interrupted', step: 4, reason: 'paused' };
const finished: RunEvent = { ...base, kind: 'finished', step: 9, summary: 'Done' };
const failed: RunEvent = { ...base, kind: 'failed', step: 3, code: 'diverged', message: 'Diverged' };

/** A new run's folder. */
function newRun(): string {
  const folder = join(temporaryFolder(), 'run');
  expect(createRunFolder(folder, runConfig(), network)).toEqual({ ok: true, value: folder });
  return folder;
}

describe("a run's folder", () => {
  it('gives back what it was made with', () => {
    const folder = newRun();
    expect(readConfig(folder)).toEqual({ ok: true, value: runConfig() });
    expect(readNetwork(folder)).toEqual({ ok: true, value: network });
    expect(readProposal(folder)).toEqual({ ok: true, value: undefined });
  });

  it('is made once', () => {
    const folder = newRun();
    const again = createRunFolder(folder, runConfig({ steps: 1 }), network);
    expect(again).toEqual({ ok: false, error: expect.stringContaining(`${folder} holds a run already`) as unknown });
    expect(readConfig(folder)).toMatchObject({ value: { steps: 40 } });
  });

  it('can not be made under a file', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const made = createRunFolder(join(file, 'run'), runConfig(), network);
    expect(made).toEqual({ ok: false, error: expect.stringContaining(join(file, 'run')) as unknown });
  });

  it.for([
    ['a field of another kind', { ...runConfig(), steps: 'many' }, 'steps must be a number, not "many"'],
    ['a field within', { ...runConfig(), data: { kind: 'jpeg', path: 'x' } }, 'data.kind is none of auto, idx'],
    [
      'a field out of range',
      { ...runConfig(), target: { resource: 'flops', fraction: 1 } },
      'target.fraction must be below 1, not 1',
    ],
    ['an unknown field', { ...runConfig(), lambda: 1 }, 'lambda is no field that is known'],
    ['no object', 3, 'it must be an object { … }, not 3'],
  ] as const)('names the file and the place in a config.json with %s', ([, content, place]) => {
    const folder = newRun();
    writeFileSync(join(folder, 'config.json'), JSON.stringify(content));
    for (const result of [readConfig(folder), readSnapshot(folder)]) {
      const start = `${join(folder, 'config.json')} is not as it should be: ${place}`;
      expect(result).toEqual({ ok: false, error: expect.stringContaining(start) as unknown });
    }
  });

  it('says of a config.json that is no JSON, and of one that is not there, which it is', () => {
    const folder = newRun();
    writeFileSync(join(folder, 'config.json'), '{');
    expect(readConfig(folder)).toMatchObject({ ok: false });
    expect(readConfig(folder)).toMatchObject({
      error: expect.stringContaining(`${join(folder, 'config.json')} can not be read`) as unknown,
    });
    const empty = temporaryFolder();
    expect(readConfig(empty)).toEqual({ ok: false, error: `${empty} is no run: it has no config.json` });
    expect(readNetwork(empty)).toEqual({ ok: false, error: `${empty} is no run: it has no network.json` });
  });

  it('loses what a killed writer left, and nothing else', () => {
    const folder = newRun();
    const part = '.0123456789ab.part';
    mkdirSync(join(folder, 'checkpoints'));
    for (const name of [`config.json${part}`, `checkpoints/step-2.safetensors${part}`]) {
      writeFileSync(join(folder, name), 'half');
    }
    // Another process may be about to take the lock.
    const others = ['checkpoints/step-1.safetensors', 'notes.part', `trainer.lock${part}`];
    for (const name of others) writeFileSync(join(folder, name), 'whole');
    removeLeftovers(folder);
    const left = readdirSync(folder, { recursive: true }).map((name) => String(name).replaceAll('\\', '/'));
    expect(left.sort()).toEqual([...others, 'checkpoints', 'config.json', 'network.json'].sort());
  });

  it('is shown whole, even when its proposal is damaged', () => {
    const folder = newRun();
    const log = new EventWriter(join(folder, eventsFile));
    for (const event of [started, interrupted]) log.append(event);
    log.close();
    writeFileSync(join(folder, 'proposal.json'), '{}');
    expect(readSnapshot(folder)).toEqual({
      ok: true,
      value: { id: 'run', folder, status: 'interrupted', config: runConfig(), events: [started, interrupted] },
    });
  });
});

describe('the status of a run', () => {
  it.for<readonly [string, readonly RunEvent[], boolean, RunStatus]>([
    ['it waited in a queue that is gone', [], false, 'interrupted'],
    ['a process reads data', [], true, 'running'],
    ['a process trains', [started, checkpoint], true, 'running'],
    ['a process was killed', [started, checkpoint], false, 'interrupted'],
    ['a process was stopped', [started, checkpoint, interrupted], false, 'interrupted'],
    ['a process was paused', [started, checkpoint, paused], false, 'paused'],
    ['a paused run goes on', [started, checkpoint, paused, started], true, 'running'],
    ['a paused run went on and was killed', [started, checkpoint, paused, started], false, 'interrupted'],
    ['a process went on', [started, interrupted, started], true, 'running'],
    ['all steps are done', [started, interrupted, started, finished], false, 'finished'],
    ['its process is about to end', [started, finished], true, 'finished'],
    ['it failed', [started, failed], false, 'failed'],
  ])('when %s', ([, events, isWorkedOn, status]) => {
    expect(statusOf(events.reduce(afterEvent, newState), isWorkedOn)).toBe(status);
  });
});
