// Tensors that are written down: `torch.tensor([[1, 2], [3, 4]])`.

import { constantTensor, elementsOf } from './constants.ts';
import { asTensor } from './traced-call.ts';
import type { PyValue, TensorValue } from '../evaluator/machine.ts';

/** Nested lists of numbers as a constant, as far as they are known. */
export function literalTensor(value: PyValue): TensorValue | undefined {
  const number = asTensor(value);
  if (number !== undefined) return value.kind === 'bool' ? { ...number, dtype: 'bool' } : number;
  if (value.kind !== 'list' && value.kind !== 'tuple') return undefined;
  const parts = value.items.map(literalTensor);
  const [first] = parts;
  if (first === undefined) return value.items.length === 0 ? { kind: 'tensor', shape: [0] } : undefined;
  const columns = parts.map((part) => part && elementsOf(part));
  const shape = [parts.length, ...first.shape];
  const elements = columns.flatMap((column) => column ?? [NaN]);
  if (columns.includes(undefined)) return { kind: 'tensor', shape };
  return constantTensor(shape, elements, first.dtype);
}
