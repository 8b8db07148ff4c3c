// What one op of a network is in a generated PyTorch module: a layer made in the constructor, an expression in forward,
// or a reason why it can't be written. Only what the network says without loss is written.

import type { Op } from '../../../../../network/op.ts';
import type { Shape } from '../../../../../network/shape.ts';

/** An op with the shapes around it and the text that it comes from. */
export interface OpToWrite {
  readonly op: Op;
  readonly inputShapes: readonly Shape[];
  readonly outputShape: Shape;
  /** On which axes of the inputs and of the output the batch stands; undefined where it does not. */
  readonly inputBatch: readonly (number | undefined)[];
  readonly outputBatch: number | undefined;
  /** The call or the operator in the source; the generator asks it for arguments that a network does not keep. */
  readonly sourceText: string;
}

/** How an expression is written: operands of methods and operators want brackets, and so do operations inside of them. */
export type ExpressionForm = 'call' | 'method' | 'operator';

export type WrittenOp =
  /** `make` is the layer's constructor; forward calls it with the op's inputs. */
  | { readonly kind: 'layer'; readonly make: string }
  /** `text` is made from the inputs' expressions. */
  | { readonly kind: 'expression'; readonly form: ExpressionForm; readonly text: (inputs: readonly string[]) => string }
  /** `make` is a tensor of the module's own. */
  | { readonly kind: 'parameter'; readonly make: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** The framework's word without its module and the `_` of in-place operations: `F.relu_` is `relu`. */
export function plainLabel({ label }: Op): string {
  return label.replace(/^.*\.(?=\w)/, '').replace(/(\w)_$/, '$1');
}

/** A function of the op's first two inputs. */
export function expression(text: (first: string, second: string) => string, form: ExpressionForm = 'call'): WrittenOp {
  return { kind: 'expression', form, text: ([first = '', second = '']) => text(first, second) };
}

/** Stands in expressions for the number of images; forward takes it from its first input. */
export const batchName = 'batch';

/** Says what a generated file would lose. */
export function refused(reason: string): WrittenOp {
  return { kind: 'refused', reason };
}
