// Runs a bundle with the code that V8 compiled of it the last time: compiling a program of two megabytes takes longer than most
// of its commands work. The compiled code is a file of the user's own; where it can't be kept or does not fit, the bundle is
// compiled as ever. Node's own cache would do the same from Node 22 on.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';
import { writeFileAtomically } from '../runs/atomic-file.ts';

/** Node's variable for the same: set, nothing is kept and nothing kept is used. */
const offVariable = 'NODE_DISABLE_COMPILE_CACHE';

/** The folder of the user's in which compiled code is kept; what is there can be deleted at any time. */
function cacheFolder(): string {
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = process.env;
  return join(xdg ?? local ?? join(homedir(), '.cache'), 'morphnet');
}

/** How Node runs a CommonJS module. */
type ModuleFunction = (
  exports: object,
  require: NodeJS.Require,
  module: { readonly exports: object },
  filename: string,
  folder: string,
) => void;

/** A program that runs, and when to keep what was compiled of it; nothing is kept that is there already. */
interface CompiledProgram {
  readonly exports: unknown;
  /** Once this process ends well. */
  readonly keepAtEnd: () => void;
  /** After so many milliseconds, should the thread live as long. */
  readonly keepLater: (afterMs: number) => void;
}

/**
 * Runs the bundle at a path, once. `part` says which part of its functions this process will need, as each part is kept
 * apart.
 */
export function runCompiled(bundle: string, part: string): CompiledProgram {
  const source = readFileSync(bundle, 'utf8');
  const kept = process.env[offVariable] === undefined ? keptCode(bundle, part) : undefined;
  const cachedData = kept && read(kept);
  const wrapped = `(function (exports, require, module, __filename, __dirname) { ${source}\n})`;
  const script = new Script(wrapped, { filename: bundle, ...(cachedData && { cachedData }) });
  const isNew = cachedData === undefined || script.cachedDataRejected === true;
  const keepNow = (): void => {
    if (kept !== undefined && isNew) keep(kept, part, () => script.createCachedData());
  };
  const module: { readonly exports: object } = { exports: {} };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the wrapper above is one
  const run = script.runInThisContext() as ModuleFunction;
  run(module.exports, createRequire(bundle), module, bundle, dirname(bundle));
  return {
    // A bundle puts another object in its place.
    exports: module.exports,
    keepAtEnd: () => {
      process.once('exit', (status) => {
        if (status === 0) keepNow();
      });
    },
    keepLater: (afterMs) => {
      if (isNew) setTimeout(keepNow, afterMs).unref();
    },
  };
}

/** Where the code of this very bundle is kept for this very Node: V8 itself looks at neither date nor content. */
function keptCode(bundle: string, part: string): string {
  const { size, mtimeMs } = statSync(bundle);
  const what = [bundle, size, mtimeMs, process.version, process.arch, cachedDataVersionTag()];
  const digest = createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 16);
  return join(cacheFolder(), `${part}-${digest}.code`);
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** So many programs of one part are kept: releases, and versions of Node. */
const mostKept = 4;

/** Keeps code; what was kept longest ago goes. */
function keep(path: string, part: string, compile: () => Buffer): void {
  try {
    const folder = dirname(path);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileAtomically(path, compile());
    const kept = readdirSync(folder)
      .filter((name) => name.startsWith(`${part}-`) && name.endsWith('.code'))
      .map((name) => ({ name, time: statSync(join(folder, name)).mtimeMs }))
      .sort((one, other) => other.time - one.time);
    for (const { name } of kept.slice(mostKept)) rmSync(join(folder, name), { force: true });
  } catch {
    // A home that can't be written: the next process compiles again.
  }
}
