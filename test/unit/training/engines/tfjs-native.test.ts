// TensorFlow's own library, by `npm run test:tfjs-native` only: that it loads where it is known to be difficult, uses the
// threads that it is given, and repeats itself.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isNative, nativePath, tfjsBackend } from './tfjs-backend.ts';

const repository = fileURLToPath(new URL('../../../../', import.meta.url));

/** What the trainer says of its engines in a process that was prepared by a script. */
function enginesAfter(preparation: string) {
  const prepared = `data:text/javascript,${encodeURIComponent(preparation)}`;
  const words = ['--import', prepared, '--import', 'tsx', 'server/src/main/trainer.ts', '--engines', '1'];
  const { stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: repository,
    encoding: 'utf8',
    env: { ...process.env, MORPHNET_TFJS_PATH: nativePath },
  });
  const lines = stdout.trim().split('\n');
  return { lines, stderr, report: JSON.parse(lines.at(-1) ?? '') as unknown };
}

const available = {
  engines: [
    { name: 'onnx', available: true },
    {
      name: 'tfjs',
      available: true,
      version: '4.22.0',
      device: 'cpu',
      threads: 1,
      stepsPerSecond: expect.any(Number) as number,
    },
  ],
};

describe.runIf(isNative)('TensorFlow’s library', () => {
  it('is what these tests run on', async () => {
    const { tf, native } = await tfjsBackend;
    expect([tf.getBackend(), native?.isOnGpu]).toEqual(['tensorflow', false]);
  });

  it('loads in the trainer, which prints nothing but its answer', () => {
    const { lines, report } = enginesAfter('');
    expect(lines).toHaveLength(1);
    expect(report).toMatchObject(available);
  });

  it('loads on a Node without the type tests that Node 23 removed', () => {
    const preparation = `import util from 'node:util';
      delete util.isNullOrUndefined; delete util.isArray;
      if ('isNullOrUndefined' in util) throw new Error('still there');`;
    expect(enginesAfter(preparation).report).toMatchObject(available);
  });

  it('loads in an editor’s executable that runs as Node', () => {
    const preparation = `Object.defineProperty(process.versions, 'electron', { value: '37.2.3', enumerable: true });
      process.env.ELECTRON_RUN_AS_NODE = '1';`;
    expect(enginesAfter(preparation).report).toMatchObject(available);
  });
});
