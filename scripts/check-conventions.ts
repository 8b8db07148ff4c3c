// `npm run check:conventions`: what the public counters say of models of many kinds, against what we say that they say. The
// counters come from the registry, into an environment in .cache that sees the packages of the Python with PyTorch.
//
// Exit status: 0 all figures are equal, 1 one differs, 77 no PyTorch or no counters can be had here.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { neverCancelled } from '../server/src/common/cancellation.ts';
import { knownValue } from '../server/src/common/count.ts';
import { countAs, namedConventions } from '../server/src/costs/named-convention.ts';
import { defaultLimits } from '../server/src/frontends/shared/frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import { root } from './bundles.ts';
import { findPython } from './python-with-pytorch.ts';

const skipped = 77;
const folder = join(root, 'scripts/conventions');
const environment = join(root, '.cache/counters');
const counters = [
  'fvcore==0.1.5.post20221221',
  'thop==0.1.1.post2209072238',
  'torchinfo==1.8.0',
  'ptflops==0.7.5',
  'deepspeed==0.19.8',
  'setuptools<81',
];

/** The Python of an environment with the counters; undefined where it can't be made. */
function pythonWithCounters(): string | undefined {
  const base = findPython();
  const python = join(environment, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (!existsSync(python)) {
    if (spawnSync(base, ['-c', 'import torch']).status !== 0) return undefined;
    execFileSync(base, ['-m', 'venv', environment]);
    const packages = (command: string): string =>
      execFileSync(command, ['-c', 'import sysconfig; print(sysconfig.get_paths()["purelib"])'], {
        encoding: 'utf8',
      }).trim();
    writeFileSync(join(packages(python), 'base.pth'), `${packages(base)}\n`);
    const installed = spawnSync(python, ['-m', 'pip', 'install', '--quiet', ...counters], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (installed.status !== 0) return undefined;
  }
  return python;
}

async function main(): Promise<number> {
  const python = pythonWithCounters();
  if (python === undefined) {
    console.log('Skipped: there is no Python with PyTorch here, or the counters can not be installed.');
    return skipped;
  }
  const models = join(folder, 'counted_models.py');
  const text = execFileSync(python, [join(folder, 'convention_figures.py'), models], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const figures = v.parse(
    v.record(v.string(), v.record(v.string(), v.nullable(v.number()))),
    JSON.parse(text.trim().split('\n').at(-1) ?? ''),
  );
  const shapes = JSON.parse(
    execFileSync(
      python,
      [
        '-c',
        `import sys, json; sys.path.insert(0, sys.argv[1]); from counted_models import models; print(json.dumps(models))`,
        folder,
      ],
      { encoding: 'utf8' },
    ),
  ) as readonly (readonly [string, readonly number[]])[]; // Printed by the line above.
  const [frontend] = await createFrontends();
  if (frontend === undefined) throw new Error('There is no frontend');
  const reader = new DiskReader({ workspace: [pathToFileURL(folder).href], libraries: [] });
  let [equal, different, unknown] = [0, 0, 0];
  for (const [name, shape] of shapes) {
    const request = { entry: `${name}()`, input: [shape], from: 'request' } as const;
    const [entry] = frontend.entries(pathToFileURL(models).href, reader, request).entries;
    const graph = entry && frontend.evaluate(entry, reader, defaultLimits, neverCancelled).graph;
    if (graph === undefined) throw new Error(`${name} is not read`);
    for (const convention of namedConventions) {
      const theirs = figures[name]?.[convention];
      if (theirs === undefined || theirs === null) continue;
      const { total } = countAs(graph, convention);
      const our = knownValue(total);
      if (total.kind !== 'exact') {
        unknown++;
        console.log(`${name}: ${convention} says ${String(theirs)}, which is not reproduced: ${total.reason}`);
      } else if (our === theirs) equal++;
      else {
        different++;
        console.log(`${name}: ${convention} says ${String(theirs)}, we say ${String(our)}`);
      }
    }
  }
  console.log(
    `${String(shapes.length)} models: ${String(equal)} figures equal, ${String(different)} differ, ${String(unknown)} not reproduced`,
  );
  return different === 0 ? 0 : 1;
}

process.exitCode = await main();
