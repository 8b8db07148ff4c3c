// Where Python keeps installed packages: beside an interpreter, in a virtual environment, or in the folder that somebody names.

import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Names that virtual environments have in a project. */
const environmentNames = ['.venv', 'venv', 'env'];

/**
 * The packages of an environment or an installation; a folder of packages is its own answer. Undefined where there are none.
 * Linux and macOS have `lib/python3.12/site-packages`, Windows `Lib\site-packages`.
 */
export function packagesOf(folder: string): string | undefined {
  if (/^(site|dist)-packages$/.test(basename(folder)) && existsSync(folder)) return folder;
  const versions = foldersIn(join(folder, 'lib')).filter((name) => /^python3\.\d+$/.test(name));
  versions.sort((one, other) => Number(other.slice('python3.'.length)) - Number(one.slice('python3.'.length)));
  const candidates = [
    ...versions.map((version) => join(folder, 'lib', version, 'site-packages')),
    join(folder, 'Lib', 'site-packages'),
  ];
  return candidates.find((candidate) => existsSync(candidate));
}

/** The packages of a project's own virtual environment, if it has one. */
export function packagesOfProject(folder: string): string | undefined {
  for (const name of environmentNames) {
    const environment = join(folder, name);
    // Only an environment has this file: a folder `env` may be anything.
    if (existsSync(join(environment, 'pyvenv.cfg'))) return packagesOf(environment);
  }
  return undefined;
}

/** The outermost package that a folder is in; the folder itself where it is in none. */
export function outermostPackage(folder: string): string {
  const isPackage = (path: string): boolean => existsSync(join(path, '__init__.py'));
  if (!isPackage(folder)) return folder;
  const above = dirname(folder);
  return above !== folder && isPackage(above) ? outermostPackage(above) : folder;
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
