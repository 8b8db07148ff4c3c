// onnxruntime-node behind the few calls that are used of it, loaded when asked for. Knows its threads and its layout.

import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { findChannelBlock } from './channel-block.ts';

export interface OnnxRuntime {
  readonly version: string;
  readonly threads: number;
  /** See GraphEmitter.channelBlock. */
  readonly channelBlock: number;
  /** Loads a model from its bytes. */
  readonly open: (model: Uint8Array) => Promise<InferenceSession>;
  /** A tensor over an array, which the runtime reads (or writes) in place. */
  readonly floatTensor: (data: Float32Array, shape: readonly number[]) => Tensor;
  readonly integerTensor: (data: Int32Array, shape: readonly number[]) => Tensor;
}

/** Rejects when the native library can't be loaded; the error says why. */
export async function loadOnnxRuntime(threads: number): Promise<OnnxRuntime> {
  const library = await import('onnxruntime-node');
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  };
  const runtime = {
    version: library.env.versions.node ?? library.env.versions.common,
    threads,
    open: (model: Uint8Array) => library.InferenceSession.create(model, options),
    floatTensor: (data: Float32Array, shape: readonly number[]) => new library.Tensor('float32', data, shape),
    integerTensor: (data: Int32Array, shape: readonly number[]) => new library.Tensor('int32', data, shape),
  };
  const channelBlock = await findChannelBlock(async (model, input, shape) => {
    const session = await runtime.open(model);
    const results = await session.run({ x: runtime.floatTensor(input, shape) });
    await session.release();
    const data = Object.values(results)[0]?.data;
    if (!(data instanceof Float32Array)) throw new Error('The probe gave no numbers');
    return data;
  });
  return { ...runtime, channelBlock };
}
