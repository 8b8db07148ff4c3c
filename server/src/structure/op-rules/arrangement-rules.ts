// Ops that move, cut or regroup elements: where each channel goes. What cannot be followed keeps its channels whole.

import { resolveAxis } from '../../network/dimensions.ts';
import type { Op } from '../../network/op.ts';
import type { ChannelLayout, LayoutBuilder } from '../layout-builder.ts';
import { outputOf, type OpRule } from './op-rule.ts';

export const permuteRule: OpRule<'permute'> = (layouts, op, attributes) => {
  const input = layouts.inputLayout(op);
  if (input === undefined || layouts.mode === 'reference') return undefined;
  const rank = attributes.order.length;
  const axis = attributes.order.findIndex((from) => resolveAxis(from, rank) === input.axis);
  return axis === -1 ? undefined : { axis, atoms: input.atoms };
};

export const expandRule: OpRule<'expand'> = (layouts, op, attributes) => {
  const input = layouts.inputLayout(op);
  const output = outputOf(op);
  if (input === undefined) return undefined;
  const axis = input.axis + attributes.shape.length - layouts.shapeOf(op.inputs[0] ?? output).length;
  if (layouts.sizeOn(output, axis) === input.atoms.length) return { axis, atoms: input.atoms };
  layouts.block(input, op, 'repeats them');
  return undefined;
};

/** Padding on the channels moves them; the padded channels are constant, so they always stay. Negative amounts crop. */
export const padRule: OpRule<'pad'> = (layouts, op, attributes) => {
  const input = layouts.inputLayout(op);
  if (input === undefined) return undefined;
  const { before, after } = attributes.padding[input.axis] ?? { before: 0, after: 0 };
  if (before === 0 && after === 0) return input;
  if (attributes.mode !== 'constant' && (before > 0 || after > 0)) {
    layouts.block(input, op, `pads them with copies of themselves (${attributes.mode})`);
    return undefined;
  }
  const padded = (count: number): Int32Array => {
    const atoms = layouts.atoms.fresh(Math.max(0, count));
    layouts.atoms.fix(atoms, { kind: 'padding', reason: `${op.name} (${op.label}) fills them up`, op: op.id });
    return atoms;
  };
  const end = input.atoms.length + Math.min(0, after);
  const kept = input.atoms.slice(Math.max(0, -before), end);
  return { axis: input.axis, atoms: Int32Array.from([...padded(before), ...kept, ...padded(after)]) };
};

/**
 * Every `step`-th channel from `start`. Channels of one period live and die together, so that the same step still picks
 * the same channels of what is left.
 */
export const sliceRule: OpRule<'slice'> = (layouts, op, attributes) => {
  const input = layouts.inputLayout(op);
  if (input === undefined || layouts.mode === 'reference') return undefined;
  const { start, size, step } = attributes;
  if (resolveAxis(attributes.axis, layouts.shapeOf(op.inputs[0] ?? 0).length) !== input.axis) return input;
  if (step < 1) {
    layouts.block(input, op, 'takes them backwards');
    return undefined;
  }
  const { atoms } = input;
  if (step > 1) {
    const first = start - (start % step);
    const end = Math.min(atoms.length, first + size * step);
    for (let place = first; place < end; place += 1) {
      layouts.atoms.tie(atoms[place - (place % step)] ?? 0, atoms[place] ?? 0);
    }
    // A last period that is cut short by the end can't become two.
    const rest = { axis: input.axis, atoms: atoms.slice(end - (end % step), end) };
    layouts.block(rest, op, `takes one of ${String(step)} of them`);
  }
  return { axis: input.axis, atoms: Int32Array.from({ length: size }, (_, k) => atoms[start + k * step] ?? 0) };
};

/** A sum over the channels takes however many there are; over other axes it hands them on. */
export const reduceRule: OpRule<'reduce'> = (layouts, op, attributes) => {
  const input = layouts.inputLayout(op);
  if (input === undefined) return undefined;
  const rank = layouts.shapeOf(op.inputs[0] ?? 0).length;
  const axes = attributes.axes.map((axis) => resolveAxis(axis, rank));
  if (axes.length === 0 || axes.includes(input.axis)) return undefined;
  if (attributes.keepDimensions) return input;
  return {
    axis: input.axis - axes.filter((axis) => axis !== undefined && axis < input.axis).length,
    atoms: input.atoms,
  };
};

/** Probabilities over the channels are an answer of the network, so none may go. */
export const softmaxRule: OpRule<'softmax'> = (layouts, op, attributes) => {
  const input = layouts.inputLayout(op);
  if (input === undefined) return undefined;
  const axis = resolveAxis(attributes.axis, layouts.shapeOf(outputOf(op)).length);
  if (axis === input.axis && layouts.mode === 'exact') {
    layouts.atoms.fix(input.atoms, {
      kind: 'output',
      reason: `${op.name} (${op.label}) makes probabilities of them`,
      op: op.id,
    });
  }
  return input;
};

export const channelShuffleRule: OpRule<'channel-shuffle'> = (layouts, op, attributes) => {
  const input = onAxis(layouts, op.inputs[0], attributes.channelAxis);
  if (input === undefined) {
    blockInput(layouts, op);
    return undefined;
  }
  if (layouts.mode === 'reference') return input;
  const { groups } = attributes;
  const share = input.atoms.length / groups;
  // Groups must stay equally wide, so the channels that come to stand side by side go together.
  for (const [place, atom] of input.atoms.entries()) layouts.atoms.tie(input.atoms[place % share] ?? atom, atom);
  const atoms = Int32Array.from(input.atoms, (_, place) => input.atoms[Math.floor(place / groups)] ?? 0);
  return { axis: input.axis, atoms };
};

/** Where output channel c at block position j comes from, for `width` channels of `count` positions each. */
function blockPlace(order: 'crd' | 'dcr', channel: number, position: number, width: number, count: number): number {
  return order === 'crd' ? channel * count + position : position * width + channel;
}

export const depthToSpaceRule: OpRule<'depth-to-space'> = (layouts, op, attributes) => {
  if (layouts.mode === 'reference') return undefined;
  const input = onAxis(layouts, op.inputs[0], attributes.channelAxis);
  if (input === undefined) {
    blockInput(layouts, op);
    return undefined;
  }
  const count = attributes.block ** 2;
  const width = input.atoms.length / count;
  const at = (channel: number, position: number): number =>
    input.atoms[blockPlace(attributes.order, channel, position, width, count)] ?? 0;
  const atoms = Int32Array.from({ length: width }, (_, channel) => at(channel, 0));
  for (const [channel, atom] of atoms.entries()) {
    for (let position = 1; position < count; position += 1) layouts.atoms.tie(atom, at(channel, position));
  }
  return { axis: input.axis, atoms };
};

export const spaceToDepthRule: OpRule<'space-to-depth'> = (layouts, op, attributes) => {
  if (layouts.mode === 'reference') return undefined;
  const input = onAxis(layouts, op.inputs[0], attributes.channelAxis);
  if (input === undefined) {
    blockInput(layouts, op);
    return undefined;
  }
  const count = attributes.block ** 2;
  const width = input.atoms.length;
  const atoms = new Int32Array(width * count);
  for (const [channel, atom] of input.atoms.entries()) {
    for (let position = 0; position < count; position += 1) {
      atoms[blockPlace(attributes.order, channel, position, width, count)] = atom;
    }
  }
  return { axis: input.axis, atoms };
};

/** A value's layout if its channels stand on this axis (counted from either end). */
function onAxis(layouts: LayoutBuilder, value: number | undefined, axis: number): ChannelLayout | undefined {
  if (value === undefined) return undefined;
  const layout = layouts.layoutOf(value);
  return layout !== undefined && layout.axis === resolveAxis(axis, layouts.shapeOf(value).length) ? layout : undefined;
}

function blockInput(layouts: LayoutBuilder, op: Op): void {
  layouts.block(layouts.inputLayout(op), op, 'works along their axis as if it were another');
}
