// The command line as a shell starts it: what was compiled of it is kept, used, and never taken for that of another program.

import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildNodeBundle, root } from '../../scripts/bundles.ts';
import { temporaryFolder } from '../support/run-folder.ts';
import { smallConfig } from '../support/small-config.ts';

let bundles: string;
let program: string;
let home: string;
let model: string;

beforeAll(async () => {
  // Inside the repository, where the grammars are found as the sources find them.
  bundles = mkdtempSync(join(root, '.cache/code-cache-test-'));
  program = join(bundles, 'cli.cjs');
  await buildNodeBundle('cli', program);
}, 60_000);
afterAll(() => {
  rmSync(bundles, { recursive: true, force: true });
});

beforeEach(() => {
  home = temporaryFolder();
  model = join(home, 'net.cfg');
  writeFileSync(model, smallConfig);
});

function run(words: readonly string[], environment: NodeJS.ProcessEnv = {}): { status: number | null; output: string } {
  const env = { ...process.env, NODE_DISABLE_COMPILE_CACHE: undefined, XDG_CACHE_HOME: home, ...environment };
  const { status, stdout } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8', env });
  return { status, output: stdout };
}

const cost = (environment?: NodeJS.ProcessEnv): { status: number | null; output: string } =>
  run(['cost', model, '--json'], environment);
const kept = (): readonly string[] => {
  const folder = join(home, 'morphnet');
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
};

test('compiled code is kept by the first command and left alone by the next', () => {
  const first = cost();
  expect(first.status).toBe(0);
  expect(JSON.parse(first.output)).toMatchObject({ version: 1 });
  const [file = '', ...others] = kept();
  expect(others).toEqual([]);
  expect(file).toMatch(/cost-[0-9a-f]{16}\.code$/);
  const { mtimeMs } = statSync(file);
  expect(cost()).toEqual(first);
  expect(statSync(file).mtimeMs).toBe(mtimeMs);
});

test('code that V8 does not take is compiled anew and replaced', () => {
  const first = cost();
  const [file = ''] = kept();
  const whole = readFileSync(file);
  writeFileSync(file, whole.subarray(0, 1000));
  expect(cost()).toEqual(first);
  expect(statSync(file).size).toBeGreaterThan(whole.length / 2);
});

test('another program in its place is not run with the old code', () => {
  cost();
  const before = kept();
  const bundle = join(program, '../command-line.cjs');
  const text = readFileSync(bundle, 'utf8');
  appendFileSync(bundle, '\nconsole.log("another program");\n');
  try {
    expect(cost().output).toContain('another program');
    expect(kept()).toHaveLength(2);
    expect(kept()).toEqual(expect.arrayContaining([...before]));
  } finally {
    writeFileSync(bundle, text);
  }
});

test('what was kept longest ago goes', () => {
  mkdirSync(join(home, 'morphnet'));
  const others = ['cost-1.code', 'cost-2.code', 'cost-3.code', 'cost-4.code', 'graph-1.code', 'notes.txt'];
  for (const [age, name] of others.entries()) {
    writeFileSync(join(home, 'morphnet', name), '');
    const time = Date.now() / 1000 - 1000 * (age + 1);
    utimesSync(join(home, 'morphnet', name), time, time);
  }
  expect(cost().status).toBe(0);
  const names = kept().map((path) => basename(path));
  expect(names).toHaveLength(6);
  expect(names).toEqual(expect.arrayContaining(others.filter((name) => name !== 'cost-4.code')));
});

test('nothing is kept of a command that fails, nor where Node is told not to', () => {
  expect(run(['cost', join(home, 'missing.cfg')]).status).toBe(2);
  expect(kept()).toEqual([]);
  expect(cost({ NODE_DISABLE_COMPILE_CACHE: '1' }).status).toBe(0);
  expect(kept()).toEqual([]);
});

test('a home that can not be written changes nothing', () => {
  expect(cost({ XDG_CACHE_HOME: model }).status).toBe(0);
});
