// Methods of list, tuple, dict, set and iterators.

import type { SourceSpan } from '../../../common/source-span.ts';
import { isUnhashable } from './argument-kinds.ts';
import { equal } from './operators.ts';
import { addEntries, addEntry, copyOf, isCounter, partial, partialMethods } from './partial-dictionary.ts';
import { sortValues } from './sorting.ts';
import {
  amongOf,
  bool,
  builtin,
  dict,
  int,
  isCertainKey,
  keyOf,
  list,
  none,
  set,
  string,
  tuple,
  unknown,
} from './values.ts';
import type {
  Machine,
  Arguments,
  DictValue,
  InstanceValue,
  PartialDictValue,
  ListValue,
  PyValue,
  SetValue,
  UnknownValue,
} from './machine.ts';
import { integerOf } from './numbers.ts';

type Container = Extract<PyValue, { kind: 'list' | 'tuple' | 'dict' | 'partial-dict' | 'set' | 'iterator' }>;
type Method<T> = (self: T, args: Arguments, machine: Machine, span: SourceSpan) => PyValue;

/** What a method does depends on something that is not known; thrown inside this file only. */
class NotKnown extends Error {
  readonly value: UnknownValue;

  constructor(value: UnknownValue) {
    super(value.reason);
    this.value = value;
  }
}

/** The items of an argument. */
function itemsOf(machine: Machine, value: PyValue | undefined, span: SourceSpan): readonly PyValue[] {
  if (value === undefined) return [];
  const items = machine.iterate(value, span);
  if ('kind' in items) throw new NotKnown(items);
  return items;
}

/** The key of an argument. */
function knownKey(machine: Machine, value: PyValue, span: SourceSpan): string {
  if (isUnhashable(value)) machine.raise('TypeError', `unhashable type: '${machine.nameOfType(value)}'`, span);
  if (!isCertainKey(value)) throw new NotKnown(unknown('Which key this is is not known', span));
  return keyOf(value);
}

/** The integer of an argument, or what stands for it where it is not given. */
function knownInteger<T>(machine: Machine, value: PyValue | undefined, otherwise: T, span: SourceSpan): number | T {
  if (value === undefined) return otherwise;
  const number = integerOf(value);
  if (number !== undefined) return number;
  if (value.kind === 'unknown') throw new NotKnown(value);
  if (value.kind === 'instance' || value.kind === 'tensor')
    throw new NotKnown(unknown('This number is not known', span));
  return machine.raise('TypeError', `'${machine.nameOfType(value)}' object cannot be interpreted as an integer`, span);
}

function indexOf(
  self: { readonly items: readonly PyValue[] },
  args: Arguments,
  machine: Machine,
  span: SourceSpan,
): number {
  const wanted = args.positional[0] ?? none;
  const [from, to] = [
    knownInteger(machine, args.positional[1], 0, span),
    knownInteger(machine, args.positional[2], self.items.length, span),
  ];
  const at = (place: number): number => (place < 0 ? Math.max(0, place + self.items.length) : place);
  machine.walk(self.items.length, span);
  for (const [i, item] of self.items.slice(0, at(to)).entries()) {
    if (i < at(from)) continue;
    if (isSameOrEqual(machine, item, wanted, span)) return i;
  }
  return -1;
}

/** `item is wanted or item == wanted`. */
function isSameOrEqual(machine: Machine, item: PyValue, wanted: PyValue, span: SourceSpan): boolean {
  if (item === wanted && item.kind !== 'unknown') return true;
  const same = equal(machine, item, wanted, span);
  if (same === undefined) throw new NotKnown(unknown('Whether this is the item that is asked for is not known', span));
  return same;
}

/** The items of a set, or of several, each by its key. */
function keysOf(machine: Machine, values: readonly PyValue[], span: SourceSpan): Map<string, PyValue> {
  const found = new Map<string, PyValue>();
  for (const item of values.flatMap((each) => itemsOf(machine, each, span))) {
    const key = knownKey(machine, item, span);
    if (!found.has(key)) found.set(key, item);
  }
  return found;
}

const listMethods: Readonly<Record<string, Method<ListValue>>> = {
  append: (self, args, machine) => {
    machine.change(self).items.push(args.positional[0] ?? none);
    return none;
  },
  appendleft: (self, args, machine) => {
    machine.change(self).items.unshift(args.positional[0] ?? none);
    return none;
  },
  popleft: (self, _args, machine, span) =>
    machine.change(self).items.shift() ?? machine.raise('IndexError', 'pop from an empty deque', span),
  extend: (self, args, machine, span) => {
    addItems(machine, machine.change(self).items, itemsOf(machine, args.positional[0], span), span);
    return none;
  },
  insert: (self, args, machine, span) => {
    const [place, value] = args.positional;
    const at = knownInteger(machine, place, 0, span);
    machine.change(self).items.splice(at, 0, value ?? none);
    return none;
  },
  pop: (self, args, machine, span) => {
    const place = knownInteger(machine, args.positional[0], -1, span);
    const isThere = place < self.items.length && place >= -self.items.length;
    if (!isThere) return machine.raise('IndexError', 'pop index out of range', span);
    const [removed] = machine.change(self).items.splice(place < 0 ? place + self.items.length : place, 1);
    return removed ?? machine.raise('IndexError', 'pop from empty list', span);
  },
  remove: (self, args, machine, span) => {
    const at = indexOf(self, args, machine, span);
    if (at < 0) return machine.raise('ValueError', 'list.remove(x): x not in list', span);
    machine.change(self).items.splice(at, 1);
    return none;
  },
  clear: (self, _args, machine) => {
    machine.change(self).items.length = 0;
    return none;
  },
  reverse: (self, _args, machine) => {
    machine.change(self).items.reverse();
    return none;
  },
  sort: (self, args, machine, span) => {
    const sorted = sortValues(machine, self.items, args, span);
    if ('kind' in sorted) throw new NotKnown(sorted);
    machine.change(self).items = [...sorted];
    return none;
  },
  copy: (self, _args, machine, span) => {
    machine.hold(self.items.length, span);
    return list(self.items);
  },
};

const sequenceMethods: Readonly<Record<string, Method<{ readonly items: readonly PyValue[] }>>> = {
  index: (self, args, machine, span) => {
    const at = indexOf(self, args, machine, span);
    return at < 0 ? machine.raise('ValueError', 'value is not in the sequence', span) : int(at);
  },
  count: (self, args, machine, span) => {
    const [wanted] = args.positional;
    machine.walk(self.items.length, span);
    return int(wanted ? self.items.filter((item) => isSameOrEqual(machine, item, wanted, span)).length : 0);
  },
};

/** What has `keys()` and items, as a dictionary; anything else as it is. */
export function mapping(machine: Machine, source: InstanceValue, span: SourceSpan): PyValue {
  const method = machine.method(source, 'keys', span);
  if (method === undefined) return source;
  const keys = machine.iterate(machine.callWith(method, span), span);
  if ('kind' in keys) return keys;
  machine.hold(keys.length, span);
  const read = machine.method(source, '__getitem__', span);
  return dict(keys.map((key) => [key, read ? machine.callWith(read, span, key) : unknown('It has no items', span)]));
}

function update(self: DictValue | PartialDictValue, args: Arguments, machine: Machine, span: SourceSpan): PyValue {
  const [source] = args.positional;
  const from = source?.kind === 'instance' ? (source.dictionary ?? mapping(machine, source, span)) : source;
  if (from?.kind === 'dict' || from?.kind === 'partial-dict') {
    machine.hold(from.entries.size, span);
    addEntries(machine, self, from);
  } else {
    for (const pair of itemsOf(machine, from, span)) {
      const parts = itemsOf(machine, pair, span);
      const [key, value] = parts;
      if (parts.length !== 2)
        return machine.raise('ValueError', 'dictionary update sequence element has another length than 2', span);
      if (key && value) machine.change(self).entries.set(knownKey(machine, key, span), { key, value });
    }
  }
  for (const [name, value] of args.keywords) addEntry(machine, self, string(name), value);
  return none;
}

const dictMethods: Readonly<Record<string, Method<DictValue>>> = {
  get: (self, { positional: [key = none, otherwise = none] }, machine, span) =>
    self.entries.get(knownKey(machine, key, span))?.value ?? otherwise,
  keys: (self, _args, machine, span) => {
    machine.walk(self.entries.size, span);
    return { ...list([...self.entries.values()].map(({ key }) => key)), isKeys: true };
  },
  values: (self, _args, machine, span) => {
    machine.walk(self.entries.size, span);
    return list([...self.entries.values()].map(({ value }) => value));
  },
  items: (self, _args, machine, span) => {
    machine.walk(self.entries.size, span);
    return list([...self.entries.values()].map(({ key, value }) => tuple([key, value])));
  },
  pop: (self, args, machine, span) => {
    // Nothing is looked up in what is empty.
    const [, otherwise] = args.positional;
    if (self.entries.size === 0 && otherwise) return otherwise;
    const key = knownKey(machine, args.positional[0] ?? none, span);
    const found = self.entries.get(key)?.value;
    if (found) machine.change(self).entries.delete(key);
    return (
      found ?? args.positional[1] ?? machine.raise('KeyError', machine.text(args.positional[0] ?? none, span), span)
    );
  },
  popitem: (self, args, machine, span) => {
    const end = args.positional[0] ?? args.keywords.get('last');
    const isLast = end === undefined ? true : machine.truth(end, span);
    if (isLast === undefined) throw new NotKnown(unknown('From which end this is taken is not known', span));
    const last = [...self.entries].at(isLast ? -1 : 0);
    if (!last) return machine.raise('KeyError', 'dictionary is empty', span);
    machine.change(self).entries.delete(last[0]);
    return tuple([last[1].key, last[1].value]);
  },
  setdefault: (self, args, machine, span) => {
    const [key, value] = args.positional;
    const text = knownKey(machine, key ?? none, span);
    const found = self.entries.get(text);
    if (found) return found.value;
    machine.change(self).entries.set(text, { key: key ?? none, value: value ?? none });
    return value ?? none;
  },
  update,
  copy: (self, _args, machine, span) => {
    machine.hold(self.entries.size, span);
    return copyOf(self);
  },
  clear: (self, _args, machine) => {
    machine.change(self).entries.clear();
    return none;
  },
  move_to_end: (self, args, machine, span) => {
    const key = knownKey(machine, args.positional[0] ?? none, span);
    const entry = self.entries.get(key);
    if (!entry) return machine.raise('KeyError', machine.text(args.positional[0] ?? none, span), span);
    const last = args.positional[1] ?? args.keywords.get('last');
    const isLast = last === undefined ? true : machine.truth(last, span);
    if (isLast === undefined) throw new NotKnown(unknown('To which end this is moved is not known', span));
    const { entries } = machine.change(self);
    entries.delete(key);
    const others = [...entries];
    if (!isLast) entries.clear();
    entries.set(key, entry);
    if (!isLast) for (const [other, each] of others) entries.set(other, each);
    return none;
  },
};

function intersection(self: SetValue, args: Arguments, machine: Machine, span: SourceSpan): SetValue {
  const others = args.positional.map((each) => keysOf(machine, [each], span));
  return set([...self.entries].flatMap(([key, item]) => (others.every((other) => other.has(key)) ? [item] : [])));
}

function symmetricDifference(self: SetValue, args: Arguments, machine: Machine, span: SourceSpan): SetValue {
  const others = keysOf(machine, args.positional, span);
  return set([
    ...[...self.entries].flatMap(([key, item]) => (others.has(key) ? [] : [item])),
    ...[...others].flatMap(([key, item]) => (self.entries.has(key) ? [] : [item])),
  ]);
}

/** A set is looked for in a set as a frozen one, which equals it. */
function lookedForAsFrozen({ positional: [item] }: Arguments, span: SourceSpan): void {
  if (item?.kind === 'set') throw new NotKnown(unknown('Whether this set is in there is not followed', span));
}

const setMethods: Readonly<Record<string, Method<SetValue>>> = {
  add: (self, args, machine, span) => {
    const item = args.positional[0] ?? none;
    const key = knownKey(machine, item, span);
    if (!self.entries.has(key)) machine.change(self).entries.set(key, item);
    return none;
  },
  update: (self, args, machine, span) => {
    for (const [key, item] of keysOf(machine, args.positional, span))
      if (!self.entries.has(key)) machine.change(self).entries.set(key, item);
    return none;
  },
  intersection_update: (self, args, machine, span) => {
    const kept = intersection(self, args, machine, span);
    machine.change(self).entries = new Map(kept.entries);
    return none;
  },
  difference_update: (self, args, machine, span) => {
    for (const key of keysOf(machine, args.positional, span).keys()) machine.change(self).entries.delete(key);
    return none;
  },
  symmetric_difference_update: (self, args, machine, span) => {
    machine.change(self).entries = new Map(symmetricDifference(self, args, machine, span).entries);
    return none;
  },
  discard: (self, args, machine, span) => {
    lookedForAsFrozen(args, span);
    machine.change(self).entries.delete(knownKey(machine, args.positional[0] ?? none, span));
    return none;
  },
  remove: (self, args, machine, span) => {
    lookedForAsFrozen(args, span);
    const [item = none] = args.positional;
    const isThere = machine.change(self).entries.delete(knownKey(machine, item, span));
    return isThere ? none : machine.raise('KeyError', machine.text(item, span), span);
  },
  clear: (self, _args, machine) => {
    machine.change(self).entries.clear();
    return none;
  },
  union: (self, args, machine, span) =>
    set([...self.entries.values(), ...keysOf(machine, args.positional, span).values()]),
  intersection,
  difference: (self, args, machine, span) => {
    const others = keysOf(machine, args.positional, span);
    return set([...self.entries].flatMap(([key, item]) => (others.has(key) ? [] : [item])));
  },
  symmetric_difference: symmetricDifference,
  issubset: (self, args, machine, span) => {
    const others = keysOf(machine, args.positional, span);
    return bool([...self.entries.keys()].every((key) => others.has(key)));
  },
  issuperset: (self, args, machine, span) =>
    bool([...keysOf(machine, args.positional, span).keys()].every((key) => self.entries.has(key))),
  isdisjoint: (self, args, machine, span) =>
    bool(![...keysOf(machine, args.positional, span).keys()].some((key) => self.entries.has(key))),
  copy: (self) => set(self.entries.values()),
};

/** What a frozen set does not have. */
const changing: ReadonlySet<string> = new Set(
  `add clear difference_update discard intersection_update pop remove symmetric_difference_update update`.split(' '),
);

/** What counters do otherwise than dictionaries is not followed. */
const counterMethods: Readonly<Record<string, Method<DictValue>>> = Object.fromEntries(
  ['update', 'subtract', 'most_common', 'elements', 'total', 'copy'].map((name): [string, Method<DictValue>] => [
    name,
    (_self, _args, _machine, span) => {
      throw new NotKnown(unknown(`What ${name} of a Counter does is not followed`, span));
    },
  ]),
);

/** Adds items to a list, which may be the list that they come from. */
export function addItems(machine: Machine, target: PyValue[], items: readonly PyValue[], span: SourceSpan): void {
  const count = items.length;
  machine.hold(count, span);
  for (let i = 0; i < count; i++) target.push(items[i] ?? none);
}

function bindMethod<T extends Container>(
  table: Readonly<Record<string, Method<T>>>,
  self: T,
  name: string,
): PyValue | undefined {
  const method = Object.hasOwn(table, name) ? table[name] : undefined;
  return (
    method &&
    builtin(name, (machine, args, span) => {
      try {
        return method(self, args, machine, span);
      } catch (error) {
        if (!(error instanceof NotKnown)) throw error;
        // It may raise as well as do any of what it does.
        if (self.kind !== 'tuple' && !leaving.has(name)) machine.ways.loseOwner(self, error.value.reason, span);
        machine.mayRaise();
        return { ...unknown(error.value.reason, span), ...amongOf([self, ...args.positional]) };
      }
    })
  );
}

/** Methods that leave their container as it is, whatever they are given. */
const leaving: ReadonlySet<string> = new Set(
  `copy count difference elements get index intersection isdisjoint issubset issuperset most_common symmetric_difference total union`.split(
    ' ',
  ),
);

/** A method of a container, bound to it; undefined when it has none of that name. */
export function containerMethod(self: Container, name: string): PyValue | undefined {
  switch (self.kind) {
    case 'list':
      return bindMethod(listMethods, self, name) ?? bindMethod<ListValue>(sequenceMethods, self, name);
    case 'tuple':
      return bindMethod(sequenceMethods, self, name);
    case 'dict':
    case 'partial-dict': {
      const part = partial(self);
      if (part) return bindMethod<PartialDictValue>({ ...partialMethods, update }, part, name);
      if (self.kind !== 'dict') return undefined;
      return bindMethod(isCounter(self) ? { ...dictMethods, ...counterMethods } : dictMethods, self, name);
    }
    case 'set':
      return self.isFrozen && changing.has(name) ? undefined : bindMethod(setMethods, self, name);
    case 'iterator':
      return undefined;
  }
}
