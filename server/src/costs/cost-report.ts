// The costs of a whole network, op by op and in total. Parameters count once however many ops share them.

import { exactly, scaleCount, sumCounts, type Count } from '../common/count.ts';
import { valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op, Parameter } from '../network/op.ts';
import { firstUnknown, type Shape } from '../network/shape.ts';
import { flopsPerMac } from './counting-convention.ts';
import type { DeviceProfile } from './device-profile.ts';
import { countAs, type NamedConvention } from './named-convention.ts';
import { RecentAnswers } from './latency/recent-answers.ts';
import { timeOf } from './latency/fit-rates.ts';
import type { Binding } from './latency/terms.ts';
import { workOf } from './latency/work.ts';
import { activationsOf, isTrained, latencyMsOf, macsOf, memoryBytesOf, parameterElements } from './op-cost.ts';

/** Amounts for a batch of one, and latency for one step of the report's batch. */
export interface Cost {
  readonly params: Count;
  readonly macs: Count;
  /** In the report's convention. */
  readonly operations: Count;
  /** Output elements of the ops with multiply-adds. */
  readonly activations: Count;
  readonly latencyMs: Count;
}

export interface CostReport {
  readonly device: DeviceProfile;
  /** Images in the step that latencies are of. */
  readonly batch: number;
  readonly convention: NamedConvention;
  /** Indexed by op id. `params` of an op that shares a layer with an earlier one are 0: the earlier op has them. */
  readonly ops: readonly Cost[];
  /** Parameters of the graph's idle layers, in their order. */
  readonly idleParams: readonly Count[];
  /** What takes most of each op's time, by op id; undefined where nothing does or nothing is known. */
  readonly bindings: readonly (Binding | undefined)[];
  /** The whole model, with idle layers; lower bounds where the graph has unknown parts. */
  readonly total: Cost;
}

/** The sum of costs: of a line's instances, or of a whole network. */
export function sumCosts(costs: readonly Cost[]): Cost {
  return {
    params: sumCounts(costs.map((cost) => cost.params)),
    macs: sumCounts(costs.map((cost) => cost.macs)),
    operations: sumCounts(costs.map((cost) => cost.operations)),
    activations: sumCounts(costs.map((cost) => cost.activations)),
    latencyMs: sumCounts(costs.map((cost) => cost.latencyMs)),
  };
}

/** Images in a step on a device where nobody says how many: as it was measured, else one. */
export function usualBatch({ rated }: DeviceProfile): number {
  return rated?.batches[1] ?? 1;
}

/** Costs a network on a device, its operations as `convention` counts them; `batch` is that of latencies alone. */
export function reportCosts(
  graph: NetworkGraph,
  device: DeviceProfile,
  batch = usualBatch(device),
  convention: NamedConvention = 'macs',
): CostReport {
  const { latencies, bindings } = latenciesOf(graph, device, batch);
  const counted = convention === 'macs' ? undefined : countAs(graph, convention).ops;
  const { ops: fixed, idleParams } = fixedCosts(graph);
  const ops = fixed.map(({ params, macs, activations }, id): Cost => {
    const operations = counted?.[id] ?? macs;
    return { params, macs, operations, activations, latencyMs: latencies[id] ?? exactly(0) };
  });
  const idle = idleParams.map((params) => ({ ...nothing, params }));
  const missing = graph.unknowns.map(({ reason }) => unknownCost(reason));
  return { device, batch, convention, ops, idleParams, bindings, total: sumCosts([...ops, ...idle, ...missing]) };
}

/** Costs that are the same on every device and in every convention. */
interface FixedCosts {
  /** By op id. */
  readonly ops: readonly Pick<Cost, 'params' | 'macs' | 'activations'>[];
  readonly idleParams: readonly Count[];
}

/** Devices and conventions that are set side by side share them. */
const recentFixed = new RecentAnswers<FixedCosts>();

function fixedCosts(graph: NetworkGraph): FixedCosts {
  return recentFixed.of(graph, '', () => {
    const seen = new Set<string>();
    const ops = graph.ops.map((op) => {
      const { inputs, outputs } = shapesOf(graph, op);
      return {
        params: paramsOf(op, newParameters(op.parameters, seen)),
        macs: macsOf(op.attributes, inputs, outputs),
        activations: activationsOf(op.attributes, outputs),
      };
    });
    const idleParams = graph.idle.map((layer) =>
      sumCounts(newParameters(layer.parameters, seen).map(parameterElements)),
    );
    return { ops, idleParams };
  });
}

interface Latencies {
  readonly latencies: readonly Count[];
  readonly bindings: readonly (Binding | undefined)[];
}

/** Time by op id. */
function latenciesOf(graph: NetworkGraph, device: DeviceProfile, batch: number): Latencies {
  const { rated } = device;
  if (rated === undefined) {
    const lines = graph.ops.map((op) => {
      const { inputs, outputs } = shapesOf(graph, op);
      const macs = scaleCount(macsOf(op.attributes, inputs, outputs), batch);
      return { macs, bytes: memoryBytesOf(op.attributes, inputs, outputs, batch) };
    });
    return {
      latencies: lines.map(({ macs, bytes }) => latencyMsOf(macs, bytes, device)),
      bindings: lines.map(({ macs, bytes }) => roofOf(macs, bytes, device)),
    };
  }
  const works = workOf(graph, { ...rated.execution, batch });
  const times = works.map((work) => work && timeOf(work, rated.rates));
  return {
    latencies: times.map((time, id) =>
      time === undefined ? { kind: 'unknown', reason: unknownReason(graph, id) } : exactly(time.total),
    ),
    bindings: times.map((time) => {
      if (time === undefined || time.total === 0) return undefined;
      const { parts } = time;
      const most = Math.max(parts.compute, parts.memory, parts['start-up']);
      return most === parts.compute ? 'compute' : most === parts.memory ? 'memory' : 'start-up';
    }),
  };
}

function roofOf(macs: Count, bytes: Count, device: DeviceProfile): Binding | undefined {
  if (macs.kind === 'unknown' || bytes.kind === 'unknown' || macs.value + bytes.value === 0) return undefined;
  const compute = (flopsPerMac * macs.value) / device.peakGflopsPerSecond;
  return compute > bytes.value / device.memoryGigabytesPerSecond ? 'compute' : 'memory';
}

function unknownReason(graph: NetworkGraph, id: number): string {
  const op = graph.ops[id];
  if (op === undefined) return 'a shape is unknown';
  if (op.attributes.kind === 'opaque') return op.attributes.reason;
  const shapes = [...op.inputs, ...op.outputs].map((value) => valueOf(graph, value).shape);
  return shapes.flatMap((shape) => firstUnknown(shape)?.reason ?? [])[0] ?? 'a shape is unknown';
}

function shapesOf(
  graph: NetworkGraph,
  op: Op,
): { readonly inputs: readonly Shape[]; readonly outputs: readonly Shape[] } {
  const shapes = (ids: readonly number[]): readonly Shape[] => ids.map((id) => valueOf(graph, id).shape);
  return { inputs: shapes(op.inputs), outputs: shapes(op.outputs) };
}

const nothing: Cost = {
  params: exactly(0),
  macs: exactly(0),
  operations: exactly(0),
  activations: exactly(0),
  latencyMs: exactly(0),
};

function unknownCost(reason: string): Cost {
  const unknown: Count = { kind: 'unknown', reason };
  return { params: unknown, macs: unknown, operations: unknown, activations: unknown, latencyMs: unknown };
}

/** The trained parameters that no earlier op had; marks them as seen. */
function newParameters(parameters: readonly Parameter[], seen: Set<string>): readonly Parameter[] {
  return parameters.filter((parameter) => {
    if (!isTrained(parameter) || seen.has(parameter.id)) return false;
    seen.add(parameter.id);
    return true;
  });
}

/** What an opaque op's parameters come to is only known as far as the frontend saw them. */
function paramsOf(op: Op, parameters: readonly Parameter[]): Count {
  const counts = parameters.map(parameterElements);
  if (op.attributes.kind !== 'opaque') return sumCounts(counts);
  return sumCounts([...counts, { kind: 'unknown', reason: op.attributes.reason }]);
}
