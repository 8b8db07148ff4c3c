// Ops that combine several activations place by place or product by product, and concatenation.

import { resolveAxis } from '../../network/dimensions.ts';
import type { Op, ValueId } from '../../network/op.ts';
import type { ChannelLayout, LayoutBuilder } from '../layout-builder.ts';
import { outputOf, type OpRule } from './op-rule.ts';

/** An operand, and how much further right its axes stand in the output. */
interface Operand {
  readonly value: ValueId;
  readonly shift: number;
}

/** Channel k of the output is channel k of every operand that has the output's width there; a width of 1 is a broadcast. */
export const elementwiseRule: OpRule<'elementwise'> = (layouts, op) => {
  const outShape = layouts.shapeOf(outputOf(op));
  const operands = op.inputs.map((value) => ({ value, shift: outShape.length - layouts.shapeOf(value).length }));
  const axis = commonAxis(layouts, operands, outShape.length);
  if (axis === undefined) return undefined;
  const width = outShape[axis];
  let common: ChannelLayout | undefined;
  let isClear = true;
  for (const { value, shift } of operands) {
    const own = layouts.layoutOf(value);
    const size = layouts.sizeOn(value, axis - shift) ?? 1;
    if (size !== width || typeof size !== 'number') {
      // A single channel that is broadcast is tied to none; when it goes, the other operand is left (vanishing.ts).
      if (own !== undefined && own.axis + shift !== axis) {
        layouts.block(own, op, 'combines them with channels on another axis');
      } else if (own !== undefined && size === 1) layouts.atoms.broadcast(own.atoms);
      if (typeof size !== 'number') isClear = false;
      continue;
    }
    const layout = layouts.layoutOn(value, axis - shift);
    if (layout === undefined) {
      layouts.block(own, op, 'combines them with channels on another axis');
      if (layouts.mode === 'exact') isClear = false;
      continue;
    }
    if (common === undefined) common = { axis, atoms: layout.atoms };
    else layouts.atoms.tieAll(common.atoms, layout.atoms);
  }
  if (!isClear) layouts.block(common, op, 'combines them with a value whose channels are not known');
  return common;
};

/** The axis of the output that the first operand with channels of the output's width has them on; wide ones first. */
function commonAxis(layouts: LayoutBuilder, operands: readonly Operand[], rank: number): number | undefined {
  let narrow: number | undefined;
  for (const { value, shift } of operands) {
    const layout = layouts.layoutOf(value);
    if (layout === undefined || layout.axis + shift >= rank) continue;
    if (layout.atoms.length > 1) return layout.axis + shift;
    narrow ??= layout.axis + shift;
  }
  return narrow;
}

export const concatRule: OpRule<'concat'> = (layouts, op, attributes) => {
  const joined = resolveAxis(attributes.axis, layouts.shapeOf(outputOf(op)).length);
  if (joined === undefined) return undefined;
  const onChannels = op.inputs.some((value) => layouts.layoutOf(value)?.axis === joined);
  return onChannels ? chained(layouts, op, joined) : tiedParts(layouts, op);
};

/** The parts' channels one after the other. A part without channels of its own stays whole. */
function chained(layouts: LayoutBuilder, op: Op, axis: number): ChannelLayout | undefined {
  const parts: number[] = [];
  for (const value of op.inputs) {
    const layout = layouts.layoutOn(value, axis);
    if (layout === undefined) {
      layouts.block(layouts.layoutOf(value), op, 'joins them with channels on another axis');
      const size = layouts.sizeOn(value, axis);
      if (typeof size !== 'number') return undefined;
      const atoms = layouts.atoms.fresh(size);
      if (layouts.mode === 'exact') {
        const reason = `${op.name} (${op.label}) joins a value whose channels are not known`;
        layouts.atoms.fix(atoms, { kind: 'blocked', reason, op: op.id });
      }
      parts.push(...atoms);
    } else parts.push(...layout.atoms);
  }
  return { axis, atoms: Int32Array.from(parts) };
}

/** Parts joined on another axis have equally many channels, which go together. */
function tiedParts(layouts: LayoutBuilder, op: Op): ChannelLayout | undefined {
  const first = op.inputs.map((value) => layouts.layoutOf(value)).find((layout) => layout !== undefined);
  if (first === undefined) return undefined;
  let isClear = true;
  for (const value of op.inputs) {
    const layout = layouts.layoutOn(value, first.axis);
    if (layout === undefined) {
      layouts.block(layouts.layoutOf(value), op, 'joins them with channels on another axis');
      isClear = false;
    } else layouts.atoms.tieAll(first.atoms, layout.atoms);
  }
  if (!isClear) layouts.block(first, op, 'joins them with a value whose channels are not known');
  return first;
}

/**
 * Rows times columns. The axis that is summed over ties the left side's last axis to the right side's second to last; the
 * output has the right side's columns, or else the left side's rows, or shared leading axes.
 */
export const matmulRule: OpRule<'matmul'> = (layouts, op) => {
  const [leftValue, rightValue] = op.inputs;
  if (leftValue === undefined || rightValue === undefined) return undefined;
  const outRank = layouts.shapeOf(outputOf(op)).length;
  const leftRank = layouts.shapeOf(leftValue).length;
  const rightRank = layouts.shapeOf(rightValue).length;
  if (leftRank < 2 || rightRank < 2) {
    for (const value of [leftValue, rightValue])
      layouts.block(layouts.layoutOf(value), op, 'multiplies them by a vector');
    return undefined;
  }
  const left = layouts.layoutOf(leftValue);
  const right = layouts.layoutOf(rightValue);
  if (left?.axis === leftRank - 1 || right?.axis === rightRank - 2) {
    const summed = layouts.layoutOn(leftValue, leftRank - 1);
    const over = layouts.layoutOn(rightValue, rightRank - 2);
    if (summed !== undefined && over !== undefined) {
      layouts.atoms.tieAll(summed.atoms, over.atoms);
      return undefined;
    }
    // Columns of a plain matrix can still be told apart, but what is summed over stays whole.
    layouts.block(summed ?? over, op, 'sums over them together with channels that are not known');
    const other = summed === undefined ? left : right;
    return visibleLayout(layouts, op, other, other === right ? rightRank : leftRank, outRank);
  }
  const columns = visibleLayout(layouts, op, right, rightRank, outRank);
  const rows = visibleLayout(layouts, op, left, leftRank, outRank);
  if (columns === undefined || rows === undefined) {
    const only = columns ?? rows;
    if (only === undefined || only.axis >= outRank - 2) return only;
    const [other, rank] = columns === undefined ? [rightValue, rightRank] : [leftValue, leftRank];
    if ((layouts.sizeOn(other, only.axis - outRank + rank) ?? 1) === 1) return only;
    layouts.block(only, op, 'multiplies them by a value whose channels are not known');
    return only;
  }
  if (columns.axis === rows.axis && columns.axis < outRank - 2) {
    layouts.atoms.tieAll(columns.atoms, rows.atoms);
    return columns;
  }
  layouts.block(rows, op, 'has channels in its rows and in its columns');
  return columns;
};

/** A side's channels where they stand in the product; broadcast leading axes are no channels of the product. */
function visibleLayout(
  layouts: LayoutBuilder,
  op: Op,
  layout: ChannelLayout | undefined,
  rank: number,
  outRank: number,
): ChannelLayout | undefined {
  if (layout === undefined) return undefined;
  const axis = layout.axis + outRank - rank;
  if (layouts.sizeOn(outputOf(op), axis) === layout.atoms.length) return { axis, atoms: layout.atoms };
  layouts.block(layout, op, 'multiplies them in a way that is not followed');
  return undefined;
}
