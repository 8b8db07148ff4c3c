// What the house rules ask of the repository as a whole: documents that name what is there, files that say what they know,
// dependencies that may be shipped.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { commandDeclarations } from '../../server/src/protocol/commands.ts';
import { settingDeclarations } from '../../server/src/protocol/settings.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Every TypeScript file under a folder, relative to the repository. */
function sources(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

test('ARCHITECTURE.md names every room', () => {
  const text = read('ARCHITECTURE.md');
  const rooms = readdirSync(join(root, 'server/src')).map((room) => `server/src/${room}`);
  expect([...rooms, 'client/src', 'webview/src', 'syntaxes'].filter((room) => !text.includes(`\`${room}\``))).toEqual(
    [],
  );
});

test('every source file opens with what it knows', () => {
  const files = ['server/src', 'client/src', 'webview/src', 'scripts'].flatMap(sources);
  expect(files.filter((file) => !/^(?:#!.*\n)?(?:\/\/|\/\*\*?) ?\S/.test(read(file)))).toEqual([]);
});

/**
 * Modules of ours that a file imports. More than this, and it knows too many subjects; cycles are dependency-cruiser's.
 * Composition roots exist to know everybody.
 */
const mostImports = 36;

test('no source file knows too many others', () => {
  const files = ['server/src', 'client/src', 'webview/src'].flatMap(sources);
  const importsOf = (file: string): number =>
    new Set([...read(file).matchAll(/from '(\.[^']+)'/g)].map(([, from]) => from)).size;
  const isRoot = (file: string): boolean => file === 'client/src/extension.ts' || file.startsWith('server/src/main/');
  expect(files.filter((file) => !isRoot(file) && importsOf(file) > mostImports)).toEqual([]);
});

test('docs/settings.md describes every setting', () => {
  const text = read('docs/settings.md');
  expect(settingDeclarations.map(({ key }) => key).filter((key) => !text.includes(`\`${key}\``))).toEqual([]);
});

test('docs/commands.md describes every command of the manifest', () => {
  const text = read('docs/commands.md');
  expect(commandDeclarations.map(({ title }) => title).filter((title) => !text.includes(title))).toEqual([]);
});

test('what is shipped may be shipped', () => {
  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Readonly<Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean; license?: string }>>;
  };
  // What is wanted both for development and by an optional package is shipped no more than either.
  const shipped = Object.entries(lock.packages).filter(
    ([path, { dev, optional, devOptional }]) => path !== '' && !(dev ?? optional ?? devOptional ?? false),
  );
  const permissive =
    /^(MIT|ISC|BSD-[23]-Clause|Apache-2\.0|0BSD|BlueOak-1\.0\.0|Unlicense|CC0-1\.0|Python-2\.0|\(MIT OR CC0-1\.0\)|\(MIT AND BSD-3-Clause\))$/;
  expect(
    shipped
      .filter(([, { license }]) => license === undefined || !permissive.test(license))
      .map(([path, { license }]) => `${path}: ${String(license)}`),
  ).toEqual([]);
});
