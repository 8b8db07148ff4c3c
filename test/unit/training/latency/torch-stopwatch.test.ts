// What is said where no PyTorch is; that it times networks is tested in python/tests/test_timing.py with the real one.

import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { measureMachine } from '../../../../server/src/training/latency/measure-machine.ts';
import { neverCancelled } from '../../../../server/src/common/cancellation.ts';

const script = fileURLToPath(new URL('../../../../python/torch_timing.py', import.meta.url));

test.for([
  ['that is not there', '/nowhere/python', /ENOENT/],
  ['that is no Python', process.execPath, /Node\.js/],
])('a Python %s is named, with the remedy', async ([, python, reason]) => {
  const measured = await measureMachine({
    threads: 1,
    batch: 1,
    torch: { python: python as string, precision: 'fp32', script, write: () => ({ ok: false, error: 'never asked' }) },
    now: () => 0,
    cancellation: neverCancelled,
    onProgress: () => undefined,
  });
  if (measured.ok) throw new Error('measured');
  expect(measured.error).toMatch(reason as RegExp);
  expect(measured.error).toContain(python as string);
  expect(measured.error).toMatch(/Name a Python with PyTorch .*morphnet\.training\.python/);
});
