// Containers of modules. Children are attributes with the names that `named_modules` prints: "0", "1", or their keys.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { sliceBounds } from '../../evaluator/items.ts';
import { builtin, list, none, string, tuple } from '../../evaluator/values.ts';
import type { ModuleRow } from './module-classes.ts';
import type { TracedNetwork } from '../../tracing/traced-network.ts';
import type { Machine, Arguments, BuiltinValue, InstanceValue, PyValue } from '../../evaluator/machine.ts';
import { integerOf } from '../../evaluator/numbers.ts';

/** Whether a container holds a value as its entry, rather than that a class derived from it keeps it for itself. */
function isEntry(container: InstanceValue, name: string, value: PyValue): boolean {
  const { mro } = container.class;
  switch (value.kind) {
    case 'instance': {
      const moduleClass = mro.findLast((type) => type.name === 'Module');
      return value.class.mro.some((type) => type === moduleClass || type.unknownBase !== undefined);
    }
    case 'tensor':
      return mro.some((type) => /^Parameter(List|Dict)$/.test(type.name));
    case 'unknown':
      return name !== 'training';
    default:
      return false;
  }
}

/** The entries of a container: modules, parameters of a ParameterList, and what may be either. */
function entriesOf(container: InstanceValue): readonly (readonly [string, PyValue])[] {
  return [...container.attributes].filter(([name, value]) => isEntry(container, name, value));
}

/** Appended entries are named after the number of those before them, whatever these are named. */
function append(machine: Machine, container: InstanceValue, values: readonly PyValue[]): void {
  let place = entriesOf(container).length;
  for (const value of values) machine.change(container).attributes.set(String(place++), value);
}

function fill(self: InstanceValue, machine: Machine, value: PyValue, span: SourceSpan): void {
  if (value.kind === 'none') return;
  const items = machine.iterate(value, span);
  if (!('kind' in items)) append(machine, self, items);
}

/** Adds named entries from a dictionary, a ModuleDict or pairs. */
function fillNamed(self: InstanceValue, machine: Machine, value: PyValue, span: SourceSpan): void {
  const source = value.kind === 'instance' ? (value.dictionary ?? value) : value;
  if (source.kind === 'dict') {
    for (const { key, value: item } of source.entries.values())
      machine.change(self).attributes.set(machine.text(key, span), item);
  } else if (source.kind === 'instance') {
    for (const [name, item] of entriesOf(source)) machine.change(self).attributes.set(name, item);
  } else if (source.kind !== 'none') {
    const pairs = machine.iterate(source, span);
    if ('kind' in pairs) return;
    for (const pair of pairs) {
      const parts = machine.iterate(pair, span);
      if ('kind' in parts) continue;
      const [name, item] = parts;
      if (name && item) machine.change(self).attributes.set(machine.text(name, span), item);
    }
  }
}

export const containerModules: readonly ModuleRow[] = [
  {
    name: 'Sequential',
    parameters: '*args',
    construct(self, args, machine, span) {
      const given = args.value('args');
      const items = given.kind === 'tuple' ? given.items : [];
      const [only] = items;
      const named = only?.kind === 'dict' || (only?.kind === 'instance' && only.dictionary !== undefined);
      if (items.length === 1 && only && named) fillNamed(self, machine, only, span);
      else append(machine, self, items);
    },
    forward(self, call) {
      let value = call.args.value('input');
      for (const [, module] of entriesOf(self)) value = call.machine.callWith(module, call.span, value);
      return value;
    },
  },
  {
    name: 'ModuleList',
    parameters: 'modules=None',
    construct: (self, args, machine, span) => fill(self, machine, args.value('modules'), span),
  },
  {
    name: 'ParameterList',
    parameters: 'values=None',
    construct: (self, args, machine, span) => fill(self, machine, args.value('values'), span),
  },
  {
    name: 'ModuleDict',
    parameters: 'modules=None',
    construct: (self, args, machine, span) => fillNamed(self, machine, args.value('modules'), span),
  },
  {
    name: 'ParameterDict',
    parameters: 'parameters=None',
    construct: (self, args, machine, span) => fillNamed(self, machine, args.value('parameters'), span),
  },
];

/** Writes a container anew, as inserting and deleting renumber what follows. */
function renumber(machine: Machine, self: InstanceValue, values: readonly PyValue[]): void {
  for (const [name] of entriesOf(self)) machine.change(self).attributes.delete(name);
  append(machine, self, values);
}

type Method = (self: InstanceValue, args: readonly PyValue[], machine: Machine, span: SourceSpan) => PyValue;

const values = (self: InstanceValue): PyValue[] => entriesOf(self).map(([, value]) => value);

const containerMethods: Readonly<Record<string, Method>> = {
  __len__: (self) => ({ kind: 'int', value: entriesOf(self).length }),
  append: (self, [value], machine) => {
    if (value) append(machine, self, [value]);
    return self;
  },
  extend: (self, [value], machine, span) => {
    fill(self, machine, value ?? none, span);
    return self;
  },
  insert: (self, [place, value], machine) => {
    const all = values(self);
    all.splice(place ? (integerOf(place) ?? 0) : 0, 0, value ?? none);
    renumber(machine, self, all);
    return none;
  },
  __add__: (self, [added], machine, span) => joinContainers(self, added ?? none, machine, span),
  __iadd__: (self, [added], machine, span) => {
    fill(self, machine, added ?? none, span);
    return self;
  },
  pop: (self, [key], machine, span) => {
    if (key?.kind === 'string') {
      const found = self.attributes.get(key.value);
      machine.change(self).attributes.delete(key.value);
      return found ?? machine.raise('KeyError', key.value, span);
    }
    const all = values(self);
    const place = key ? (integerOf(key) ?? -1) : -1;
    const [removed] = all.splice(place < 0 ? place + all.length : place, 1);
    renumber(machine, self, all);
    return removed ?? machine.raise('IndexError', 'pop from an empty container', span);
  },
};

/** Two containers, or a container and a list, as one. */
function joinContainers(self: InstanceValue, added: PyValue, machine: Machine, span: SourceSpan): PyValue {
  const joined: InstanceValue = {
    ...self,
    attributes: new Map(),
    site: { span, callChain: [...machine.callStack] },
  };
  append(machine, joined, values(self));
  fill(joined, machine, added, span);
  return joined;
}

const dictionaryMethods: Readonly<Record<string, Method>> = {
  __len__: (self) => ({ kind: 'int', value: entriesOf(self).length }),
  __iter__: (self) => list(entriesOf(self).map(([name]) => string(name))),
  __contains__: (self, [key]) => ({
    kind: 'bool',
    value: key?.kind === 'string' && entriesOf(self).some(([name]) => name === key.value),
  }),
  keys: (self) => list(entriesOf(self).map(([name]) => string(name))),
  values: (self) => list(values(self)),
  items: (self) => list(entriesOf(self).map(([name, value]) => tuple([string(name), value]))),
  update: (self, [value], machine, span) => {
    fillNamed(self, machine, value ?? none, span);
    return none;
  },
  pop: (self, [key], machine) => {
    const name = key?.kind === 'string' ? key.value : '';
    const found = self.attributes.get(name);
    machine.change(self).attributes.delete(name);
    return found ?? none;
  },
  __setitem__: (self, [key, value], machine) => {
    if (key?.kind === 'string' && value) machine.change(self).attributes.set(key.value, value);
    return none;
  },
};

/** Methods that the class of a container gets beside its constructor and forward. */
export function methodsOfContainer(name: string): readonly (readonly [string, BuiltinValue])[] {
  const table = name.endsWith('Dict') ? dictionaryMethods : containerMethods;
  const sequence: Record<string, Method> = name.endsWith('Dict')
    ? {}
    : {
        __iter__: (self) => list(values(self)),
        __setitem__: (self, [place, value], machine) => {
          const all = entriesOf(self);
          const index = place ? integerOf(place) : undefined;
          const entry = index === undefined ? undefined : all.at(index);
          if (entry && value) machine.change(self).attributes.set(entry[0], value);
          return none;
        },
        __delitem__: (self, [place], machine) => {
          const all = values(self);
          const index = place ? integerOf(place) : undefined;
          if (index !== undefined) all.splice(index < 0 ? index + all.length : index, 1);
          renumber(machine, self, all);
          return none;
        },
      };
  return Object.entries({ ...table, ...sequence }).map(([method, run]) => [
    method,
    builtin(
      method,
      (machine: Machine, args: Arguments, span: SourceSpan) => {
        const [self, ...rest] = args.positional;
        if (self?.kind !== 'instance') return none;
        machine.walk(self.attributes.size, span);
        return run(self, rest, machine, span);
      },
      true,
    ),
  ]);
}

/** `container[index]`; undefined when the instance is no library container. */
export function containerItem(
  network: TracedNetwork,
  machine: Machine,
  self: InstanceValue,
  index: PyValue,
  span: SourceSpan,
): PyValue | undefined {
  const type = self.class.mro.find(
    ({ name, span: written }) =>
      written === undefined &&
      ['Sequential', 'ModuleList', 'ModuleDict', 'ParameterList', 'ParameterDict'].includes(name),
  );
  if (type === undefined || !network.isModule(self)) return undefined;
  if (index.kind === 'string') return self.attributes.get(index.value) ?? machine.raise('KeyError', index.value, span);
  machine.walk(self.attributes.size, span);
  const entries = entriesOf(self);
  const place = integerOf(index);
  if (place !== undefined)
    return entries.at(place)?.[1] ?? machine.raise('IndexError', `index ${String(place)} is out of range`, span);
  if (index.kind !== 'slice') return undefined;
  const bounds = sliceBounds(index, entries.length);
  if (bounds === undefined) return undefined;
  // A slice of a container is a container of the same modules.
  const part: InstanceValue = {
    kind: 'instance',
    class: type,
    attributes: new Map(),
    site: { span, callChain: [...machine.callStack] },
  };
  for (let i = bounds.start; bounds.step > 0 ? i < bounds.stop : i > bounds.stop; i += bounds.step) {
    const entry = entries[i];
    if (entry)
      machine
        .change(part)
        .attributes.set(type.name === 'Sequential' ? entry[0] : String(part.attributes.size), entry[1]);
  }
  return part;
}
