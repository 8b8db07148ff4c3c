// The store of a workspace's runs: names that sort by time, ids that stay inside.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRunFolder } from '../../../server/src/runs/run-folder.ts';
import { listRuns, newRunFolder, runFolder, runsFolder } from '../../../server/src/runs/run-store.ts';
import { modelIn, runConfigIn, temporaryFolder } from '../../support/run-folder.ts';

const noon = new Date('2026-03-04T12:00:00.999Z');
const later = new Date('2026-11-04T09:05:07Z');

function newFolder(workspace: string, now: Date, document?: string): string {
  const model = document === undefined ? runConfigIn(workspace).model : { document, entry: 'x', input: [] };
  const folder = newRunFolder(workspace, runConfigIn(workspace, { model }), now);
  if (!folder.ok) throw new Error(folder.error);
  return folder.value;
}

function makeRun(workspace: string, now: Date): string {
  const folder = newFolder(workspace, now);
  expect(createRunFolder(folder, runConfigIn(workspace), { version: 1 })).toMatchObject({ ok: true });
  return basename(folder);
}

describe('the store of runs', () => {
  it('gives two that ask in the same second two folders', () => {
    const workspace = temporaryFolder();
    expect(new Set([1, 2, 3].map(() => newFolder(workspace, noon))).size).toBe(3);
  });

  it('says where runs can not be kept', () => {
    const workspace = temporaryFolder();
    writeFileSync(join(workspace, '.morphnet'), '');
    expect(newRunFolder(workspace, runConfigIn(workspace), noon)).toEqual({
      ok: false,
      error: expect.stringContaining(runsFolder(workspace)) as unknown,
    });
  });

  it('names runs by time and model', () => {
    const workspace = temporaryFolder();
    expect(makeRun(workspace, noon)).toBe('20260304-120000-small-net-1');
    expect(makeRun(workspace, noon)).toBe('20260304-120000-small-net-2');
    expect(makeRun(workspace, later)).toBe('20261104-090507-small-net-1');
  });

  it('lists runs newest first and passes over what is none', () => {
    const workspace = temporaryFolder();
    expect(listRuns(workspace)).toEqual([]);
    const names = [noon, noon, later].map((now) => makeRun(workspace, now));
    mkdirSync(join(runsFolder(workspace), 'empty'));
    writeFileSync(join(runsFolder(workspace), 'file'), '');
    expect(listRuns(workspace).map(({ id }) => id)).toEqual(names.reverse());
  });

  it('keeps itself out of version control, unless the user said otherwise', () => {
    const workspace = temporaryFolder();
    newFolder(workspace, noon);
    const ignore = join(workspace, '.morphnet', '.gitignore');
    expect(readFileSync(ignore, 'utf8')).toBe('*\n');
    writeFileSync(ignore, '');
    newFolder(workspace, noon);
    expect(readFileSync(ignore, 'utf8')).toBe('');
  });

  it('finds every run that it named, also of documents with odd names', () => {
    const workspace = temporaryFolder();
    for (const name of ['✓.py', '..py', '50% of.it.cfg', '100%', 'a/b c.py']) {
      const document = modelIn(workspace, name);
      const folder = newFolder(workspace, noon, document);
      expect(runFolder(workspace, basename(folder))).toBe(folder);
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it.for(['', '.', '..', '../x', 'a/b', 'a\\b', '/etc', '.hidden', 'a\n', 'x'.repeat(201)])(
    'refuses the id %j',
    (id) => {
      expect(runFolder('/workspace', id)).toBeUndefined();
    },
  );
});
