// The command line as a process: its streams and its exit status, composed by main/cli.ts.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { costJsonSchema } from '../../../server/src/protocol/cost-json.ts';
import * as v from 'valibot';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

function morphnet(...words: string[]) {
  return spawnSync(process.execPath, ['--import', 'tsx', 'server/src/main/cli.ts', ...words], {
    cwd: repository,
    encoding: 'utf8',
  });
}

test('results go to standard output with status 0', () => {
  const { status, stdout, stderr } = morphnet('cost', 'examples/darknet-tiny.cfg', '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(v.parse(costJsonSchema, JSON.parse(stdout)).framework).toBe('darknet');
});

test('failures go to standard error with status 1, wrong arguments with status 2', () => {
  expect(morphnet('cost', 'package.json')).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('holds no model') as string,
  });
  expect(morphnet('cost', 'no-such.cfg')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('There is no file') as string,
  });
});
