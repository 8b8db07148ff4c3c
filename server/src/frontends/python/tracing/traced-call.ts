// How a row of the library tables looks: a signature and what the call does to the network.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { OpAttributes } from '../../../network/op.ts';
import type { UnknownDimension } from '../../../network/shape.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
import { int, tuple, unknown } from '../evaluator/values.ts';
import type { Fold } from './constants.ts';
import { bindSignature, signature, type BoundArguments, type Signature } from './signature.ts';
import type { TracedNetwork } from './traced-network.ts';
import type { Machine, Arguments, PyValue, TensorValue, TupleValue } from '../evaluator/machine.ts';
import { numberOf } from '../evaluator/numbers.ts';

/** One call of a library function under way. */
export interface TracedCall {
  readonly machine: Machine;
  readonly network: TracedNetwork;
  readonly args: BoundArguments;
  readonly span: SourceSpan;
  /** What a hover calls it: `F.relu`, `Conv2d`. */
  readonly label: string;
}

export type TracedBody = (call: TracedCall) => PyValue;

/** A function of the library: how it is called and what it does. */
export interface TracedFunction {
  readonly signature: Signature;
  readonly body: TracedBody;
  /** Takes unknown arguments without becoming unknown itself. */
  readonly toleratesUnknown: boolean;
}

/** One row of a function table. */
export function fn(text: string, body: TracedBody, toleratesUnknown = false): TracedFunction {
  return { signature: signature(text), body, toleratesUnknown };
}

/** Calls a row. An unknown argument makes the result unknown, and the network a lower bound. */
export function callTraced(
  machine: Machine,
  network: TracedNetwork,
  row: TracedFunction,
  label: string,
  args: Arguments,
  span: SourceSpan,
): PyValue {
  const bound = bindSignature(machine, label, row.signature, args, span);
  const lost = row.toleratesUnknown ? undefined : bound.firstUnknown();
  if (lost) {
    machine.loseTrack(lost.reason, lost.span);
    return lost;
  }
  return row.body({ machine, network, args: bound, span, label });
}

/** Says that something could not be followed; the totals become lower bounds. */
export function giveUp(call: TracedCall, reason: string): PyValue {
  call.machine.loseTrack(reason, call.span);
  return unknown(reason, call.span);
}

/** A number as a tensor without dimensions. */
function scalarTensor(value: number, dtype?: string): TensorValue {
  return { kind: 'tensor', shape: [], fill: value, ...(dtype !== undefined && { dtype }) };
}

/** A tensor or a number as a tensor; undefined for anything else. */
export function asTensor(value: PyValue): TensorValue | undefined {
  if (value.kind === 'tensor') return value;
  const number = numberOf(value);
  return number === undefined ? undefined : scalarTensor(number, value.kind === 'float' ? undefined : 'int');
}

/** An axis counted from the front. */
export function axisOf(tensor: TensorValue, axis: number): number {
  return axis < 0 ? axis + tensor.shape.length : axis;
}

/** Axes of a call: all for none, one, or several, counted from the front. */
export function axesOf(call: TracedCall, input: TensorValue, name = 'dim'): readonly number[] {
  if (call.args.isNone(name)) return input.shape.map((_, axis) => axis);
  return (call.args.integers(name, 0) ?? []).map((axis) => axisOf(input, axis));
}

/** A number that depends on the numbers in the input: `subject` says of what, as the beginning of a sentence. */
export function unknownCount(subject: string, span: SourceSpan): UnknownDimension {
  return { kind: 'unknown', reason: `${subject} depends on the values in the input`, span };
}

/** Emits an op over the tensor argument `input`, without parameters. */
export function emitOn(
  call: TracedCall,
  input: TensorValue | undefined,
  attributes: OpAttributes,
  fold?: Fold,
  dtype?: string,
): PyValue {
  if (input === undefined) return giveUp(call, `${call.label} is given something that is no known tensor`);
  return call.network.emit(call.machine, {
    label: call.label,
    attributes,
    inputs: [input],
    span: call.span,
    fold,
    dtype,
  });
}

/** A dimension as Python sees it: an integer that follows another width, or unknown. */
export function dimensionValue(tensor: TensorValue, axis: number, span: SourceSpan): PyValue {
  const index = axis < 0 ? axis + tensor.shape.length : axis;
  const size = tensor.shape[index];
  if (typeof size === 'number')
    return int(size, { kind: 'shape', value: size, of: `dimension ${String(index)} of a tensor` });
  return unknown(size?.reason ?? `The tensor has no dimension ${String(axis)}`, size?.span ?? span);
}

/** `tensor.shape`. */
export function sizeOf(tensor: TensorValue, span: SourceSpan): TupleValue {
  return { ...tuple(tensor.shape.map((_, axis) => dimensionValue(tensor, axis, span))), isSize: true };
}

/** The trail of a value that a layer keeps as an attribute. */
export function originOf(value: PyValue): WidthOrigin | undefined {
  return value.kind === 'int' ? value.origin : undefined;
}

/** A parameter or buffer; its id is given when modules are named. */
export function parameterTensor(
  shape: readonly number[],
  role: NonNullable<TensorValue['parameter']>['role'],
  trainable = true,
): TensorValue {
  return { kind: 'tensor', shape, parameter: { id: '', role, trainable } };
}

/** Elements and where they stood, by position and by name (`torch.return_types`). */
export function withPlaces(elements: PyValue): PyValue {
  return { ...tuple([elements, elements]), fields: ['values', 'indices'] };
}
