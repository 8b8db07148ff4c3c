// Memory that a network needs at inference: its weights, and the activations that live at once.

import { exactly, type Count } from '../common/count.ts';
import { valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Parameter, ValueId } from '../network/op.ts';
import { elementCount } from '../network/shape.ts';
import { bytesOfProducts, type Precision } from './latency/execution.ts';
import { storageOf, type Storage } from './latency/storage.ts';
import { parameterElements } from './op-cost.ts';
import { sumCounts, scaleCount } from '../common/count.ts';

/** How activations lie in memory when PyTorch runs a network op by op, without a compiler. */
export function eagerStorage(graph: NetworkGraph, precision: Precision): Storage {
  return storageOf(graph, { precision, channelsLast: false });
}

/** Bytes of tensors of these parameters, each once. Running statistics are among them. */
export function parameterBytes(parameters: readonly Parameter[], bytesPerElement: number): Count {
  const distinct = new Map(parameters.map((parameter) => [parameter.id, parameter]));
  return scaleCount(sumCounts([...distinct.values()].map(parameterElements)), bytesPerElement);
}

/** Every parameter and running statistic of a network, also of layers that are never called. */
export function allParameters(graph: NetworkGraph): readonly Parameter[] {
  return [...graph.ops.flatMap(({ parameters }) => parameters), ...graph.idle.flatMap(({ parameters }) => parameters)];
}

/** Bytes of the weights as a file, with running statistics, all in one number format. A lower bound where parts are unknown. */
export function weightBytes(graph: NetworkGraph, precision: Precision): Count {
  const known = parameterBytes(allParameters(graph), bytesOfProducts(precision));
  return sumCounts([known, ...graph.unknowns.map(({ reason }): Count => ({ kind: 'unknown', reason }))]);
}

/** Why the activations of a network are not known; undefined where they are. */
export function unknownActivations(graph: NetworkGraph): (Count & { readonly kind: 'unknown' }) | undefined {
  const [unknown] = graph.unknowns;
  if (unknown !== undefined) return { kind: 'unknown', reason: unknown.reason };
  for (const op of graph.ops) {
    if (op.attributes.kind === 'opaque') return { kind: 'unknown', reason: op.attributes.reason };
    const missing = [...op.inputs, ...op.outputs].some((id) => elementCount(valueOf(graph, id).shape) === undefined);
    if (missing) return { kind: 'unknown', reason: `a shape of ${op.name} is unknown` };
  }
  return undefined;
}

export interface InferenceMemory {
  /** The most bytes of activations that exist at once. */
  readonly peak: Count;
  /** The op at which they do. */
  readonly peakAt: number | undefined;
  /** Bytes of activations that exist while an op runs, by op id: what it reads, what it gives, and what waits for later ops. */
  readonly alive: readonly number[];
}

/**
 * Activations for a batch at inference: a tensor exists from the op that makes it to the last that reads it, through views,
 * which have no memory of their own. Activations and element-wise ops write new tensors, as PyTorch does unless it is told
 * to work in place. Weights are not counted.
 */
export function inferenceMemory(graph: NetworkGraph, batch: number, precision: Precision = 'fp32'): InferenceMemory {
  const unknown = unknownActivations(graph);
  if (unknown !== undefined) return { peak: unknown, peakAt: undefined, alive: [] };
  const { values, ops } = eagerStorage(graph, precision);
  const sizeOf = (id: ValueId): number => {
    const stored = values[id];
    return stored?.dependsOnInput === true ? batch * stored.bytes * stored.elements : 0;
  };
  const lastRead = new Map<ValueId, number>();
  const read = (id: ValueId, at: number): void => void lastRead.set(values[id]?.source ?? id, at);
  for (const op of graph.ops) for (const id of op.inputs) read(id, op.id);
  for (const id of graph.outputs) read(id, graph.ops.length);
  const ending = new Map<number, ValueId[]>();
  for (const [id, at] of lastRead) ending.set(at, [...(ending.get(at) ?? []), id]);
  let now = 0;
  const alive: number[] = [];
  for (const op of graph.ops) {
    if (op.attributes.kind === 'input' || ops[op.id]?.isView !== true) for (const id of op.outputs) now += sizeOf(id);
    alive.push(now);
    for (const id of ending.get(op.id) ?? []) now -= sizeOf(id);
    // What nothing reads is gone at once.
    for (const id of op.outputs) if (!lastRead.has(values[id]?.source ?? id)) now -= sizeOf(id);
  }
  const peak = alive.reduce((most, bytes) => Math.max(most, bytes), 0);
  return { peak: exactly(peak), peakAt: alive.indexOf(peak), alive };
}
