// What a training consists of, whichever engine runs it: the trained parameters, running statistics and optimiser slots
// with their names, shapes and first values; and how a saved state is checked before it replaces a session's own.

import { opOf, type NetworkGraph } from '../../network/network-graph.ts';
import type { Op, OpId, Parameter, ParameterRole } from '../../network/op.ts';
import { isKnownShape } from '../../network/shape.ts';
import type { RegularizerSource } from '../../structure/channel-group.ts';
import { regularizationVector } from '../../structure/op-regularizers.ts';
import type { CompileRequest, TensorState } from './engine.ts';
import { initialValues } from './initial-weights.ts';
import { slotsOf } from './optimizer-state.ts';
import { sizeOf } from './shape-arithmetic.ts';

/** Steps done; kept among the state so that a restored session goes on with the same random numbers and averages. */
const countName = 'step-count';

/** The parameter of a role, if the op has it. */
export function parameterOf(op: Op, role: ParameterRole): Parameter | undefined {
  return op.parameters.find((parameter) => parameter.role === role);
}

/** Something that lives from step to step. */
export interface StateEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: () => Float32Array;
}

/** A trained parameter with the op that it belongs to (the first, where ops share it). */
export interface TrainedParameter {
  readonly op: Op;
  readonly parameter: Parameter;
  readonly shape: readonly number[];
}

/** Every parameter that training changes, once. */
export function trainedParameters(graph: NetworkGraph): readonly TrainedParameter[] {
  const found = new Map<string, TrainedParameter>();
  for (const op of graph.ops) {
    for (const parameter of op.parameters) {
      if (parameter.role === 'running-mean' || parameter.role === 'running-variance' || found.has(parameter.id))
        continue;
      if (!isKnownShape(parameter.shape)) throw new Error(`The shape of ${parameter.id} is not known`);
      found.set(parameter.id, { op, parameter, shape: parameter.shape });
    }
  }
  return [...found.values()];
}

/** Running statistics of every batch norm; mean 0 and variance 1 at first. */
export function runningStatistics(graph: NetworkGraph): readonly StateEntry[] {
  const entries = new Map<string, StateEntry>();
  for (const op of graph.ops) {
    if (op.attributes.kind !== 'batch-norm') continue;
    const shape = [op.attributes.channels];
    const { mean, variance } = runningStatisticsOf(op);
    entries.set(mean, { name: mean, shape, initial: () => new Float32Array(shape[0] ?? 0) });
    entries.set(variance, { name: variance, shape, initial: () => new Float32Array(shape[0] ?? 0).fill(1) });
  }
  return [...entries.values()];
}

/** The name of an optimiser slot in the state. */
export function slotName(slot: string, parameterId: string): string {
  return `${slot}/${parameterId}`;
}

/** Names under which a batch norm's running statistics are kept; a graph that does not list them gets names from the op. */
export function runningStatisticsOf(op: Op): { readonly mean: string; readonly variance: string } {
  return {
    mean: parameterOf(op, 'running-mean')?.id ?? `${op.name}.running_mean`,
    variance: parameterOf(op, 'running-variance')?.id ?? `${op.name}.running_var`,
  };
}

/** The parameter that a source's regularization vector is made of; undefined for a batch norm without a scale, and for gates. */
export function sourceParameter(graph: NetworkGraph, source: RegularizerSource): Parameter | undefined {
  if (source.kind === 'gate') return undefined;
  return parameterOf(opOf(graph, source.op), source.kind === 'gamma' ? 'scale' : 'weight');
}

/** All that lives from step to step, in the order in which it is saved. */
export function stateEntries({ graph, optimizer, seed }: CompileRequest): readonly StateEntry[] {
  const trained = trainedParameters(graph);
  return [
    ...trained.map(({ op, parameter, shape }) => ({
      name: parameter.id,
      shape,
      initial: () => initialValues(op, parameter, seed),
    })),
    ...runningStatistics(graph),
    ...trained.flatMap(({ parameter, shape }) =>
      slotsOf(optimizer).map((slot) => ({
        name: slotName(slot, parameter.id),
        shape,
        initial: () => new Float32Array(sizeOf(shape)),
      })),
    ),
  ];
}

/** A saved state of these tensors after `stepCount` steps. */
export function savedState(tensors: TensorState, stepCount: number): TensorState {
  return new Map([...tensors, [countName, { shape: [], data: Float32Array.of(stepCount) }]]);
}

/** The number of steps that a saved state was taken after. Throws when it does not have exactly the tensors of `entries`. */
export function checkedStepCount(
  state: TensorState,
  entries: readonly { readonly name: string; readonly shape: readonly number[] }[],
): number {
  const count = state.get(countName)?.data[0];
  if (count === undefined) throw new Error('The state does not say how many steps were done');
  if (state.size !== entries.length + 1)
    throw new Error(`The state has ${String(state.size)} tensors in place of ${String(entries.length + 1)}`);
  for (const { name, shape } of entries) {
    const saved = state.get(name);
    if (saved === undefined) throw new Error(`The state lacks ${name}`);
    if (saved.shape.join() !== shape.join() || saved.data.length !== sizeOf(shape)) {
      throw new Error(`The state has ${name} as ${saved.shape.join('×')} in place of ${shape.join('×')}`);
    }
  }
  return count;
}

/** The regularization vectors of all sources but gates (`Gates`), from the present values of their parameters. */
export function regularizationVectorsOf(
  { graph, sources }: CompileRequest,
  valuesOf: (parameterId: string) => Float32Array,
): ReadonlyMap<OpId, Float32Array> {
  const vectors = new Map<OpId, Float32Array>();
  for (const source of sources) {
    if (source.kind === 'gate') continue;
    const parameter = sourceParameter(graph, source);
    // A batch norm without a scale acts as one of scales 1 (spec 2.1).
    const vector =
      parameter === undefined
        ? new Float32Array(source.channels).fill(1)
        : regularizationVector(opOf(graph, source.op), source, parameter.shape.map(Number), valuesOf(parameter.id));
    vectors.set(source.op, vector);
  }
  return vectors;
}
