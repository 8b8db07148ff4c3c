// Operators on tensors: arithmetic with broadcasting, comparison, matrix product, indexing.

import type { SourceSpan } from '../../../common/source-span.ts';
import { inferShapes } from '../../../network/infer-shapes.ts';
import type { OpAttributes } from '../../../network/op.ts';
import type { Shape } from '../../../network/shape.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
import type { BinaryOperator, ComparisonOperator } from '../syntax/ast.ts';
import { sliceBounds } from '../evaluator/items.ts';
import { binary } from '../evaluator/operators.ts';
import { bool, float, int, unknown } from '../evaluator/values.ts';
import { constantTensor, elementsOf } from './constants.ts';
import { operatorFolds } from './folds.ts';
import { asTensor, unknownCount } from './traced-call.ts';
import type { TracedNetwork } from './traced-network.ts';
import type { Machine, PyValue, TensorValue } from '../evaluator/machine.ts';
import { numberOf } from '../evaluator/numbers.ts';

type Elementwise = Extract<OpAttributes, { kind: 'elementwise' }>['operator'];

const elementwise: Readonly<Record<string, Elementwise>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '//': 'divide',
  '**': 'power',
};

const isArithmetic = (operator: BinaryOperator | ComparisonOperator): operator is BinaryOperator =>
  Object.hasOwn(elementwise, operator);

/** A tensor without dimensions whose value is known, as the integer that Python takes it for; other values as they are. */
function plainNumber(value: PyValue): PyValue {
  const isNumber = value.kind === 'tensor' && value.id === undefined && value.parameter === undefined;
  return isNumber && value.shape.length === 0 && Number.isInteger(value.fill) ? int(value.fill ?? 0) : value;
}

export function tensorOperator(
  network: TracedNetwork,
  machine: Machine,
  operator: BinaryOperator | ComparisonOperator,
  left: PyValue,
  right: PyValue,
  span: SourceSpan,
): PyValue {
  const a = asTensor(left);
  const b = asTensor(right);
  if (left.kind === 'unknown') return left;
  if (right.kind === 'unknown') return right;
  // `[width] * count`, where NumPy or a tensor gave the count.
  const [one, other] = [plainNumber(left), plainNumber(right)];
  if ((a === undefined) !== (b === undefined) && (one !== left || other !== right) && isArithmetic(operator))
    return binary(machine, operator, one, other, span);
  if (a === undefined || b === undefined)
    return unknown(`What ${operator} does to a tensor and this is not known`, span);
  const comparing = /^(==|!=|<=?|>=?)$/.test(operator);
  const attributes: OpAttributes =
    operator === '@' ? { kind: 'matmul' } : { kind: 'elementwise', operator: elementwise[operator] ?? 'compare' };
  return network.emit(machine, {
    label: operator,
    attributes,
    inputs: [a, b],
    span,
    fold: operatorFolds[operator],
    dtype: comparing ? 'bool' : jointType(operator, a, b),
  });
}

/** Whole numbers stay whole but for true division, masks stay masks where they are combined; a mixture is real. */
function jointType(operator: string, { dtype }: TensorValue, other: TensorValue): string | undefined {
  if (dtype !== other.dtype || operator === '/') return undefined;
  return dtype === 'int' || /^[&|^]$/.test(operator) ? dtype : undefined;
}

/** `tensor[index]`, with integers, slices, `None`, `...` and tensors on any axis. */
export function tensorItem(
  network: TracedNetwork,
  machine: Machine,
  tensor: TensorValue,
  index: PyValue,
  span: SourceSpan,
): PyValue {
  const parts = index.kind === 'tuple' ? index.items : [index];
  const consuming = parts.filter((part) => part.kind !== 'none' && part.kind !== 'ellipsis').length;
  let current: PyValue = tensor;
  let axis = 0;
  const advanced: AdvancedIndex[] = [];
  for (const given of parts) {
    const part = given.kind === 'tensor' && given.shape.length === 0 ? itemOf(given, span) : given;
    if (current.kind !== 'tensor') return current;
    if (part.kind === 'ellipsis') axis += tensor.shape.length - consuming;
    else if (part.kind === 'none') {
      current = reshape(network, machine, current, current.shape.toSpliced(axis, 0, 1), span);
      axis++;
    } else if (part.kind === 'slice') {
      current = slice(network, machine, current, axis, part, span);
      axis++;
    } else if (part.kind === 'int' || part.kind === 'float') {
      current = select(network, machine, current, axis, Math.trunc(numberOf(part) ?? 0), span);
    } else if (part.kind === 'tensor' || part.kind === 'list') {
      const picked = pickedBy(part, span);
      if (picked.kind !== 'tensor') return picked;
      advanced.push({ axis, index: picked });
      axis++;
    } else return part.kind === 'unknown' ? part : unknown('This way of indexing a tensor is not known', span);
  }
  if (current.kind !== 'tensor' || advanced.length === 0) return current;
  return pick(network, machine, current, advanced, span);
}

interface AdvancedIndex {
  readonly axis: number;
  readonly index: TensorValue;
}

/** The index tensor of a part of a subscript; a mask picks as many as it has ones, whose number only constants tell. */
function pickedBy(part: PyValue, span: SourceSpan): PyValue {
  if (part.kind === 'list')
    return constantTensor(
      [part.items.length],
      part.items.map((item) => numberOf(item) ?? NaN),
      'int',
    );
  if (part.kind !== 'tensor' || part.dtype !== 'bool') return part;
  const elements = elementsOf(part);
  if (elements === undefined && part.shape.length === 1)
    return { kind: 'tensor', shape: [unknownCount('How many elements a mask picks', span)], dtype: 'int', id: part.id };
  if (elements === undefined || part.shape.length !== 1)
    return unknown('How many elements a mask picks is not known', span);
  return constantTensor(
    [elements.filter((value) => value !== 0).length],
    elements.flatMap((value, i) => (value === 0 ? [] : [i])),
    'int',
  );
}

/** Index tensors are broadcast together; their shape stands where they stood, or first when they stood apart. */
function pick(
  network: TracedNetwork,
  machine: Machine,
  tensor: TensorValue,
  advanced: readonly AdvancedIndex[],
  span: SourceSpan,
): PyValue {
  const axes = advanced.map(({ axis }) => axis);
  const first = Math.min(...axes);
  const isTogether = Math.max(...axes) - first === axes.length - 1;
  const joined = inferShapes(
    { kind: 'elementwise', operator: 'add' },
    advanced.map(({ index }) => index.shape),
  );
  if (!joined.ok) return machine.raise('IndexError', joined.error, span);
  const [picked = []] = joined.value;
  const kept = tensor.shape.filter((_, axis) => !axes.includes(axis));
  const shape = isTogether ? kept.toSpliced(first, 0, ...picked) : [...picked, ...kept];
  const elements = elementsOf(tensor);
  const places = advanced[0] && elementsOf(advanced[0].index);
  if (elements && places && tensor.shape.length === 1) {
    const length = elements.length;
    return constantTensor(
      shape,
      places.map((place) => elements[place < 0 ? place + length : place] ?? NaN),
      tensor.dtype,
    );
  }
  const inputs = [tensor, ...advanced.map(({ index }) => index).filter(({ id }) => id !== undefined)];
  return network.emit(machine, {
    label: 'index',
    attributes: { kind: 'rearrange', operation: 'index', shape },
    inputs,
    span,
  });
}

function slice(
  network: TracedNetwork,
  machine: Machine,
  tensor: TensorValue,
  axis: number,
  part: Extract<PyValue, { kind: 'slice' }>,
  span: SourceSpan,
): PyValue {
  const length = tensor.shape[axis];
  if (length === undefined) return machine.raise('IndexError', 'too many indices for tensor', span);
  if (part.lower.kind === 'none' && part.upper.kind === 'none' && part.step.kind === 'none') return tensor;
  if (typeof length !== 'number') {
    const shape = tensor.shape.with(axis, length);
    return network.emit(machine, {
      label: 'slice',
      attributes: { kind: 'rearrange', operation: 'slice', shape },
      inputs: [tensor],
      span,
    });
  }
  const bounds = sliceBounds(part, length);
  if (bounds === undefined) return unknown('The bounds of this slice are not known', span);
  const size = Math.max(0, Math.ceil((bounds.stop - bounds.start) / bounds.step));
  if (size === length && bounds.step === 1) return tensor;
  const attributes: OpAttributes = { kind: 'slice', axis, start: bounds.start, size, step: bounds.step };
  return network.emit(machine, { label: 'slice', attributes, inputs: [tensor], span });
}

function select(
  network: TracedNetwork,
  machine: Machine,
  tensor: TensorValue,
  axis: number,
  index: number,
  span: SourceSpan,
): PyValue {
  const length = tensor.shape[axis];
  if (length === undefined) return machine.raise('IndexError', 'too many indices for tensor', span);
  const start = index < 0 && typeof length === 'number' ? index + length : index;
  if (typeof length === 'number' && (start < 0 || start >= length))
    machine.raise(
      'IndexError',
      `index ${String(index)} is out of bounds for dimension ${String(axis)} with size ${String(length)}`,
      span,
    );
  const one = network.emit(machine, {
    label: 'select',
    attributes: { kind: 'slice', axis, start, size: 1, step: 1 },
    inputs: [tensor],
    span,
  });
  if (one.kind !== 'tensor') return one;
  return reshape(network, machine, one, one.shape.toSpliced(axis, 1), span);
}

/** Gives a tensor another shape with the same elements. */
export function reshape(
  network: TracedNetwork,
  machine: Machine,
  tensor: TensorValue,
  shape: Shape,
  span: SourceSpan,
  label = 'reshape',
  outWidth?: WidthOrigin,
): PyValue {
  return network.emit(machine, { label, attributes: { kind: 'reshape', shape }, inputs: [tensor], span, outWidth });
}

/** The one number of a tensor without dimensions, if known. */
export function itemOf(tensor: TensorValue, span: SourceSpan): PyValue {
  const elements = elementsOf(tensor);
  const [value] = elements ?? [];
  if (value === undefined || elements?.length !== 1) return unknown('The contents of a tensor are not known', span);
  return elementValue(tensor, value);
}

function elementValue(tensor: TensorValue, value: number): PyValue {
  if (tensor.dtype === 'bool') return bool(value !== 0);
  // A quotient of integers may be none.
  return tensor.dtype === 'int' && Number.isInteger(value) ? int(value) : float(value);
}

/** The elements of a constant as nested lists of numbers. */
export function listOf(tensor: TensorValue, span: SourceSpan): PyValue {
  const elements = elementsOf(tensor);
  if (elements === undefined) return unknown('The contents of a tensor are not known', span);
  const nest = (axis: number, from: number, count: number): PyValue => {
    const size = tensor.shape[axis];
    if (typeof size !== 'number') return elementValue(tensor, elements[from] ?? NaN);
    const step = size === 0 ? 0 : count / size;
    return { kind: 'list', items: Array.from({ length: size }, (_, i) => nest(axis + 1, from + i * step, step)) };
  };
  return nest(0, 0, elements.length);
}

/** The different elements of a constant, sorted; undefined when they are not known. */
export function distinctElements(tensor: TensorValue): TensorValue | undefined {
  const elements = elementsOf(tensor);
  if (elements === undefined) return undefined;
  const distinct = [...new Set(elements)].sort((a, b) => a - b);
  return constantTensor([distinct.length], distinct, tensor.dtype);
}
