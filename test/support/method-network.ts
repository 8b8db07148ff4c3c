// Networks and measurements as the method's specification states its numeric vectors: SAME padding, layers of convolution,
// batch norm and ReLU, scales by layer.

import { expect } from 'vitest';
import { findDevice, type DeviceProfile } from '../../server/src/costs/device-profile.ts';
import type { NetworkGraph } from '../../server/src/network/network-graph.ts';
import type { Op, OpId, Padding, Parameter, ValueId } from '../../server/src/network/op.ts';
import {
  analyzeStructure,
  type StructureAnalysis,
  type StructureOptions,
} from '../../server/src/structure/analyze-structure.ts';
import { evaluateRegularizer, type RegularizerEvaluation } from '../../server/src/structure/evaluate-regularizer.ts';
import { NetworkDrawing } from './network-drawing.ts';

export interface LayerOptions {
  readonly stride?: number;
  readonly groups?: number;
  /** Batch norm and ReLU follow, as in the specification, unless told otherwise. */
  readonly norm?: boolean | 'unscaled';
  readonly relu?: boolean;
}

/** TensorFlow's SAME padding: the output is the input's size over the stride, rounded up. */
function samePadding(size: number, kernel: number, stride: number): Padding {
  const all = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
  return { before: Math.floor(all / 2), after: Math.ceil(all / 2) };
}

export class MethodNetwork extends NetworkDrawing {
  /** A layer of the specification: convolution, batch norm `<name>/norm`, ReLU `<name>/relu`. */
  layer(
    name: string,
    from: ValueId,
    outChannels: number,
    kernel: number | readonly number[],
    options: LayerOptions = {},
  ): ValueId {
    const { stride = 1, groups = 1, norm = true, relu = true } = options;
    const [, inChannels = 0, ...space] = this.builder.shapeOf(from).map(Number);
    const sizes = typeof kernel === 'number' ? space.map(() => kernel) : kernel;
    const weight: Parameter = {
      id: `${name}.weight`,
      role: 'weight',
      shape: [outChannels, inChannels / groups, ...sizes],
    };
    const bias: Parameter = { id: `${name}.bias`, role: 'bias', shape: [outChannels] };
    let value = this.add(
      name,
      {
        kind: 'convolution',
        inChannels,
        outChannels,
        kernel: sizes,
        stride: space.map(() => stride),
        padding: space.map((size, axis) => samePadding(size, sizes[axis] ?? 1, stride)),
        paddingMode: 'zeros',
        dilation: space.map(() => 1),
        groups,
        channelAxis: 1,
      },
      [from],
      norm === false ? [weight, bias] : [weight],
    );
    if (norm !== false) value = this.norm(`${name}/norm`, value, norm !== 'unscaled');
    return relu ? this.relu(`${name}/relu`, value) : value;
  }

  /** Depthwise, without norm and ReLU unless told otherwise. */
  depthwise(name: string, from: ValueId, kernel: number, multiplier = 1, options: LayerOptions = {}): ValueId {
    const width = Number(this.builder.shapeOf(from)[1]);
    return this.layer(name, from, width * multiplier, kernel, { norm: false, relu: false, ...options, groups: width });
  }

  norm(name: string, from: ValueId, hasScale = true): ValueId {
    const channels = Number(this.builder.shapeOf(from)[1]);
    const parameter = (role: Parameter['role']): Parameter => ({ id: `${name}.${role}`, role, shape: [channels] });
    return this.add(
      name,
      { kind: 'batch-norm', channels, epsilon: 1e-3, momentum: 0.01, hasScale, hasShift: true, channelAxis: 1 },
      [from],
      [
        ...(hasScale ? [parameter('scale')] : []),
        parameter('shift'),
        parameter('running-mean'),
        parameter('running-variance'),
      ],
    );
  }

  transposed(
    name: string,
    from: ValueId,
    outChannels: number,
    kernel: number | readonly number[],
    stride: number,
  ): ValueId {
    const [, inChannels = 0, ...space] = this.builder.shapeOf(from).map(Number);
    const sizes = typeof kernel === 'number' ? space.map(() => kernel) : kernel;
    return this.add(
      name,
      {
        kind: 'transposed-convolution',
        inChannels,
        outChannels,
        kernel: sizes,
        stride: space.map(() => stride),
        // The output is the input's size times the stride.
        padding: sizes.map((size) => ({
          before: Math.floor((size - stride) / 2),
          after: Math.ceil((size - stride) / 2),
        })),
        outputPadding: space.map(() => 0),
        dilation: space.map(() => 1),
        groups: 1,
        channelAxis: 1,
      },
      [from],
      [{ id: `${name}.weight`, role: 'weight', shape: [inChannels, outChannels, ...sizes] }],
    );
  }

  multiply(name: string, ...from: ValueId[]): ValueId {
    return this.add(name, { kind: 'elementwise', operator: 'multiply' }, from);
  }

  sigmoid(name: string, from: ValueId): ValueId {
    return this.add(name, { kind: 'activation', function: 'sigmoid', channelAxis: 1 }, [from]);
  }

  concatOn(name: string, axis: number, ...from: ValueId[]): ValueId {
    return this.add(name, { kind: 'concat', axis }, from);
  }

  /** Mean over all positions. */
  mean(name: string, from: ValueId, keepDimensions = false): ValueId {
    const axes = this.builder
      .shapeOf(from)
      .slice(2)
      .map((_, index) => index + 2);
    return this.add(name, { kind: 'reduce', reducer: 'mean', axes, keepDimensions }, [from]);
  }

  slice(name: string, from: ValueId, start: number, size: number, step = 1): ValueId {
    return this.add(name, { kind: 'slice', axis: 1, start, size, step }, [from]);
  }

  /** An image that is no input of the network and has no channels of its own to lose. */
  constant(name: string, shape: readonly number[]): ValueId {
    return this.add(name, { kind: 'constant', shape }, []);
  }
}

export function deviceNamed(name: string): DeviceProfile {
  const found = findDevice(name);
  if (!found.ok) throw new Error(found.error);
  return found.value;
}

export function opNamed(graph: NetworkGraph, name: string): Op {
  const found = graph.ops.find((op) => op.name === name);
  if (found === undefined) throw new Error(`No op ${name}; there are ${graph.ops.map((op) => op.name).join(', ')}`);
  return found;
}

/** An analysis that is expected to succeed: FLOPs by gamma, outputs free as in the specification's vectors. */
export function analysisOf(graph: NetworkGraph, options: Partial<StructureOptions> = {}): StructureAnalysis {
  const analysis = analyzeStructure(graph, {
    algorithm: 'gamma',
    resource: 'flops',
    threshold: 0.5,
    prunableOutputs: true,
    ...options,
  });
  if (!analysis.ok) throw new Error(analysis.error);
  return analysis.value;
}

/** What an analysis says at these vectors. */
export class Measurement {
  readonly analysis: StructureAnalysis;
  readonly vectors: ReadonlyMap<OpId, Float32Array>;
  readonly evaluation: RegularizerEvaluation;

  /** `values` by source op name; the name of a layer does for its batch norm. Scales may be negative. */
  constructor(analysis: StructureAnalysis, values: Readonly<Record<string, readonly number[]>>) {
    const known = new Map(Object.entries(values));
    this.analysis = analysis;
    this.vectors = new Map(
      analysis.sources.map(({ op }) => {
        const { name } = analysis.graph.ops[op]!;
        const found = known.get(name) ?? known.get(name.replace(/\/norm$/, ''));
        if (found === undefined) throw new Error(`No values for ${name}`);
        return [op, Float32Array.from(found, Math.abs)];
      }),
    );
    this.evaluation = evaluateRegularizer(analysis, this.vectors);
  }

  id(name: string): OpId {
    return opNamed(this.analysis.graph, name).id;
  }

  cost(name: string): number {
    return this.evaluation.opCosts[this.id(name)]!;
  }

  loss(name: string): number {
    return this.evaluation.opLosses[this.id(name)]!;
  }

  /** The channel numbers along an op's output. */
  channels(name: string): readonly number[] {
    const output = opNamed(this.analysis.graph, name).outputs[0]!;
    return [...(this.analysis.grouping.valueChannels[output]?.channels ?? [])];
  }

  alive(name: string): readonly number[] {
    return this.channels(name).map((channel) => this.evaluation.alive[channel]!);
  }

  aliveCount(name: string): number {
    return this.alive(name).reduce((sum, count) => sum + count, 0);
  }

  regularization(name: string): readonly number[] {
    return this.channels(name).map((channel) => this.evaluation.regularization[channel]!);
  }

  gradient(name: string): readonly number[] {
    const gradient =
      this.evaluation.gradients.get(this.id(name)) ?? this.evaluation.gradients.get(this.id(`${name}/norm`));
    if (gradient === undefined) throw new Error(`${name} is no source`);
    return [...gradient];
  }

  /** The names of the groups along an op's output, each once. */
  groups(name: string): readonly string[] {
    const { grouping } = this.analysis;
    return [...new Set(this.channels(name).map((channel) => grouping.groups[grouping.groupOfChannel[channel]!]!.name))];
  }

  /**
   * The sizes of an op's slices: runs of channels that have their neighbours beside them wherever they stand (spec 4.4).
   */
  slices(name: string): readonly number[] {
    const { groupOfChannel } = this.analysis.grouping;
    const sizes: number[] = [];
    let before: number | undefined;
    for (const channel of this.channels(name)) {
      const continues =
        before !== undefined && channel === before + 1 && groupOfChannel[channel] === groupOfChannel[before];
      if (continues) sizes[sizes.length - 1]! += 1;
      else sizes.push(1);
      before = channel;
    }
    return sizes;
  }
}

/** `n×[v]` of the specification, several one after the other. */
export function repeated(...parts: readonly (readonly [count: number, value: number])[]): readonly number[] {
  return parts.flatMap(([count, value]) => Array.from({ length: count }, () => value));
}

/** The specification's tolerance: relative 1e-5, on top of the float32 of its numbers. */
export function expectNear(actual: number, expected: number, tolerance = 1e-5): void {
  expect(Math.abs(actual - expected), `${String(actual)} against ${String(expected)}`).toBeLessThanOrEqual(
    tolerance * Math.max(1e-3, Math.abs(expected)),
  );
}

export function expectAllNear(actual: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, index) => expectNear(value, expected[index]!, tolerance));
}
