// The weights that a trained network has left at other widths: which channels stay, and of every parameter what belongs to
// these. Where all that goes was zero, the network computes what it did.

import type { Result } from '../common/problem.ts';
import { opOf, valueOf } from '../network/network-graph.ts';
import { channelAxisOf, parameterAxesOf, widthsOf, type ParameterAxis } from '../network/op-traits.ts';
import type { Op, Parameter, ValueId } from '../network/op.ts';
import { formatShape } from '../network/shape.ts';
import type { ChannelGrouping } from './channel-grouping.ts';
import { chooseSources, sourcePlaces } from './choose-sources.ts';
import { regularizationVector } from './op-regularizers.ts';
import { rebuildGraph, survivalsOf, type RebuiltNetwork } from './rebuild-graph.ts';
import { axesOfAligned } from './rebuilt-op.ts';

export interface WeightTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** By the parameters' names. */
export type Weights = ReadonlyMap<string, WeightTensor>;

export interface SurvivingNetwork extends RebuiltNetwork {
  readonly weights: Weights;
}

/** Group lasso's share of the L1 term where nothing else is said (spec 2.1). */
const usualL1Fraction = 0;

/** The network at these widths by group name, with what is left of its weights; in each group the strongest channels stay. */
export function survivingNetwork(
  grouping: ChannelGrouping,
  widths: ReadonlyMap<string, number>,
  weights: Weights,
): Result<SurvivingNetwork> {
  const wider = grouping.groups.find(({ name, size }) => (widths.get(name) ?? size) > size);
  if (wider !== undefined)
    return {
      ok: false,
      error: `${wider.name} is to have more channels than it has, and no weights are there for them`,
    };
  const misfit = misfitOf(grouping, weights);
  if (misfit !== undefined) return { ok: false, error: misfit };
  const counts = strongestChannels(grouping, widths, weights);
  const rebuilt = rebuildGraph(grouping, counts);
  if (!rebuilt.ok) return rebuilt;
  const places = new KeptPlaces(grouping, counts);
  const left = new Map<string, WeightTensor>();
  for (const [seed, id] of rebuilt.value.newIds) {
    const op = opOf(grouping.graph, seed);
    for (const [index, parameter] of op.parameters.entries()) {
      const tensor = weights.get(parameter.id);
      if (tensor === undefined || left.has(parameter.id)) continue;
      const slim = places.of(op, parameter, tensor);
      const wanted = opOf(rebuilt.value.graph, id).parameters[index]?.shape ?? [];
      if (slim === undefined || formatShape(slim.shape) !== formatShape(wanted))
        return { ok: false, error: `what is left of ${parameter.id} can't be told from the rest of it` };
      left.set(parameter.id, slim);
    }
  }
  return { ok: true, value: { ...rebuilt.value, weights: left } };
}

function misfitOf({ graph }: ChannelGrouping, weights: Weights): string | undefined {
  for (const { parameters } of graph.ops) {
    for (const { id, shape } of parameters) {
      const given = weights.get(id);
      if (given !== undefined && formatShape(given.shape) !== formatShape(shape))
        return `${id} is ${formatShape(given.shape)} among the weights and ${formatShape(shape)} in the model`;
    }
  }
  return undefined;
}

/** 1 for each channel that stays. A group in which nothing tells them apart keeps its first ones. */
function strongestChannels(
  grouping: ChannelGrouping,
  widths: ReadonlyMap<string, number>,
  weights: Weights,
): Int32Array {
  const { graph, offsets, groupOfChannel } = grouping;
  const { sources, groups } = chooseSources(grouping, 'auto', usualL1Fraction);
  const vectors = new Map(
    sources.flatMap((source) => {
      const op = opOf(graph, source.op);
      const role = source.kind === 'gamma' ? 'scale' : 'weight';
      const tensor = weights.get(op.parameters.find((parameter) => parameter.role === role)?.id ?? '');
      return tensor === undefined
        ? []
        : [[source.op, regularizationVector(op, source, tensor.shape, tensor.data)] as const];
    }),
  );
  const counts = new Int32Array(groupOfChannel.length).fill(1);
  for (const group of groups) {
    const width = widths.get(group.name) ?? group.size;
    if (width >= group.size) continue;
    const strength = new Float64Array(group.size);
    for (const slice of group.sources) {
      const vector = vectors.get(slice.op);
      const repeat = slice.repeat ?? 1;
      for (const [index, place] of sourcePlaces(slice).entries()) {
        const channel = Math.floor(index / repeat);
        strength[channel] = Math.max(strength[channel] ?? 0, vector?.[place] ?? 0);
      }
    }
    const order = [...strength.keys()].sort((left, right) => (strength[right] ?? 0) - (strength[left] ?? 0));
    for (const channel of order.slice(width)) counts[(offsets[group.id] ?? 0) + channel] = 0;
  }
  return counts;
}

/** Which places of a parameter's axes stay. */
class KeptPlaces {
  readonly #grouping: ChannelGrouping;
  readonly #survivals: ReturnType<typeof survivalsOf>;

  constructor(grouping: ChannelGrouping, counts: Int32Array) {
    this.#grouping = grouping;
    this.#survivals = survivalsOf(grouping, counts, new Set());
  }

  /** Undefined where parts of the parameter that belong together would keep different numbers of places. */
  of(op: Op, parameter: Parameter, tensor: WeightTensor): WeightTensor | undefined {
    const { shape } = tensor;
    if (op.attributes.kind === 'opaque') return tensor;
    if (widthsOf(op.attributes).out === undefined) return taken(tensor, this.#alignedPlaces(op, shape));
    const axes = parameterAxesOf(op, parameter).filter(
      // Lengths that scale parts of a weight are single numbers along the axes that they are not told apart on.
      ({ axis }) => parameter.role !== 'other' || shape[axis] !== 1,
    );
    const grouped = axes.find(({ groups }) => groups > 1);
    const places = shape.map((size, axis) => {
      const own = axes.find((one) => one.axis === axis && one.groups === 1);
      return own === undefined ? all(size) : this.#placesAt(op, own.end, size);
    });
    return grouped === undefined ? taken(tensor, places) : this.#takenByGroup(op, tensor, places, grouped);
  }

  /** The weights of a grouped convolution: what a row has along `grouped` are the channels of its own group. */
  #takenByGroup(
    op: Op,
    tensor: WeightTensor,
    places: readonly (readonly number[])[],
    { axis, end, groups }: ParameterAxis,
  ): WeightTensor | undefined {
    const share = tensor.shape[axis] ?? 1;
    const kept = this.#placesAt(op, end, share * groups);
    const byGroup = Array.from({ length: groups }, (_, group) =>
      kept.flatMap((place) => (Math.floor(place / share) === group ? [place - group * share] : [])),
    );
    // Rows are of the other end, whose channels stand group by group.
    const rows = places[0] ?? [];
    const rowsOfGroup = (tensor.shape[0] ?? 0) / groups;
    const parts = byGroup.map((own, group) => {
      const ownRows = rows.filter((row) => Math.floor(row / rowsOfGroup) === group);
      return taken(
        tensor,
        places.map((plain, at) => (at === axis ? own : at === 0 ? ownRows : plain)),
      );
    });
    // Depthwise convolutions lose whole groups.
    const left = parts.filter(({ data }) => data.length > 0);
    const [first] = left;
    if (first === undefined || left.some(({ shape }) => shape[axis] !== first.shape[axis])) return undefined;
    const total = left.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
    const data = new Float32Array(left.reduce((sum, part) => sum + part.data.length, 0));
    let at = 0;
    for (const part of left) {
      data.set(part.data, at);
      at += part.data.length;
    }
    return { shape: [total, ...first.shape.slice(1)], data };
  }

  /** Of an op's output, or of its first input. */
  #placesAt(op: Op, end: ParameterAxis['end'], size: number): readonly number[] {
    const value = end === 'out' ? op.outputs[0] : op.inputs[0];
    const rank = value === undefined ? 0 : valueOf(this.#grouping.graph, value).shape.length;
    return this.#keptOn(value, channelAxisOf(op, rank), size);
  }

  #keptOn(value: ValueId | undefined, axis: number | undefined, size: number): readonly number[] {
    if (value === undefined || this.#grouping.valueChannels[value]?.axis !== axis) return all(size);
    const survival = this.#survivals[value];
    const kept = survival === undefined || survival.kind === 'vanished' ? undefined : survival.kept;
    if (kept?.length !== size) return all(size);
    return all(size).filter((place) => kept[place] !== 0);
  }

  #alignedPlaces(op: Op, shape: readonly number[]): readonly (readonly number[])[] {
    const output = op.outputs[0] ?? -1;
    const whole = valueOf(this.#grouping.graph, output).shape;
    const axes = axesOfAligned(op, whole);
    return shape.map((size, index) => {
      const axis = axes.length === shape.length ? axes[index] : undefined;
      return axis === undefined || whole[axis] !== size ? all(size) : this.#keptOn(output, axis, size);
    });
  }
}

function all(size: number): readonly number[] {
  return Array.from({ length: size }, (_, place) => place);
}

/** The elements at these places of each axis, in their order. */
function taken({ shape, data }: WeightTensor, places: readonly (readonly number[])[]): WeightTensor {
  const slim = places.map((own) => own.length);
  const result = new Float32Array(slim.reduce((product, size) => product * size, 1));
  let written = 0;
  const visit = (axis: number, start: number): void => {
    const own = places[axis];
    if (own === undefined) {
      result[written] = data[start] ?? NaN;
      written += 1;
      return;
    }
    const stride = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    for (const place of own) visit(axis + 1, start + place * stride);
  };
  visit(0, 0);
  return { shape: slim, data: result };
}
