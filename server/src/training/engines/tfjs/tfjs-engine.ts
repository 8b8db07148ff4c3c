// The engine on TensorFlow.js: any backend will do, TensorFlow's own library is what users get.

import type { Engine, EngineInfo } from '../engine.ts';
import { untrainable } from '../trainable.ts';
import { loadTensorFlow, type TensorFlowOptions } from './load-tensorflow.ts';
import type { Backend } from './tensorflow.ts';
import { TfjsTrainingSession } from './tfjs-session.ts';

/** The engine over a backend that has been set. */
export function tfjsEngineOn(backend: Backend, info: Omit<EngineInfo, 'name'>): Engine {
  return {
    info: { name: 'tfjs', ...info },
    untrainable,
    compile: (request) => Promise.resolve(new TfjsTrainingSession(backend, request)),
  };
}

/** Rejects with `EngineUnavailable` when TensorFlow's library can't be had. */
export async function createTfjsEngine(options: TensorFlowOptions): Promise<Engine> {
  const { backend, version, device, note } = await loadTensorFlow(options);
  return tfjsEngineOn(backend, { version, threads: options.threads, device, ...(note !== undefined && { note }) });
}
