// Finds values of literals that give the wanted widths. A literal that feeds several widths which should differ gets the
// least value that is enough for all of them, and the widths that follow are raised to it; no width is ever lowered.

import type { EditableLeaf } from '../network/width-origin.ts';
import { wantedWidth, type Constraint, type WidthUnit } from './constraints.ts';
import { leastReaching, solveExactly, solveWithFraction, type LiteralFunction } from './invert.ts';
import { evaluateTrail, leafKey, rounds, type LeafKey, type LeafValues } from './trail.ts';

/** A literal that could not be what each of its widths wants. */
interface Conflict {
  readonly leaf: EditableLeaf;
  readonly value: number;
  readonly constraints: readonly Constraint[];
}

export interface Solution {
  /** The literals that change, with their new values. */
  readonly values: LeafValues;
  readonly leaves: ReadonlyMap<LeafKey, EditableLeaf>;
  /** The width of every unit, by key: the wanted one or more. */
  readonly widths: ReadonlyMap<string, number>;
  readonly conflicts: readonly Conflict[];
}

/** `isEditable` says whether a literal may be touched: it stands in the workspace and is written as a plain number. */
export function solveWidths(
  units: readonly WidthUnit[],
  constraints: readonly Constraint[],
  isEditable: (leaf: EditableLeaf) => boolean,
): Solution {
  return new WidthSolver(units, constraints, isEditable).solve();
}

interface Pending {
  readonly constraint: Constraint;
  readonly free: readonly LeafKey[];
}

function hasOneLeaf(constraint: Constraint): boolean {
  return constraint.leaves.length === 1;
}

class WidthSolver {
  readonly #units: ReadonlyMap<string, WidthUnit>;
  readonly #constraints: readonly Constraint[];
  readonly #leaves = new Map<LeafKey, EditableLeaf>();
  /** How many constraints a literal stands in: few means that it is meant for just these. */
  readonly #uses = new Map<LeafKey, number>();
  readonly #widths: Map<string, number>;
  /** Least values that products of several literals turned out to need. */
  readonly #floors = new Map<LeafKey, number>();
  /** Literals that keep their value, because no way was found to change them. */
  readonly #kept = new Set<LeafKey>();
  #conflicts: Conflict[] = [];

  constructor(
    units: readonly WidthUnit[],
    constraints: readonly Constraint[],
    isEditable: (leaf: EditableLeaf) => boolean,
  ) {
    this.#units = new Map(units.map((unit) => [unit.key, unit]));
    this.#widths = new Map(units.map((unit) => [unit.key, unit.wanted]));
    this.#constraints = constraints;
    for (const constraint of constraints) {
      for (const leaf of constraint.leaves) {
        if (!isEditable(leaf)) continue;
        const key = leafKey(leaf);
        this.#leaves.set(key, leaf);
        this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1);
      }
    }
  }

  solve(): Solution {
    // Every round raises a width, a floor or the number of kept literals, all of which are bounded.
    const rounds = 8 * (this.#units.size + this.#leaves.size) + 16;
    const conflicts = new Map<LeafKey, Conflict>();
    for (let round = 0; round < rounds; round++) {
      const values = this.#propagate();
      for (const conflict of this.#conflicts) conflicts.set(leafKey(conflict.leaf), conflict);
      const wrong = this.#constraints.filter(
        (constraint) => evaluateTrail(constraint.trail, values) !== this.#wanted(constraint),
      );
      if (wrong.length === 0) return this.#solution(values, [...conflicts.values()]);
      if (!this.#raise(wrong, values)) this.#giveUp(wrong);
    }
    for (const unit of this.#units.values()) this.#widths.set(unit.key, unit.before);
    return this.#solution(new Map(), [...conflicts.values()]);
  }

  #solution(values: LeafValues, conflicts: readonly Conflict[]): Solution {
    const changed = [...values].filter(([key, value]) => this.#leaves.get(key)?.value !== value);
    return { values: new Map(changed), leaves: this.#leaves, widths: this.#widths, conflicts };
  }

  #wanted(constraint: Constraint): number {
    return wantedWidth(constraint, this.#units, this.#widths);
  }

  /**
   * Gives every literal a value: first those that stand alone in a trail, then those of trails that are right as they are,
   * then one of those that are left in each other trail.
   */
  #propagate(): Map<LeafKey, number> {
    this.#conflicts = [];
    const values = new Map<LeafKey, number>();
    const keptFor = new Map<LeafKey, Constraint[]>();
    for (const key of this.#kept) values.set(key, this.#present(key));
    for (const [key, constraints] of this.#alone(values, this.#constraints.filter(hasOneLeaf))) {
      values.set(key, this.#valueFor(key, constraints, values));
    }
    for (const { constraint, free } of this.#pending(values)) {
      if (evaluateTrail(constraint.trail, values) !== this.#wanted(constraint)) continue;
      for (const key of free) {
        values.set(key, this.#present(key));
        keptFor.set(key, [...(keptFor.get(key) ?? []), constraint]);
      }
    }
    for (;;) {
      const pending = this.#pending(values);
      const next = pending.reduce<Pending | undefined>(
        (best, one) => (best === undefined || one.free.length < best.free.length ? one : best),
        undefined,
      );
      if (next === undefined) break;
      const key = next.free.length === 1 ? next.free[0] : this.#chooseLiteral(next, values);
      if (key === undefined) break;
      // The others of the trail stay as they are, so that this one alone decides.
      for (const other of next.free) if (other !== key) values.set(other, this.#present(other));
      values.set(key, this.#valueFor(key, this.#alone(values, this.#constraints).get(key) ?? [], values));
    }
    this.#blame(keptFor, values);
    return values;
  }

  #present(key: LeafKey): number {
    const leaf = this.#leaves.get(key);
    return leaf === undefined ? NaN : leaf.value;
  }

  /** The constraints with a single literal left, by that literal. */
  #alone(values: LeafValues, constraints: readonly Constraint[]): ReadonlyMap<LeafKey, readonly Constraint[]> {
    const alone = new Map<LeafKey, Constraint[]>();
    for (const constraint of constraints) {
      const [key, ...others] = this.#free(constraint, values);
      if (key !== undefined && others.length === 0) alone.set(key, [...(alone.get(key) ?? []), constraint]);
    }
    return alone;
  }

  /** A width that is wrong because a literal was kept for others is in conflict with these. */
  #blame(keptFor: ReadonlyMap<LeafKey, readonly Constraint[]>, values: LeafValues): void {
    for (const constraint of this.#constraints) {
      if (evaluateTrail(constraint.trail, values) === this.#wanted(constraint)) continue;
      for (const leaf of constraint.leaves) {
        const others = keptFor.get(leafKey(leaf));
        if (others !== undefined)
          this.#conflicts.push({ leaf, value: leaf.value, constraints: [...others, constraint] });
      }
    }
  }

  #free(constraint: Constraint, values: LeafValues): readonly LeafKey[] {
    return constraint.leaves.map(leafKey).filter((key) => this.#leaves.has(key) && !values.has(key));
  }

  #pending(values: LeafValues): readonly Pending[] {
    return this.#constraints.flatMap((constraint) => {
      const free = this.#free(constraint, values);
      return free.length === 0 ? [] : [{ constraint, free }];
    });
  }

  /** Which literal of a trail is to carry the change: one that can carry it exactly, the most specific one first. */
  #chooseLiteral(pending: Pending, values: LeafValues): LeafKey | undefined {
    const { constraint, free } = pending;
    const sources = [...constraint.slopes.keys()].map((key) => this.#units.get(key)?.before);
    const order = [...free].sort((left, right) => {
      const a = this.#leaves.get(left);
      const b = this.#leaves.get(right);
      if (a === undefined || b === undefined) return 0;
      return (
        // `16 * 5 * 5` behind a layer of 16 channels: the 16 is the one.
        Number(sources.includes(b.value)) - Number(sources.includes(a.value)) ||
        (this.#uses.get(left) ?? 0) - (this.#uses.get(right) ?? 0) ||
        Number(Number.isInteger(b.value)) - Number(Number.isInteger(a.value)) ||
        b.value - a.value
      );
    });
    const wanted = this.#wanted(constraint);
    const exact = order.find((key) => {
      const leaf = this.#leaves.get(key);
      return (
        leaf !== undefined && solveExactly(this.#functionOf(constraint, key, values), wanted, leaf.value) !== undefined
      );
    });
    return exact ?? order[0];
  }

  #functionOf(constraint: Constraint, key: LeafKey, values: LeafValues): LiteralFunction {
    const trial = new Map(values);
    return (value) => {
      trial.set(key, value);
      return evaluateTrail(constraint.trail, trial);
    };
  }

  /** A value that gives every one of these constraints what it wants; failing that, the least that gives each enough. */
  #valueFor(key: LeafKey, constraints: readonly Constraint[], values: LeafValues): number {
    const leaf = this.#leaves.get(key);
    if (leaf === undefined) throw new Error(`No literal ${key}`);
    const floor = this.#floors.get(key) ?? -Infinity;
    const demands = constraints.map((constraint) => ({
      constraint,
      f: this.#functionOf(constraint, key, values),
      wanted: this.#wanted(constraint),
    }));
    const suits = (value: number | undefined): value is number =>
      value !== undefined && value >= floor && demands.every(({ f, wanted }) => f(value) === wanted);
    if (suits(leaf.value)) return leaf.value;
    for (const { f, wanted } of demands) {
      const whole = solveExactly(f, wanted, leaf.value);
      if (suits(whole)) return whole;
    }
    for (const { constraint, f, wanted } of demands) {
      if (!rounds(constraint.trail)) continue;
      const fraction = solveWithFraction(f, wanted, leaf.value);
      if (suits(fraction)) return fraction;
    }
    const enough = demands.map(({ f, wanted }) => leastReaching(f, wanted, leaf.value) ?? leaf.value);
    // More than is written now is no way to narrow: what a product lacks comes from its other factors.
    const growing = enough.filter((_, i) => (demands[i]?.wanted ?? 0) > (demands[i]?.f(leaf.value) ?? 0));
    const value = Math.min(Math.max(leaf.value, ...growing), Math.max(floor, ...enough));
    if (demands.length > 0) this.#conflicts.push({ leaf, value, constraints });
    return value;
  }

  /** Raises widths, or the floors of literals, to what the values came to. False when there is nothing left to raise. */
  #raise(wrong: readonly Constraint[], values: LeafValues): boolean {
    let raised = false;
    for (const constraint of wrong) {
      const value = evaluateTrail(constraint.trail, values);
      const wanted = this.#wanted(constraint);
      if (value > wanted) raised = this.#raiseUnits(constraint, value - wanted) || raised;
      else if (value < wanted) raised = this.#raiseFloor(constraint, wanted, values) || raised;
    }
    return raised;
  }

  #raiseUnits(constraint: Constraint, missing: number): boolean {
    for (const [key, slope] of constraint.slopes) {
      const unit = this.#units.get(key);
      const now = this.#widths.get(key);
      if (unit === undefined || now === undefined || slope <= 0) continue;
      const most = this.#mostOf(unit);
      if (now >= most) continue;
      this.#widths.set(key, Math.min(most, Math.ceil(now + missing / slope)));
      return true;
    }
    return false;
  }

  /** Narrowing takes no width above what it is; where others grow, one that shares a number with them may grow with them. */
  #mostOf(unit: WidthUnit): number {
    return this.#grows ? Math.max(unit.before, ...[...this.#units.values()].map(({ wanted }) => wanted)) : unit.before;
  }

  get #grows(): boolean {
    return [...this.#units.values()].some(({ before, wanted }) => wanted > before);
  }

  #raiseFloor(constraint: Constraint, wanted: number, values: LeafValues): boolean {
    const keys = constraint.leaves
      .map(leafKey)
      .filter((key) => this.#leaves.has(key) && !this.#kept.has(key))
      .sort((left, right) => (this.#uses.get(left) ?? 0) - (this.#uses.get(right) ?? 0));
    for (const key of keys) {
      const present = this.#leaves.get(key)?.value ?? 1;
      const least = leastReaching(this.#functionOf(constraint, key, values), wanted, present);
      if (least === undefined || least <= (this.#floors.get(key) ?? -Infinity)) continue;
      if (least > present && !this.#grows) continue;
      this.#floors.set(key, least);
      return true;
    }
    return false;
  }

  /** Where nothing helps, the widths concerned and their literals stay as they are. */
  #giveUp(wrong: readonly Constraint[]): void {
    for (const constraint of wrong) {
      for (const leaf of constraint.leaves) this.#kept.add(leafKey(leaf));
      for (const key of constraint.slopes.keys()) {
        const unit = this.#units.get(key);
        if (unit !== undefined) this.#widths.set(key, unit.before);
      }
    }
  }
}
