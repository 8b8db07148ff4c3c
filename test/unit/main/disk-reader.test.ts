// Files are read below allowed folders only, whatever leads out of them.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DiskReader } from '../../../server/src/main/disk-reader.ts';

let folder = '';
const uri = (name: string): string => pathToFileURL(join(folder, name)).toString();

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'morphnet-disk-')));
  for (const name of ['inside', 'insider', 'outside', 'library']) mkdirSync(join(folder, name));
  for (const name of ['inside/a b.py', 'insider/a.py', 'outside/secret.py', 'library/torch.py'])
    writeFileSync(join(folder, name), name);
  symlinkSync(join(folder, 'outside'), join(folder, 'inside/link'));
  symlinkSync(join(folder, 'outside/secret.py'), join(folder, 'inside/linked.py'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('files inside are read, by the URI that an editor writes too', () => {
  const reader = new DiskReader({ workspace: [uri('inside')], libraries: [uri('library')] });
  expect(reader.read(uri('inside/a b.py'))).toBe('inside/a b.py');
  expect(reader.read(`${uri('inside')}/a%20b.py`)).toBe('inside/a b.py');
  expect(reader.read(uri('library/torch.py'))).toBe('library/torch.py');
  expect(reader.roots).toEqual([uri('inside'), uri('library')]);
});

test.for([
  'outside/secret.py',
  'inside/../outside/secret.py',
  'inside/link/secret.py',
  'inside/linked.py',
  // A folder whose name begins as an allowed one's.
  'insider/a.py',
  'inside',
  'inside/none.py',
])('%s is no document', (name) => {
  const reader = new DiskReader({ workspace: [uri('inside')], libraries: [] });
  expect(reader.read(`${pathToFileURL(folder).toString()}/${name}`)).toBeUndefined();
});

test.for(['', 'http://example.com/a.py', 'untitled:a.py', 'file://host/share/a.py', 'file:///%00', 'file:///%ZZ'])(
  '%j is no document',
  (name) => {
    expect(new DiskReader({ workspace: [pathToFileURL('/').toString()], libraries: [] }).read(name)).toBeUndefined();
  },
);

test('of a folder inside a package the package is read, and nothing beside it', () => {
  for (const name of ['outside/net', 'outside/net/models']) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, '__init__.py'), name);
  }
  const reader = new DiskReader({ workspace: [uri('outside/net/models')], libraries: [] });
  expect(reader.read(uri('outside/net/__init__.py'))).toBe('outside/net');
  expect(reader.read(uri('outside/secret.py'))).toBeUndefined();
  expect(reader.read(uri('outside/__init__.py'))).toBeUndefined();
});

test('a folder that is taken back is closed', () => {
  const reader = new DiskReader({ workspace: [uri('inside')], libraries: [] });
  reader.allow({ workspace: [uri('library')], libraries: [] });
  expect(reader.read(uri('inside/a b.py'))).toBeUndefined();
});

test('what is too large to be source is not read', () => {
  writeFileSync(join(folder, 'inside/data.py'), Buffer.alloc(8_000_001, 'a'));
  expect(new DiskReader({ workspace: [uri('inside')], libraries: [] }).read(uri('inside/data.py'))).toBeUndefined();
});

test.skipIf(process.platform === 'win32')('a named pipe is no document, and nobody waits for what it may say', () => {
  execFileSync('mkfifo', [join(folder, 'inside/pipe.py')]);
  expect(new DiskReader({ workspace: [uri('inside')], libraries: [] }).read(uri('inside/pipe.py'))).toBeUndefined();
});

/** An environment as `python -m venv` makes it, with one package. */
function makeEnvironment(name: string, packages = 'lib/python3.12/site-packages'): void {
  mkdirSync(join(folder, name, packages), { recursive: true });
  writeFileSync(join(folder, name, 'pyvenv.cfg'), 'version = 3.12.4\n');
  writeFileSync(join(folder, name, packages, 'net.py'), name);
}

test('packages of an environment that is named are read, whatever lies in the workspace', () => {
  makeEnvironment('conda');
  makeEnvironment('inside/.venv');
  const packages = uri('conda/lib/python3.12/site-packages');
  for (const named of ['conda', 'conda/lib/python3.12/site-packages']) {
    const reader = new DiskReader({ workspace: [uri('inside')], libraries: [uri(named)] });
    expect(reader.roots).toEqual([uri('inside'), packages]);
    expect(reader.read(`${packages}/net.py`)).toBe('conda');
  }
});

test('the newest Python of an environment is the one', () => {
  makeEnvironment('conda', 'lib/python3.9/site-packages');
  makeEnvironment('conda', 'lib/python3.12/site-packages');
  const { roots } = new DiskReader({ workspace: [], libraries: [uri('conda')] });
  expect(roots).toEqual([uri('conda/lib/python3.12/site-packages')]);
});

test.each(['lib/python3.12/site-packages', 'Lib/site-packages'])(
  'an environment in the workspace is found by itself: %s',
  (packages) => {
    makeEnvironment('inside/venv', packages);
    const reader = new DiskReader({ workspace: [uri('inside')], libraries: [] });
    expect(reader.roots).toEqual([uri('inside'), uri(`inside/venv/${packages}`)]);
    expect(reader.read(uri(`inside/venv/${packages}/net.py`))).toBe('inside/venv');
  },
);

test('an environment in the workspace opens no folder outside', () => {
  mkdirSync(join(folder, 'inside/.venv/lib/python3.12'), { recursive: true });
  writeFileSync(join(folder, 'inside/.venv/pyvenv.cfg'), '');
  symlinkSync(join(folder, 'outside'), join(folder, 'inside/.venv/lib/python3.12/site-packages'));
  const reader = new DiskReader({ workspace: [uri('inside')], libraries: [] });
  expect(reader.read(uri('inside/.venv/lib/python3.12/site-packages/secret.py'))).toBeUndefined();
  expect(reader.read(uri('outside/secret.py'))).toBeUndefined();
});

test('a folder that only has the name of an environment is none', () => {
  mkdirSync(join(folder, 'inside/env/lib/python3.12/site-packages'), { recursive: true });
  expect(new DiskReader({ workspace: [uri('inside')], libraries: [] }).roots).toEqual([uri('inside')]);
});

test('bytes are read from any place of a file, whatever its size', () => {
  writeFileSync(join(folder, 'inside/net.onnx'), 'abcdef');
  const bytes = new DiskReader({ workspace: [uri('inside')], libraries: [] }).bytes(uri('inside/net.onnx'));
  expect(bytes?.size).toBe(6);
  expect(Buffer.from(bytes!.read(2, 3)).toString()).toBe('cde');
  expect(Buffer.from(bytes!.read(4, 100)).toString()).toBe('ef');
  expect(bytes!.read(7, 1)).toHaveLength(0);
});

test('a file outside is read once the user has opened it, and no other', () => {
  const reader = new DiskReader({ workspace: [uri('inside')], libraries: [] });
  expect(reader.bytes(uri('outside/secret.py'))).toBeUndefined();
  reader.allowFile(uri('outside/secret.py'));
  expect(reader.bytes(uri('outside/secret.py'))?.size).toBeGreaterThan(0);
  reader.allow({ workspace: [], libraries: [] });
  expect(reader.read(uri('outside/secret.py'))).toBeDefined();
  expect(reader.read(uri('inside/a b.py'))).toBeUndefined();
});
