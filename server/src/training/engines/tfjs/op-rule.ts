// What a differentiation rule is: how an op computes its output, and how a gradient is pulled back through it.

import type { Op, OpId, Parameter, ParameterRole } from '../../../network/op.ts';
import type { AttributesByKind, TrainableKind } from '../trainable.ts';
import { parameterOf } from '../training-state.ts';
import type { Placed } from './placed.ts';
import type { Backend, Tensor } from './tensorflow.ts';

/** Training uses batch statistics and drops units; inference uses running statistics and drops none. */
type Mode = 'training' | 'inference';

/** What all ops of one pass share. Rules only read, but for the running statistics. */
export interface Pass {
  readonly backend: Backend;
  readonly mode: Mode;
  /** Trainable parameters by id, in the network's layout. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Running statistics by id, as they were before the step. */
  readonly buffers: { get(id: string): Tensor | undefined };
  /** Takes what a running statistic is after the step. */
  updateBuffer(id: string, tensor: Tensor): void;
  /** What a dropout multiplies by, in the order of the network's axes. */
  dropoutMask(op: Op, rate: number, size: number): Float32Array;
  /** What the outputs of gated ops are multiplied by, channel by channel. */
  readonly gateMasks?: ReadonlyMap<OpId, Float32Array>;
  /** Steps done, this one included. Cumulative averages need it. */
  readonly stepCount: number;
}

export interface RuleContext<K extends TrainableKind> extends Pass {
  readonly op: Op;
  readonly attributes: AttributesByKind[K];
  readonly inputs: readonly Placed[];
  /** As the network has it, with the real batch size. */
  readonly outputShape: readonly number[];
}

/** Gradients of the loss; `undefined` where none flows. */
interface Gradients {
  /** One entry an input; may be left out where the caller did not want it. */
  readonly inputs: readonly (Placed | undefined)[];
  readonly parameters?: readonly (readonly [Parameter, Tensor])[];
  /** By the mask of the op's gate. */
  readonly gateMask?: Tensor;
}

/** An op that has been computed. */
export interface Applied {
  readonly output: Placed;
  /** Every tensor but parameters that the pullback reads, inputs and outputs included. All others may be gone by then. */
  readonly needs?: readonly Tensor[];
  /**
   * The gradients from the output's gradient. `wanted` says for which inputs; parameters always get theirs. Absent where
   * nothing can flow back.
   */
  readonly pullback?: (gradient: Placed, wanted: readonly boolean[]) => Gradients;
}

/** How one kind of op is trained. */
export type OpRule<K extends TrainableKind> = (context: RuleContext<K>) => Applied;

/** The tensor of the parameter of a role with the parameter itself; undefined when the op has none. */
export function tensorOf(
  context: Pass & { readonly op: Op },
  role: ParameterRole,
): { readonly parameter: Parameter; readonly tensor: Tensor } | undefined {
  const parameter = parameterOf(context.op, role);
  if (parameter === undefined) return undefined;
  const tensor = context.parameters.get(parameter.id);
  if (tensor === undefined) throw new Error(`No tensor for the parameter ${parameter.id}`);
  return { parameter, tensor };
}

/** As `tensorOf`, for a parameter that ops of this kind can't be without. */
export function requiredTensorOf(context: Pass & { readonly op: Op }, role: ParameterRole) {
  const found = tensorOf(context, role);
  if (found === undefined) throw new Error(`${context.op.name} has no ${role}`);
  return found;
}

/** An input that ops of this kind can't be without. */
export function inputOf(context: { readonly op: Op; readonly inputs: readonly Placed[] }, index = 0): Placed {
  const input = context.inputs[index];
  if (input === undefined) throw new Error(`${context.op.name} has no input ${String(index)}`);
  return input;
}
