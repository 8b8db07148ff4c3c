// A run works on the files of the workspace that holds it, wherever that is moved to, and on no others.

import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { URI } from 'vscode-uri';
import type { RunConfig } from '../../../server/src/protocol/run-config.ts';
import { portableConfig, resolvedConfig, workspaceFor, workspaceOf } from '../../../server/src/runs/portable-config.ts';
import { createRunFolder, readConfig } from '../../../server/src/runs/run-folder.ts';
import { modelIn, runConfigIn, temporaryFolder } from '../../support/run-folder.ts';

const stored = (folder: string, name = 'config.json'): string => readFileSync(join(folder, name), 'utf8');

/** A workspace with a model, data and a run. */
function project(): { readonly workspace: string; readonly run: string } {
  const workspace = join(temporaryFolder(), 'e1');
  mkdirSync(join(workspace, 'models'), { recursive: true });
  writeFileSync(join(workspace, 'models/net.py'), '');
  const run = join(workspace, '.morphnet/runs/a');
  const model = { document: modelIn(workspace, 'models/net.py'), entry: 'Net', input: [[1, 8, 8]] };
  const data = { kind: 'idx', path: join(workspace, 'data') } as const;
  const network = { version: 1, ops: [{ site: { span: { document: model.document, start: 1, end: 2 } } }] };
  expect(createRunFolder(run, runConfigIn(workspace, { model, data }), network)).toMatchObject({ ok: true });
  return { workspace, run };
}

describe('a run', () => {
  it('keeps no absolute path of its workspace', () => {
    const { workspace, run } = project();
    for (const name of ['config.json', 'network.json']) {
      expect(stored(run, name)).not.toContain(workspace);
      expect(stored(run, name)).toContain('models/net.py');
    }
    expect(JSON.parse(stored(run))).toMatchObject({ model: { document: 'models/net.py' }, data: { path: 'data' } });
  });

  it('of a copied or renamed project names the files there', () => {
    const { workspace } = project();
    for (const [name, move] of [
      ['e2', cpSync],
      ['e3', renameSync],
    ] as const) {
      const there = join(workspace, '..', name);
      move(workspace, there, { recursive: true });
      const config = readConfig(join(there, '.morphnet/runs/a'));
      expect(config).toMatchObject({
        ok: true,
        value: { model: { document: modelIn(there, 'models/net.py') }, data: { path: join(there, 'data') } },
      });
    }
  });

  it('of an earlier version names its own project’s file after a copy', () => {
    const { workspace, run } = project();
    const config = JSON.parse(stored(run)) as RunConfig;
    config.model.document = 'file:///home/me/somewhere/e1/models/net.py';
    writeFileSync(join(run, 'config.json'), JSON.stringify(config));
    expect(readConfig(run)).toMatchObject({ value: { model: { document: modelIn(workspace, 'models/net.py') } } });
  });

  it('that names a file outside says so', () => {
    const { run } = project();
    for (const document of ['../../other.py', '/etc/passwd', 'file:///etc/passwd', '.', 'untitled:net.py/../../../x']) {
      const config = JSON.parse(stored(run)) as RunConfig;
      config.model.document = document;
      writeFileSync(join(run, 'config.json'), JSON.stringify(config));
      const read = readConfig(run);
      // What is left must lie inside, whatever it is called.
      if (read.ok) expect(read.value.model.document).toContain('/e1/');
      else expect(read.error).toContain(document);
    }
  });

  it('can not be made for a model outside', () => {
    const workspace = temporaryFolder();
    const run = join(workspace, '.morphnet/runs/a');
    const made = createRunFolder(run, runConfigIn(temporaryFolder()), { version: 1 });
    expect(made).toMatchObject({ ok: false, error: expect.stringContaining('lies outside') as unknown });
    expect(() => stored(run)).toThrow(/ENOENT/);
  });
});

describe('settings', () => {
  it('come back as they were in the same workspace', () => {
    const name = fc.stringMatching(/^[\w -]{1,9}$/).filter((part) => part.trim() === part);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), fc.boolean(), (parts, isDataInside) => {
        const workspace = '/w/s';
        const data = { kind: 'idx', path: isDataInside ? join(workspace, ...parts) : '/data' } as const;
        const model = { document: modelIn(workspace, parts.join('/')), entry: '', input: [[1]] };
        const config = runConfigIn(workspace, { model, data });
        const kept = portableConfig(config, workspace);
        expect(kept.ok && resolvedConfig(kept.value, workspace)).toEqual({ ok: true, value: config });
      }),
    );
  });

  it('never lead out of the workspace', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('..', '.', 'a', '', 'b.py', '/etc'), { maxLength: 6 }), (parts) => {
        const config = runConfigIn('/w/s');
        const read = resolvedConfig({ ...config, model: { ...config.model, document: parts.join('/') } }, '/w/s');
        if (read.ok) expect(URI.parse(read.value.model.document).fsPath).toMatch(/^\/w\/s\/./);
      }),
    );
  });
});

describe('the workspace of a run', () => {
  it('is the folder whose store holds it, or the working folder', () => {
    expect(workspaceOf('/a/b/.morphnet/runs/x', '/c')).toBe('/a/b');
    expect(workspaceOf('/a/b/.morphnet/sweeps/x/points/1', '/c')).toBe('/a/b');
    expect(workspaceOf('.morphnet/runs/x', '/a/b')).toBe('/a/b');
    expect(workspaceOf('/out/here', '/a/b')).toBe('/a/b');
    expect(workspaceOf('/.morphnet/runs/x', '/c')).toBe('/');
  });

  it('is for a model elsewhere the project that holds the model', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'project/models'), { recursive: true });
    const model = { document: modelIn(folder, 'project/models/net.py'), entry: '', input: [[1]] };
    const config = runConfigIn(folder, { model });
    expect(workspaceFor(config, folder)).toBe(folder);
    expect(workspaceFor(config, join(folder, 'other'))).toBe(join(folder, 'project/models'));
    writeFileSync(join(folder, 'project/morphnet.json'), '{}');
    expect(workspaceFor(config, join(folder, 'other'))).toBe(join(folder, 'project'));
  });
});
