// Functions that cut a tensor into parts along an axis.

import { tuple } from '../../evaluator/values.ts';
import { axisOf, emitOn, giveUp, type TracedCall } from '../../tracing/traced-call.ts';
import type { PyValue, TensorValue } from '../../evaluator/machine.ts';

/** The pieces of a split along an axis. */
function pieces(call: TracedCall, input: TensorValue, axis: number, sizes: readonly number[]): PyValue {
  let start = 0;
  const parts = sizes.map((size) => {
    const part = emitOn(call, input, { kind: 'slice', axis, start, size, step: 1 });
    start += size;
    return part;
  });
  return tuple(parts);
}

interface Splitting {
  readonly input: TensorValue;
  readonly axis: number;
  readonly length: number;
}

/** What is to be split; undefined when its size is not known. */
export function splitting(call: TracedCall): Splitting | undefined {
  const input = call.args.tensor('input');
  const axis = input ? axisOf(input, call.args.integer('dim') ?? 0) : 0;
  const length = input?.shape[axis];
  return input && typeof length === 'number' ? { input, axis, length } : undefined;
}

export const unknownSplit = 'The size of what is split is not known';
function equalParts(call: TracedCall, length: number, size: number): readonly number[] {
  const count = size > 0 ? Math.ceil(length / size) : 0;
  call.machine.hold(count, call.span);
  return Array.from({ length: count }, (_, i) => Math.min(size, length - i * size));
}

export function chunk(call: TracedCall): PyValue {
  const count = call.args.integer('chunks');
  const part = splitting(call);
  if (!part || count === undefined || count < 1) return giveUp(call, unknownSplit);
  return pieces(call, part.input, part.axis, equalParts(call, part.length, Math.ceil(part.length / count)));
}

export function split(call: TracedCall): PyValue {
  const part = splitting(call);
  const sizes = call.args.integers('split_size', 0);
  if (!part || !sizes) return giveUp(call, unknownSplit);
  const given = call.args.value('split_size');
  if (given.kind === 'list' || given.kind === 'tuple') {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (total !== part.length) {
      const message = `split_with_sizes expects split_sizes to sum exactly to ${String(part.length)} (input tensor's size at dimension ${String(part.axis)}), but got split_sizes=[${sizes.join(', ')}]`;
      return call.machine.raise('RuntimeError', message, call.span);
    }
    return pieces(call, part.input, part.axis, sizes);
  }
  return pieces(call, part.input, part.axis, equalParts(call, part.length, sizes[0] ?? part.length));
}

/** `tensor_split`: into a number of nearly equal parts, or at places. */
export function tensorSplit(call: TracedCall): PyValue {
  const part = splitting(call);
  const given = call.args.value('indices_or_sections');
  const numbers = call.args.integers('indices_or_sections', 0);
  if (!part || !numbers) return giveUp(call, unknownSplit);
  if (given.kind === 'list' || given.kind === 'tuple') {
    const ends = [...numbers, part.length];
    return pieces(
      call,
      part.input,
      part.axis,
      ends.map((end, i) => end - (ends[i - 1] ?? 0)),
    );
  }
  const count = Math.max(1, numbers[0] ?? 1);
  call.machine.hold(count, call.span);
  const [base, longer] = [Math.floor(part.length / count), part.length % count];
  return pieces(
    call,
    part.input,
    part.axis,
    Array.from({ length: count }, (_, i) => base + (i < longer ? 1 : 0)),
  );
}
