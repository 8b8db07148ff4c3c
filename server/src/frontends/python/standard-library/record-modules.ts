// Python's `dataclasses`, `enum`, `abc` and `types`: classes that other classes are made with.

import { fieldRecord, findMethod, makeDataclass, missingDefault, nativeClass } from '../evaluator/classes.ts';
import { unshared } from '../evaluator/effects.ts';
import { amongOf, unknown, bool, builtin, dict, list, none, string, tuple } from '../evaluator/values.ts';
import { functionValues, namespaceClass, passThrough, plainClasses, type ModuleTable } from './module-table.ts';
import { copyOf, emptyCopyOf } from '../evaluator/partial-dictionary.ts';
import type { ClassValue, InstanceValue, PyValue } from '../evaluator/machine.ts';

const fieldNames = (type: ClassValue): readonly string[] => (type.fields ?? []).map((field) => field.name);

/** An instance of a dataclass as a dictionary, nested ones too. */
function asDictionary(value: PyValue, depth = 0): PyValue {
  if (value.kind !== 'instance' || depth > 20) return value;
  return dict(
    fieldNames(value.class).map(
      (name) => [string(name), asDictionary(value.attributes.get(name) ?? none, depth + 1)] as const,
    ),
  );
}

export const dataclassesModule: ModuleTable = () => {
  const field = nativeClass('Field', []);
  return new Map<string, PyValue>([
    ...functionValues({
      dataclass: (machine, args) => {
        const decorate = (value: PyValue): PyValue => {
          if (value.kind === 'class') makeDataclass(machine, value);
          return value;
        };
        const [type] = args.positional;
        return type ? decorate(type) : builtin('dataclass', (_, given) => decorate(given.positional[0] ?? none));
      },
      field: (machine, args, span) => ({
        kind: 'instance',
        class: field,
        attributes: new Map(args.keywords),
        site: { span, callChain: [...machine.callStack] },
      }),
      asdict: (_, args) => asDictionary(args.positional[0] ?? none),
      astuple: (_, args) => {
        const [value] = args.positional;
        return tuple(
          value?.kind === 'instance' ? fieldNames(value.class).map((name) => value.attributes.get(name) ?? none) : [],
        );
      },
      replace: (machine, args, span) => {
        const [value] = args.positional;
        if (value?.kind !== 'instance') return value ?? none;
        const given = fieldNames(value.class).flatMap((name) => {
          const own = value.attributes.get(name);
          return own ? [[name, own] as const] : [];
        });
        return machine.call(value.class, { positional: [], keywords: new Map([...given, ...args.keywords]) }, span);
      },
      fields: (_, args) => {
        const [value] = args.positional;
        const type = value?.kind === 'instance' ? value.class : value;
        if (type?.kind !== 'class') return list([]);
        return tuple((type.fields ?? []).map(fieldRecord));
      },
      is_dataclass: (_, args) => {
        const [value] = args.positional;
        const type = value?.kind === 'instance' ? value.class : value;
        return bool(type?.kind === 'class' && findMethod(type, '__dataclass_fields__') !== undefined);
      },
    }),
    ['KW_ONLY', nativeClass('KW_ONLY', [])],
    ['MISSING', missingDefault],
    ['FrozenInstanceError', nativeClass('FrozenInstanceError', [])],
  ]);
};

export const enumModule: ModuleTable = () => {
  const base = nativeClass('Enum', []);
  const derived = ['IntEnum', 'StrEnum', 'Flag', 'IntFlag'].map((name): [string, PyValue] => [
    name,
    nativeClass(name, [base]),
  ]);
  return new Map<string, PyValue>([
    ['Enum', base],
    ...derived,
    ...plainClasses('auto EnumMeta'),
    ['unique', passThrough('unique')],
  ]);
};

export const abstractModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ...plainClasses('ABC ABCMeta'),
    ['abstractmethod', passThrough('abstractmethod')],
    [
      'abstractproperty',
      builtin('abstractproperty', (_, args) => ({ kind: 'property', getter: args.positional[0] ?? none })),
    ],
  ]);

export const typesModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ...plainClasses('ModuleType MethodType GeneratorType LambdaType BuiltinFunctionType NoneType GenericAlias'),
    ['FunctionType', nativeClass('function', [])],
    ['SimpleNamespace', namespaceClass('SimpleNamespace')],
    [
      'MethodType',
      builtin('MethodType', (_, args) => {
        const [callee, self] = args.positional;
        return callee?.kind === 'function' && self
          ? { kind: 'bound-method', self, function: callee }
          : (callee ?? none);
      }),
    ],
    ['MappingProxyType', passThrough('MappingProxyType')],
  ]);

/** `copy.copy` of an instance: another object with the same attributes. */
function shallowCopy(value: PyValue): PyValue {
  switch (value.kind) {
    case 'list':
      return list(value.items);
    case 'dict':
    case 'partial-dict':
      return copyOf(value);
    case 'set':
      return { kind: 'set', entries: new Map(value.entries) };
    case 'instance':
      return copiesOtherwise(value)
        ? { ...unknown('How this object is copied is its own matter', value.site.span), ...amongOf([value]) }
        : { ...value, attributes: new Map(value.attributes) };
    default:
      return value;
  }
}

/** Whether a class of the source says itself how its objects are copied; one that answers for any attribute may fail at it. */
function copiesOtherwise({ class: type }: InstanceValue): boolean {
  return type.mro.some(
    ({ attributes, span }) =>
      span !== undefined &&
      ['__copy__', '__deepcopy__', '__reduce__', '__reduce_ex__', '__getstate__', '__setstate__', '__getattr__'].some(
        (name) => attributes.has(name),
      ),
  );
}

/** A deep copy of containers, modules and instances; what is shared inside stays shared, parameters become new ones. */
function deepCopy(value: PyValue, makeRoom: (count: number) => void, seen = new Map<PyValue, PyValue>()): PyValue {
  const known = seen.get(value);
  if (known) return known;
  makeRoom(1);
  const copy = (item: PyValue): PyValue => deepCopy(item, makeRoom, seen);
  switch (value.kind) {
    case 'list': {
      const made = list([]);
      seen.set(value, made);
      for (const item of value.items) unshared(made).items.push(copy(item));
      return made;
    }
    case 'tuple': {
      const made: PyValue = { ...value, items: value.items.map(copy) };
      seen.set(value, made);
      return made;
    }
    case 'dict':
    case 'partial-dict': {
      const made = emptyCopyOf(value);
      seen.set(value, made);
      for (const [key, entry] of value.entries)
        unshared(made).entries.set(key, { key: entry.key, value: copy(entry.value) });
      return made;
    }
    case 'partial':
      return {
        ...value,
        args: {
          positional: value.args.positional.map(copy),
          keywords: new Map([...value.args.keywords].map(([name, item]) => [name, copy(item)])),
        },
      };
    case 'instance': {
      // A class's enum members and patterns are one of a kind.
      if (value.class.attributes.has('__members__')) return value;
      if (copiesOtherwise(value))
        return { ...unknown('How this object is copied is its own matter', value.site.span), ...amongOf([value]) };
      const made: InstanceValue = { ...value, attributes: new Map() };
      seen.set(value, made);
      for (const [name, item] of value.attributes) unshared(made).attributes.set(name, copy(item));
      if (value.dictionary) {
        const inner = copy(value.dictionary);
        if (inner.kind === 'dict' || inner.kind === 'partial-dict') unshared(made).dictionary = inner;
      }
      return made;
    }
    case 'tensor': {
      const { parameter } = value;
      const length = parameter?.length && copy(parameter.length);
      const own = parameter && { ...parameter, id: '', ...(length?.kind === 'tensor' && { length }) };
      const made: PyValue = own ? { ...value, parameter: own } : value;
      seen.set(value, made);
      return made;
    }
    default:
      return value;
  }
}

export const copyModule: ModuleTable = () =>
  new Map(
    functionValues({
      copy: (machine, args) => {
        const copied = shallowCopy(args.positional[0] ?? none);
        if (copied.kind === 'unknown') machine.mayRaise();
        return copied;
      },
      deepcopy: (machine, args, span) =>
        deepCopy(args.positional[0] ?? none, (count) => {
          machine.hold(count, span);
        }),
    }),
  );
