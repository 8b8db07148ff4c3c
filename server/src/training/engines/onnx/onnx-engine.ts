// The engine on onnxruntime-node: says what it can train, compiles a training step and opens it.

import type { CompileRequest, Engine } from '../engine.ts';
import { untrainable } from '../trainable.ts';
import { compileTraining } from './compile.ts';
import { loadOnnxRuntime } from './onnx-runtime.ts';
import { OnnxTrainingSession } from './onnx-session.ts';

/** Rejects when the runtime's native library can't be loaded; the error says why. */
export async function createOnnxEngine(threads: number): Promise<Engine> {
  const runtime = await loadOnnxRuntime(threads);
  return {
    info: { name: 'onnx', version: runtime.version, threads, device: 'cpu' },
    untrainable,
    compile: (request: CompileRequest) =>
      OnnxTrainingSession.open(runtime, request, compileTraining(request, runtime.channelBlock)),
  };
}
