// Layers of the Keras family with several inputs that are brought together element by element, side by side or by a product.

import type { OpAttributes } from '../../../network/op.ts';
import type { LayerCall, LayerRow } from './keras-layer.ts';

type Operator = Extract<OpAttributes, { kind: 'elementwise' }>['operator'];

const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

function merging(name: string, operator: Operator): LayerRow {
  return {
    name,
    parameters: '',
    run: (call) => {
      if (call.inputs.length < 2) return call.refuse(`${name} is given fewer than two tensors`);
      return call.emit({ attributes: { kind: 'elementwise', operator }, inputs: inRank(call) });
    },
  };
}

/** Inputs of lower rank get axes behind the batch, as Keras broadcasts them. */
function inRank<Tensor, Weight>(call: LayerCall<Tensor, Weight>): readonly Tensor[] {
  const rank = Math.max(...call.inputs.map((input) => call.shapeOf(input).length));
  return call.inputs.map((input) => {
    const shape = call.shapeOf(input);
    if (shape.length === rank) return input;
    const wider = [shape[0] ?? 1, ...Array.from({ length: rank - shape.length }, () => 1), ...shape.slice(1)];
    return call.emit({ attributes: { kind: 'reshape', shape: wider }, inputs: [input], part: 'reshape' }) ?? input;
  });
}

const average: LayerRow = {
  name: 'Average',
  parameters: '',
  run: (call) => {
    if (call.inputs.length < 2) return call.refuse('Average is given fewer than two tensors');
    const sum = call.emit({
      attributes: { kind: 'elementwise', operator: 'add' },
      inputs: inRank(call),
      part: 'sum',
    });
    if (sum === undefined) return undefined;
    return call.emit({
      attributes: { kind: 'elementwise', operator: 'divide' },
      inputs: [sum, call.constant(call.inputs.length)],
    });
  },
};

const concatenate: LayerRow = {
  name: 'Concatenate',
  parameters: 'axis=-1',
  run: (call) => {
    const [first] = call.inputs;
    const axis = call.settings.integer('axis');
    if (first === undefined || axis === undefined) return call.refuse('What is put side by side is not known');
    return call.emit({
      attributes: { kind: 'concat', axis: fromFront(axis, call.shapeOf(first).length) },
      inputs: call.inputs,
    });
  },
};

/** A tensor as a matrix for each element of the batch, with the axis that is summed over last or first. */
function asMatrix<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
  tensor: Tensor,
  axis: number,
  isLast: boolean,
): Tensor | undefined {
  const shape = call.shapeOf(tensor);
  const [batch = 1, length = 1] = shape;
  if (shape.length === 2) {
    const wider = isLast ? [batch, 1, length] : [batch, length, 1];
    return call.emit({ attributes: { kind: 'reshape', shape: wider }, inputs: [tensor], part: 'reshape' });
  }
  if ((axis === 2) === isLast) return tensor;
  return call.emit({ attributes: { kind: 'permute', order: [0, 2, 1] }, inputs: [tensor], part: 'permute' });
}

/** A product over one axis of each input; the axes that are left stand in order. */
const dot: LayerRow = {
  name: 'Dot',
  parameters: 'axes normalize=False',
  run: (call) => {
    const [left, right] = call.inputs;
    const axes = call.settings.integers('axes', 2);
    if (left === undefined || right === undefined || !axes) return call.refuse('What is multiplied here is not known');
    const [a = 1, b = 1] = axes.map((axis, i) => fromFront(axis, call.shapeOf(i === 0 ? left : right).length));
    const [one, other] = [call.shapeOf(left), call.shapeOf(right)];
    if (one.length > 3 || other.length > 3)
      return call.refuse('A product of tensors with more than three axes is not modelled');
    const rows = asMatrix(call, left, a, true);
    const others = asMatrix(call, right, b, false);
    if (rows === undefined || others === undefined) return undefined;
    const product = call.emit({ attributes: { kind: 'matmul' }, inputs: [rows, others] });
    if (product === undefined || (one.length === 3 && other.length === 3)) return product;
    const shape = call.shapeOf(product);
    const kept = shape.filter((_, axis) => !((axis === 1 && one.length === 2) || (axis === 2 && other.length === 2)));
    return call.emit({
      attributes: { kind: 'reshape', shape: kept.length === 1 ? [...kept, 1] : kept },
      inputs: [product],
      part: 'reshape',
    });
  },
};

export const mergingLayers: readonly LayerRow[] = [
  merging('Add', 'add'),
  merging('Subtract', 'subtract'),
  merging('Multiply', 'multiply'),
  merging('Maximum', 'maximum'),
  merging('Minimum', 'minimum'),
  average,
  concatenate,
  dot,
];
