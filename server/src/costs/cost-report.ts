// The costs of a whole network, op by op and in total. Parameters count once however many ops share them.

import { exactly, sumCounts, type Count } from '../common/count.ts';
import { valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op, Parameter } from '../network/op.ts';
import type { Shape } from '../network/shape.ts';
import type { DeviceProfile } from './device-profile.ts';
import { activationsOf, isTrained, latencyMsOf, macsOf, memoryBytesOf, parameterElements } from './op-cost.ts';

/** Amounts for a batch of one. */
export interface Cost {
  readonly params: Count;
  readonly macs: Count;
  /** Output elements of the ops with multiply-adds. */
  readonly activations: Count;
  readonly latencyMs: Count;
}

export interface CostReport {
  readonly device: DeviceProfile;
  /** Indexed by op id. `params` of an op that shares a layer with an earlier one are 0: the earlier op has them. */
  readonly ops: readonly Cost[];
  /** Parameters of the graph's idle layers, in their order. */
  readonly idleParams: readonly Count[];
  /** The whole model, with idle layers; lower bounds where the graph has unknown parts. */
  readonly total: Cost;
}

/** The sum of costs: of a line's instances, or of a whole network. */
export function sumCosts(costs: readonly Cost[]): Cost {
  return {
    params: sumCounts(costs.map((cost) => cost.params)),
    macs: sumCounts(costs.map((cost) => cost.macs)),
    activations: sumCounts(costs.map((cost) => cost.activations)),
    latencyMs: sumCounts(costs.map((cost) => cost.latencyMs)),
  };
}

/** Costs a network for a batch of one on a device. */
export function reportCosts(graph: NetworkGraph, device: DeviceProfile): CostReport {
  const seen = new Set<string>();
  const ops = graph.ops.map((op) => costOfOp(graph, op, newParameters(op.parameters, seen), device));
  const idleParams = graph.idle.map((layer) => sumCounts(newParameters(layer.parameters, seen).map(parameterElements)));
  const idle = idleParams.map((params) => ({ ...nothing, params }));
  const missing = graph.unknowns.map(({ reason }) => unknownCost(reason));
  return { device, ops, idleParams, total: sumCosts([...ops, ...idle, ...missing]) };
}

const nothing: Cost = { params: exactly(0), macs: exactly(0), activations: exactly(0), latencyMs: exactly(0) };

function unknownCost(reason: string): Cost {
  const unknown: Count = { kind: 'unknown', reason };
  return { params: unknown, macs: unknown, activations: unknown, latencyMs: unknown };
}

/** The trained parameters that no earlier op had; marks them as seen. */
function newParameters(parameters: readonly Parameter[], seen: Set<string>): readonly Parameter[] {
  return parameters.filter((parameter) => {
    if (!isTrained(parameter) || seen.has(parameter.id)) return false;
    seen.add(parameter.id);
    return true;
  });
}

function costOfOp(graph: NetworkGraph, op: Op, parameters: readonly Parameter[], device: DeviceProfile): Cost {
  const shapesOf = (ids: readonly number[]): readonly Shape[] => ids.map((id) => valueOf(graph, id).shape);
  const inputs = shapesOf(op.inputs);
  const outputs = shapesOf(op.outputs);
  const macs = macsOf(op.attributes, inputs, outputs);
  return {
    params: paramsOf(op, parameters),
    macs,
    activations: activationsOf(op.attributes, outputs),
    latencyMs: latencyMsOf(macs, memoryBytesOf(op.attributes, inputs, outputs), device),
  };
}

/** What an opaque op's parameters come to is only known as far as the frontend saw them. */
function paramsOf(op: Op, parameters: readonly Parameter[]): Count {
  const counts = parameters.map(parameterElements);
  if (op.attributes.kind !== 'opaque') return sumCounts(counts);
  return sumCounts([...counts, { kind: 'unknown', reason: op.attributes.reason }]);
}
