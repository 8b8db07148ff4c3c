// The engine on onnxruntime-node: compiles a training step and opens it. The runtime is loaded when an engine is made.

import type { InferenceSession } from 'onnxruntime-node';
import type { NetworkGraph } from '../../../network/network-graph.ts';
import type { CompileRequest, Engine, EngineInfo, Untrainable } from '../engine.ts';
import { compileTraining } from './compile.ts';
import { untrainableOps } from './differentiate.ts';
import { logitsOf } from './loss.ts';
import { type OnnxRuntime, OnnxTrainingSession } from './onnx-session.ts';

/** Rejects when the runtime's native library can't be loaded; the error says why. */
export async function createOnnxEngine(threads: number): Promise<Engine> {
  const runtime = await import('onnxruntime-node');
  const info: EngineInfo = {
    name: 'onnx',
    version: runtime.env.versions.node ?? runtime.env.versions.common,
    threads,
    device: 'cpu',
  };
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  };
  const onnxRuntime: OnnxRuntime = {
    open: (model) => runtime.InferenceSession.create(model.bytes, options),
    tensor: (type: 'float32' | 'int32', data: Float32Array | Int32Array, shape: readonly number[]) =>
      data instanceof Float32Array
        ? new runtime.Tensor('float32', data, shape)
        : new runtime.Tensor('int32', data, shape),
  };
  return {
    info,
    untrainable: (graph) => untrainable(graph),
    compile: (request: CompileRequest) => OnnxTrainingSession.open(onnxRuntime, request, compileTraining(request)),
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
