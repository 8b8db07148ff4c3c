// What a name of an ONNX graph stands for while the graph is followed: something that flows, or something known beforehand.

import type { Parameter, ValueId } from '../../network/op.ts';
import type { Dimension, Shape } from '../../network/shape.ts';

/** Elements in row-major order, as far as they are known; few, since they only tell shapes. */
export type Elements = readonly Dimension[];

export type Tensor =
  /** Computed from the network's input. */
  | { readonly kind: 'flow'; readonly value: ValueId; readonly shape: Shape }
  /** Known without an input: stored in the file, computed from what is stored, or the shape of something. */
  | {
      readonly kind: 'constant';
      readonly shape: Shape;
      readonly elements?: Elements | undefined;
      /** The stored tensors that it is made of and that count as parameters. */
      readonly stored: readonly StoredParameter[];
      /** Once it is used beside what flows: an op of its own. */
      readonly made: { value?: ValueId };
      readonly name: string;
    }
  /** Nothing is known of it, not even how many axes it has. */
  | { readonly kind: 'lost'; readonly reason: string };

/** A stored tensor that is no mere number. */
export interface StoredParameter {
  readonly id: string;
  readonly shape: readonly number[];
}

/** A tensor with a shape. */
export type Known = Exclude<Tensor, { readonly kind: 'lost' }>;
export type Constant = Extract<Tensor, { readonly kind: 'constant' }>;

/** What is computed from stored tensors or shapes. */
export function constantOf(
  shape: Shape,
  elements: Elements | undefined,
  stored: readonly StoredParameter[] = [],
  name = '',
): Constant {
  return { kind: 'constant', shape, stored, made: {}, name, ...(elements && { elements }) };
}

/** The parameters of an op that uses a stored tensor: the tensor itself, or those that it is made of. */
export function parametersOf(
  tensor: Tensor | undefined,
  role: Parameter['role'],
  layout?: Shape,
): readonly Parameter[] {
  if (tensor?.kind !== 'constant') return [];
  const [only, ...others] = tensor.stored;
  if (only === undefined) return [];
  const isWhole = others.length === 0 && countOf(only.shape) === countOf(layout ?? tensor.shape);
  if (isWhole) return [{ id: only.id, role, shape: layout ?? only.shape }];
  return tensor.stored.map(({ id, shape }) => ({ id, role: 'other', shape }));
}

function countOf(shape: Shape): number | undefined {
  return shape.reduce<number | undefined>(
    (count, size) => (count === undefined || typeof size !== 'number' ? undefined : count * size),
    1,
  );
}
