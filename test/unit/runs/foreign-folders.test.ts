// A run's folder may have come with a checkout or a download: nothing in it leads outside, keeps us waiting, or hides other runs.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { iterationFileSchema } from '../../../server/src/protocol/iteration-file.ts';
import { sweepFileSchema } from '../../../server/src/protocol/sweep-file.ts';
import { loadCheckpoint, saveCheckpoint } from '../../../server/src/runs/checkpoints.ts';
import { EventReader, EventWriter, parseEvent, eventsFile } from '../../../server/src/runs/event-log.ts';
import { innerFolder } from '../../../server/src/runs/inner-folder.ts';
import { readJsonFile } from '../../../server/src/runs/json-file.ts';
import { workspaceOf } from '../../../server/src/runs/portable-config.ts';
import { createRunFolder, readConfig, readSnapshot } from '../../../server/src/runs/run-folder.ts';
import { listRuns, newRunFolder, runFolder, runsFolder } from '../../../server/src/runs/run-store.ts';
import { sampleSweep } from '../../webview/sample-sweep.ts';
import { runConfig, runConfigIn, temporaryFolder } from '../../support/run-folder.ts';

function makeRun(folder: string): string {
  expect(createRunFolder(folder, runConfigIn(workspaceOf(folder)), { version: 1 })).toMatchObject({ ok: true });
  return folder;
}

const ids = (workspace: string): readonly string[] => listRuns(workspace).map(({ id }) => id);

/** What may stand where a file of a run is expected, by name. */
const strange: Readonly<Record<string, (path: string) => void>> = {
  'a folder': (path) => mkdirSync(path),
  'a link to a file': (path) => {
    const target = join(temporaryFolder(), 'target');
    writeFileSync(target, '{}');
    symlinkSync(target, path);
  },
  'a link to nothing': (path) => symlinkSync(join(dirname(path), 'none'), path),
  'a pipe': (path) => void spawnSync('mkfifo', [path]),
  'a file that is far too large': (path) => {
    writeFileSync(path, '');
    truncateSync(path, 5_000_000_000);
  },
};

describe.skipIf(process.platform === 'win32')('in place of a file', () => {
  it.for(Object.keys(strange))('%s is neither read nor waited for', (kind) => {
    const path = join(temporaryFolder(), 'config.json');
    strange[kind]?.(path);
    const read = readJsonFile(path, v.unknown());
    expect(read).toMatchObject({ ok: false, error: expect.stringContaining(path) as unknown });
  });

  it.for(Object.keys(strange))('%s as a log hides no other run', (kind) => {
    const workspace = temporaryFolder();
    for (const name of ['a', 'b']) makeRun(join(runsFolder(workspace), name));
    if (kind !== 'a file that is far too large') strange[kind]?.(join(runsFolder(workspace), 'a', eventsFile));
    expect(ids(workspace)).toEqual(['b', 'a']);
  });

  it.for(Object.keys(strange))('%s as the settings hides no other run', (kind) => {
    const workspace = temporaryFolder();
    mkdirSync(join(runsFolder(workspace), 'a'), { recursive: true });
    strange[kind]?.(join(runsFolder(workspace), 'a', 'config.json'));
    makeRun(join(runsFolder(workspace), 'b'));
    expect(ids(workspace)).toEqual(['b']);
  });

  it('a log is not written through a link', () => {
    const folder = temporaryFolder();
    const target = join(temporaryFolder(), 'target');
    writeFileSync(target, 'mine');
    symlinkSync(target, join(folder, eventsFile));
    expect(() => new EventWriter(join(folder, eventsFile))).toThrow();
    expect(new EventReader(join(folder, eventsFile)).read()).toEqual([]);
  });

  it('checkpoints are not written through a link', () => {
    const folder = temporaryFolder();
    const elsewhere = temporaryFolder();
    symlinkSync(elsewhere, join(folder, 'checkpoints'));
    expect(() => saveCheckpoint(folder, 1, { tensors: new Map(), metadata: {} })).toThrow(/is a link/);
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(loadCheckpoint(folder)).toEqual({ ok: true, value: undefined });
  });
});

describe.skipIf(process.platform === 'win32')('a store', () => {
  it.for(['.morphnet', '.morphnet/runs'])('that is a link at %s is neither listed nor written to', (link) => {
    const workspace = temporaryFolder();
    const elsewhere = temporaryFolder();
    const target = link === '.morphnet' ? join(elsewhere, 'runs') : elsewhere;
    expect(createRunFolder(join(target, 'a'), runConfigIn(elsewhere), { version: 1 }, elsewhere).ok).toBe(true);
    mkdirSync(dirname(join(workspace, link)), { recursive: true });
    symlinkSync(elsewhere, join(workspace, link));
    expect(ids(workspace)).toEqual([]);
    expect(runFolder(workspace, 'a')).toBeUndefined();
    expect(newRunFolder(workspace, runConfig(), new Date(0))).toMatchObject({ ok: false });
    expect(readdirSync(target)).toEqual(['a']);
  });

  it('lists no run that is a link to another folder', () => {
    const workspace = temporaryFolder();
    const other = makeRun(join(temporaryFolder(), 'other'));
    mkdirSync(runsFolder(workspace), { recursive: true });
    symlinkSync(other, join(runsFolder(workspace), 'linked'));
    expect(ids(workspace)).toEqual([]);
    expect(runFolder(workspace, 'linked')).toBeUndefined();
  });

  it('makes inner folders, but not through links', () => {
    const folder = temporaryFolder();
    const elsewhere = temporaryFolder();
    expect(innerFolder(folder, 'points', '1')).toBe(join(folder, 'points', '1'));
    symlinkSync(elsewhere, join(folder, 'linked'));
    expect(() => innerFolder(folder, 'linked', '1')).toThrow(/is a link/);
    expect(existsSync(join(elsewhere, '1'))).toBe(false);
  });
});

describe('numbers', () => {
  it('that JavaScript reads as infinite are none', () => {
    const folder = makeRun(join(temporaryFolder(), 'run'));
    const text = JSON.stringify(runConfigIn(workspaceOf(folder), { learningRate: 7 })).replace(
      '"learningRate":7',
      '"learningRate":1e999',
    );
    writeFileSync(join(folder, 'config.json'), text);
    expect(readConfig(folder)).toMatchObject({ ok: false, error: expect.stringContaining('not finite') as unknown });
    expect(readSnapshot(folder).ok).toBe(false);
    expect(parseEvent('{"version":1,"time":1e999,"kind":"finished","step":1,"summary":""}')).toBeUndefined();
  });
});

describe('the runs that a sweep or an iteration names', () => {
  const outside = [
    '../../../other',
    '/etc',
    'points/../../x',
    'C:\\x',
    'points\\1',
    '.',
    '..',
    '',
    'a//b',
    'points/.git',
  ];

  it.for(outside)('are not %j', (run) => {
    const sweep = sampleSweep();
    const points = sweep.points.map((point) => ({ ...point, run }));
    expect(v.is(sweepFileSchema, { ...sweep, points })).toBe(false);
    const finished = [{ run, shrunkCost: 1, factor: 1, expandedCost: 1 }];
    const iteration = { version: 1, kind: 'iteration', rounds: 1, resource: 'flops', seedCost: 1, budget: 1 };
    expect(v.is(iterationFileSchema, { ...iteration, multipleOf: 1, finished })).toBe(false);
  });

  it('are those that we name', () => {
    expect(v.is(sweepFileSchema, sampleSweep())).toBe(true);
  });
});
