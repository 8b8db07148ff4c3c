// Methods of list, tuple, dict, set and iterators.

import type { SourceSpan } from '../../../common/source-span.ts';
import { equal } from './operators.ts';
import { addEntries, addEntry, copyOf, partial, partialMethods } from './partial-dictionary.ts';
import { sortValues } from './sorting.ts';
import { bool, builtin, dict, int, keyOf, list, none, set, string, tuple, unknown } from './values.ts';
import type {
  Machine,
  Arguments,
  DictValue,
  InstanceValue,
  PartialDictValue,
  ListValue,
  PyValue,
  SetValue,
} from './machine.ts';
import { integerOf } from './numbers.ts';

type Container = Extract<PyValue, { kind: 'list' | 'tuple' | 'dict' | 'partial-dict' | 'set' | 'iterator' }>;
type Method<T> = (self: T, args: Arguments, machine: Machine, span: SourceSpan) => PyValue;

/** The items of an argument; an unknown iterable adds nothing, and what it would have added is lost. */
function itemsOf(machine: Machine, value: PyValue | undefined, span: SourceSpan): readonly PyValue[] {
  if (value === undefined) return [];
  const items = machine.iterate(value, span);
  if (!('kind' in items)) return items;
  machine.undecided(items, span);
  return [];
}

function indexOf(
  self: { readonly items: readonly PyValue[] },
  args: Arguments,
  machine: Machine,
  span: SourceSpan,
): number {
  const [wanted] = args.positional;
  machine.walk(self.items.length, span);
  return wanted ? self.items.findIndex((item) => item === wanted || equal(machine, item, wanted, span) === true) : -1;
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
    if (place?.kind === 'unknown') machine.undecided(place, span);
    machine.change(self).items.splice(place ? (integerOf(place) ?? 0) : 0, 0, value ?? none);
    return none;
  },
  pop: (self, args, machine, span) => {
    const place = args.positional[0] ? (integerOf(args.positional[0]) ?? -1) : -1;
    const [removed] = machine.change(self).items.splice(place < 0 ? place + self.items.length : place, 1);
    return removed ?? machine.raise('IndexError', 'pop from empty list', span);
  },
  remove: (self, args, machine, span) => {
    const at = indexOf(self, args, machine, span);
    if (at >= 0) machine.change(self).items.splice(at, 1);
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
    if ('kind' in sorted) machine.undecided(sorted, span);
    else machine.change(self).items = [...sorted];
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
    return int(wanted ? self.items.filter((item) => equal(machine, item, wanted, span) === true).length : 0);
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
      const [key, value] = itemsOf(machine, pair, span);
      if (key && value) machine.change(self).entries.set(keyOf(key), { key, value });
    }
  }
  for (const [name, value] of args.keywords) addEntry(machine, self, string(name), value);
  return none;
}

const dictMethods: Readonly<Record<string, Method<DictValue>>> = {
  get: (self, { positional: [key = none, otherwise = none] }) =>
    key.kind === 'unknown' ? key : (self.entries.get(keyOf(key))?.value ?? otherwise),
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
    const key = keyOf(args.positional[0] ?? none);
    const found = self.entries.get(key)?.value;
    machine.change(self).entries.delete(key);
    return (
      found ?? args.positional[1] ?? machine.raise('KeyError', machine.text(args.positional[0] ?? none, span), span)
    );
  },
  popitem: (self, _args, machine, span) => {
    const last = [...self.entries].at(-1);
    if (!last) return machine.raise('KeyError', 'dictionary is empty', span);
    machine.change(self).entries.delete(last[0]);
    return tuple([last[1].key, last[1].value]);
  },
  setdefault: (self, args, machine) => {
    const [key, value] = args.positional;
    const text = keyOf(key ?? none);
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
  move_to_end: (self, args, machine) => {
    const key = keyOf(args.positional[0] ?? none);
    const entry = self.entries.get(key);
    if (entry) {
      machine.change(self).entries.delete(key);
      machine.change(self).entries.set(key, entry);
    }
    return none;
  },
};

const setMethods: Readonly<Record<string, Method<SetValue>>> = {
  add: (self, args, machine) => {
    const [item] = args.positional;
    if (item) machine.change(self).entries.set(keyOf(item), item);
    return none;
  },
  update: (self, args, machine, span) => {
    for (const item of args.positional.flatMap((each) => itemsOf(machine, each, span)))
      machine.change(self).entries.set(keyOf(item), item);
    return none;
  },
  discard: (self, args, machine) => {
    machine.change(self).entries.delete(keyOf(args.positional[0] ?? none));
    return none;
  },
  remove: (self, args, machine) => {
    machine.change(self).entries.delete(keyOf(args.positional[0] ?? none));
    return none;
  },
  union: (self, args, machine, span) =>
    set([...self.entries.values(), ...args.positional.flatMap((each) => itemsOf(machine, each, span))]),
  intersection: (self, args, machine, span) => {
    const others = new Set(itemsOf(machine, args.positional[0], span).map((item) => keyOf(item)));
    return set([...self.entries.values()].filter((item) => others.has(keyOf(item))));
  },
  difference: (self, args, machine, span) => {
    const others = new Set(itemsOf(machine, args.positional[0], span).map((item) => keyOf(item)));
    return set([...self.entries.values()].filter((item) => !others.has(keyOf(item))));
  },
  issubset: (self, args, machine, span) => {
    const others = new Set(itemsOf(machine, args.positional[0], span).map((item) => keyOf(item)));
    return bool([...self.entries.keys()].every((key) => others.has(key)));
  },
  issuperset: (self, args, machine, span) =>
    bool(itemsOf(machine, args.positional[0], span).every((item) => self.entries.has(keyOf(item)))),
  isdisjoint: (self, args, machine, span) =>
    bool(!itemsOf(machine, args.positional[0], span).some((item) => self.entries.has(keyOf(item)))),
  copy: (self) => set(self.entries.values()),
};

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
  return method && builtin(name, (machine, args, span) => method(self, args, machine, span));
}

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
      return self.kind === 'dict' ? bindMethod(dictMethods, self, name) : undefined;
    }
    case 'set':
      return bindMethod(setMethods, self, name);
    case 'iterator':
      return undefined;
  }
}
