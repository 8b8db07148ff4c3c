// Finds and loads TensorFlow.js with TensorFlow's own library: with a GPU if that package is installed, else without.
// Nothing of it is part of this product, so every way in which it can be missing has a sentence.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { EngineUnavailable } from '../engine-unavailable.ts';
import { type Backend, backendOf, type TensorFlow } from './tensorflow.ts';

export interface TensorFlowOptions {
  /** A folder whose `node_modules` has the package; undefined looks from this program's own place. */
  readonly path: string | undefined;
  readonly threads: number;
}

export interface LoadedTensorFlow {
  readonly backend: Backend;
  /** Of the package that was loaded. */
  readonly version: string;
  readonly device: 'cpu' | 'gpu';
  /** Where the package for GPUs is installed: why the CPU is used all the same. */
  readonly note: string | undefined;
}

const gpuPackage = '@tensorflow/tfjs-node-gpu';
const packages = [gpuPackage, '@tensorflow/tfjs-node'] as const;
/** Under this name both packages give their version. */
const versionKey = 'tfjs-node';

/** Rejects with `EngineUnavailable` when no package is there or none of them loads. */
export async function loadTensorFlow({ path, threads }: TensorFlowOptions): Promise<LoadedTensorFlow> {
  const require = createRequire(path === undefined ? import.meta.url : join(path, 'package.json'));
  setDefault('TF_NUM_INTRAOP_THREADS', String(threads));
  setDefault('TF_NUM_INTEROP_THREADS', '1');
  // Warnings and errors only: what TensorFlow says of itself at each start is of no use in a run's log.
  setDefault('TF_CPP_MIN_LOG_LEVEL', '1');
  // Otherwise it takes all of a GPU's memory at once, which the screen's programs need too.
  setDefault('TF_FORCE_GPU_ALLOW_GROWTH', 'true');
  const util: unknown = require('node:util');
  if (typeof util === 'object' && util !== null) restoreUtilFunctions(util);
  const failures: { readonly name: string; readonly reason: string }[] = [];
  for (const name of packages) {
    const file = resolved(require, name);
    if (file === undefined) continue;
    try {
      const loaded: unknown = require(file);
      if (!isTensorFlow(loaded)) throw new Error('it is not the package that was expected');
      await loaded.ready();
      loaded.enableProdMode();
      const backend = backendOf(loaded);
      if (backend.native === undefined)
        throw new Error(`it runs on ${loaded.getBackend()}, not on TensorFlow's library`);
      const device = backend.native.isOnGpu ? 'gpu' : 'cpu';
      const [failed] = failures;
      const note =
        failed !== undefined
          ? `${failed.name} does not load (${failed.reason}), so ${name} computes on the CPU`
          : name === gpuPackage && device === 'cpu'
            ? `${name} finds no GPU that it can use and computes on the CPU`
            : undefined;
      return { backend, version: loaded.version[versionKey] ?? '', device, note };
    } catch (error) {
      failures.push({ name, reason: firstLine(error) });
    }
  }
  const place = path === undefined ? 'beside MorphNet' : `in ${path}`;
  const [first] = failures;
  throw first === undefined
    ? new EngineUnavailable(
        `neither ${packages.join(' nor ')} is installed ${place}`,
        'Run `npm install @tensorflow/tfjs-node` in a folder of your own and name that folder in the setting `morphnet.training.tfjsPath` or in the environment variable MORPHNET_TFJS_PATH.',
      )
    : new EngineUnavailable(
        failures.map(({ name, reason }) => `${name} does not load: ${reason}`).join('; '),
        `Its install script fetches the native library: run \`npm rebuild ${first.name}\` in that folder with install scripts allowed and the network reachable.`,
      );
}

function setDefault(variable: string, value: string): void {
  process.env[variable] ??= value;
}

function resolved(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n')[0]?.trim() ?? message;
}

/** Puts back the type tests that Node 23 removed and tfjs-node still calls, where they are gone. */
export function restoreUtilFunctions(util: object): void {
  const tests = {
    isNullOrUndefined: (value: unknown): boolean => value === null || value === undefined,
    isArray: (value: unknown): boolean => Array.isArray(value),
  };
  for (const [name, value] of Object.entries(tests)) {
    if (!(name in util)) Object.defineProperty(util, name, { value, configurable: true });
  }
}

interface NodeTensorFlow extends TensorFlow {
  /** By package. */
  readonly version: Readonly<Record<string, string>>;
}

function isTensorFlow(loaded: unknown): loaded is NodeTensorFlow {
  return (
    typeof loaded === 'object' &&
    loaded !== null &&
    ['engine', 'backend', 'ready', 'tidy', 'conv2d'].every((name) => name in loaded) &&
    'version' in loaded &&
    typeof loaded.version === 'object'
  );
}
