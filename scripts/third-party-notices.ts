// The licences of what the extension carries of others: packages in the bundles, and packages staged beside them.

import { readFile, readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Metafile } from 'esbuild';
import licences from 'spdx-license-list/full.js';
import { dist, root } from './bundles.ts';

/** Where the notices stand in what is built. */
export const noticesFile = join(dist, 'third-party-notices.txt');

/** Folders, relative to the repository, of the packages whose code is in bundles. */
export function bundledPackages(metafiles: Iterable<Metafile>): readonly string[] {
  const folders = [...metafiles].flatMap(({ outputs }) =>
    Object.values(outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => {
        const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
        return folder === undefined || bytesInOutput === 0 ? [] : [folder];
      }),
    ),
  );
  return [...new Set(folders)].sort();
}

/** Folders, relative to the repository, of the packages in a `node_modules` that was staged. */
export async function stagedPackages(modules: string): Promise<readonly string[]> {
  const names = await readdir(modules);
  const all = await Promise.all(
    names.map(async (name) =>
      name.startsWith('@') ? (await readdir(join(modules, name))).map((inner) => `${name}/${inner}`) : [name],
    ),
  );
  return all.flat().map((name) => `node_modules/${name}`);
}

/** One text with name, version and licence of each package; where a package brings no licence file, that licence's usual text. */
export async function thirdPartyNotices(folders: readonly string[]): Promise<string> {
  const notices = await Promise.all(folders.map((folder) => noticeOf(join(root, folder.split('/').join(sep)))));
  const lead = 'MorphNet for VS Code carries the following packages, each under its own licence.';
  return [lead, ...notices].join(`\n\n${'-'.repeat(80)}\n\n`);
}

async function noticeOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly [field in 'name' | 'version' | 'license']?: string;
  };
  const files = (await readdir(folder)).filter((file) =>
    /^(licen[cs]e|copying|notice|third-?party-?notices)/i.test(file),
  );
  const texts = await Promise.all(files.sort().map((file) => readFile(join(folder, file), 'utf8')));
  const usual = license === undefined ? undefined : licences[license];
  if (texts.length === 0 && usual !== undefined) {
    // Which libraries such a package is built from stands in what it says of itself.
    const readme = (await readdir(folder)).find((file) => /^readme/i.test(file));
    if (readme !== undefined) texts.push(await readFile(join(folder, readme), 'utf8'));
    texts.push(usual.licenseText);
  }
  return [
    `${name ?? folder} ${version ?? ''} (${license ?? 'licence not named'})`,
    ...texts.map((text) => text.trim()),
  ].join('\n\n');
}
