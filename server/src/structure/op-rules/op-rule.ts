// What a rule is: given an op whose inputs have layouts, it ties channels and says where the output's channels stand.

import type { Op, OpAttributes, OpKind } from '../../network/op.ts';
import type { ChannelLayout, LayoutBuilder } from '../layout-builder.ts';

/**
 * The layout of the op's (first) output. Undefined when none of its channels can be told from the input's: they are
 * then kept whole. A rule that makes nothing of an input's channels has to block them.
 */
export type OpRule<K extends OpKind> = (
  layouts: LayoutBuilder,
  op: Op,
  attributes: Extract<OpAttributes, { readonly kind: K }>,
) => ChannelLayout | undefined;

/**
 * Rules that a caller adds or puts in the place of the built-in ones: by op kind, or by the operation of ops that are opaque or
 * move elements about. Users declare them in a word (declared-rules.ts).
 */
export type CustomRules = Readonly<Record<string, (layouts: LayoutBuilder, op: Op) => ChannelLayout | undefined>>;

/** The output's channels are the input's, on the same axis. */
export function passThrough(layouts: LayoutBuilder, op: Op): ChannelLayout | undefined {
  return layouts.inputLayout(op);
}

/** The input's channels if they stand on this axis; otherwise they are blocked, because the op works along them. */
export function inputOn(layouts: LayoutBuilder, op: Op, axis: number | undefined): ChannelLayout | undefined {
  const layout = layouts.inputLayout(op);
  if (layout === undefined || layout.axis === axis) return layout;
  layouts.block(layout, op, 'works along their axis as if it were another');
  return undefined;
}

/** The single output of an op; ops without one have no rule. */
export function outputOf(op: Op): number {
  const output = op.outputs[0];
  if (output === undefined) throw new Error(`${op.name} has no output`);
  return output;
}
