// What a differentiation rule is: how an op computes its output, and how a gradient is pulled back through it.

import type { Op, OpId, Parameter, ParameterRole } from '../../../network/op.ts';
import type { AttributesByKind, TrainableKind } from '../trainable.ts';
import { parameterOf } from '../training-state.ts';
import type { GraphEmitter, Tensor } from './graph-emitter.ts';

/** Training uses batch statistics and drops units; inference uses running statistics and drops none. */
export type Mode = 'training' | 'inference';

/** A mask that is fed at each step: 0 where a unit is dropped, 1 / (1 - rate) elsewhere. */
export interface DropoutMask {
  readonly op: Op;
  readonly rate: number;
  readonly tensor: Tensor;
}

/** What the rules of one graph share. Rules read it; the maps and lists grow as ops are emitted. */
export interface Emission {
  readonly graph: GraphEmitter;
  readonly mode: Mode;
  /** Trainable parameters by id. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Running statistics by id: what they were before the step, then what they are after the ops emitted so far. */
  readonly buffers: Map<string, Tensor>;
  readonly dropoutMasks: DropoutMask[];
  /** What the outputs of gated ops are multiplied by, channel by channel. */
  readonly gateMasks?: ReadonlyMap<OpId, Tensor>;
  /** Steps done, this one included; a scalar. Cumulative averages need it. */
  readonly stepCount: Tensor;
}

export interface RuleContext<K extends TrainableKind> extends Emission {
  readonly op: Op;
  readonly attributes: AttributesByKind[K];
  readonly inputs: readonly Tensor[];
  /** Per input, whether this op alone reads it; what computes it may then be joined into this op. */
  readonly isOnlyReader: readonly boolean[];
  /** With the real batch size. */
  readonly outputShape: readonly number[];
}

/** Gradients of the loss; `undefined` where none flows. */
interface Gradients {
  /** One entry an input; may be left out where the caller did not want it. */
  readonly inputs: readonly (Tensor | undefined)[];
  readonly parameters?: readonly (readonly [Parameter, Tensor])[];
  /** By the mask of the op's gate. */
  readonly gateMask?: Tensor;
}

/** An op that has been emitted. */
export interface Emitted {
  readonly output: Tensor;
  /**
   * Emits the gradients from the output's gradient. `wanted` says for which inputs; parameters always get theirs.
   * Absent where nothing can flow back.
   */
  readonly pullback?: (gradient: Tensor, wanted: readonly boolean[]) => Gradients;
}

/** How one kind of op is trained. */
export interface OpRule<K extends TrainableKind> {
  readonly emit: (context: RuleContext<K>) => Emitted;
}

/** The tensor of the parameter of a role with the parameter itself; undefined when the op has none. */
export function tensorOf(
  context: Emission & { readonly op: Op },
  role: ParameterRole,
): { parameter: Parameter; tensor: Tensor } | undefined {
  const parameter = parameterOf(context.op, role);
  if (parameter === undefined) return undefined;
  const tensor = context.parameters.get(parameter.id);
  if (tensor === undefined) throw new Error(`No tensor for the parameter ${parameter.id}`);
  return { parameter, tensor };
}

/** As `tensorOf`, for a parameter that ops of this kind can't be without. */
export function requiredTensorOf(
  context: Emission & { readonly op: Op },
  role: ParameterRole,
): { parameter: Parameter; tensor: Tensor } {
  const found = tensorOf(context, role);
  if (found === undefined) throw new Error(`${context.op.name} has no ${role}`);
  return found;
}

/** An input that ops of this kind can't be without. */
export function inputOf(context: { readonly op: Op; readonly inputs: readonly Tensor[] }, index = 0): Tensor {
  const input = context.inputs[index];
  if (input === undefined) throw new Error(`${context.op.name} has no input ${String(index)}`);
  return input;
}
