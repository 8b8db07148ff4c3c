// Memory that a network needs: activations that live at once at inference, and weights as a file.

import { exactly, type Count } from '../common/count.ts';
import { valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { ValueId } from '../network/op.ts';
import { elementCount } from '../network/shape.ts';
import { bytesOfProducts, type Precision } from './latency/execution.ts';
import { storageOf } from './latency/storage.ts';

/**
 * The most bytes of activations that exist at once for a batch at inference: a tensor from the op that makes it to the last
 * that reads it, through views, which have no memory of their own. Weights are not counted. Activations and element-wise ops
 * write new tensors, as PyTorch does unless it is told to work in place.
 */
export function peakActivationBytes(graph: NetworkGraph, batch: number, precision: Precision = 'fp32'): Count {
  const unknown = graph.unknowns[0];
  if (unknown !== undefined) return { kind: 'unknown', reason: unknown.reason };
  const { values, ops } = storageOf(graph, {
    precision: 'fp32',
    batch,
    fusion: 'none',
    channelsLast: false,
    processor: 'cpu',
  });
  const bytes = bytesOfProducts(precision);
  const sizeOf = (id: ValueId): number => {
    const stored = values[id];
    return stored?.dependsOnInput === true ? batch * bytes * stored.elements : 0;
  };
  const lastRead = new Map<ValueId, number>();
  const read = (id: ValueId, at: number): void => void lastRead.set(values[id]?.source ?? id, at);
  for (const op of graph.ops) {
    const missing = [...op.inputs, ...op.outputs].find((id) => elementCount(valueOf(graph, id).shape) === undefined);
    if (missing !== undefined || op.attributes.kind === 'opaque') {
      return {
        kind: 'unknown',
        reason: op.attributes.kind === 'opaque' ? op.attributes.reason : `a shape of ${op.name} is unknown`,
      };
    }
    for (const id of op.inputs) read(id, op.id);
  }
  for (const id of graph.outputs) read(id, graph.ops.length);
  const ending = new Map<number, ValueId[]>();
  for (const [id, at] of lastRead) ending.set(at, [...(ending.get(at) ?? []), id]);
  let [alive, peak] = [0, 0];
  for (const op of graph.ops) {
    const isInput = op.attributes.kind === 'input';
    if (isInput || ops[op.id]?.isView !== true) for (const id of op.outputs) alive += sizeOf(id);
    peak = Math.max(peak, alive);
    for (const id of ending.get(op.id) ?? []) alive -= sizeOf(id);
  }
  return exactly(peak);
}
