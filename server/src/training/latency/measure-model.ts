// Times a model on this machine: the whole network, and each of its layers by itself.

import { availableParallelism } from 'node:os';
import type { Cancellation } from '../../common/cancellation.ts';
import type { Result } from '../../common/problem.ts';
import { GraphBuilder } from '../../network/graph-builder.ts';
import { valueOf, type NetworkGraph } from '../../network/network-graph.ts';
import type { Op } from '../../network/op.ts';
import type { ModelMeasurement } from '../../protocol/model-measurement.ts';
import { loadOnnxRuntime, type OnnxRuntime } from '../engines/onnx/onnx-runtime.ts';
import type { MeasureOptions } from './measure-machine.ts';
import { timeNetwork, type TimedStep } from './time-network.ts';

/** The whole network is repeated for this long, all layers together for that. */
const wholeMilliseconds = 3_000;
const layersMilliseconds = 30_000;
/** A layer is repeated no longer than this. */
const mostForOne = 150;

/** A failure says which op can't be run, or that measuring was cancelled. */
export async function measureModel(network: NetworkGraph, options: MeasureOptions): Promise<Result<ModelMeasurement>> {
  const { batch, now, cancellation, onProgress } = options;
  const threads = options.threads || Math.max(1, availableParallelism() - 1);
  const runtime = await loadOnnxRuntime(threads);
  const whole = await timeNetwork(runtime, network, batch, { milliseconds: wholeMilliseconds, leastRuns: 5 }, now);
  if (!whole.ok) return whole;
  onProgress(0.1);
  const layers = await timeLayers(runtime, network, { batch, now, cancellation }, (share) => {
    onProgress(0.1 + 0.9 * share);
  });
  if (cancellation.isCancellationRequested) return { ok: false, error: 'Measuring was cancelled.' };
  return { ok: true, value: { threads, batch, ...whole.value, layers } };
}

/** Layers alike in all that time depends on are measured once. What has no ONNX by itself is left out. */
async function timeLayers(
  runtime: OnnxRuntime,
  network: NetworkGraph,
  { batch, now, cancellation }: Pick<MeasureOptions, 'batch' | 'now'> & { readonly cancellation: Cancellation },
  onProgress: (share: number) => void,
): Promise<ModelMeasurement['layers']> {
  const layers = network.ops.filter((op) => op.parameters.length > 0);
  const kinds = new Map(layers.map((op) => [likeness(network, op), op]));
  const milliseconds = Math.min(mostForOne, layersMilliseconds / Math.max(1, kinds.size));
  const times = new Map<string, TimedStep>();
  for (const [key, op] of kinds) {
    if (cancellation.isCancellationRequested) return [];
    const single = layerAlone(network, op);
    const timed = single && (await timeNetwork(runtime, single, batch, { milliseconds, leastRuns: 5 }, now));
    if (timed?.ok === true) times.set(key, timed.value);
    onProgress(times.size / kinds.size);
  }
  return layers.flatMap((op) => {
    const timed = times.get(likeness(network, op));
    return timed === undefined ? [] : [{ name: op.name, milliseconds: timed.milliseconds }];
  });
}

/** Equal for layers that take equally long. */
function likeness(network: NetworkGraph, { attributes, inputs, parameters }: Op): string {
  const shapes = inputs.map((id) => valueOf(network, id).shape);
  return JSON.stringify([attributes, shapes, parameters.map(({ role, shape }) => [role, shape])]);
}

/** One layer as a network of its own, with what it takes as inputs; undefined where its shapes don't fit together. */
export function layerAlone(network: NetworkGraph, op: Op): NetworkGraph | undefined {
  const builder = new GraphBuilder();
  const inputs: number[] = [];
  for (const id of op.inputs) {
    const { shape, producer } = valueOf(network, id);
    const before = network.ops[producer];
    const attributes =
      before?.attributes.kind === 'constant' ? before.attributes : ({ kind: 'input', shape, channelAxis: 1 } as const);
    const added = builder.add({ ...op, name: 'input', attributes, inputs: [], parameters: [] });
    if (!added.ok || added.value[0] === undefined) return undefined;
    inputs.push(added.value[0]);
  }
  const added = builder.add({ ...op, inputs });
  return added.ok ? builder.build(network.framework, network.entry, added.value) : undefined;
}
