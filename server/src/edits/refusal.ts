// Why a width can't be changed, in words that name the place.

import type { EditableLeaf } from '../network/width-origin.ts';
import type { Constraint, WidthUnit } from './constraints.ts';
import type { Solution } from './solve.ts';
import { leafKey, untracedReason } from './trail.ts';

interface Places {
  readonly isEditable: (document: string) => boolean;
  /** `` `16` in resnet.py:84 ``. */
  readonly placeOf: (leaf: EditableLeaf) => string;
  /** Whether a unit is to change itself. */
  readonly isToChange: (unit: string) => boolean;
  /** Whether the literal is a plain number that can be exchanged. */
  readonly isPlain: (leaf: EditableLeaf) => boolean;
}

/** One sentence; `failure` is what the proof found, if it came so far. */
export function refusalReason(
  unit: WidthUnit,
  constraints: readonly Constraint[],
  solution: Solution,
  failure: string | undefined,
  places: Places,
): string {
  const own = constraints.filter((constraint) => constraint.slopes.has(unit.key));
  if (!own.some((constraint) => constraint.end === 'out')) return 'The source does not name this width.';
  for (const constraint of own) {
    if (constraint.leaves.some((leaf) => places.isPlain(leaf))) continue;
    const elsewhere = constraint.leaves.find((leaf) => !places.isEditable(leaf.span.document));
    if (elsewhere !== undefined) return `The ${places.placeOf(elsewhere)} stands outside the workspace.`;
    const why = untracedReason(constraint.trail);
    const which = constraint.end === 'out' ? 'width' : 'input width';
    return `The ${which} of ${constraint.op.name} can't be traced to a number in the source${why === undefined ? '' : `: ${why}`}.`;
  }
  const conflict = solution.conflicts.find((one) =>
    one.constraints.some((constraint) => constraint.slopes.has(unit.key)),
  );
  if (conflict !== undefined) {
    const others = conflict.constraints.filter((constraint) => !constraint.slopes.has(unit.key));
    const keeping = others.filter((constraint) => ![...constraint.slopes.keys()].some(places.isToChange));
    const named = keeping.length > 0 ? keeping : others;
    const names = [...new Set(named.map((constraint) => constraint.op.name))];
    const sample = names.slice(0, 2).join(' and ');
    const what = keeping.length > 0 ? 'which keeps it' : 'which is to have another';
    if (names.length > 0) return `The ${places.placeOf(conflict.leaf)} also sets the width of ${sample}, ${what}.`;
    return `No value for the ${places.placeOf(conflict.leaf)} gives a smaller width that is enough.`;
  }
  if (failure !== undefined) return `With the edit ${failure}.`;
  const shared = own.flatMap((constraint) => constraint.leaves).find((leaf) => solution.leaves.has(leafKey(leaf)));
  return shared === undefined
    ? 'The source does not name this width.'
    : `No change of the ${places.placeOf(shared)} gives this width.`;
}
