// Finds values of literals that give the wanted widths. A literal that feeds several widths which should differ gets the
// least value that is enough for all of them, and the widths that follow are raised to it; no width is ever lowered.

import type { NumberDialect } from '../frontends/shared/number-dialect.ts';
import type { EditableLeaf } from '../network/width-origin.ts';
import { wantedWidth, type Constraint, type WidthUnit } from './constraints.ts';
import { leastReaching, solveExactly, solveWithFraction, type LiteralFunction } from './invert.ts';
import { TrailTable, type TrailId } from './trail-table.ts';
import { leafKey, rounds, type LeafKey, type LeafValues } from './trail.ts';

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

/** Widths that are computed alike: whatever the literals are, they come to the same number. */
interface AlikeWidths {
  readonly trail: TrailId;
  readonly leaves: readonly LeafKey[];
  readonly rounds: boolean;
  readonly constraints: readonly Constraint[];
  /** All units that one of them depends on. */
  readonly units: readonly string[];
}

/** What a source's widths are made of; the same for all wishes. */
export class SourceNumbers {
  readonly table: TrailTable;
  readonly widths: readonly AlikeWidths[];
  /** The literals that may be touched. */
  readonly leaves: ReadonlyMap<LeafKey, EditableLeaf>;
  /** How many widths a literal stands in: few means that it is meant for just these. */
  readonly uses: ReadonlyMap<LeafKey, number>;
  /** The literals that are no width of their own but a factor, ratio, divisor or depth in those of several layers. */
  readonly factors: ReadonlySet<LeafKey>;

  /** `isEditable` says whether a literal may be touched: it stands in the workspace and is written as a plain number. */
  constructor(constraints: readonly Constraint[], numbers: NumberDialect, isEditable: (leaf: EditableLeaf) => boolean) {
    this.table = new TrailTable(numbers);
    const alike = new Map<TrailId, Constraint[]>();
    for (const constraint of constraints) {
      const id = this.table.idOf(constraint.trail);
      const known = alike.get(id);
      if (known === undefined) alike.set(id, [constraint]);
      else known.push(constraint);
    }
    const leaves = new Map<LeafKey, EditableLeaf>();
    const uses = new Map<LeafKey, number>();
    this.widths = [...alike].flatMap(([trail, own]): readonly AlikeWidths[] => {
      const [first] = own;
      if (first === undefined) return [];
      const keys = first.leaves.map(leafKey);
      first.leaves.forEach((leaf, index) => {
        const key = keys[index] ?? '';
        if (!leaves.has(key) && !isEditable(leaf)) return;
        leaves.set(key, leaf);
        uses.set(key, (uses.get(key) ?? 0) + own.length);
      });
      const units = [...new Set(own.flatMap(({ slopes }) => [...slopes.keys()]))];
      return [{ trail, leaves: keys, rounds: rounds(first.trail), constraints: own, units }];
    });
    this.leaves = leaves;
    this.uses = uses;
    this.factors = sharedFactors(this.widths, leaves);
  }
}

/** A literal that is never a width alone, and stands beside different others: `expansion`, a width multiplier, a divisor. */
function sharedFactors(all: readonly AlikeWidths[], leaves: ReadonlyMap<LeafKey, EditableLeaf>): ReadonlySet<LeafKey> {
  const beside = new Map<LeafKey, Set<string>>();
  for (const { leaves: keys } of all) {
    for (const key of keys) {
      const others = keys.filter((other) => other !== key).join();
      beside.set(key, (beside.get(key) ?? new Set()).add(others));
    }
  }
  return new Set([...leaves.keys()].filter((key) => (beside.get(key)?.size ?? 0) > 1 && !beside.get(key)?.has('')));
}

/** `kept` are literals that must not change. */
export function solveWidths(
  units: readonly WidthUnit[],
  numbers: SourceNumbers,
  kept: ReadonlySet<LeafKey> = new Set(),
): Solution {
  return new WidthSolver(units, numbers, kept).solve();
}

interface Pending {
  readonly widths: AlikeWidths;
  readonly free: readonly LeafKey[];
}

class WidthSolver {
  readonly #units: ReadonlyMap<string, WidthUnit>;
  readonly #numbers: SourceNumbers;
  readonly #widths: Map<string, number>;
  /** The different widths that are wanted of what is computed alike, least first; made anew where a unit was raised. */
  readonly #wishes = new Map<AlikeWidths, readonly number[]>();
  readonly #wishesOfUnit = new Map<string, AlikeWidths[]>();
  /** Least values that products of several literals turned out to need. */
  readonly #floors = new Map<LeafKey, number>();
  /** Literals that keep their value: they are shared, or no way was found to change them. */
  readonly #kept: Set<LeafKey>;
  readonly #grows: boolean;
  readonly #most: number;
  #conflicts: Conflict[] = [];

  constructor(units: readonly WidthUnit[], numbers: SourceNumbers, kept: ReadonlySet<LeafKey>) {
    this.#units = new Map(units.map((unit) => [unit.key, unit]));
    this.#widths = new Map(units.map((unit) => [unit.key, unit.target]));
    this.#numbers = numbers;
    this.#kept = new Set(kept);
    this.#grows = units.some(({ before, target }) => target > before);
    this.#most = units.reduce((most, { target }) => Math.max(most, target), 0);
    for (const widths of numbers.widths) {
      for (const unit of widths.units) {
        const known = this.#wishesOfUnit.get(unit);
        if (known === undefined) this.#wishesOfUnit.set(unit, [widths]);
        else known.push(widths);
      }
    }
  }

  solve(): Solution {
    // Every round raises a width, a floor or the number of kept literals, all of which are bounded.
    const rounds = 8 * (this.#units.size + this.#numbers.leaves.size) + 16;
    const conflicts = new Map<LeafKey, Conflict>();
    for (let round = 0; round < rounds; round++) {
      const values = this.#propagate();
      for (const conflict of this.#conflicts) conflicts.set(leafKey(conflict.leaf), conflict);
      const wrong = this.#numbers.widths.filter((widths) => !this.#isMet(widths, values));
      if (wrong.length === 0) return this.#solution(values, [...conflicts.values()]);
      if (!this.#raise(wrong, values)) this.#giveUp(wrong);
    }
    for (const unit of this.#units.values()) this.#widths.set(unit.key, unit.before);
    return this.#solution(new Map(), [...conflicts.values()]);
  }

  #solution(values: LeafValues, conflicts: readonly Conflict[]): Solution {
    const { leaves } = this.#numbers;
    const changed = [...values].filter(([key, value]) => leaves.get(key)?.value !== value);
    return { values: new Map(changed), leaves, widths: this.#widths, conflicts };
  }

  #wantedOf(constraint: Constraint): number {
    return wantedWidth(constraint, this.#units, this.#widths);
  }

  #wishesOf(widths: AlikeWidths): readonly number[] {
    const known = this.#wishes.get(widths);
    if (known !== undefined) return known;
    const wishes = [...new Set(widths.constraints.map((constraint) => this.#wantedOf(constraint)))];
    wishes.sort((left, right) => left - right);
    this.#wishes.set(widths, wishes);
    return wishes;
  }

  #setWidth(key: string, width: number): void {
    this.#widths.set(key, width);
    for (const widths of this.#wishesOfUnit.get(key) ?? []) this.#wishes.delete(widths);
  }

  #isMet(widths: AlikeWidths, values: LeafValues): boolean {
    const wishes = this.#wishesOf(widths);
    return wishes.length === 1 && this.#numbers.table.evaluate(widths.trail, values) === wishes[0];
  }

  /**
   * Gives every literal a value: first those that stand alone in a trail, then those of trails that are right as they are,
   * then one of those that are left in each other trail.
   */
  #propagate(): Map<LeafKey, number> {
    this.#conflicts = [];
    const values = new Map<LeafKey, number>();
    const keptFor = new Map<LeafKey, AlikeWidths[]>();
    for (const key of this.#kept) values.set(key, this.#present(key));
    const single = this.#numbers.widths.filter(({ leaves }) => leaves.length === 1);
    for (const [key, alone] of this.#alone(values, single)) values.set(key, this.#valueFor(key, alone, values));
    for (const { widths, free } of this.#pending(values)) {
      if (!this.#isMet(widths, values)) continue;
      for (const key of free) {
        values.set(key, this.#present(key));
        keptFor.set(key, [...(keptFor.get(key) ?? []), widths]);
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
      values.set(key, this.#valueFor(key, this.#alone(values, this.#numbers.widths).get(key) ?? [], values));
    }
    this.#blame(keptFor, values);
    return values;
  }

  #present(key: LeafKey): number {
    return this.#numbers.leaves.get(key)?.value ?? NaN;
  }

  /** The widths with a single literal left, by that literal. */
  #alone(values: LeafValues, all: readonly AlikeWidths[]): ReadonlyMap<LeafKey, readonly AlikeWidths[]> {
    const alone = new Map<LeafKey, AlikeWidths[]>();
    for (const widths of all) {
      const [key, ...others] = this.#free(widths, values);
      if (key !== undefined && others.length === 0) alone.set(key, [...(alone.get(key) ?? []), widths]);
    }
    return alone;
  }

  /** A width that is wrong because a literal was kept for others is in conflict with these. */
  #blame(keptFor: ReadonlyMap<LeafKey, readonly AlikeWidths[]>, values: LeafValues): void {
    if (keptFor.size === 0) return;
    for (const widths of this.#numbers.widths) {
      if (!widths.leaves.some((key) => keptFor.has(key)) || this.#isMet(widths, values)) continue;
      for (const key of widths.leaves) {
        const others = keptFor.get(key);
        const leaf = this.#numbers.leaves.get(key);
        if (others === undefined || leaf === undefined) continue;
        const constraints = [...others, widths].flatMap((one) => one.constraints);
        this.#conflicts.push({ leaf, value: leaf.value, constraints });
      }
    }
  }

  #free({ leaves }: AlikeWidths, values: LeafValues): readonly LeafKey[] {
    return leaves.filter((key) => this.#numbers.leaves.has(key) && !values.has(key));
  }

  #pending(values: LeafValues): readonly Pending[] {
    return this.#numbers.widths.flatMap((widths) => {
      const free = this.#free(widths, values);
      return free.length === 0 ? [] : [{ widths, free }];
    });
  }

  /** Which literal of a trail is to carry the change: one that can carry it exactly, the most specific one first. */
  #chooseLiteral({ widths, free }: Pending, values: LeafValues): LeafKey | undefined {
    const { leaves, uses } = this.#numbers;
    const sources = new Set(widths.units.map((key) => this.#units.get(key)?.before));
    const order = [...free].sort((left, right) => {
      const a = leaves.get(left);
      const b = leaves.get(right);
      if (a === undefined || b === undefined) return 0;
      return (
        // `16 * 5 * 5` behind a layer of 16 channels: the 16 is the one.
        Number(sources.has(b.value)) - Number(sources.has(a.value)) ||
        (uses.get(left) ?? 0) - (uses.get(right) ?? 0) ||
        Number(Number.isInteger(b.value)) - Number(Number.isInteger(a.value)) ||
        b.value - a.value
      );
    });
    const wanted = this.#wishesOf(widths).at(-1) ?? 0;
    const exact = order.find((key) => {
      const leaf = leaves.get(key);
      return (
        leaf !== undefined && solveExactly(this.#functionOf(widths, key, values), wanted, leaf.value) !== undefined
      );
    });
    return exact ?? order[0];
  }

  #functionOf({ trail }: AlikeWidths, key: LeafKey, values: LeafValues): LiteralFunction {
    return this.#numbers.table.functionOf(trail, key, values);
  }

  /** A value that gives every one of these widths what it wants; failing that, the least that gives each enough. */
  #valueFor(key: LeafKey, all: readonly AlikeWidths[], values: LeafValues): number {
    const leaf = this.#numbers.leaves.get(key);
    if (leaf === undefined) throw new Error(`No literal ${key}`);
    const floor = this.#floors.get(key) ?? -Infinity;
    const demands = all.flatMap((widths) => {
      const f = this.#functionOf(widths, key, values);
      return this.#wishesOf(widths).map((wanted) => ({ widths, f, wanted }));
    });
    const suits = (value: number | undefined): value is number =>
      value !== undefined && value >= floor && demands.every(({ f, wanted }) => f(value) === wanted);
    // What is computed alike can't come to two different numbers.
    const canAgree = all.every((widths) => this.#wishesOf(widths).length === 1);
    if (canAgree && suits(leaf.value)) return leaf.value;
    for (const { f, wanted } of canAgree ? demands : []) {
      const whole = solveExactly(f, wanted, leaf.value);
      if (suits(whole)) return whole;
    }
    for (const { widths, f, wanted } of canAgree ? demands : []) {
      if (!widths.rounds) continue;
      const fraction = solveWithFraction(f, wanted, leaf.value);
      if (suits(fraction)) return fraction;
    }
    // The largest wish of what is computed alike is enough for the others.
    const largest = demands.filter(({ widths, wanted }) => wanted === this.#wishesOf(widths).at(-1));
    const enough = largest.map(({ f, wanted }) => leastReaching(f, wanted, leaf.value) ?? leaf.value);
    // More than is written now is no way to narrow: what a product lacks comes from its other factors.
    const growing = enough.filter((_, i) => (largest[i]?.wanted ?? 0) > (largest[i]?.f(leaf.value) ?? 0));
    const value = Math.min(Math.max(leaf.value, ...growing), Math.max(floor, ...enough));
    if (demands.length > 0)
      this.#conflicts.push({ leaf, value, constraints: all.flatMap(({ constraints }) => constraints) });
    return value;
  }

  /** Raises widths, or the floors of literals, to what the values came to. False when there is nothing left to raise. */
  #raise(wrong: readonly AlikeWidths[], values: LeafValues): boolean {
    let raised = false;
    for (const widths of wrong) {
      const value = this.#numbers.table.evaluate(widths.trail, values);
      for (const constraint of widths.constraints) {
        const wanted = this.#wantedOf(constraint);
        if (value > wanted) raised = this.#raiseUnits(constraint, value - wanted) || raised;
        else if (value < wanted) raised = this.#raiseFloor(widths, wanted, values) || raised;
      }
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
      this.#setWidth(key, Math.min(most, Math.ceil(now + missing / slope)));
      return true;
    }
    return false;
  }

  /** Narrowing takes no width above what it is; where others grow, one that shares a number with them may grow with them. */
  #mostOf(unit: WidthUnit): number {
    return this.#grows ? Math.max(unit.before, this.#most) : unit.before;
  }

  #raiseFloor(widths: AlikeWidths, wanted: number, values: LeafValues): boolean {
    const { leaves, uses } = this.#numbers;
    const keys = widths.leaves
      .filter((key) => leaves.has(key) && !this.#kept.has(key))
      .sort((left, right) => (uses.get(left) ?? 0) - (uses.get(right) ?? 0));
    for (const key of keys) {
      const present = leaves.get(key)?.value ?? 1;
      const least = leastReaching(this.#functionOf(widths, key, values), wanted, present);
      if (least === undefined || least <= (this.#floors.get(key) ?? -Infinity)) continue;
      if (least > present && !this.#grows) continue;
      this.#floors.set(key, least);
      return true;
    }
    return false;
  }

  /** Where nothing helps, the widths concerned and their literals stay as they are. */
  #giveUp(wrong: readonly AlikeWidths[]): void {
    for (const { leaves, units } of wrong) {
      for (const key of leaves) this.#kept.add(key);
      for (const key of units) {
        const unit = this.#units.get(key);
        if (unit !== undefined) this.#setWidth(key, unit.before);
      }
    }
  }
}
