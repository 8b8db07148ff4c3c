// `npm run figures -- [NAME…]`: what PyTorch says of the fixtures of the Python frontend, into test/fixtures/python-figures.json.
// With names (python/number-arrays.py), of those alone. The tests hold our own figures against that file, so that they need no PyTorch.

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root } from './bundles.ts';
import { findPython } from './python-with-pytorch.ts';

const fixtures = join(root, 'test/fixtures');
const names = [
  ...readdirSync(join(fixtures, 'python')).map((name) => `python/${name}`),
  'python-imports/main.py',
].filter((name) => name.endsWith('.py'));

/** The figures of one fixture, by the entry and the input that its directive names. */
function figuresOf(name: string): unknown {
  const path = join(fixtures, name);
  const [, entry, input] = /^# morphnet: entry=(.+) input=(\S+)$/m.exec(readFileSync(path, 'utf8')) ?? [];
  if (entry === undefined || input === undefined) throw new Error(`${name} names no entry and input to run`);
  const words = [join(root, 'scripts/pytorch_costs.py'), path, entry, ...input.split(',')];
  const { params, macs, counterMacs, layers } = JSON.parse(
    execFileSync(findPython(), words, { encoding: 'utf8', maxBuffer: 1 << 28 }),
  ) as Record<string, unknown>;
  console.log(`${name}: ${String(params)} params, ${String(counterMacs)} MACs`);
  return { params, macs, counterMacs, layers };
}

const target = join(fixtures, 'python-figures.json');
const asked = process.argv.slice(2);
const known = JSON.parse(readFileSync(target, 'utf8')) as Record<string, unknown>;
const figures = Object.fromEntries(
  names.map((name) => [name, asked.length === 0 || asked.includes(name) ? figuresOf(name) : known[name]]),
);
const text = await format(JSON.stringify(figures), { ...(await resolveConfig(target)), filepath: target });
writeFileSync(target, text);
