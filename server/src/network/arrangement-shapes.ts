// Output shapes of ops that arrange elements without weights: reshape, permute, expand, pad, slice, concat, reduce, matmul.

import type { Result } from '../common/problem.ts';
import { broadcastShapes, failure, formatBoth, mapDimension, oneShape, resolveAxis, withAxes } from './dimensions.ts';
import type { OpAttributes } from './op.ts';
import { elementCount, firstUnknown, formatShape, type Dimension, type Shape } from './shape.ts';

type Attributes<K extends OpAttributes['kind']> = Extract<OpAttributes, { readonly kind: K }>;
type ShapeResult = Result<readonly Shape[]>;

const named = (shape: Shape): string => (shape.length === 0 ? 'a scalar' : formatShape(shape));
const noAxis = (axis: number, input: Shape): string => `There is no axis ${String(axis)} in ${named(input)}`;

export function reshapeShapes(op: Attributes<'reshape'>, input: Shape): ShapeResult {
  const rest = op.shape.indexOf(-1);
  const cannot = (): ShapeResult =>
    failure(`Cannot reshape ${named(input)} into ${named(op.shape)}: the number of elements differs`);
  if (rest !== -1 && op.shape.includes(-1, rest + 1)) {
    return failure(`Only one dimension can be left to be worked out, but the target shape is ${named(op.shape)}`);
  }
  const total = elementCount(input);
  const others = elementCount(op.shape.filter((dimension) => dimension !== -1));
  if (rest === -1)
    return total !== undefined && others !== undefined && total !== others ? cannot() : oneShape(op.shape);
  const unknown = firstUnknown(input) ?? firstUnknown(op.shape);
  if (total === undefined || others === undefined) {
    return oneShape(op.shape.map((dimension) => (dimension === -1 && unknown ? unknown : dimension)));
  }
  if (others === 0 || total % others !== 0) return cannot();
  return oneShape(op.shape.map((dimension) => (dimension === -1 ? total / others : dimension)));
}

export function permuteShapes(op: Attributes<'permute'>, input: Shape): ShapeResult {
  const axes = op.order.map((axis) => resolveAxis(axis, input.length));
  if (axes.length !== input.length || new Set(axes).size !== axes.length || axes.includes(undefined)) {
    return failure(`The order (${op.order.join(', ')}) does not name each axis of ${named(input)} once`);
  }
  return oneShape(axes.map((axis) => input[axis ?? 0] ?? 1));
}

/** -1 keeps the input's size; new axes come first. */
export function expandShapes(op: Attributes<'expand'>, input: Shape): ShapeResult {
  const cannot = (): ShapeResult => failure(`Cannot expand ${named(input)} to ${named(op.shape)}`);
  const added = op.shape.length - input.length;
  if (added < 0) return cannot();
  const out: Dimension[] = [];
  for (const [axis, wanted] of op.shape.entries()) {
    const present = input[axis - added];
    if (wanted === -1) {
      if (present === undefined) return cannot();
      out.push(present);
    } else {
      if (
        present !== undefined &&
        typeof present === 'number' &&
        typeof wanted === 'number' &&
        present !== 1 &&
        present !== wanted
      )
        return cannot();
      out.push(wanted);
    }
  }
  return oneShape(out);
}

export function padShapes(op: Attributes<'pad'>, input: Shape): ShapeResult {
  if (op.padding.length !== input.length) {
    return failure(`Padding for ${String(op.padding.length)} axes does not fit ${named(input)}`);
  }
  const out: Dimension[] = [];
  for (const [axis, size] of input.entries()) {
    const { before, after } = op.padding[axis] ?? { before: 0, after: 0 };
    const padded = mapDimension(size, (known) => known + before + after);
    const amounts = `${String(before)} and ${String(after)} on axis ${String(axis)}`;
    if (typeof padded === 'number' && padded < 0)
      return failure(`Padding of ${amounts} leaves nothing of ${named(input)}`);
    const widest = Math.max(before, after);
    if (
      typeof size === 'number' &&
      ((op.mode === 'reflect' && widest >= size && widest > 0) || (op.mode === 'circular' && widest > size))
    ) {
      return failure(`Padding of ${amounts} is too wide for mode ${op.mode} on ${named(input)}`);
    }
    out.push(padded);
  }
  return oneShape(out);
}

export function sliceShapes(op: Attributes<'slice'>, input: Shape): ShapeResult {
  const axis = resolveAxis(op.axis, input.length);
  const size = axis === undefined ? undefined : input[axis];
  if (axis === undefined || size === undefined) return failure(noAxis(op.axis, input));
  const last = op.start + (op.size - 1) * op.step;
  if (op.size > 0 && typeof size === 'number' && (op.start < 0 || op.start >= size || last < 0 || last >= size)) {
    return failure(
      `Cannot take ${String(op.size)} elements from ${String(op.start)} on axis ${String(op.axis)} of ${named(input)}`,
    );
  }
  return oneShape(withAxes(input, new Map([[axis, op.size]])));
}

export function concatShapes(op: Attributes<'concat'>, inputs: readonly Shape[]): ShapeResult {
  const [first, ...others] = inputs;
  if (first === undefined) return failure('There is nothing to concatenate');
  const joined = resolveAxis(op.axis, first.length);
  if (joined === undefined) return failure(noAxis(op.axis, first));
  let out = first;
  for (const other of others) {
    const [left, right] = formatBoth(first, other);
    if (other.length !== first.length)
      return failure(`Cannot concatenate ${left} and ${right}: the numbers of axes differ`);
    const next: Dimension[] = [];
    for (const [axis, size] of out.entries()) {
      const added = other[axis] ?? 0;
      if (axis === joined) {
        next.push(typeof size === 'number' ? mapDimension(added, (known) => known + size) : size);
      } else if (typeof size === 'number' && typeof added === 'number' && size !== added) {
        return failure(
          `Cannot concatenate ${left} and ${right} on axis ${String(op.axis)}: axis ${String(axis)} differs`,
        );
      } else next.push(typeof size === 'number' ? size : added);
    }
    out = next;
  }
  return oneShape(out);
}

/** No axes means all of them, as in PyTorch. */
export function reduceShapes(op: Attributes<'reduce'>, input: Shape): ShapeResult {
  const axes = new Set<number>();
  for (const axis of op.axes.length === 0 ? input.keys() : op.axes) {
    const resolved = resolveAxis(axis, input.length);
    if (resolved === undefined) return failure(noAxis(axis, input));
    axes.add(resolved);
  }
  if (op.keepDimensions) return oneShape(input.map((size, axis) => (axes.has(axis) ? 1 : size)));
  return oneShape(input.filter((_, axis) => !axes.has(axis)));
}

export function elementwiseShapes(inputs: readonly Shape[]): ShapeResult {
  const [first, ...others] = inputs;
  if (first === undefined) return failure('There is nothing to combine');
  let out = first;
  for (const other of others) {
    const next = broadcastShapes(out, other);
    if (next === undefined) {
      const [left, right] = formatBoth(out, other);
      return failure(`The shapes ${left} and ${right} do not fit together`);
    }
    out = next;
  }
  return oneShape(out);
}

/** PyTorch's matmul: vectors get an axis of 1 that is dropped again, leading axes broadcast. */
export function matmulShapes(left: Shape, right: Shape): ShapeResult {
  const [leftText, rightText] = formatBoth(left, right);
  const cannot = (why: string): ShapeResult =>
    failure(`Cannot multiply the matrices ${leftText} and ${rightText}: ${why}`);
  if (left.length === 0 || right.length === 0) return cannot('a scalar is no matrix');
  const rows = left.length === 1 ? [1, ...left] : left;
  const columns = right.length === 1 ? [...right, 1] : right;
  const leftInner = rows[rows.length - 1];
  const rightInner = columns[columns.length - 2];
  if (typeof leftInner === 'number' && typeof rightInner === 'number' && leftInner !== rightInner) {
    return cannot(`${String(leftInner)} columns meet ${String(rightInner)} rows`);
  }
  const leading = broadcastShapes(rows.slice(0, -2), columns.slice(0, -2));
  if (leading === undefined) return cannot('their leading axes do not fit together');
  const out: Dimension[] = [...leading];
  if (left.length > 1) out.push(rows[rows.length - 2] ?? 1);
  if (right.length > 1) out.push(columns[columns.length - 1] ?? 1);
  return oneShape(out);
}
