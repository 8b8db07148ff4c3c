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

/** The libraries with the versions that the recorded figures are of. */
export const libraries = [
  { name: 'torchvision', version: '0.29.2' },
  { name: 'timm', version: '1.0.31' },
] as const;

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
  for (const { name, version } of libraries) fetchText(name, version);
  fetchRequirements();
}

/** Makes sure of one library's text. */
export function fetchText(name: string, version: string): void {
  mkdirSync(site, { recursive: true });
  if (existsSync(join(site, `${name}-${version}.dist-info`))) return;
  console.log(`Fetching ${name} ${version} …`);
  const archives = join(cache, `archives-${name}`);
  const unpacked = join(cache, `unpacked-${name}`);
  for (const folder of [archives, unpacked]) rmSync(folder, { recursive: true, force: true });
  pip('download', '--no-deps', '--only-binary', ':all:', '--dest', archives, `${name}==${version}`);
  for (const archive of readdirSync(archives))
    execFileSync(findPython(), ['-m', 'zipfile', '-e', join(archives, archive), unpacked]);
  keepText(unpacked);
  // The folder that says that it is there comes last.
  const parts = [name, `${name}-${version}.dist-info`];
  for (const part of parts) {
    rmSync(join(site, part), { recursive: true, force: true });
    renameSync(join(unpacked, part), join(site, part));
  }
  for (const folder of [archives, unpacked]) rmSync(folder, { recursive: true, force: true });
}

function fetchRequirements(): void {
  if (existsSync(requirements)) return;
  console.log(`Installing ${imported.join(', ')} for the truth …`);
  const half = `${requirements}-half`;
  rmSync(half, { recursive: true, force: true });
  pip('install', '--target', half, ...imported);
  renameSync(half, requirements);
}
