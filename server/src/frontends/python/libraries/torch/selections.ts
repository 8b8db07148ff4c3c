// What picks elements by their values: how many there are is known of constants only, so their number becomes an unknown
// dimension, and what is computed of them an unknown amount.

import { tuple } from '../../evaluator/values.ts';
import { constantTensor, elementsOf } from '../../tracing/constants.ts';
import { emitOn, fn, giveUp, unknownCount, type TracedCall, type TracedFunction } from '../../tracing/traced-call.ts';
import type { PyValue } from '../../evaluator/machine.ts';

/** Places of the elements that are not zero: rows of indices, or one vector an axis. */
export function nonzero(call: TracedCall, name: string, asTuple: boolean): PyValue {
  const input = call.args.tensor(name);
  if (!input) return giveUp(call, 'Whose elements are searched is not known');
  const elements = elementsOf(input);
  const rank = input.shape.length;
  if (elements && rank === 1) {
    const places = elements.flatMap((value, i) => (value === 0 ? [] : [i]));
    const found = constantTensor(asTuple ? [places.length] : [places.length, 1], places, 'int');
    return asTuple ? tuple([found]) : found;
  }
  const count = unknownCount('How many elements are not zero', call.span);
  const shape = asTuple ? [count] : [count, rank];
  const found = emitOn(call, input, { kind: 'rearrange', operation: 'nonzero', shape }, undefined, 'int');
  return asTuple ? tuple(Array.from({ length: rank }, () => found)) : found;
}

export const selectionRows: Readonly<Record<string, TracedFunction>> = {
  nonzero: fn('input as_tuple=False', (call) => nonzero(call, 'input', call.args.flag('as_tuple'))),
  masked_select: fn('input mask', (call) => {
    const shape = [unknownCount('How many elements a mask picks', call.span)];
    return emitOn(call, call.args.tensor('input'), { kind: 'rearrange', operation: 'masked_select', shape });
  }),
};
