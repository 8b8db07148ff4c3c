// The native libraries that travel with the extension: the parts of them that run on one platform, as packages in a
// `node_modules` of its own, where the trainer and its decoding threads look first.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './bundles.ts';

/** What an extension is packaged for, in Node's words. */
export interface Target {
  readonly platform: string;
  readonly architecture: string;
}

/** The folder of an installed package as `from` sees it; undefined when it is not installed. */
function packageFolder(name: string, from = root): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

function installed(name: string, from = root): string {
  const folder = packageFolder(name, from);
  if (folder === undefined) throw new Error(`${name} is not installed: run npm ci`);
  return folder;
}

/** Copies parts of a package, by names relative to its folder; those that it does not have are left out. */
async function stage(modules: string, name: string, from: string, parts: readonly string[]): Promise<void> {
  for (const part of ['package.json', 'LICENSE', 'LICENSE.md', ...parts]) {
    if (!existsSync(join(from, part))) continue;
    await mkdir(dirname(join(modules, name, part)), { recursive: true });
    await cp(join(from, part), join(modules, name, part), { recursive: true });
  }
}

/** onnxruntime-node has the binaries of every platform in one package. */
export async function stageTensorRuntime(modules: string, { platform, architecture }: Target): Promise<void> {
  const runtime = installed('onnxruntime-node');
  await stage(modules, 'onnxruntime-node', runtime, ['dist', join('bin', 'napi-v6', platform, architecture)]);
  await stage(modules, 'onnxruntime-common', installed('onnxruntime-common', runtime), ['dist/cjs']);
}

/** sharp has its binaries in packages of their own, one or two a platform, of which npm installs this machine's. */
export async function stageImageDecoder(modules: string, { platform, architecture }: Target): Promise<void> {
  const sharp = installed('sharp');
  await stage(modules, 'sharp', sharp, ['dist']);
  await stage(modules, '@img/colour', installed('@img/colour', sharp), ['index.cjs', 'color.cjs']);
  await stage(modules, 'detect-libc', installed('detect-libc', sharp), ['lib']);
  const semver = installed('semver', sharp);
  await stage(modules, 'semver', semver, ['index.js', 'preload.js', 'classes', 'functions', 'internal', 'ranges']);
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, { version: string; integrity?: string }>>;
  };
  for (const name of ['sharp', 'sharp-libvips'].map((part) => `@img/${part}-${platform}-${architecture}`)) {
    const locked = lock.packages[`node_modules/${name}`];
    // On Windows the library is inside the package of the binding.
    if (locked === undefined) continue;
    const folder = packageFolder(name, sharp) ?? (await fetched(name, locked));
    await stage(modules, name, folder, ['index.cjs', 'lib']);
    // Headers, which only a compiler reads. What licences the library is under is said in the package's README.
    await rm(join(modules, name, 'lib/glib-2.0'), { recursive: true, force: true });
    if (!existsSync(join(folder, 'LICENSE'))) await cp(join(folder, 'README.md'), join(modules, name, 'LICENSE.md'));
  }
}

/** A package of another platform, from npm, checked against the lock. */
async function fetched(name: string, locked: { version: string; integrity?: string }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'morphnet-package-'));
  const npm = process.env['npm_execpath'];
  const command = npm === undefined ? 'npm' : process.execPath;
  const words = ['pack', `${name}@${locked.version}`, '--silent', '--pack-destination', folder];
  const file = execFileSync(command, [...(npm === undefined ? [] : [npm]), ...words], { encoding: 'utf8' }).trim();
  const archive = join(folder, file);
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`;
  if (integrity !== locked.integrity) throw new Error(`${name}@${locked.version} is not what package-lock.json says`);
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  return join(folder, 'package');
}
