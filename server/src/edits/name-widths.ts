// Which expressions of the source have to give other numbers, and when, so that every layer gets the width that is wanted for
// it. Where one number feeds layers that should differ, the place is moved inwards until it feeds only what agrees.

import type { SourceSpan } from '../common/source-span.ts';
import type { TracedEvaluation } from '../frontends/shared/frontend.ts';
import type { NumberDialect } from '../frontends/shared/number-dialect.ts';
import type { NumberPassing } from '../frontends/shared/traced-calls.ts';
import type { NamedPlace } from '../frontends/shared/named-numbers.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { Op } from '../network/op.ts';
import type { WidthOrigin } from '../network/width-origin.ts';
import { trailAt, widthAt, widthEnds, type WidthEnd } from './constraints.ts';
import { compute, followsShape } from './trail.ts';

export interface WidthsToName {
  readonly traced: TracedEvaluation;
  readonly numbers: NumberDialect;
  /** The network that is wanted. */
  readonly wanted: NetworkGraph;
  /** Whether a function may be given parameters: it is the user's. */
  readonly isChangeable: (definition: SourceSpan, place: SourceSpan) => boolean;
  /**
   * Whose number the outer place becomes where several groups share it: `inner` groups are told apart first, and those that
   * are left have it; or the `outer` group takes it, and the others get numbers of their own further in.
   */
  readonly first: 'inner' | 'outer';
  /** Names what must have one width with an op's end: a channel group. */
  readonly groupOf: (op: Op, end: WidthEnd) => string;
}

/** An expression that a width went through, unchanged. */
interface Place {
  readonly key: string;
  readonly span: SourceSpan;
  readonly passing: NumberPassing;
  /** What the expression was given. */
  readonly inner: WidthOrigin;
}

interface Use {
  readonly op: Op;
  readonly end: WidthEnd;
  readonly group: string;
  readonly trail: WidthOrigin;
  readonly wanted: number;
  /** Innermost first. */
  readonly path: readonly Place[];
}

/** The places; or the group whose width can't be told apart, and why. */
export type PlacesToName =
  | { readonly ok: true; readonly value: readonly NamedPlace[] }
  | { readonly ok: false; readonly error: string; readonly group: string | undefined };

export function placesToName(widths: WidthsToName): PlacesToName {
  return new Choice(widths).run();
}

type Values = Map<string, { readonly passing: NumberPassing; readonly value: number }>;

class Choice {
  readonly #widths: WidthsToName;
  readonly #uses: readonly Use[];
  readonly #byPlace = new Map<string, Use[]>();
  /** By place, then by the time of passing. */
  readonly #named = new Map<string, { readonly span: SourceSpan; readonly values: Values; layer: Use }>();
  /** All times that a number went through an expression, by place: also those of which no width came. */
  readonly #passings = new Map<string, Map<string, NumberPassing>>();
  readonly #depths: readonly number[];

  constructor(widths: WidthsToName) {
    this.#widths = widths;
    const { calls } = widths.traced;
    const depths: number[] = [];
    for (const { parent } of calls) depths.push(parent === undefined ? 0 : (depths[parent] ?? 0) + 1);
    this.#depths = depths;
    for (const [origin, passing] of widths.traced.passings) {
      if (origin.kind !== 'computed') continue;
      const key = placeKey(origin.span);
      const times = this.#passings.get(key) ?? new Map<string, NumberPassing>();
      this.#passings.set(key, times.set(timeOf(passing), passing));
    }
    this.#uses = this.#findUses();
    for (const use of this.#uses) {
      for (const { key } of use.path) {
        const known = this.#byPlace.get(key);
        if (known === undefined) this.#byPlace.set(key, [use]);
        else if (known.at(-1) !== use) known.push(use);
      }
    }
  }

  run(): PlacesToName {
    const groups = new Map<string, Use[]>();
    for (const use of this.#uses) groups.set(use.group, [...(groups.get(use.group) ?? []), use]);
    // What is made deepest inside is told apart first, so that the number outside is left to those that share it.
    const sign = this.#widths.first === 'inner' ? 1 : -1;
    const ordered = [...groups.values()].sort(
      (left, right) => sign * (this.#commonDepth(right) - this.#commonDepth(left)),
    );
    for (let round = 0; round < 4; round += 1) {
      for (const uses of ordered) {
        const failure = this.#satisfy(uses);
        if (failure !== undefined) return { ok: false, error: failure, group: uses[0]?.group };
      }
      if (this.#uses.every((use) => this.#valueOf(use) === use.wanted)) return { ok: true, value: this.#places() };
    }
    const wrong = this.#uses.find((use) => this.#valueOf(use) !== use.wanted);
    return { ok: false, error: 'the numbers of the source depend on one another', group: wrong?.group };
  }

  #findUses(): readonly Use[] {
    const { traced, wanted, groupOf } = this.#widths;
    const { graph } = traced;
    if (graph === undefined) return [];
    const byName = new Map(wanted.ops.map((op) => [op.name, op]));
    return graph.ops.flatMap((op) =>
      widthEnds.flatMap((end): readonly Use[] => {
        const trail = trailAt(op, end);
        const there = byName.get(op.name);
        const now = widthAt(graph, op, end);
        // A rebuilt network has no trails, which would tell on which axis it pads.
        const { paddedWidths } = op;
        const then = there && widthAt(wanted, paddedWidths ? { ...there, paddedWidths } : there, end);
        if (trail === undefined || now === undefined || then === undefined || followsShape(trail)) return [];
        return [{ op, end, trail, wanted: then, group: groupOf(op, end), path: this.#pathOf(trail) }];
      }),
    );
  }

  #pathOf(trail: WidthOrigin): readonly Place[] {
    const { traced, isChangeable } = this.#widths;
    const path: Place[] = [];
    let home: number | undefined;
    for (let node = trail; node.kind === 'computed';) {
      const passing = traced.passings.get(node);
      const [inner] = node.operands;
      if (inner === undefined) break;
      if (passing === undefined) {
        // What a factor of one leaves as it is goes on further out.
        const same = unchangedBy(node);
        if (same === undefined) break;
        node = same;
        continue;
      }
      const call = traced.calls[passing.call];
      // A number that came back from a call is what the call gave, not what happened in it.
      if (call === undefined || (home !== undefined && this.#isWithin(passing.call, home))) break;
      const last = path.at(-1)?.span;
      // `int(round(x))` is one expression: what stands inside of a place is none of its own.
      const isInside =
        last !== undefined &&
        last.document === node.span.document &&
        last.start <= node.span.start &&
        node.span.end <= last.end;
      if (!isInside && isChangeable(call.body, node.span)) {
        path.push({ key: placeKey(node.span), span: node.span, passing, inner });
      }
      home = passing.call;
      node = inner;
    }
    return path;
  }

  #isWithin(call: number, outer: number): boolean {
    const { calls } = this.#widths.traced;
    for (let parent = calls[call]?.parent; parent !== undefined; parent = calls[parent]?.parent) {
      if (parent === outer) return true;
    }
    return false;
  }

  /** How deep the innermost call lies in which all of these widths come about. */
  #commonDepth(uses: readonly Use[]): number {
    const { calls } = this.#widths.traced;
    const chain = (use: Use): readonly number[] => {
      const found: number[] = [];
      for (let call = use.path[0]?.passing.call; call !== undefined; call = calls[call]?.parent) found.unshift(call);
      return found;
    };
    const [first = [], ...others] = uses.filter(({ path }) => path.length > 0).map(chain);
    let common = first.length;
    for (const other of others) {
      let same = 0;
      while (same < common && same < other.length && first[same] === other[same]) same += 1;
      common = same;
    }
    return common;
  }

  /** Names places until every width of a group is the wanted one; what stands in the way otherwise. */
  #satisfy(uses: readonly Use[]): string | undefined {
    for (const use of uses) {
      for (let attempt = 0; this.#valueOf(use) !== use.wanted; attempt += 1) {
        const place = attempt > use.path.length ? undefined : this.#outermost(use);
        if (place === undefined) {
          return `nothing in the source gives the ${endWords[use.end]} of ${use.op.name} alone`;
        }
        this.#name(place.place, place.users);
      }
    }
    return undefined;
  }

  /** The outermost place of a width at which all who take their number from it agree, each time that it comes by. */
  #outermost(use: Use): { readonly place: Place; readonly users: readonly (readonly [Use, Place])[] } | undefined {
    const isNamed = (place: Place): boolean => this.#named.get(place.key)?.values.has(timeOf(place.passing)) === true;
    // Whoever takes an outer place first need not ask those who can still be told apart from it.
    const takesAll = this.#widths.first === 'outer' && !use.path.some(isNamed);
    for (const place of use.path.toReversed()) {
      if (isNamed(place)) continue;
      const users = (this.#byPlace.get(place.key) ?? [])
        .filter((other) => !takesAll || other.group === use.group)
        .flatMap((other) => this.#takes(other, place.key));
      const wanted = new Map<string, number>();
      const agree = users.every(([other, at]) => {
        const time = timeOf(at.passing);
        const known = wanted.get(time);
        wanted.set(time, other.wanted);
        return known === undefined || known === other.wanted;
      });
      if (agree && users.some(([other]) => other === use)) return { place, users };
    }
    return undefined;
  }

  /** Where a use takes its number from a place: nowhere if one further in gives it. */
  #takes(use: Use, key: string): readonly (readonly [Use, Place])[] {
    for (const place of use.path) {
      if (place.key === key) return [[use, place]];
      if (this.#named.get(place.key)?.values.has(timeOf(place.passing)) === true) return [];
    }
    return [];
  }

  #name({ key, span }: Place, users: readonly (readonly [Use, Place])[]): void {
    const named = this.#named.get(key) ?? { span, values: new Map(), layer: users[0]?.[0] ?? unreachable() };
    for (const [use, { passing }] of users) {
      named.values.set(timeOf(passing), { passing, value: use.wanted });
      if (rank(use) < rank(named.layer)) named.layer = use;
    }
    this.#named.set(key, named);
  }

  #valueOf({ trail }: Use): number {
    return this.#evaluate(trail);
  }

  #evaluate(node: WidthOrigin): number {
    if (node.kind !== 'computed') return node.value;
    const passing = this.#widths.traced.passings.get(node);
    const [inner] = node.operands;
    if (passing === undefined || inner === undefined) {
      return compute(
        this.#widths.numbers,
        node.operator,
        node.operands.map((operand) => this.#evaluate(operand)),
      );
    }
    const named = this.#named.get(placeKey(node.span));
    return named?.values.get(timeOf(passing))?.value ?? this.#evaluate(inner);
  }

  /** All named places; where the source gives the wanted number by itself it goes on to do so. */
  #places(): readonly NamedPlace[] {
    const found: NamedPlace[] = [];
    for (const [key, { span, layer }] of this.#named) {
      const times = new Map<string, { readonly at: NumberPassing; readonly value: number | undefined }>();
      for (const use of this.#byPlace.get(key) ?? []) {
        for (const place of use.path) {
          const time = timeOf(place.passing);
          if (place.key !== key || times.get(time)?.value !== undefined) continue;
          const value = this.#named.get(key)?.values.get(time)?.value;
          times.set(time, { at: place.passing, value: value === this.#evaluate(place.inner) ? undefined : value });
        }
      }
      // Lists have an item for every round of a loop, also for one whose number nobody takes.
      const calls = new Set([...times.values()].map(({ at }) => at.call));
      for (const [time, at] of this.#passings.get(key) ?? [])
        if (calls.has(at.call) && !times.has(time)) times.set(time, { at, value: undefined });
      const values = [...times.values()].sort((left, right) => left.at.call - right.at.call);
      if (values.some(({ value }) => value !== undefined)) found.push({ span, layer: layerWord(layer), values });
    }
    return found;
  }
}

/** The operand that an operation gives back as it is: `planes` of `planes * 1`. */
function unchangedBy({
  operator,
  operands: [left, right],
  value,
}: Extract<WidthOrigin, { readonly kind: 'computed' }>): WidthOrigin | undefined {
  if (operator === '*' && left?.value === 1 && right?.value === value) return right;
  return (operator === '*' || operator === '//') && right?.value === 1 && left?.value === value ? left : undefined;
}

const endWords: Readonly<Record<WidthEnd, string>> = {
  out: 'width',
  in: 'input width',
  groups: 'number of groups',
  before: 'padding before the channels',
  after: 'padding behind the channels',
};

function unreachable(): never {
  throw new Error('A place is named for somebody');
}

function placeKey({ document, start, end }: SourceSpan): string {
  return `${document}:${String(start)}:${String(end)}`;
}

function timeOf({ call, rounds }: NumberPassing): string {
  return `${String(call)} ${rounds.join()}`;
}

/** A layer's own width names a place best. */
function rank({ op, end }: Use): number {
  const isNorm = op.attributes.kind === 'batch-norm' || op.attributes.kind === 'group-norm';
  return (end === 'out' ? 0 : 2) + (isNorm ? 1 : 0);
}

/** `conv1` for `layer1.0.conv1`, `conv_0_0` for `features.1.conv.0.0`; `conv1_in` where only its input is meant. */
function layerWord({ op, end }: Use): string {
  const parts = op.name.split('.');
  let from = parts.length - 1;
  while (from > 0 && /^\d+$/.test(parts[from] ?? '')) from -= 1;
  const word = parts.slice(from).join('_');
  return end === 'out' ? word : `${word}_${end}`;
}
