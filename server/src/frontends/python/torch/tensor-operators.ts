// Operators on tensors: arithmetic with broadcasting, comparison, matrix product, indexing.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { OpAttributes } from '../../../network/op.ts';
import type { Shape } from '../../../network/shape.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
import type { BinaryOperator, ComparisonOperator } from '../syntax/ast.ts';
import type { Interpreter } from '../evaluator/interpreter.ts';
import { sliceBounds } from '../evaluator/items.ts';
import { integerOf, numberOf } from '../evaluator/operators.ts';
import { float, int, unknown, type PyValue, type TensorValue } from '../evaluator/values.ts';
import type { TracedNetwork } from './traced-network.ts';

type Elementwise = Extract<OpAttributes, { kind: 'elementwise' }>['operator'];

const elementwise: Readonly<Record<string, Elementwise>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '//': 'divide',
  '**': 'power',
};

/** A number as a tensor without dimensions. */
export function scalarTensor(value: number): TensorValue {
  return { kind: 'tensor', shape: [], fill: value };
}

/** A tensor or a number as a tensor; undefined for anything else. */
export function asTensor(value: PyValue): TensorValue | undefined {
  if (value.kind === 'tensor') return value;
  const number = numberOf(value);
  return number === undefined ? undefined : scalarTensor(number);
}

export function tensorOperator(
  network: TracedNetwork,
  interpreter: Interpreter,
  operator: BinaryOperator | ComparisonOperator,
  left: PyValue,
  right: PyValue,
  span: SourceSpan,
): PyValue {
  const a = asTensor(left);
  const b = asTensor(right);
  if (left.kind === 'unknown') return left;
  if (right.kind === 'unknown') return right;
  if (a === undefined || b === undefined)
    return unknown(`What ${operator} does to a tensor and this is not known`, span);
  const folded = fold(operator, a, b);
  if (folded !== undefined) return folded;
  const attributes: OpAttributes =
    operator === '@' ? { kind: 'matmul' } : { kind: 'elementwise', operator: elementwise[operator] ?? 'compare' };
  return network.emit(interpreter, { label: operator, attributes, inputs: [a, b], span });
}

/** Small constant vectors are computed: stochastic-depth rates and the like are made of them. */
function fold(operator: string, a: TensorValue, b: TensorValue): TensorValue | undefined {
  if (a.id !== undefined || b.id !== undefined) return undefined;
  const left = a.elements ?? (a.shape.length === 0 && a.fill !== undefined ? [a.fill] : undefined);
  const right = b.elements ?? (b.shape.length === 0 && b.fill !== undefined ? [b.fill] : undefined);
  if (left === undefined || right === undefined) return undefined;
  const length = Math.max(left.length, right.length);
  const elements = Array.from({ length }, (_, i) =>
    apply(operator, left[i % left.length] ?? 0, right[i % right.length] ?? 0),
  );
  if (elements.some((value) => value === undefined)) return undefined;
  const known = elements.filter((value) => value !== undefined);
  return a.shape.length === 0 && b.shape.length === 0
    ? { kind: 'tensor', shape: [], fill: known[0] ?? 0 }
    : { kind: 'tensor', shape: [length], elements: known };
}

function apply(operator: string, left: number, right: number): number | undefined {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '//':
      return Math.floor(left / right);
    case '**':
      return left ** right;
    default:
      return undefined;
  }
}

/** `tensor[index]`, with integers, slices, `None`, `...` and tensors on any axis. */
export function tensorItem(
  network: TracedNetwork,
  interpreter: Interpreter,
  tensor: TensorValue,
  index: PyValue,
  span: SourceSpan,
): PyValue {
  const parts = index.kind === 'tuple' ? index.items : [index];
  const place = integerOf(index);
  if (tensor.elements && place !== undefined) {
    const value = tensor.elements[place < 0 ? place + tensor.elements.length : place];
    return value === undefined
      ? interpreter.raise('IndexError', 'index out of range', span)
      : { kind: 'tensor', shape: [], fill: value };
  }
  const consuming = parts.filter((part) => part.kind !== 'none' && part.kind !== 'ellipsis').length;
  let current: PyValue = tensor;
  let axis = 0;
  for (const part of parts) {
    if (current.kind !== 'tensor') return current;
    if (part.kind === 'ellipsis') axis += tensor.shape.length - consuming;
    else if (part.kind === 'none') {
      current = reshape(network, interpreter, current, current.shape.toSpliced(axis, 0, 1), span);
      axis++;
    } else if (part.kind === 'slice') {
      current = slice(network, interpreter, current, axis, part, span);
      axis++;
    } else if (part.kind === 'int' || part.kind === 'bool') {
      current = select(network, interpreter, current, axis, integerOf(part) ?? 0, span);
    } else if (part.kind === 'tensor' || part.kind === 'list') {
      const size = part.kind === 'list' ? part.items.length : (part.shape[0] ?? 1);
      const shape =
        part.kind === 'tensor' && part.shape.length !== 1
          ? [...current.shape.slice(0, axis), ...part.shape, ...current.shape.slice(axis + 1)]
          : current.shape.with(axis, size);
      current = network.emit(interpreter, {
        label: 'index',
        attributes: { kind: 'rearrange', operation: 'index', shape },
        inputs: [current],
        span,
      });
      axis++;
    } else return part.kind === 'unknown' ? part : unknown('This way of indexing a tensor is not known', span);
  }
  return current;
}

function slice(
  network: TracedNetwork,
  interpreter: Interpreter,
  tensor: TensorValue,
  axis: number,
  part: Extract<PyValue, { kind: 'slice' }>,
  span: SourceSpan,
): PyValue {
  const length = tensor.shape[axis];
  if (length === undefined) return interpreter.raise('IndexError', 'too many indices for tensor', span);
  if (part.lower.kind === 'none' && part.upper.kind === 'none' && part.step.kind === 'none') return tensor;
  if (typeof length !== 'number') return unknown(length.reason, span);
  const bounds = sliceBounds(part, length);
  if (bounds === undefined) return unknown('The bounds of this slice are not known', span);
  const size = Math.max(0, Math.ceil((bounds.stop - bounds.start) / bounds.step));
  if (size === length && bounds.step === 1) return tensor;
  if (tensor.elements)
    return {
      kind: 'tensor',
      shape: [size],
      elements: tensor.elements.slice(bounds.start, bounds.stop).filter((_, i) => i % bounds.step === 0),
    };
  const attributes: OpAttributes = { kind: 'slice', axis, start: bounds.start, size, step: bounds.step };
  return network.emit(interpreter, { label: 'slice', attributes, inputs: [tensor], span });
}

function select(
  network: TracedNetwork,
  interpreter: Interpreter,
  tensor: TensorValue,
  axis: number,
  index: number,
  span: SourceSpan,
): PyValue {
  const length = tensor.shape[axis];
  if (length === undefined) return interpreter.raise('IndexError', 'too many indices for tensor', span);
  const start = index < 0 && typeof length === 'number' ? index + length : index;
  if (typeof length === 'number' && (start < 0 || start >= length))
    interpreter.raise(
      'IndexError',
      `index ${String(index)} is out of bounds for dimension ${String(axis)} with size ${String(length)}`,
      span,
    );
  const one = network.emit(interpreter, {
    label: 'select',
    attributes: { kind: 'slice', axis, start, size: 1, step: 1 },
    inputs: [tensor],
    span,
  });
  if (one.kind !== 'tensor') return one;
  return reshape(network, interpreter, one, one.shape.toSpliced(axis, 1), span);
}

/** Gives a tensor another shape with the same elements. */
export function reshape(
  network: TracedNetwork,
  interpreter: Interpreter,
  tensor: TensorValue,
  shape: Shape,
  span: SourceSpan,
  label = 'reshape',
  outWidth?: WidthOrigin,
): PyValue {
  return network.emit(interpreter, { label, attributes: { kind: 'reshape', shape }, inputs: [tensor], span, outWidth });
}

/** The one number of a tensor without dimensions, if known. */
export function itemOf(tensor: TensorValue, span: SourceSpan): PyValue {
  const value = tensor.fill ?? (tensor.elements?.length === 1 ? tensor.elements[0] : undefined);
  if (value === undefined) return unknown('The contents of a tensor are not known', span);
  return tensor.dtype === 'int' ? int(value) : float(value);
}
