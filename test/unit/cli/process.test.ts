// The command line as a process: its streams and its exit status, composed by main/cli.ts.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { costJsonSchema } from '../../../server/src/protocol/cost-json.ts';
import * as v from 'valibot';
import { temporaryFolder } from '../../support/run-folder.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

function morphnet(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, ['--import', 'tsx', 'server/src/main/cli.ts', ...words], {
    cwd: repository,
    encoding: 'utf8',
    // Whatever environment these tests run in.
    env: { ...process.env, VIRTUAL_ENV: '', CONDA_PREFIX: '', ...environment },
  });
}

test('results go to standard output with status 0', () => {
  const { status, stdout, stderr } = morphnet(['cost', 'examples/darknet-tiny.cfg', '--json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(v.parse(costJsonSchema, JSON.parse(stdout)).framework).toBe('darknet');
});

test('failures go to standard error with status 1, wrong arguments with status 2', () => {
  expect(morphnet(['cost', 'package.json'])).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('holds no model') as string,
  });
  expect(morphnet(['cost', 'no-such.cfg'])).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('There is no file') as string,
  });
});

test('source of installed packages is read from the folder that is named, or from the active environment', () => {
  const folder = temporaryFolder();
  const environment = join(folder, 'environment');
  const packages = join(environment, 'lib', 'python3.12', 'site-packages');
  mkdirSync(packages, { recursive: true });
  writeFileSync(
    join(packages, 'zoo.py'),
    'from torch import nn\n\ndef narrow():\n    return nn.Sequential(nn.Conv2d(3, 2, 1))\n',
  );
  const model = join(folder, 'model.py');
  writeFileSync(model, 'import torch\nimport zoo\n\nnet = zoo.narrow()\nprint(sum(1 for _ in net.parameters()))\n');
  const params = (words: readonly string[], variables = {}): unknown => {
    const { stdout } = morphnet(['cost', model, '--json', ...words], variables);
    return stdout === '' ? undefined : v.parse(costJsonSchema, JSON.parse(stdout)).totals.params.value;
  };
  expect(params([])).toBeUndefined();
  expect(params(['--site-packages', environment])).toBe(8);
  expect(params(['--site-packages', packages])).toBe(8);
  expect(params([], { VIRTUAL_ENV: environment })).toBe(8);
}, 30_000);
