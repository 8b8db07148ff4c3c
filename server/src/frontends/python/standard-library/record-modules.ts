// Python's `dataclasses`, `enum`, `abc` and `types`: classes that other classes are made with.

import type { SourceSpan } from '../../../common/source-span.ts';
import {
  fieldRecord,
  findMethod,
  makeDataclass,
  missingDefault,
  nativeClass,
  unknownBaseOf,
} from '../evaluator/classes.ts';
import { unshared } from '../evaluator/effects.ts';
import { amongOf, unknown, bool, builtin, dict, list, none, string, tuple } from '../evaluator/values.ts';
import { functionValues, namespaceClass, passThrough, plainClasses, type ModuleTable } from './module-table.ts';
import { copyOf, emptyCopyOf } from '../evaluator/partial-dictionary.ts';
import type { ClassValue, InstanceValue, Machine, PyValue } from '../evaluator/machine.ts';

const fieldNames = (type: ClassValue): readonly string[] => (type.fields ?? []).map((field) => field.name);

/** Values that are copied where a record is made a tuple. */
const copied = /^(instance|list|dict|partial-dict|unknown)$/;

/** What a function of data classes gives for what is certainly or possibly none; undefined for one. */
function ofRecord(machine: Machine, value: PyValue, span: SourceSpan): PyValue | undefined {
  const type = value.kind === 'instance' ? value.class : value;
  if (type.kind === 'class' && findMethod(type, '__dataclass_fields__') !== undefined) return undefined;
  if (type.kind === 'unknown' || (type.kind === 'class' && unknownBaseOf(type) !== undefined))
    return { ...unknown('Whether this is a data class is not known', span), ...amongOf([value]) };
  return machine.raise('TypeError', 'a dataclass type or instance is expected', span);
}

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
      asdict: (machine, args, span) => {
        const [value = none] = args.positional;
        return (
          ofRecord(machine, value, span) ??
          (args.keywords.size > 0 ? unknown('How this dictionary is made is not followed', span) : asDictionary(value))
        );
      },
      astuple: (machine, args, span) => {
        const [value = none] = args.positional;
        const other = ofRecord(machine, value, span);
        if (other) return other;
        const parts =
          value.kind === 'instance' ? fieldNames(value.class).map((name) => value.attributes.get(name) ?? none) : [];
        return parts.some((part) => copied.test(part.kind))
          ? unknown('Records and lists in a record are not followed here', span)
          : tuple(parts);
      },
      replace: (machine, args, span) => {
        const [value] = args.positional;
        const other = ofRecord(machine, value ?? none, span);
        if (other || value?.kind !== 'instance') return other ?? none;
        const given = fieldNames(value.class).flatMap((name) => {
          const own = value.attributes.get(name);
          return own ? [[name, own] as const] : [];
        });
        return machine.call(value.class, { positional: [], keywords: new Map([...given, ...args.keywords]) }, span);
      },
      fields: (machine, args, span) => {
        const [value = none] = args.positional;
        const type = value.kind === 'instance' ? value.class : value;
        const other = ofRecord(machine, type, span);
        if (other || type.kind !== 'class') return other ?? none;
        return tuple((type.fields ?? []).map(fieldRecord));
      },
      is_dataclass: (_, args, span) => {
        const [value = none] = args.positional;
        const type = value.kind === 'instance' ? value.class : value;
        if (type.kind === 'unknown' || (type.kind === 'class' && unknownBaseOf(type) !== undefined))
          return unknown('Whether this is a data class is not known', span);
        return bool(type.kind === 'class' && findMethod(type, '__dataclass_fields__') !== undefined);
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
      builtin('MethodType', (_, args, span) => {
        const [callee, self] = args.positional;
        if (!callee || !self) return unknown('What this binds is not known', span);
        return callee.kind === 'function'
          ? { kind: 'bound-method', self, function: callee }
          : { kind: 'partial', function: callee, args: { positional: [self], keywords: new Map() } };
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
