// The trails of many layers as one table of expressions: what a line makes a hundred times is written once. A trail is
// evaluated part by part, each part once, so that long chains and numbers that are used several times cost what they are long.

import type { NumberDialect } from '../frontends/shared/number-dialect.ts';
import type { OriginOperator, WidthOrigin } from '../network/width-origin.ts';
import { compute, leafKey, type LeafKey, type LeafValues } from './trail.ts';

/** Stands for an expression; two trails that are written alike have the same. */
export type TrailId = number;

type Part =
  | { readonly kind: 'leaf'; readonly key: LeafKey; readonly value: number }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'computed'; readonly operator: OriginOperator; readonly operands: readonly TrailId[] };

export class TrailTable {
  readonly #ids = new Map<string, TrailId>();
  readonly #known = new WeakMap<WidthOrigin, TrailId>();
  readonly #parts: Part[] = [];
  /** What an expression is made of, itself last, each part after its operands. */
  readonly #order: (readonly TrailId[] | undefined)[] = [];
  readonly #numbers: NumberDialect;
  #results = new Float64Array(0);

  constructor(numbers: NumberDialect) {
    this.#numbers = numbers;
  }

  /** The expression that a trail is. */
  idOf(trail: WidthOrigin): TrailId {
    const known = this.#known.get(trail);
    if (known !== undefined) return known;
    const part = this.#partOf(trail);
    const text =
      part.kind === 'leaf'
        ? `leaf ${part.key} ${String(part.value)}`
        : part.kind === 'constant'
          ? String(part.value)
          : `${part.operator} ${part.operands.join(' ')}`;
    const id = this.#ids.get(text) ?? this.#parts.push(part) - 1;
    this.#ids.set(text, id);
    this.#known.set(trail, id);
    return id;
  }

  /** What an expression comes to with these values, the others as they are written; NaN where it divides by zero. */
  evaluate(id: TrailId, values: LeafValues): number {
    if (this.#results.length < this.#parts.length) this.#results = new Float64Array(2 * this.#parts.length);
    const results = this.#results;
    for (const at of this.#orderOf(id)) {
      const part = this.#parts[at];
      if (part !== undefined) results[at] = this.#valueOf(part, values);
    }
    return results[id] ?? NaN;
  }

  /** An expression as a function of one literal, the others held: only what depends on the literal is computed again. */
  functionOf(id: TrailId, key: LeafKey, values: LeafValues): (value: number) => number {
    this.evaluate(id, values);
    const order = this.#orderOf(id);
    const results = this.#results.slice();
    const depends = new Set<TrailId>();
    const again: { readonly at: TrailId; readonly operator: OriginOperator; readonly operands: readonly TrailId[] }[] =
      [];
    const leaves: TrailId[] = [];
    for (const at of order) {
      const part = this.#parts[at];
      if (part?.kind === 'leaf' && part.key === key) {
        depends.add(at);
        leaves.push(at);
      } else if (part?.kind === 'computed' && part.operands.some((operand) => depends.has(operand))) {
        depends.add(at);
        again.push({ at, ...part });
      }
    }
    const exact = (value: number): number => {
      for (const at of leaves) results[at] = value;
      for (const { at, operator, operands } of again)
        results[at] = compute(
          this.#numbers,
          operator,
          operands.map((operand) => results[operand] ?? NaN),
        );
      return results[id] ?? NaN;
    };
    const isLinear = again.every(({ operator, operands }) =>
      operator === '*'
        ? operands.filter((operand) => depends.has(operand)).length === 1
        : operator === '+' || operator === '-' || operator === 'sum',
    );
    if (!isLinear || again.length < 8) return exact;
    // A sum that goes through a hundred layers is a line all the same.
    const atZero = exact(0);
    const slope = exact(1) - atZero;
    const isWhole = Number.isInteger(atZero) && Number.isInteger(slope);
    return (value) => (isWhole && Number.isInteger(value) ? atZero + slope * value : exact(value));
  }

  #valueOf(part: Part, values: LeafValues): number {
    if (part.kind === 'leaf') return values.get(part.key) ?? part.value;
    if (part.kind === 'constant') return part.value;
    return compute(
      this.#numbers,
      part.operator,
      part.operands.map((operand) => this.#results[operand] ?? NaN),
    );
  }

  #partOf(trail: WidthOrigin): Part {
    switch (trail.kind) {
      case 'literal':
      case 'default':
      case 'config':
        return { kind: 'leaf', key: leafKey(trail), value: trail.value };
      case 'shape':
      case 'untraced':
        return { kind: 'constant', value: trail.value };
      case 'computed':
        return {
          kind: 'computed',
          operator: trail.operator,
          operands: trail.operands.map((operand) => this.idOf(operand)),
        };
    }
  }

  #orderOf(id: TrailId): readonly TrailId[] {
    const known = this.#order[id];
    if (known !== undefined) return known;
    const order: TrailId[] = [];
    const seen = new Set<TrailId>();
    const visit = (at: TrailId): void => {
      if (seen.has(at)) return;
      seen.add(at);
      const part = this.#parts[at];
      if (part?.kind === 'computed') part.operands.forEach(visit);
      order.push(at);
    };
    visit(id);
    this.#order[id] = order;
    return order;
  }
}
