// What is known of a value, or of what an owner holds, where it is one thing in one way and perhaps another in the other: what
// is equal stays known, what differs is not. Sequences of another length are lost as a whole, dictionaries with other keys in part.

import type { SourceSpan } from '../../../common/source-span.ts';
import type {
  Content,
  Field,
  Kept,
  Owner,
  State,
  FunctionValue,
  IntValue,
  FloatValue,
  PyValue,
  UnknownValue,
} from './machine.ts';
import { isMaybe } from './partial-dictionary.ts';
import { amongOf, keyOf, tuple, unknown } from './values.ts';

/** How many values are compared inside one that was made in both ways. */
const mostCompared = 2_000;

/** Two ways from the same moment, joined into one. */
export class Join {
  readonly #one: State;
  readonly #other: State;
  readonly #isNew: (value: object) => boolean;
  readonly #reason: string;
  readonly #span: SourceSpan;
  /** Things made in one way by those made in the other that stand for the same: each has one partner. */
  readonly #partners = new Map<object, object>();
  readonly #partnersBack = new Map<object, object>();
  #compared = 0;

  /** `isNew` tells what was made since the ways parted. Of two equal new things the second way's stays. */
  constructor(one: State, other: State, isNew: (value: object) => boolean, reason: string, span: SourceSpan) {
    this.#one = one;
    this.#other = other;
    this.#isNew = isNew;
    this.#reason = reason;
    this.#span = span;
  }

  #lost(): UnknownValue {
    return unknown(this.#reason, this.#span);
  }

  /** What all that either way changed holds; `now` tells what an owner held when they parted. */
  state(now: (owner: Owner) => Content): State {
    const joined = new Map<Owner, Content>();
    for (const [owner, content] of this.#other) {
      const one = this.#one.get(owner);
      // What only the second way has made is as that way left it.
      joined.set(owner, one === undefined && this.#isNew(owner) ? content : this.#content(one ?? now(owner), content));
    }
    for (const [owner, content] of this.#one)
      if (!joined.has(owner)) joined.set(owner, this.#isNew(owner) ? content : this.#content(content, now(owner)));
    return joined;
  }

  #content(one: Content, other: Content): Content {
    const kinds = [one, other].map((content) => content.get('kind')?.value);
    if (kinds.every((kind) => kind === 'dict' || kind === 'partial-dict')) return this.#dictionary(one, other);
    if (kinds[0] !== kinds[1]) return this.#lostContent(kinds[1] === 'unknown' ? other : one);
    const joined = new Map<string, Field>();
    let isLost = false;
    for (const name of new Set([...one.keys(), ...other.keys()])) {
      const [a, b] = [one.get(name), other.get(name)];
      if (name === 'names' || name === 'attributes') joined.set(name, this.#names(a, b, one, other));
      else if (name === 'mayHaveMore') joined.set(name, b ?? a ?? { value: this.#reason });
      else if (name === 'deferred') joined.set(name, this.#deferred(a, b));
      else if (name === 'entries') {
        const entries = this.#entries(a, b);
        isLost ||= !entries.isWhole;
        joined.set(name, entries.field);
      } else if (name === 'items' || name === 'yielded') {
        const isOthers = a?.items === undefined && b?.items === undefined && this.#isSameField(a, b);
        const items = isOthers ? b : this.#items(a, b);
        isLost ||= items === undefined;
        joined.set(name, items ?? b ?? { value: [] });
      } else if (this.#isSameField(a, b)) joined.set(name, b ?? { value: undefined });
      else if (name === 'elements' || name === 'fill' || name === 'id' || name === 'own') {
        if (name === 'id' && b !== undefined) joined.set(name, b);
      } else {
        isLost ||= name !== 'reason' && name !== 'span';
        if (b ?? a) joined.set(name, b ?? a ?? { value: undefined });
      }
    }
    return isLost ? this.#lostContent(joined) : joined;
  }

  #isSameField(a: Field | undefined, b: Field | undefined): boolean {
    if (a === undefined || b === undefined) return a === b;
    const [one, other] = [a.value, b.value];
    if (one === other) return true;
    if (!Array.isArray(one) || !Array.isArray(other)) return false;
    return one.length === other.length && one.every((item, i) => item === other[i]);
  }

  /** A dictionary with what it may have in either way; nothing where it is not even the same kind of dictionary. */
  #dictionary(one: Content, other: Content): Content {
    for (const name of ['viewOf', 'missing'])
      if (!this.#isSameField(one.get(name), other.get(name))) return this.#lostContent(one);
    const [left, right] = [one, other].map((content) => content.get('entries')?.entries ?? nothing);
    const entries = new Map<string, Kept>();
    for (const [identity, entry] of [...(right ?? nothing), ...(left ?? nothing)]) {
      const [first, second] = [left?.get(identity), right?.get(identity)];
      if (entries.has(identity) || !isEntry(entry)) continue;
      const value =
        first && second && isEntry(first) && isEntry(second)
          ? this.value(first.value, second.value)
          : this.#maybe(entry.value);
      entries.set(identity, { key: entry.key, value });
    }
    const names = [...(right?.keys() ?? [])];
    const isWhole = [one, other].every((content) => content.get('kind')?.value === 'dict');
    const isAlike = left?.size === names.length && [...left.keys()].every((name, i) => name === names[i]);
    const joined = new Map(other).set('entries', { value: other.get('entries')?.value, entries });
    if (isWhole && isAlike) return joined;
    const known = [one, other].find((content) => content.get('kind')?.value === 'partial-dict');
    return joined
      .set('kind', { value: 'partial-dict' })
      .set('reason', known?.get('reason') ?? { value: this.#reason })
      .set('span', known?.get('span') ?? { value: this.#span });
  }

  /** What only one of the ways has. */
  #maybe(value: PyValue | undefined): UnknownValue {
    return {
      ...this.#lost(),
      isMaybe: true,
      ...(mayHold(value) && { mayHide: true }),
      ...amongOf(value ? [value] : []),
    };
  }

  /** A thing that is no longer known; a scope, which is no value, only loses what it has yielded. */
  #lostContent(content: Content): Content {
    const lost = new Map(content);
    if (content.has('kind')) {
      lost.set('kind', { value: 'unknown' });
      lost.set('reason', { value: this.#reason });
      lost.set('span', { value: this.#span });
    } else lost.set('lost', { value: this.#lost() });
    return lost;
  }

  #names(a: Field | undefined, b: Field | undefined, one: Content, other: Content): Field {
    const [left, right] = [a?.entries ?? nothing, b?.entries ?? nothing];
    const entries = new Map<string, PyValue>();
    for (const name of new Set([...right.keys(), ...left.keys()])) {
      const [first, second] = [valueIn(left, name), valueIn(right, name)];
      if (first && second) entries.set(name, this.value(first, second));
      else if ([one, other].some((content) => content.get('deferred')?.entries?.has(name) === true))
        entries.set(name, this.#asked(first ?? second, one, other, name));
      else entries.set(name, this.#maybe(first ?? second));
    }
    return { value: b?.value ?? a?.value, entries };
  }

  /** A name that one way has asked for, or bound anew, and the other has not. */
  #asked(bound: PyValue | undefined, one: Content, other: Content, name: string): PyValue {
    const resolve = [one, other].map((content) => content.get('deferred')?.entries?.get(name)).find((each) => each);
    const value = typeof resolve === 'function' ? resolve() : undefined;
    return bound && value ? this.value(bound, value) : this.#lost();
  }

  /** Names that are imported when they are asked for: known where both ways import the same, or only one does. */
  #deferred(a: Field | undefined, b: Field | undefined): Field {
    const [left, right] = [a?.entries ?? nothing, b?.entries ?? nothing];
    const entries = new Map<string, Kept>();
    for (const [name, resolve] of [...left, ...right]) {
      const [first, second] = [left.get(name), right.get(name)];
      if (first === second || first === undefined || second === undefined) entries.set(name, resolve);
      else entries.set(name, () => this.#lost());
    }
    return { value: b?.value ?? a?.value, entries };
  }

  /** The entries that both ways have; whether these are all. */
  #entries(a: Field | undefined, b: Field | undefined): { readonly field: Field; readonly isWhole: boolean } {
    const [left, right] = [a?.entries ?? nothing, b?.entries ?? nothing];
    const entries = new Map<string, Kept>();
    const names = [...right.keys()];
    const isWhole = left.size === right.size && [...left.keys()].every((key, i) => key === names[i]);
    for (const [key, second] of right) {
      const first = left.get(key);
      if (first === undefined) continue;
      if (isEntry(first) && isEntry(second))
        entries.set(key, { key: second.key, value: this.value(first.value, second.value) });
      else entries.set(key, second);
    }
    return { field: { value: b?.value ?? a?.value, entries }, isWhole };
  }

  #items(a: Field | undefined, b: Field | undefined): Field | undefined {
    const [left, right] = [a?.items, b?.items];
    if (left === undefined || right === undefined) return left === right ? b : undefined;
    if (left.length !== right.length) return undefined;
    const items = right.map((item, i) => this.value(left[i] ?? item, item));
    return { value: b?.value, items };
  }

  /** One value where either may be it. */
  value(one: PyValue, other: PyValue): PyValue {
    if (one === other) return other;
    if (
      one.kind === 'tuple' &&
      other.kind === 'tuple' &&
      one.items.length === other.items.length &&
      !one.class &&
      !other.class
    )
      return {
        ...tuple(one.items.map((item, i) => this.value(item, other.items[i] ?? item))),
        ...(other.isSize && { isSize: true }),
      };
    if (one.kind === 'tensor' && other.kind === 'tensor' && !one.parameter && !other.parameter)
      return this.#tensor(one, other);
    this.#compared = 0;
    if (!this.#isSame(one, other)) {
      const known = one.kind === 'unknown' ? one : other.kind === 'unknown' ? other : this.#lost();
      return {
        ...known,
        ...((isMaybe(one) || isMaybe(other)) && { isMaybe: true }),
        ...((mayHold(one) || mayHold(other)) && { mayHide: true }),
        ...amongOf([one, other]),
      };
    }
    // An edit of either place would change only one of the ways.
    return (other.kind === 'int' || other.kind === 'float') && one !== other ? untraced(one, other) : other;
  }

  /** A tensor whose contents are not known where its shape is the same both ways. */
  #tensor(one: Extract<PyValue, { kind: 'tensor' }>, other: Extract<PyValue, { kind: 'tensor' }>): PyValue {
    if (one.shape.length !== other.shape.length || !one.shape.every((size, i) => size === other.shape[i]))
      return this.#lost();
    if (one.fill === other.fill && sameNumbers(one.elements, other.elements) && one.id === other.id) return other;
    return { ...other, elements: undefined, fill: undefined };
  }

  #isSame(one: PyValue, other: PyValue): boolean {
    if (one === other) return true;
    if (one.kind !== other.kind || ++this.#compared > mostCompared) return false;
    switch (one.kind) {
      case 'none':
      case 'ellipsis':
      case 'not-implemented':
        return true;
      case 'bool':
      case 'int':
      case 'float':
      case 'string':
        return 'value' in other && Object.is(one.value, other.value);
      case 'tuple':
        return (
          other.kind === 'tuple' &&
          one.class === other.class &&
          one.items.length === other.items.length &&
          one.items.every((item, i) => this.#isSame(item, other.items[i] ?? item))
        );
      case 'range':
        return (
          other.kind === 'range' && one.start === other.start && one.stop === other.stop && one.step === other.step
        );
      case 'bound-method':
        return other.kind === 'bound-method' && one.function === other.function && this.#isSame(one.self, other.self);
      case 'function':
        return other.kind === 'function' && sameFunction(one, other);
      case 'list':
      case 'set':
      case 'dict':
      case 'partial-dict':
      case 'instance':
        return this.#arePartners(one, other) && this.#holdTheSame(one, other);
      case 'tensor':
        return (
          other.kind === 'tensor' &&
          one.id === other.id &&
          one.fill === other.fill &&
          sameNumbers(one.elements, other.elements) &&
          one.parameter?.role === other.parameter?.role &&
          one.parameter?.trainable === other.parameter?.trainable &&
          one.shape.length === other.shape.length &&
          one.shape.every((size, i) => size === other.shape[i])
        );
      default:
        return false;
    }
  }

  /** Whether two things may be taken for one: both are new, and neither stands for another one. */
  #arePartners(one: object, other: object): boolean {
    if (!this.#isNew(one) || !this.#isNew(other)) return false;
    const [known, back] = [this.#partners.get(one), this.#partnersBack.get(other)];
    if (known === other) return true;
    if (known !== undefined || back !== undefined) return false;
    this.#partners.set(one, other);
    this.#partnersBack.set(other, one);
    return true;
  }

  #holdTheSame(one: PyValue, other: PyValue): boolean {
    if (one.kind === 'list' && other.kind === 'list') {
      const [a, b] = [this.#itemsOf(this.#one, one), this.#itemsOf(this.#other, other)];
      return a.length === b.length && a.every((item, i) => this.#isSame(item, b[i] ?? item));
    }
    if (one.kind === 'dict' && other.kind === 'dict' && (one.viewOf ?? other.viewOf))
      return one.viewOf === other.viewOf;
    if (kindIn(this.#one, one) !== kindIn(this.#other, other)) return false;
    const [a, b] = [mapOf(this.#one, one), mapOf(this.#other, other)];
    if (a === undefined || b === undefined || a.size !== b.size) return false;
    if (one.kind === 'instance' && other.kind === 'instance') {
      if (one.class !== other.class || one.dictionary !== undefined || one.items !== undefined) return false;
    } else if (one.kind === 'dict' && other.kind === 'dict' && one.missing !== other.missing) return false;
    const names = [...b.keys()];
    return [...a].every(([name, first], i) => {
      const second = b.get(name);
      // The order of attributes shows only where they are listed, which no two ways of making a thing tell apart.
      if (second === undefined || (one.kind !== 'instance' && names[i] !== name)) return false;
      if (isEntry(first) && isEntry(second)) return this.#isSame(first.value, second.value);
      return isValue(first) && isValue(second) && this.#isSame(first, second);
    });
  }

  #itemsOf(state: State, value: Extract<PyValue, { kind: 'list' }>): readonly PyValue[] {
    return state.get(value)?.get('items')?.items ?? value.items;
  }
}

const nothing: ReadonlyMap<string, Kept> = new Map();

/** What a thing is in a state: what was lost there is a thing no more. */
function kindIn(state: State, value: PyValue): unknown {
  switch (value.kind) {
    case 'set':
    case 'dict':
    case 'partial-dict':
    case 'instance':
      return state.get(value)?.get('kind')?.value ?? value.kind;
    default:
      return value.kind;
  }
}

/** What a thing keeps by name or key, in a state or as it is now. */
function mapOf(state: State, value: PyValue): ReadonlyMap<string, Kept> | undefined {
  switch (value.kind) {
    case 'set':
    case 'dict':
    case 'partial-dict':
      return state.get(value)?.get('entries')?.entries ?? value.entries;
    case 'instance':
      return state.get(value)?.get('attributes')?.entries ?? value.attributes;
    default:
      return undefined;
  }
}

function isValue(kept: Kept | undefined): kept is PyValue {
  return typeof kept === 'object' && 'kind' in kept;
}

function valueIn(names: ReadonlyMap<string, Kept>, name: string): PyValue | undefined {
  const kept = names.get(name);
  return isValue(kept) ? kept : undefined;
}

/** Whether a value may be or hold a layer. */
function mayHold(value: PyValue | undefined): boolean {
  return value !== undefined && /^(instance|list|tuple|dict|partial-dict|tensor)$/.test(value.kind);
}

function isEntry(kept: Kept): kept is { readonly key: PyValue; readonly value: PyValue } {
  return typeof kept === 'object' && 'key' in kept;
}

function sameNumbers(one: readonly number[] | undefined, other: readonly number[] | undefined): boolean {
  return one === other || (one?.length === other?.length && (one ?? []).every((each, i) => each === other?.[i]));
}

/** The same text in the same place, with the same defaults. */
function sameFunction(one: FunctionValue, other: FunctionValue): boolean {
  return (
    one.body === other.body &&
    one.scope === other.scope &&
    one.attributes.size === 0 &&
    other.attributes.size === 0 &&
    [...one.defaults].every(([name, value]) => {
      const partner = other.defaults.get(name);
      return partner !== undefined && keyOf(partner) === keyOf(value);
    })
  );
}

function untraced(one: PyValue, other: IntValue | FloatValue): PyValue {
  if ((one.kind !== 'int' && one.kind !== 'float') || other.origin === undefined || one.origin === other.origin)
    return other;
  return {
    ...other,
    origin: { kind: 'untraced', value: other.value, reason: 'it is written in more than one way that this may go' },
  };
}
