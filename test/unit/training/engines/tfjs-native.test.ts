// TensorFlow's own library, by `npm run test:tfjs-native` only: that it loads where it is known to be difficult, uses the
// threads that it is given, and repeats itself.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isNative, nativePath, tfjsBackend } from './tfjs-backend.ts';

const repository = fileURLToPath(new URL('../../../../', import.meta.url));

/** What the trainer says of its engines in a process that was prepared by a script; `folder` has the packages. */
function enginesAfter(preparation: string, folder = nativePath) {
  const prepared = `data:text/javascript,${encodeURIComponent(preparation)}`;
  const words = ['--import', prepared, '--import', 'tsx', 'server/src/main/trainer.ts', '--engines', '1'];
  const { stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: repository,
    encoding: 'utf8',
    env: { ...process.env, MORPHNET_TFJS_PATH: folder },
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

const gpuPath = process.env['MORPHNET_TEST_TFJS_NATIVE_GPU'];

describe.runIf(isNative && gpuPath !== undefined)('the package for GPUs', () => {
  /** A folder with both packages, the one for GPUs as somebody left it. */
  function withBoth(linkGpuPackage: (at: string) => void): string {
    const folder = mkdtempSync(join(tmpdir(), 'morphnet-tfjs-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const packages = join(folder, 'node_modules/@tensorflow');
    mkdirSync(packages, { recursive: true });
    symlinkSync(join(nativePath ?? '', 'node_modules/@tensorflow/tfjs-node'), join(packages, 'tfjs-node'));
    linkGpuPackage(join(packages, 'tfjs-node-gpu'));
    return folder;
  }

  it('is taken before the other one, and says so where it finds no GPU', () => {
    const whole = join(gpuPath ?? '', 'node_modules/@tensorflow/tfjs-node-gpu');
    const folder = withBoth((at) => symlinkSync(whole, at));
    const note = '@tensorflow/tfjs-node-gpu finds no GPU that it can use and computes on the CPU';
    const [onnx, tfjs] = available.engines;
    expect(enginesAfter('', folder).report).toMatchObject({ engines: [onnx, { ...tfjs, note }] });
  });

  it('that does not load leaves the work to the other one, with the reason', () => {
    const folder = withBoth((at) => {
      mkdirSync(at);
      writeFileSync(join(at, 'package.json'), '{ "name": "@tensorflow/tfjs-node-gpu", "main": "index.js" }');
      writeFileSync(join(at, 'index.js'), 'throw new Error("libcudart.so.11.0 is missing");');
    });
    const note =
      '@tensorflow/tfjs-node-gpu does not load (libcudart.so.11.0 is missing), so @tensorflow/tfjs-node computes on the CPU';
    const [onnx, tfjs] = available.engines;
    expect(enginesAfter('', folder).report).toMatchObject({ engines: [onnx, { ...tfjs, note }] });
  });
});
