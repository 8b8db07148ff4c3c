// Public model code as text: fetches the packages' archives through pip as this machine has it set up, and keeps of them
// what is text. Nothing of it is installed or committed.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../bundles.ts';
import { findPython } from '../python-with-pytorch.ts';

/** Where everything that the corpus needs and makes is kept, ignored by version control. */
export const cache = join(root, '.cache/corpus');
/** The libraries as text; what absolute imports are looked up in. */
export const site = join(cache, 'site');
/** What the libraries import beside PyTorch, installed for the truth only. */
export const requirements = join(cache, 'requirements');

/** The libraries with the release that is taken, in the newest of its versions that pip can have here. */
const libraries = [
  { name: 'torchvision', release: '0.29' },
  { name: 'timm', release: '1.0' },
] as const;
type LibraryName = (typeof libraries)[number]['name'];

/** None of them brings PyTorch along, which is found, never fetched. */
const imported = ['numpy', 'pillow', 'pyyaml', 'huggingface_hub', 'safetensors'];

const textFile = /\.(py|txt)$|METADATA$/;

/** The Python that has PyTorch runs pip too, so that compiled requirements fit it. */
function pip(...words: readonly string[]): void {
  const python = findPython();
  const { status, stderr } = spawnSync(python, ['-m', 'pip', ...words, '--quiet', '--disable-pip-version-check'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${python} -m pip ${words.join(' ')} failed:\n${stderr}`);
}

/** Removes what is not text, which only a running library would load. */
function keepText(folder: string): void {
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (file.isFile() && !textFile.test(file.name)) rmSync(join(file.parentPath, file.name));
}

/** Makes sure of the libraries' text and of what they need to run; what is there already is not fetched again. */
export function fetchPackages(): void {
  for (const { name } of libraries) fetchText(name);
  fetchRequirements();
}

/** Every library with the version whose text is there. Throws where one was not fetched. */
export function fetchedLibraries(): readonly { readonly name: string; readonly version: string }[] {
  return libraries.map(({ name, release }) => {
    const version = fetchedVersion(name, release);
    if (version === undefined) throw new Error(`${name} ${release} was not fetched to ${site}`);
    return { name, version };
  });
}

function fetchedVersion(name: string, release: string): string | undefined {
  if (!existsSync(site)) return undefined;
  return readdirSync(site)
    .map((folder) => /^(.+?)-(.+)\.dist-info$/.exec(folder))
    .find((found) => found?.[1] === name && found[2]?.startsWith(`${release}.`))?.[2];
}

/** Makes sure of one library's text, and gives its version. */
export function fetchText(name: LibraryName): string {
  const release = libraries.find((library) => library.name === name)?.release ?? '';
  mkdirSync(site, { recursive: true });
  const already = fetchedVersion(name, release);
  if (already !== undefined) return already;
  console.log(`Fetching ${name} ${release} …`);
  const archives = join(cache, `archives-${name}`);
  const unpacked = join(cache, `unpacked-${name}`);
  for (const folder of [archives, unpacked]) rmSync(folder, { recursive: true, force: true });
  pip('download', '--no-deps', '--only-binary', ':all:', '--dest', archives, `${name}==${release}.*`);
  for (const archive of readdirSync(archives))
    execFileSync(findPython(), ['-m', 'zipfile', '-e', join(archives, archive), unpacked]);
  keepText(unpacked);
  // The folder that says that it is there comes last.
  const isItsOwn = (folder: string): boolean => folder.startsWith(`${name}-`) && folder.endsWith('.dist-info');
  for (const old of readdirSync(site).filter(isItsOwn)) rmSync(join(site, old), { recursive: true });
  for (const part of [name, ...readdirSync(unpacked).filter(isItsOwn)]) {
    rmSync(join(site, part), { recursive: true, force: true });
    renameSync(join(unpacked, part), join(site, part));
  }
  for (const folder of [archives, unpacked]) rmSync(folder, { recursive: true, force: true });
  const version = fetchedVersion(name, release);
  if (version === undefined) throw new Error(`What pip fetched for ${name} ${release} is no such version`);
  console.log(`${name} ${version} is taken`);
  return version;
}

function fetchRequirements(): void {
  if (existsSync(requirements)) return;
  console.log(`Installing ${imported.join(', ')} for the truth …`);
  const half = `${requirements}-half`;
  rmSync(half, { recursive: true, force: true });
  pip('install', '--target', half, ...imported);
  renameSync(half, requirements);
}
