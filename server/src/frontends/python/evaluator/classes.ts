// Classes: method resolution order, definition, dataclasses, enums, named tuples.

import type { SourceSpan } from '../../../common/source-span.ts';
import { builtin, dict, none, string, tuple } from './values.ts';
import { unshared } from './effects.ts';
import type { Machine, ClassValue, InstanceValue, PyValue } from './machine.ts';

/** C3 linearisation, as Python orders bases; a class whose bases have no order gets them depth first. */
export function resolutionOrder(self: ClassValue): readonly ClassValue[] {
  const lists = [...self.bases.map((base) => [...base.mro]), [...self.bases]];
  const order: ClassValue[] = [self];
  for (;;) {
    const open = lists.filter((candidates) => candidates.length > 0);
    if (open.length === 0) return order;
    const next = open
      .map(([head]) => head)
      .find((head) => head && !open.some((others) => others.slice(1).includes(head)));
    if (next === undefined) return [self, ...new Set(self.bases.flatMap((base) => base.mro))];
    order.push(next);
    for (const candidates of lists) if (candidates[0] === next) candidates.shift();
  }
}

/** A class of ours: framework bases, exceptions. */
export function nativeClass(
  name: string,
  bases: readonly ClassValue[],
  attributes: Iterable<readonly [string, PyValue]> = [],
  construct?: ClassValue['construct'],
): ClassValue {
  const value: ClassValue = {
    kind: 'class',
    name,
    bases,
    mro: [],
    attributes: new Map(attributes),
    ...(construct && { construct }),
  };
  unshared(value).mro = resolutionOrder(value);
  return value;
}

/** What a class or one of its bases says about a name. */
export function findMethod(type: ClassValue, name: string): PyValue | undefined {
  for (const candidate of type.mro) {
    const found = candidate.attributes.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a class is another or derives from it. */
export function isSubclass(type: ClassValue, base: ClassValue): boolean {
  return type.mro.includes(base);
}

/** Whether all that an object can do is written in the source: no base of it is a library's class. */
export function isWhollyWritten(value: PyValue): boolean {
  return value.kind !== 'instance' || isWhollyWrittenClass(value.class);
}

export function isWhollyWrittenClass(type: ClassValue): boolean {
  return type.mro.every(
    ({ name, span, unknownBase }) => (span !== undefined && unknownBase === undefined) || name === 'object',
  );
}

/** Whether a class derives from a built-in one whose instances may be empty, and what they hold is not followed. */
export function isContainerOfOurs(type: ClassValue): boolean {
  const names = /^(list|tuple|str|bytes|int|float|set|frozenset|deque|Counter|User(Dict|List|String))$/;
  return type.mro.some(({ name, span }) => span === undefined && names.test(name));
}

/** What the class of a class says about a name; metaclasses are inherited. */
export function findInMetaclass(type: ClassValue, name: string): PyValue | undefined {
  const metaclass = type.mro.find((candidate) => candidate.metaclass !== undefined)?.metaclass;
  return metaclass && findMethod(metaclass, name);
}

/** The first base that could not be resolved, if any. */
export function unknownBaseOf(type: ClassValue): string | undefined {
  return type.mro.find((candidate) => candidate.unknownBase !== undefined)?.unknownBase;
}

const fieldClass = nativeClass('Field', []);

/** Whether objects of a class keep their dictionary as `data`. */
export function isUserDictionary({ mro }: ClassValue): boolean {
  return mro.some(({ name, span }) => name === 'UserDict' && span === undefined);
}

/** What `fields()` and `__dataclass_fields__` say of one field. */
export function fieldRecord({ name, default: written }: NonNullable<ClassValue['fields']>[number]): InstanceValue {
  const site = { span: { document: '', start: 0, end: 0 }, callChain: [] };
  const isField = written?.kind === 'instance' && written.class.name === 'Field';
  const attributes = new Map<string, PyValue>([
    ['default', isField ? missingDefault : (written ?? missingDefault)],
    ['default_factory', missingDefault],
    ...(isField ? written.attributes : []),
    ['name', string(name)],
  ]);
  return { kind: 'instance', class: fieldClass, attributes, site };
}

/** `dataclasses.MISSING`: what stands where a field has no default. */
export const missingDefault: ClassValue = nativeClass('MISSING', []);

/** Gives a class the constructor that `@dataclass` writes: fields of bases first, defaults and factories. */
export function makeDataclass(machine: Machine, type: ClassValue): void {
  const fields = new Map<string, { name: string; default?: PyValue }>();
  for (const candidate of [...type.mro].reverse()) {
    for (const field of candidate.fields ?? []) fields.set(field.name, { ...field });
  }
  const all = [...fields.values()];
  machine.change(type).fields = all;
  machine
    .change(type)
    .attributes.set('__dataclass_fields__', dict(all.map((field) => [string(field.name), fieldRecord(field)])));
  if (!type.attributes.has('__match_args__'))
    machine.change(type).attributes.set('__match_args__', tuple(all.map((field) => string(field.name))));
  if (type.attributes.has('__init__')) return;
  machine.change(type).attributes.set(
    '__init__',
    builtin(
      '__init__',
      (_, args, span) => {
        const [self, ...given] = args.positional;
        if (self?.kind !== 'instance') return none;
        for (const [i, field] of [...fields.values()].entries()) {
          const value = given[i] ?? args.keywords.get(field.name) ?? defaultOf(machine, field.default, span);
          if (value === undefined)
            machine.raise('TypeError', `${type.name}() misses the argument '${field.name}'`, span);
          machine.change(self).attributes.set(field.name, value);
        }
        const after = machine.method(self, '__post_init__', span);
        if (after) machine.callWith(after, span);
        return none;
      },
      true,
    ),
  );
}

function defaultOf(machine: Machine, value: PyValue | undefined, span: SourceSpan): PyValue | undefined {
  if (value?.kind === 'instance' && value.class.name === 'Field') {
    const factory = value.attributes.get('default_factory');
    return factory && factory.kind !== 'none' ? machine.callWith(factory, span) : value.attributes.get('default');
  }
  return value;
}

/** A class whose instances are tuples with names. */
export function namedTuple(
  machine: Machine,
  name: string,
  fields: readonly { readonly name: string; readonly default?: PyValue }[],
): ClassValue {
  const type: ClassValue = nativeClass(
    name,
    [],
    ['_fields', '__match_args__'].map((each) => [each, tuple(fields.map((field) => string(field.name)))] as const),
    (_, args, span) => {
      const others = [...args.keywords.keys()].filter((each) => {
        const place = fields.findIndex((field) => field.name === each);
        return place < 0 || place < args.positional.length;
      });
      if (args.positional.length > fields.length || others.length > 0)
        machine.raise('TypeError', `${name}() takes ${String(fields.length)} arguments`, span);
      const items = fields.map((field, i) => {
        const value = args.positional[i] ?? args.keywords.get(field.name) ?? field.default;
        return value ?? machine.raise('TypeError', `${name}() misses the argument '${field.name}'`, span);
      });
      return { kind: 'tuple', items, fields: fields.map((field) => field.name), class: type };
    },
  );
  return type;
}
