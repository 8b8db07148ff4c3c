// Channels through a reshape, exactly: each stretch of axes that changes as one is followed place by place. Covers flatten
// into a dense layer, squeeze and unsqueeze, heads of an attention, and a channel shuffle written as reshape and permute.

import { isKnownShape } from '../../network/shape.ts';
import type { ChannelAtoms } from '../channel-atoms.ts';
import type { ChannelLayout } from '../layout-builder.ts';
import { outputOf, type OpRule } from './op-rule.ts';

/** Places that are followed one by one; a larger stretch is blocked. */
const MOST_PLACES = 1 << 23;

export const reshapeRule: OpRule<'reshape'> = (layouts, op) => {
  const input = layouts.inputLayout(op);
  const [from] = op.inputs;
  if (input === undefined || from === undefined || layouts.mode === 'reference') return undefined;
  const inShape = layouts.shapeOf(from);
  const outShape = layouts.shapeOf(outputOf(op));
  if (!isKnownShape(inShape) || !isKnownShape(outShape)) {
    layouts.block(input, op, 'regroups them into a shape that is not known');
    return undefined;
  }
  const stretch = stretches(inShape, outShape).find((one) => one.inStart <= input.axis && input.axis < one.inEnd);
  if (stretch === undefined || stretch.places > MOST_PLACES) {
    layouts.block(input, op, 'regroups too many places to follow');
    return undefined;
  }
  const layout = followed(layouts.atoms, input, inShape.slice(0, stretch.inEnd), {
    start: stretch.outStart,
    sizes: outShape.slice(stretch.outStart, stretch.outEnd),
    places: stretch.places,
  });
  if (layout === undefined) layouts.block(input, op, 'leaves no axis for them');
  return layout;
};

/** Axes `[inStart, inEnd)` that become axes `[outStart, outEnd)`, with equally many places and none to cut between. */
interface Stretch {
  readonly inStart: number;
  readonly inEnd: number;
  readonly outStart: number;
  readonly outEnd: number;
  readonly places: number;
}

/** Cuts two shapes with equally many elements into the shortest stretches that correspond. */
function stretches(inShape: readonly number[], outShape: readonly number[]): readonly Stretch[] {
  const found: Stretch[] = [];
  let inEnd = 0;
  let outEnd = 0;
  while (inEnd < inShape.length && outEnd < outShape.length) {
    const inStart = inEnd;
    const outStart = outEnd;
    let left = inShape[inEnd++] ?? 1;
    let right = outShape[outEnd++] ?? 1;
    while (left !== right) {
      if (left < right && inEnd < inShape.length) left *= inShape[inEnd++] ?? 1;
      else if (left > right && outEnd < outShape.length) right *= outShape[outEnd++] ?? 1;
      else return found;
    }
    found.push({ inStart, inEnd, outStart, outEnd, places: left });
  }
  const last = found.pop();
  // What is left over are axes of size 1; they go with the last stretch.
  if (last !== undefined) found.push({ ...last, inEnd: inShape.length, outEnd: outShape.length });
  return found;
}

function followed(
  atoms: ChannelAtoms,
  input: ChannelLayout,
  inSizes: readonly number[],
  target: { readonly start: number; readonly sizes: readonly number[]; readonly places: number },
): ChannelLayout | undefined {
  const { sizes, places } = target;
  const width = input.atoms.length;
  const inner = inSizes.slice(input.axis + 1).reduce((product, size) => product * size, 1);
  // Atoms as they are, not what they are tied to by now: what comes later in the network must not matter.
  const table = new Int32Array(places);
  for (let place = 0; place < places; place += 1) table[place] = input.atoms[Math.floor(place / inner) % width] ?? 0;
  const strides = sizes.map((_, axis) => sizes.slice(axis + 1).reduce((product, size) => product * size, 1));
  const varying = sizes.flatMap((size, axis) => (varies(table, size, strides[axis] ?? 1) ? [axis] : []));
  const chosen = varying.reduce<number | undefined>(
    (best, axis) => (best === undefined || (sizes[axis] ?? 0) >= (sizes[best] ?? 0) ? axis : best),
    undefined,
  );
  const axis = chosen ?? (width === 1 ? 0 : undefined);
  const stride = axis === undefined ? undefined : strides[axis];
  const size = axis === undefined ? undefined : sizes[axis];
  if (axis === undefined || stride === undefined || size === undefined) return undefined;
  // The channels now stand on several axes: those that share a place on the longest of them go together.
  if (varying.length > 1) {
    for (const [place, atom] of table.entries()) {
      atoms.tie(table[(Math.floor(place / stride) % size) * stride] ?? atom, atom);
    }
  }
  return { axis: target.start + axis, atoms: Int32Array.from({ length: size }, (_, k) => table[k * stride] ?? 0) };
}

/** Whether places that differ on one axis only hold different channels somewhere. */
function varies(table: Int32Array, size: number, stride: number): boolean {
  if (size === 1) return false;
  for (let place = 0; place + stride < table.length; place += 1) {
    if (Math.floor(place / stride) % size !== size - 1 && table[place] !== table[place + stride]) return true;
  }
  return false;
}
