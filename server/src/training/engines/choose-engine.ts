// Which engines can be had here, and which one a run takes. Engines are loaded by dynamic import, so a missing native
// library costs nothing until it is asked for, and its absence is a sentence instead of a crash.

import type { Result } from '../../common/problem.ts';
import type { Engine, EngineInfo } from './engine.ts';
import { EngineUnavailable } from './engine-unavailable.ts';
import { fastestEngine, type StepToTime } from './fastest-engine.ts';
import type { TorchOptions } from './torch/torch-engine.ts';

export type EngineName = EngineInfo['name'];

export interface EngineOptions {
  /** Threads of one step; 0 takes all cores but one. */
  readonly threads: number;
  /** A folder whose `node_modules` has TensorFlow.js for Node; absent or empty: beside this program. */
  readonly tfjsPath?: string | undefined;
  /** Where PyTorch is and how it computes; absent: the engine `torch` is not to be had. */
  readonly torch?: Omit<TorchOptions, 'threads'> & {
    /** Whether somebody said which Python has it: only then is `auto` to find out whether it has a GPU. */
    readonly isNamed: boolean;
  };
  /** Hears, in sentences, when an engine that was asked for by name is replaced by another. */
  readonly onFallback?: (message: string) => void;
  /** What `auto` measures the engines by when several load; without it the embedded one is taken. */
  readonly trial?: StepToTime;
  /** Hears what `auto` took and which figures were why. */
  readonly onChoice?: (message: string) => void;
}

/** An engine, or why it can't be had and what can be done about it. */
export type EngineAvailability =
  | { readonly name: EngineName; readonly engine: Engine }
  | { readonly name: EngineName; readonly engine: undefined; readonly reason: string; readonly remedy: string };

type EngineLoader = (options: EngineOptions, threads: number) => Promise<Engine>;

/** The embedded one first. */
const loaders: readonly (readonly [EngineName, EngineLoader])[] = [
  ['onnx', async (_, threads) => (await import('./onnx/onnx-engine.ts')).createOnnxEngine(threads)],
  [
    'tfjs',
    async ({ tfjsPath }, threads) =>
      (await import('./tfjs/tfjs-engine.ts')).createTfjsEngine({
        threads,
        path: tfjsPath === '' ? undefined : tfjsPath,
      }),
  ],
  [
    'torch',
    async ({ torch }, threads) => {
      if (torch === undefined) throw new EngineUnavailable('it is not part of this program', 'Install MorphNet again.');
      return (await import('./torch/torch-engine.ts')).createTorchEngine({ ...torch, threads });
    },
  ],
];

/** The number of threads for a setting; `cores` is what the machine has. */
export function threadCount(setting: number, cores: number): number {
  return setting > 0 ? setting : Math.max(1, cores - 1);
}

/** Tries to load every engine (that is wanted), the embedded one first. */
export async function listEngines(
  options: EngineOptions,
  cores: number,
  isWanted: (name: EngineName) => boolean = () => true,
): Promise<readonly EngineAvailability[]> {
  const found: EngineAvailability[] = [];
  for (const [name, load] of loaders) if (isWanted(name)) found.push(await tried(name, load, options, cores));
  return found;
}

/**
 * The engine of a setting; `auto` is the fastest that loads. One that is asked for by name and can't be had is replaced by
 * another. The failure says for each engine why it did not load.
 */
export async function chooseEngine(
  choice: 'auto' | EngineName,
  options: EngineOptions,
  cores: number,
): Promise<Result<Engine>> {
  if (choice === 'auto' && options.trial) {
    const isTried = (name: EngineName): boolean => name !== 'torch' || options.torch?.isNamed === true;
    const loaded = (await listEngines(options, cores, isTried)).flatMap(({ engine }) => engine ?? []);
    // PyTorch on the CPU is no faster than what is built in, and a process of its own.
    const engines = loaded.filter(({ info }) => info.name !== 'torch' || info.device === 'gpu');
    const { engine, why } = engines.length < 2 ? { engine: engines[0] } : await fastestEngine(engines, options.trial);
    if (why !== undefined) options.onChoice?.(why);
    if (engine !== undefined) return { ok: true, value: engine };
  }
  const failures: string[] = [];
  const wanted = loaders.filter(([name]) => name === choice);
  const others = loaders.filter(([name]) => name !== choice);
  for (const [name, load] of [...wanted, ...others]) {
    const found = await tried(name, load, options, cores);
    if (found.engine === undefined) {
      failures.push(`${name}: ${found.reason}. ${found.remedy}`.trim());
      continue;
    }
    if (choice !== 'auto' && choice !== name) {
      const { version } = found.engine.info;
      options.onFallback?.(
        `This run trains with ${name} ${version}, since ${choice} can’t be loaded: ${failures.join(' ')}`,
      );
    }
    return { ok: true, value: found.engine };
  }
  return { ok: false, error: `No training engine can be loaded. ${failures.join(' ')}` };
}

async function tried(
  name: EngineName,
  load: EngineLoader,
  options: EngineOptions,
  cores: number,
): Promise<EngineAvailability> {
  try {
    return { name, engine: await load(options, threadCount(options.threads, cores)) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const remedy = error instanceof EngineUnavailable ? error.remedy : 'Install MorphNet again for this platform.';
    return { name, engine: undefined, reason, remedy };
  }
}
