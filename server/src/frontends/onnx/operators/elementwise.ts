// Operators that work element by element, with what they make of elements that are known beforehand.

import type { ActivationFunction, OpAttributes } from '../../../network/op.ts';
import { isKnownShape } from '../../../network/shape.ts';
import { broadcastShapes } from '../../../network/dimensions.ts';
import { arrayOf, combine } from '../elements.ts';
import { elementsOf, NotKnown, type NodeCall } from '../node-call.ts';
import type { Elements, Known, Tensor } from '../tensor.ts';
import type { Operator } from './operator.ts';

type Combination = Extract<OpAttributes, { readonly kind: 'elementwise' }>['operator'];

const knownArray = (tensor: Known): ReturnType<typeof arrayOf> => arrayOf(tensor.shape, elementsOf(tensor));

function combined(
  inputs: readonly Known[],
  compute: ((...numbers: readonly number[]) => number) | undefined,
): Elements | undefined {
  if (compute === undefined) return undefined;
  const shape = inputs.reduce<ReturnType<typeof broadcastShapes>>(
    (whole, input) => whole && broadcastShapes(whole, input.shape),
    [],
  );
  return shape !== undefined && isKnownShape(shape) ? combine(inputs.map(knownArray), shape, compute) : undefined;
}

export function activation(name: ActivationFunction, compute?: (number: number) => number): Operator {
  return (call) => {
    const input = call.input();
    const slope = call.node.attributes.get('alpha');
    return call.emit({
      attributes: {
        kind: 'activation',
        function: name,
        channelAxis: 1,
        ...(slope?.kind === 'number' && (name === 'leaky-relu' || name === 'elu') && { slope: slope.value }),
      },
      inputs: [input],
      elements: combined([input], compute),
    });
  };
}

/** Bounds stand in attributes in older versions, in inputs since. */
export const clip: Operator = (call) => {
  const input = call.input();
  const bound = (name: string, index: number): number | undefined => {
    const attribute = call.node.attributes.get(name);
    if (attribute?.kind === 'number') return attribute.value;
    const tensor = call.optional(index);
    const [element] = tensor === undefined ? [] : (elementsOf(tensor) ?? []);
    return typeof element === 'number' ? element : undefined;
  };
  const [low, high] = [bound('min', 1), bound('max', 2)];
  const isRelu6 = low === 0 && high === 6;
  return call.emit({
    attributes: { kind: 'activation', function: isRelu6 ? 'relu6' : 'other', channelAxis: 1 },
    inputs: [input],
    elements: combined([input], (number) => Math.min(Math.max(number, low ?? -Infinity), high ?? Infinity)),
  });
};

/** What a chain of two operands makes of any number of them. */
export function elementwise(
  operator: Combination,
  compute?: (...numbers: readonly number[]) => number,
  indices?: readonly number[],
): Operator {
  return (call) => {
    const inputs = indices === undefined ? call.all() : indices.map((index) => call.input(index));
    const [only] = inputs;
    if (only === undefined) throw new NotKnown('there is nothing to combine');
    if (inputs.length === 1) return only;
    return call.emit({
      attributes: { kind: 'elementwise', operator },
      inputs: inputs.map((input) => aligned(call, input, inputs)),
      elements: combined(inputs, compute),
    });
  };
}

/** Before version 7 an operand was laid along the axes from `axis` on, where the node asked for it. */
function aligned(call: NodeCall, input: Known, inputs: readonly Known[]): Known {
  const [first] = inputs;
  if (call.version >= 7 || call.integer('broadcast', 0) === 0 || first === undefined || input === first) return input;
  const rank = first.shape.length;
  const axis = call.axis(call.integer('axis', rank - input.shape.length), rank);
  const behind = Math.max(0, rank - axis - input.shape.length);
  const shape = [...input.shape, ...Array.from({ length: behind }, () => 1)];
  return behind === 0 ? input : call.made({ attributes: { kind: 'reshape', shape }, inputs: [input], part: 'reshape' });
}

/** A remainder with the sign of the divisor, or with `fmod` that of the dividend. */
export const remainder: Operator = (call) =>
  elementwise('divide', (left = 0, right = 1) =>
    call.integer('fmod', 0) === 0 ? left - right * Math.floor(left / right) : left % right,
  )(call);

/** Whole numbers are divided towards zero. */
export const quotient: Operator = elementwise('divide', (left = 0, right = 1) =>
  Number.isInteger(left) && Number.isInteger(right) ? Math.trunc(left / right) : left / right,
);

export const choice: Operator = elementwise('where', (condition = 0, one = 0, other = 0) =>
  condition === 0 ? other : one,
);

/** The tensor as it is: other types and marks of quantization change no shape. */
export const passed: Operator = (call) => call.input();

export function dropout(call: NodeCall): readonly Tensor[] {
  const made = call.emit({
    attributes: { kind: 'dropout', rate: Math.min(1, Math.max(0, call.integer('ratio', 0.5))) },
    inputs: [call.input()],
  });
  return [made, made];
}

export const softmax =
  (log: boolean): Operator =>
  (call) =>
    call.emit({
      attributes: { kind: 'softmax', axis: call.axis(call.integer('axis', call.version < 13 ? 1 : -1)), log },
      inputs: [call.input()],
    });
