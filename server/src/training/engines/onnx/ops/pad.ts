// Padding and cropping. Borders that repeat the content are built from slices, whose gradients add up by themselves.

import type { Padding } from '../../../../network/op.ts';
import type { GraphEmitter, Tensor } from '../graph-emitter.ts';
import { type Emitted, inputOf, type OpRule } from '../op-rule.ts';
import { add, concat, expand, pad, reduceSum, sizeAt, slice } from '../operators.ts';

export function emitPad(
  graph: GraphEmitter,
  x: Tensor,
  padding: readonly Padding[],
  mode: 'constant' | 'reflect' | 'replicate' | 'circular',
  value: number,
): Emitted {
  if (mode === 'constant') return emitConstantPad(graph, x, padding, value);
  let output = x;
  const pullbacks: ((gradient: Tensor) => Tensor)[] = [];
  padding.forEach((amount, axis) => {
    if (amount.before === 0 && amount.after === 0) return;
    const step = emitAxisBorder(graph, output, axis, amount, mode);
    output = step.output;
    pullbacks.push(step.pullback);
  });
  return {
    output,
    pullback: (gradient) => ({ inputs: [pullbacks.reduceRight((inner, pullback) => pullback(inner), gradient)] }),
  };
}

function emitConstantPad(graph: GraphEmitter, x: Tensor, padding: readonly Padding[], value: number): Emitted {
  const before = padding.map((side) => side.before);
  const after = padding.map((side) => side.after);
  return {
    output: pad(graph, x, before, after, 'constant', value),
    pullback: (gradient) => ({
      inputs: [
        pad(
          graph,
          gradient,
          before.map((amount) => -amount),
          after.map((amount) => -amount),
        ),
      ],
    }),
  };
}

/** The indices that stand in the border before and after, in order. */
function borderOf(size: number, { before, after }: Padding, mode: 'reflect' | 'replicate' | 'circular') {
  switch (mode) {
    case 'reflect':
      return { front: { start: before, size: before, step: -1 }, back: { start: size - 2, size: after, step: -1 } };
    case 'circular':
      return { front: { start: size - before, size: before, step: 1 }, back: { start: 0, size: after, step: 1 } };
    case 'replicate':
      return { front: { start: 0, size: 1, step: 1 }, back: { start: size - 1, size: 1, step: 1 } };
  }
}

function emitAxisBorder(
  graph: GraphEmitter,
  x: Tensor,
  axis: number,
  amount: Padding,
  mode: 'reflect' | 'replicate' | 'circular',
) {
  const size = sizeAt(x, axis);
  const { front, back } = borderOf(size, amount, mode);
  const borderShape = (length: number): readonly number[] =>
    x.shape.map((own, index) => (index === axis ? length : own));
  const part = (range: typeof front, length: number): Tensor[] =>
    length === 0 ? [] : [expand(graph, slice(graph, x, [{ axis, ...range }]), borderShape(length))];
  const output = concat(graph, [...part(front, amount.before), x, ...part(back, amount.after)], axis);

  /** The border's gradient, laid over the elements that it was copied from. */
  const returned = (gradient: Tensor, start: number, length: number, range: typeof front): Tensor | undefined => {
    if (length === 0) return undefined;
    const border = slice(graph, gradient, [{ axis, start, size: length, step: 1 }]);
    const folded = mode === 'replicate' ? reduceSum(graph, border, [axis]) : border;
    const ordered =
      range.step === 1 ? folded : slice(graph, folded, [{ axis, start: length - 1, size: length, step: -1 }]);
    const first = range.step === 1 ? range.start : range.start - length + 1;
    const before = x.shape.map((_, index) => (index === axis ? first : 0));
    const after = x.shape.map((_, index) => (index === axis ? size - first - sizeAt(ordered, axis) : 0));
    return pad(graph, ordered, before, after);
  };
  const pullback = (gradient: Tensor): Tensor => {
    const inner = slice(graph, gradient, [{ axis, start: amount.before, size, step: 1 }]);
    const borders = [
      returned(gradient, 0, amount.before, front),
      returned(gradient, amount.before + size, amount.after, back),
    ];
    return borders.reduce<Tensor>((sum, border) => (border === undefined ? sum : add(graph, sum, border)), inner);
  };
  return { output, pullback };
}

export const padRule: OpRule<'pad'> = {
  emit: (context) =>
    emitPad(
      context.graph,
      inputOf(context),
      context.attributes.padding,
      context.attributes.mode,
      context.attributes.value,
    ),
};
