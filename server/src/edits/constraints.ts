// What the source must come to: for every width that it names, a trail and the value that the rebuilt network has there.
// Widths of a network are linear in the widths of its channel groups, so a slope for each group says all.

import type { NumberDialect } from '../frontends/shared/number-dialect.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import { valueOf } from '../network/network-graph.ts';
import { channelAxisOf, hasOwnWidth, widthsOf } from '../network/op-traits.ts';
import type { Op } from '../network/op.ts';
import { editableLeaves, type EditableLeaf, type WidthOrigin } from '../network/width-origin.ts';
import { TrailTable } from './trail-table.ts';
import { followsShape } from './trail.ts';

/** A width that can be chosen: that of all layers which are tied to one another. */
export interface WidthUnit {
  readonly key: string;
  /** The names of its layers, in network order. */
  readonly layers: readonly string[];
  readonly before: number;
  /** What it is to become; less than `before` where a run proposes it. */
  readonly target: number;
}

/** Which of an op's widths: of its input, of its output, its number of groups, or of what it pads channels with. */
export type WidthEnd = 'in' | 'out' | 'groups' | 'before' | 'after';

export const widthEnds: readonly WidthEnd[] = ['out', 'in', 'groups', 'before', 'after'];

/** Where a width at an op's end comes from; undefined where the source does not say it. */
export function trailAt(op: Op, end: WidthEnd): WidthOrigin | undefined {
  switch (end) {
    case 'out':
      return op.outWidth;
    case 'in':
      return op.inWidth;
    case 'groups':
      return op.groupsWidth;
    case 'before':
    case 'after':
      return op.paddedWidths?.[end];
  }
}

/** One width named in the source. */
export interface Constraint {
  readonly op: Op;
  readonly end: WidthEnd;
  readonly trail: WidthOrigin;
  readonly leaves: readonly EditableLeaf[];
  readonly present: number;
  /** How much the width changes with each unit's, by unit key; units without influence are left out. */
  readonly slopes: ReadonlyMap<string, number>;
}

/** The network at other widths, by unit key; units that are left out keep theirs. Undefined when there is no such network. */
export type Rebuild = (widths: ReadonlyMap<string, number>) => NetworkGraph | undefined;

/** The width at one end of an op, as its attributes or its output have it. */
export function widthAt(graph: NetworkGraph, op: Op, end: WidthEnd): number | undefined {
  const { attributes } = op;
  if (end === 'before' || end === 'after')
    return attributes.kind === 'pad' ? attributes.padding[op.paddedWidths?.axis ?? -1]?.[end] : undefined;
  if (end === 'groups') return 'groups' in attributes ? attributes.groups : undefined;
  const own = widthsOf(attributes)[end];
  if (own !== undefined || end === 'in') return own;
  const output = op.outputs[0];
  if (output === undefined || hasOwnWidth(op)) return undefined;
  const { shape } = valueOf(graph, output);
  const width = shape[channelAxisOf(op, shape.length) ?? 1];
  return typeof width === 'number' ? width : undefined;
}

/** How much the width at an op's end changes with each unit's, by unit key. */
export type SlopesOf = (op: Op, end: WidthEnd) => ReadonlyMap<string, number>;

/** Every width that the source names, with what each unit does to it. Widths that follow a shape by themselves are left out. */
export function constraintsOf(graph: NetworkGraph, slopesOf: SlopesOf, numbers: NumberDialect): readonly Constraint[] {
  const table = new TrailTable(numbers);
  return graph.ops.flatMap((op) =>
    widthEnds.flatMap((end): readonly Constraint[] => {
      const trail = trailAt(op, end);
      const present = widthAt(graph, op, end);
      if (trail === undefined || present === undefined || followsShape(trail)) return [];
      // A trail that does not give the present width would mislead; the proof has the last word without it.
      if (table.evaluate(table.idOf(trail), new Map()) !== present) return [];
      return [{ op, end, trail, leaves: editableLeaves(trail), present, slopes: slopesOf(op, end) }];
    }),
  );
}

/** The width that a constraint asks for when the units have these widths. */
export function wantedWidth(
  constraint: Constraint,
  units: ReadonlyMap<string, WidthUnit>,
  widths: ReadonlyMap<string, number>,
): number {
  let width = constraint.present;
  for (const [key, slope] of constraint.slopes) {
    const unit = units.get(key);
    const now = widths.get(key);
    if (unit !== undefined && now !== undefined) width += slope * (now - unit.before);
  }
  return width;
}
