// Which engines can be had here, and which one a run takes. Engines are loaded by dynamic import, so a missing native
// library costs nothing until it is asked for, and its absence is a sentence instead of a crash.

import type { Result } from '../../common/problem.ts';
import type { Engine, EngineInfo } from './engine.ts';

export type EngineName = EngineInfo['name'];

export interface EngineOptions {
  /** Threads of one step; 0 takes all cores but one. */
  readonly threads: number;
}

/** An engine, or why it can't be had. */
export interface EngineAvailability {
  readonly name: EngineName;
  readonly engine: Result<Engine>;
}

type EngineLoader = (threads: number) => Promise<Engine>;

/** Fastest first: `auto` takes the first that loads. */
const loaders: readonly (readonly [EngineName, EngineLoader])[] = [
  ['onnx', async (threads) => (await import('./onnx/onnx-engine.ts')).createOnnxEngine(threads)],
];

/** The number of threads for a setting; `cores` is what the machine has. */
export function threadCount(setting: number, cores: number): number {
  return setting > 0 ? setting : Math.max(1, cores - 1);
}

/** Tries to load every engine, fastest first. */
export async function listEngines(options: EngineOptions, cores: number): Promise<readonly EngineAvailability[]> {
  const threads = threadCount(options.threads, cores);
  return Promise.all(loaders.map(async ([name, load]) => ({ name, engine: await tried(load, threads) })));
}

/** The engine of a setting; `auto` is the fastest that loads. The failure says for each engine why it did not. */
export async function chooseEngine(
  choice: 'auto' | EngineName,
  options: EngineOptions,
  cores: number,
): Promise<Result<Engine>> {
  const threads = threadCount(options.threads, cores);
  const reasons: string[] = [];
  for (const [name, load] of loaders) {
    if (choice !== 'auto' && choice !== name) continue;
    const engine = await tried(load, threads);
    if (engine.ok) return engine;
    reasons.push(`${name}: ${engine.error}`);
  }
  if (reasons.length === 0) return { ok: false, error: `The engine ${choice} is not part of this installation` };
  return { ok: false, error: `No training engine can be loaded. ${reasons.join('; ')}` };
}

async function tried(load: EngineLoader, threads: number): Promise<Result<Engine>> {
  try {
    return { ok: true, value: await load(threads) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}
