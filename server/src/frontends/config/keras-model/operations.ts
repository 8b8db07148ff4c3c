// Operations that Keras 3 writes between layers, such as `x + 3` and `ops.mean(x)`: rows of a table by class, over what
// they are given, tensors and numbers alike.

import type { ActivationFunction, OpAttributes } from '../../../network/op.ts';
import type { Dimension, Shape } from '../../../network/shape.ts';
import type { LayerSettings } from '../../shared/keras-layers/keras-layer.ts';

/** One operation under way: its tensors are known by their shapes only. */
export interface Operation {
  readonly settings: LayerSettings;
  readonly shapes: readonly Shape[];
}

type Row = (operation: Operation) => OpAttributes | undefined;

type Operator = Extract<OpAttributes, { kind: 'elementwise' }>['operator'];
type Reducer = Extract<OpAttributes, { kind: 'reduce' }>['reducer'];

const elementwise =
  (operator: Operator): Row =>
  ({ shapes }) =>
    shapes.length < 2 ? undefined : { kind: 'elementwise', operator };

const activation =
  (name: ActivationFunction): Row =>
  () => ({ kind: 'activation', function: name, channelAxis: -1 });

const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

const reduction =
  (reducer: Reducer): Row =>
  ({ settings, shapes: [shape] }) => {
    if (shape === undefined) return undefined;
    const axes = settings.isNone('axis') ? shape.map((_, axis) => axis) : settings.integers('axis', 0);
    if (axes === undefined) return undefined;
    return {
      kind: 'reduce',
      reducer,
      axes: axes.map((axis) => fromFront(axis, shape.length)),
      keepDimensions: settings.flag('keepdims'),
    };
  };

const reshape: Row = ({ settings, shapes: [shape] }) => {
  const target = settings.sizes('newshape') ?? settings.sizes('shape');
  if (shape === undefined || target === undefined) return undefined;
  // The batch is the size that is left open, which stands in front.
  const isBatch = target[0] === -1 || target[0] === undefined;
  const sizes = target.map((size): Dimension => size ?? -1);
  const rest = isBatch ? sizes.slice(1) : sizes;
  return { kind: 'reshape', shape: isBatch && !rest.includes(-1) ? [shape[0] ?? 1, ...rest] : sizes };
};

const transpose: Row = ({ settings, shapes: [shape] }) => {
  if (shape === undefined) return undefined;
  const order = settings.isNone('axes') ? shape.map((_, axis) => axis).reverse() : settings.integers('axes', 0);
  return order === undefined ? undefined : { kind: 'permute', order };
};

const concatenate: Row = ({ settings, shapes: [shape] }) => {
  const axis = settings.integer('axis');
  return shape === undefined || axis === undefined
    ? undefined
    : { kind: 'concat', axis: fromFront(axis, shape.length) };
};

const expandDimensions: Row = ({ settings, shapes: [shape] }) => {
  const axes = settings.integers('axis', 0);
  if (shape === undefined || axes === undefined) return undefined;
  const made = [...shape];
  for (const axis of axes) made.splice(axis < 0 ? axis + made.length + 1 : axis, 0, 1);
  return { kind: 'reshape', shape: made };
};

const squeeze: Row = ({ settings, shapes: [shape] }) => {
  if (shape === undefined) return undefined;
  const axes = settings.isNone('axis') ? undefined : settings.integers('axis', 0);
  const gone = axes?.map((axis) => fromFront(axis, shape.length));
  return {
    kind: 'reshape',
    shape: shape.filter((size, axis) => (gone === undefined ? axis === 0 || size !== 1 : !gone.includes(axis))),
  };
};

const softmax =
  (log: boolean): Row =>
  ({ settings, shapes: [shape] }) =>
    shape && { kind: 'softmax', axis: fromFront(settings.integer('axis') ?? -1, shape.length), log };

const same: Row = () => ({ kind: 'identity' });

/** By the class that the file names; what else there is keeps the shape that the file states. */
export const operations: Readonly<Record<string, Row>> = {
  Add: elementwise('add'),
  Subtract: elementwise('subtract'),
  Multiply: elementwise('multiply'),
  Divide: elementwise('divide'),
  TrueDivide: elementwise('divide'),
  Maximum: elementwise('maximum'),
  Minimum: elementwise('minimum'),
  Power: elementwise('power'),
  Relu: activation('relu'),
  Relu6: activation('relu6'),
  Elu: activation('elu'),
  Selu: activation('selu'),
  Celu: activation('celu'),
  Gelu: activation('gelu'),
  Silu: activation('silu'),
  Mish: activation('mish'),
  Sigmoid: activation('sigmoid'),
  HardSigmoid: activation('hard-sigmoid'),
  HardSilu: activation('hard-swish'),
  HardTanh: activation('hard-tanh'),
  Tanh: activation('tanh'),
  Softplus: activation('softplus'),
  Softsign: activation('softsign'),
  LogSigmoid: activation('log-sigmoid'),
  LeakyRelu: activation('leaky-relu'),
  Exp: activation('exp'),
  Log: activation('log'),
  Sqrt: activation('sqrt'),
  Rsqrt: activation('rsqrt'),
  Absolute: activation('abs'),
  Abs: activation('abs'),
  Negative: activation('negative'),
  Square: activation('square'),
  Sin: activation('sine'),
  Cos: activation('cosine'),
  Clip: activation('other'),
  Floor: activation('other'),
  Ceil: activation('other'),
  Round: activation('other'),
  Sign: activation('other'),
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
  Mean: reduction('mean'),
  Sum: reduction('sum'),
  Max: reduction('max'),
  Min: reduction('min'),
  Prod: reduction('product'),
  Var: reduction('variance'),
  Std: reduction('variance'),
  Reshape: reshape,
  Transpose: transpose,
  Concatenate: concatenate,
  ExpandDims: expandDimensions,
  Squeeze: squeeze,
  Matmul: () => ({ kind: 'matmul' }),
  Cast: same,
  Identity: same,
  StopGradient: same,
};

/** Settings that these operations have when the file does not write them. */
export const operationDefaults = 'axis=None axes=None keepdims=False';
