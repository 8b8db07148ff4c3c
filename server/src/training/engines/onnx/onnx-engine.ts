// The engine on onnxruntime-node: says what it can train, compiles a training step and opens it.

import type { NetworkGraph } from '../../../network/network-graph.ts';
import type { CompileRequest, Engine, Untrainable } from '../engine.ts';
import { compileTraining } from './compile.ts';
import { untrainableOps } from './differentiate.ts';
import { logitsOf } from './loss.ts';
import { loadOnnxRuntime } from './onnx-runtime.ts';
import { OnnxTrainingSession } from './onnx-session.ts';

/** Rejects when the runtime's native library can't be loaded; the error says why. */
export async function createOnnxEngine(threads: number): Promise<Engine> {
  const runtime = await loadOnnxRuntime(threads);
  return {
    info: { name: 'onnx', version: runtime.version, threads, device: 'cpu' },
    untrainable: (graph) => untrainable(graph),
    compile: (request: CompileRequest) =>
      OnnxTrainingSession.open(runtime, request, compileTraining(request, runtime.channelBlock)),
  };
}

function untrainable(graph: NetworkGraph): readonly Untrainable[] {
  if (graph.inputs.length !== 1) {
    return [{ op: 0, reason: `training feeds one input, this network has ${String(graph.inputs.length)}` }];
  }
  const ops = untrainableOps(graph);
  if (ops.length > 0) return ops;
  const logits = logitsOf(graph);
  return logits.ok ? [] : [{ op: logits.op, reason: logits.reason }];
}
