// ONNX operators as functions from tensors to tensors: each knows its operator's shape rule and leaves out what would do nothing.

import { float, type GraphEmitter, int, ints, type NewNode, type Tensor } from './graph-emitter.ts';
import { broadcastShape, reducedShape, sameShape, sizeOf } from '../shape-arithmetic.ts';
import type { ElementType } from './onnx-model.ts';

/** An axis of a tensor's shape, which must be there. */
export function sizeAt(tensor: Pick<Tensor, 'shape'>, axis: number): number {
  const size = tensor.shape.at(axis);
  if (size === undefined) throw new Error(`No axis ${String(axis)} in a tensor of rank ${String(tensor.shape.length)}`);
  return size;
}

/** Adds a node with one output. */
export function emit(
  graph: GraphEmitter,
  node: Omit<NewNode, 'outputs'>,
  shape: readonly number[],
  type: ElementType = 'float32',
): Tensor {
  const [tensor] = graph.node({ ...node, outputs: [{ type, shape }] });
  if (tensor === undefined) throw new Error(`${node.operator} has no output`);
  return tensor;
}

function binary(operator: string, type?: ElementType) {
  return (graph: GraphEmitter, a: Tensor, b: Tensor): Tensor =>
    emit(graph, { operator, inputs: [a, b] }, broadcastShape(a.shape, b.shape), type ?? a.type);
}

export const add = binary('Add');
export const subtract = binary('Sub');
export const multiply = binary('Mul');
export const divide = binary('Div');
export const power = binary('Pow');
export const minimum = binary('Min');
export const maximum = binary('Max');
export const greater = binary('Greater', 'bool');
export const equal = binary('Equal', 'bool');

export type UnaryOperator =
  | 'Abs'
  | 'Neg'
  | 'Exp'
  | 'Log'
  | 'Sqrt'
  | 'Reciprocal'
  | 'Sign'
  | 'Tanh'
  | 'Sigmoid'
  | 'Erf'
  | 'Relu'
  | 'Softplus'
  | 'Sin'
  | 'Cos'
  | 'Identity';

/** An operator that maps each element on its own. */
export function unary(graph: GraphEmitter, operator: UnaryOperator, x: Tensor): Tensor {
  return emit(graph, { operator, inputs: [x] }, x.shape, x.type);
}

/** x·factor + offset with plain numbers. */
export function affine(graph: GraphEmitter, x: Tensor, factor: number, offset: number): Tensor {
  const scaled = factor === 1 ? x : multiply(graph, x, graph.scalar(factor));
  return offset === 0 ? scaled : add(graph, scaled, graph.scalar(offset));
}

export function square(graph: GraphEmitter, x: Tensor): Tensor {
  return multiply(graph, x, x);
}

/** `whenTrue` where the condition holds, else `whenFalse`. */
export function where(graph: GraphEmitter, condition: Tensor, whenTrue: Tensor, whenFalse: Tensor): Tensor {
  return emit(
    graph,
    { operator: 'Where', inputs: [condition, whenTrue, whenFalse] },
    broadcastShape(condition.shape, whenTrue.shape, whenFalse.shape),
  );
}

/** 1 and 0 for true and false. */
export function toFloat(graph: GraphEmitter, x: Tensor): Tensor {
  if (x.type === 'float32') return x;
  return emit(graph, { operator: 'Cast', inputs: [x], attributes: { to: int(1) } }, x.shape);
}

/** Same elements in the same order under another shape. */
export function reshape(graph: GraphEmitter, x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (sizeOf(shape) !== sizeOf(x.shape)) throw new Error(`Can't reshape ${x.shape.join('×')} to ${shape.join('×')}`);
  const producer = graph.producerOf(x);
  if (producer?.operator === 'Reshape') return reshape(graph, graph.tensorNamed(producer.inputs[0] ?? ''), shape);
  return emit(graph, { operator: 'Reshape', inputs: [x, graph.integers(shape)] }, shape, x.type);
}

/** Output axis i is input axis order[i]. */
export function transpose(graph: GraphEmitter, x: Tensor, order: readonly number[]): Tensor {
  const moving = order.filter((axis) => sizeAt(x, axis) !== 1);
  // When only axes of size 1 move, the elements stay where they are.
  if (moving.every((axis, index) => index === 0 || axis > (moving[index - 1] ?? -1))) {
    return reshape(
      graph,
      x,
      order.map((axis) => sizeAt(x, axis)),
    );
  }
  const producer = graph.producerOf(x);
  const before = producer?.operator === 'Transpose' ? producer.attributes['perm'] : undefined;
  if (producer !== undefined && before?.type === 'ints') {
    const source = graph.tensorNamed(producer.inputs[0] ?? '');
    return transpose(
      graph,
      source,
      order.map((axis) => before.value[axis] ?? axis),
    );
  }
  const shape = order.map((axis) => sizeAt(x, axis));
  return emit(graph, { operator: 'Transpose', inputs: [x], attributes: { perm: ints(order) } }, shape, x.type);
}

/** Sum over axes (none: the tensor itself). Reduced axes stay with size 1 unless `keep` is false. */
export function reduceSum(graph: GraphEmitter, x: Tensor, axes: readonly number[], keep = true): Tensor {
  if (axes.every((axis) => sizeAt(x, axis) === 1)) return reshape(graph, x, reducedShape(x.shape, axes, keep));
  return emit(
    graph,
    { operator: 'ReduceSum', inputs: [x, graph.integers(axes)], attributes: { keepdims: int(keep ? 1 : 0) } },
    reducedShape(x.shape, axes, keep),
  );
}

/** The reductions that take their axes as an attribute in this operator set. */
export function reduce(
  graph: GraphEmitter,
  operator: 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceSumSquare',
  x: Tensor,
  axes: readonly number[],
  keep = true,
): Tensor {
  const attributes = { axes: ints(axes), keepdims: int(keep ? 1 : 0) };
  return emit(graph, { operator, inputs: [x], attributes }, reducedShape(x.shape, axes, keep));
}

/** The inverse of broadcasting: sums a gradient back to the shape that was broadcast. */
export function sumTo(graph: GraphEmitter, x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const missing = x.shape.length - shape.length;
  const axes = x.shape.flatMap((size, axis) =>
    axis < missing || (shape[axis - missing] === 1 && size !== 1) ? [axis] : [],
  );
  return reshape(graph, reduceSum(graph, x, axes), shape);
}

export function expand(graph: GraphEmitter, x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return emit(
    graph,
    { operator: 'Expand', inputs: [x, graph.integers(shape)] },
    broadcastShape(x.shape, shape),
    x.type,
  );
}

export function concat(graph: GraphEmitter, parts: readonly Tensor[], axis: number): Tensor {
  const [first] = parts;
  if (first === undefined) throw new Error('Nothing to concatenate');
  if (parts.length === 1) return first;
  const total = parts.reduce((sum, part) => sum + sizeAt(part, axis), 0);
  const shape = first.shape.map((size, index) => (index === axis ? total : size));
  return emit(graph, { operator: 'Concat', inputs: parts, attributes: { axis: int(axis) } }, shape, first.type);
}

/** One axis's part of a slice: elements start, start + step, … below end; a negative step goes down and `end` is exclusive. */
export interface AxisSlice {
  readonly axis: number;
  readonly start: number;
  readonly size: number;
  readonly step: number;
}

export function slice(graph: GraphEmitter, x: Tensor, slices: readonly AxisSlice[]): Tensor {
  const effective = slices.filter(
    ({ axis, start, size, step }) => !(start === 0 && step === 1 && size === sizeAt(x, axis)),
  );
  if (effective.length === 0) return x;
  const shape = x.shape.map((size, axis) => effective.find((part) => part.axis === axis)?.size ?? size);
  // A descending slice ends one before index 0, which only a number far below zero says.
  const ends = effective.map(({ start, size, step }) => {
    const end = start + (size - 1) * step + Math.sign(step);
    return end < 0 ? -(2 ** 31) : end;
  });
  const inputs = [
    x,
    graph.integers(effective.map((part) => part.start)),
    graph.integers(ends),
    graph.integers(effective.map((part) => part.axis)),
    graph.integers(effective.map((part) => part.step)),
  ];
  return emit(graph, { operator: 'Slice', inputs }, shape, x.type);
}

/** Adds (or, where negative, cuts) elements before and after on each axis. */
export function pad(
  graph: GraphEmitter,
  x: Tensor,
  before: readonly number[],
  after: readonly number[],
  mode: 'constant' | 'reflect' | 'edge' = 'constant',
  value = 0,
): Tensor {
  if (before.every((amount) => amount === 0) && after.every((amount) => amount === 0)) return x;
  const shape = x.shape.map((size, axis) => size + (before[axis] ?? 0) + (after[axis] ?? 0));
  const inputs = [x, graph.integers([...before, ...after]), ...(value === 0 ? [] : [graph.scalar(value)])];
  return emit(graph, { operator: 'Pad', inputs, attributes: { mode: { type: 'string', value: mode } } }, shape);
}

export interface MatrixOptions {
  /** Use the matrix with its last two axes swapped. */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly factor?: number;
}

/** Matrix products over the last two axes, batched over the leading ones with broadcasting. */
export function matMul(graph: GraphEmitter, a: Tensor, b: Tensor, options: MatrixOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, factor = 1 } = options;
  const rows = sizeAt(a, transposeA ? -1 : -2);
  const columns = sizeAt(b, transposeB ? -2 : -1);
  const shape = [...broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns];
  if (!transposeA && !transposeB && factor === 1) return emit(graph, { operator: 'MatMul', inputs: [a, b] }, shape);
  const attributes = { transA: int(transposeA ? 1 : 0), transB: int(transposeB ? 1 : 0), alpha: float(factor) };
  return emit(graph, { operator: 'FusedMatMul', domain: 'com.microsoft', inputs: [a, b], attributes }, shape);
}

/** Rows of `table` (axis 0) by an integer tensor of indices. */
export function gather(graph: GraphEmitter, table: Tensor, indices: Tensor, axis = 0): Tensor {
  const shape = [...table.shape.slice(0, axis), ...indices.shape, ...table.shape.slice(axis + 1)];
  return emit(
    graph,
    { operator: 'Gather', inputs: [table, indices], attributes: { axis: int(axis) } },
    shape,
    table.type,
  );
}

export function softmax(graph: GraphEmitter, x: Tensor, axis: number, log: boolean): Tensor {
  return emit(
    graph,
    { operator: log ? 'LogSoftmax' : 'Softmax', inputs: [x], attributes: { axis: int(axis) } },
    x.shape,
  );
}

/** Sum of any number of tensors of one shape. */
export function sumOf(graph: GraphEmitter, tensors: readonly Tensor[]): Tensor | undefined {
  const [first, ...rest] = tensors;
  return rest.reduce<Tensor | undefined>(
    (sum, tensor) => (sum === undefined ? tensor : add(graph, sum, tensor)),
    first,
  );
}
