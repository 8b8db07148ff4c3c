// The editor's executable in place of Node, by `npm run test:electron` only: everything comes to the very same. All other tests
// of this folder then run their trainers under it too.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildLanguageServer, buildNodeBundle, root } from '../../scripts/bundles.ts';
import { LanguageServerProcess } from '../../scripts/language-server.ts';
import { nativeTfjs } from '../../scripts/native-tfjs.ts';
import { askEngines } from '../../server/src/jobs/ask-engines.ts';
import { startTrainer, type TrainerProgram } from '../../server/src/jobs/trainer-process.ts';
import { temporaryFolder } from '../support/run-folder.ts';
import { electron, runtime } from '../support/runtime.ts';
import { buildTrainer, makeRun, resultOf, trainerCache } from '../support/trainer.ts';

const node = { executable: process.execPath, environment: {} } as const;
const bundles = join(root, '.cache', trainerCache);
const example = 'examples/resnet20.py';

let trainer: TrainerProgram;

beforeAll(async () => {
  if (electron === undefined) return;
  trainer = await buildTrainer();
  await buildLanguageServer(bundles);
  await buildNodeBundle('cli', join(bundles, 'cli.cjs'));
});

/** A program's output as JavaScript under an executable. */
function outputOf({ executable, environment }: typeof runtime, words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(executable, words, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** What a run on the tiny images comes to under an executable. */
async function trained(under: typeof runtime, engine: 'onnx' | 'tfjs'): Promise<ReturnType<typeof resultOf>> {
  const folder = makeRun(temporaryFolder(), 'run', { engine });
  const environment = { ...under.environment, MORPHNET_TFJS_PATH: nativeTfjs };
  await startTrainer({ ...trainer, ...under, environment }, folder, () => undefined).ended;
  return resultOf(folder);
}

async function hintsUnder({ executable, environment }: typeof runtime): Promise<unknown> {
  const server = { executable, environment };
  await using editor = new LanguageServerProcess(join(bundles, 'lsp.cjs'), pathToFileURL(root).toString(), server);
  await editor.start();
  const uri = pathToFileURL(join(root, example)).toString();
  await editor.open(uri, readFileSync(join(root, example), 'utf8'));
  return (await editor.hints(uri)).map(({ label, position }) => ({ label, position }));
}

describe.runIf(electron !== undefined)('under Electron', () => {
  it('is Electron that these tests are about', () => {
    expect(outputOf(runtime, ['-p', 'process.versions.electron'])).toMatch(/^\d+\./);
  });

  it('the command line says what it says under Node', () => {
    const words = [join(bundles, 'cli.cjs'), 'cost', example, '--json'];
    expect(outputOf(runtime, words)).toBe(outputOf(node, words));
  });

  it('the language server shows what it shows under Node', async () => {
    const hints = await hintsUnder(node);
    expect(hints).not.toEqual([]);
    expect(await hintsUnder(runtime)).toEqual(hints);
  });

  it('a run comes to the same as under Node bit by bit', async () => {
    expect(await trained(runtime, 'onnx')).toEqual(await trained(node, 'onnx'));
  });

  it.runIf(existsSync(nativeTfjs))('so does one on TensorFlow’s library', async () => {
    const environment = { ...runtime.environment, MORPHNET_TFJS_PATH: nativeTfjs };
    const report = await askEngines({ ...trainer, environment }, 1);
    expect(report.ok && report.value.engines).toMatchObject([
      { name: 'onnx', available: true },
      { name: 'tfjs', available: true },
    ]);
    expect(await trained(runtime, 'tfjs')).toEqual(await trained(node, 'tfjs'));
  });
});
