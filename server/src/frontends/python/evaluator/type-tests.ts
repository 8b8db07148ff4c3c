// `isinstance` and `issubclass`: of classes that are written, of the built-in types, and of what `collections.abc` asks for.

import type { SourceSpan } from '../../../common/source-span.ts';
import { findMethod, isSubclass, isUserDictionary, isWhollyWrittenClass, unknownBaseOf } from './classes.ts';
import type { ClassValue, Machine, PyValue } from './machine.ts';

const sized = ['Iterable', 'Collection', 'Sized', 'Container'];
const sequence = ['Sequence', 'Reversible', ...sized];
const mapping = ['dict', 'Mapping', 'MutableMapping', 'OrderedDict', 'Reversible', ...sized];

/** The types that a value of each kind has. */
const typesByKind: Readonly<Partial<Record<PyValue['kind'], readonly string[]>>> = {
  int: ['int', 'Integral', 'Rational', 'Real', 'Complex', 'Number', 'Hashable'],
  bool: ['bool', 'int', 'Integral', 'Rational', 'Real', 'Complex', 'Number', 'Hashable'],
  float: ['float', 'Real', 'Complex', 'Number', 'Hashable'],
  string: ['str', 'Hashable', ...sequence],
  list: ['list', 'MutableSequence', ...sequence],
  tuple: ['tuple', 'Hashable', ...sequence],
  dict: mapping,
  'partial-dict': mapping,
  range: ['range', 'Hashable', ...sequence],
  tensor: ['Tensor'],
  function: ['function', 'FunctionType', 'Callable', 'Hashable'],
  'bound-method': ['method', 'MethodType', 'Callable', 'Hashable'],
  builtin: ['builtin_function_or_method', 'BuiltinFunctionType', 'Callable', 'Hashable'],
  class: ['type', 'Callable', 'Hashable'],
  partial: ['partial', 'Callable', 'Hashable'],
  module: ['module', 'ModuleType', 'Hashable'],
  iterator: ['Iterable', 'Iterator', 'Hashable'],
  none: ['NoneType', 'Hashable'],
  slice: ['slice'],
};

/** The kinds that built-in types stand for. */
const kindByType: Readonly<Record<string, PyValue['kind']>> = {
  int: 'int',
  bool: 'bool',
  float: 'float',
  str: 'string',
  list: 'list',
  tuple: 'tuple',
  dict: 'dict',
  range: 'range',
};

/** Abstract classes that every class has which has some methods; undefined for those that classes enter themselves. */
const methodsAsked: Readonly<Record<string, readonly string[] | undefined>> = {
  Iterable: ['__iter__'],
  Iterator: ['__iter__', '__next__'],
  Reversible: ['__iter__', '__reversed__'],
  Sized: ['__len__'],
  Container: ['__contains__'],
  Collection: ['__len__', '__iter__', '__contains__'],
  Callable: ['__call__'],
  AsyncIterable: ['__aiter__'],
  AsyncIterator: ['__aiter__', '__anext__'],
  Awaitable: ['__await__'],
};

/** What a class is for everybody who derives from one of this name, wherever that is modelled. */
const abstractKinds = /^(Mutable)?(Mapping|Sequence)$/;

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Whether a class has an abstract class of `collections.abc` without deriving from it; undefined where that is not known. */
function hasAbstract(type: ClassValue, wanted: ClassValue): boolean | undefined {
  if (wanted.name === 'Hashable') return findMethod(type, '__hash__')?.kind === 'none' ? false : isWhole(type, true);
  const asked = methodsAsked[wanted.name];
  if (asked?.every((name) => type.attributes.has(name) || findMethod(type, name) !== undefined) === true) return true;
  return isWhole(type, false);
}

/** An answer that holds where all of a class is written. */
function isWhole(type: ClassValue, answer: boolean): boolean | undefined {
  return isWhollyWrittenClass(type) ? answer : undefined;
}

const isAbstract = ({ name, span }: ClassValue): boolean =>
  span === undefined &&
  /^(Hashable|(Mutable)?(Sequence|Mapping|Set)|ByteString|(Async)?Generator|Coroutine)$/.test(name)
    ? true
    : span === undefined && Object.hasOwn(methodsAsked, name);

/** Whether a value is of a type; undefined where that is not known. */
export function isInstance(machine: Machine, value: PyValue, type: PyValue, span: SourceSpan): boolean | undefined {
  if (type.kind === 'tuple') {
    machine.tick(span, type.items.length);
    const answers = type.items.map((each) => isInstance(machine, value, each, span));
    return answers.includes(true) ? true : answers.includes(undefined) ? undefined : false;
  }
  if (value.kind === 'unknown' || type.kind === 'unknown') return undefined;
  // In `int | None` it stands for its type.
  if (type.kind === 'none') return value.kind === 'none';
  if (type.kind !== 'class') return false;
  const isMarked = findMethod(type, '__instancecheck__') ?? type.mro.find(isMarkedBy);
  if (value.kind === 'instance') {
    const isSame = (candidate: ClassValue): boolean =>
      candidate === type ||
      (candidate.name === type.name &&
        candidate.span === type.span &&
        (candidate.span !== undefined || abstractKinds.test(type.name)));
    if (type.name === 'object' && type.span === undefined) return true;
    if (value.class.mro.some(isSame)) return true;
    if (unknownBaseOf(value.class) !== undefined) return undefined;
    if (isAbstract(type)) return hasAbstract(value.class, type);
    if (value.dictionary !== undefined && type.name === 'dict') return !isUserDictionary(value.class);
    return isMarked === undefined || isMarked.kind === 'none' ? false : undefined;
  }
  if (value.kind === 'class' && /^Enum(Meta|Type)$/.test(type.name)) return value.attributes.has('__members__');
  if (value.kind === 'tuple' && value.class?.mro.includes(type)) return true;
  // An array of NumPy is a tensor that no layer gave.
  if (value.kind === 'tensor' && type.name === 'ndarray' && type.span === undefined)
    return value.id === undefined && value.parameter === undefined;
  if (value.kind === 'tensor' && type.name === 'Parameter') return value.parameter?.trainable === true;
  if (value.kind === 'iterator' && type.name === 'Generator') return undefined;
  if (value.kind === 'set') {
    const own = value.isFrozen ? ['frozenset', 'FrozenSet', 'Set', 'Hashable'] : ['set', 'Set', 'MutableSet'];
    return type.name === 'object' || [...own, ...sized].includes(type.name);
  }
  return type.name === 'object' || (typesByKind[value.kind]?.some((name) => same(name, type.name)) ?? false);
}

/** Whether a class is another, derives from it, or counts as one that does; undefined where that is not known. */
export function isSubtype(type: ClassValue, base: ClassValue): boolean | undefined {
  if (isSubclass(type, base) || (base.name === 'object' && base.span === undefined)) return true;
  if (unknownBaseOf(type) !== undefined) return undefined;
  if (type.span === undefined && base.span === undefined) {
    const kind = Object.hasOwn(kindByType, type.name) ? kindByType[type.name] : undefined;
    if (kind !== undefined) return typesByKind[kind]?.some((name) => same(name, base.name)) ?? false;
  }
  if (isAbstract(base)) return hasAbstract(type, base);
  return base.mro.some(isMarkedBy) ? undefined : false;
}

/** Whether the class of a class has a say in what counts as one: that of abstract classes has none by itself. */
const isMarkedBy = ({ metaclass, attributes }: ClassValue): boolean =>
  attributes.has('__subclasshook__') ||
  (metaclass !== undefined && !(metaclass.name === 'ABCMeta' && metaclass.span === undefined));
