// Python's built-in functions and types. Numbers that go through them keep their trail.

import type { SourceSpan } from '../../../common/source-span.ts';
import { attributeOrUnknown, deleteAttribute, setAttribute } from './attributes.ts';
import { unshared } from './effects.ts';
import { mapping } from './container-methods.ts';
import { isWhollyWritten, nativeClass, resolutionOrder } from './classes.ts';
import { exceptionClasses } from './exceptions.ts';
import { roundHalfToEven } from '../../shared/number-dialect.ts';
import { isUnhashable, taken } from './argument-kinds.ts';
import { argument, range, toFloat, toInteger } from './number-builtins.ts';
import { importTop } from './modules.ts';
import { binary } from './operators.ts';
import { PythonError } from './python-error.ts';
import { roundedTo } from './decimals.ts';
import { loseReach } from './text-as-code.ts';
import { sortValues } from './sorting.ts';
import { formatValue, reprOf, textOf } from './text.ts';
import { isInstance, isSubtype } from './type-tests.ts';
import {
  amongOf,
  rangeLength,
  bool,
  builtin,
  dict,
  float,
  int,
  isCertainKey,
  keyOf,
  list,
  none,
  notImplemented,
  pyFalse,
  pyTrue,
  set,
  string,
  tuple,
  typeName,
  unknown,
} from './values.ts';
import { addEntries, addEntry, lostIn, partial } from './partial-dictionary.ts';
import type { Machine, Arguments, ClassValue, PyValue } from './machine.ts';
import { computed, integerOf, numberOf } from './numbers.ts';

type Function = (machine: Machine, args: Arguments, span: SourceSpan) => PyValue;

/** The items of an argument, or the unknown that stands for them. */
function items(machine: Machine, value: PyValue | undefined, span: SourceSpan): ReturnType<Machine['iterate']> {
  return value === undefined ? [] : machine.iterate(value, span);
}

function length(machine: Machine, args: Arguments, span: SourceSpan): PyValue {
  const value = argument(args, 0) ?? none;
  switch (value.kind) {
    case 'string':
      return int(/[\ud800-\udbff]/.test(value.value) ? Array.from(value.value).length : value.value.length);
    case 'list':
    case 'tuple':
      return int(value.items.length);
    case 'dict':
      return partial(value) ? unknown('Not all of these attributes are known', span) : int(value.entries.size);
    case 'set':
      return int(value.entries.size);
    case 'range':
      return int(rangeLength(value));
    case 'unknown':
      return value;
    case 'iterator':
      return machine.raise('TypeError', 'object of this type has no len()', span);
    case 'partial-dict':
      return lostIn(value);
    case 'tensor': {
      const [size] = value.shape;
      return typeof size === 'number' ? int(size) : unknown('The length of this tensor is not known', span);
    }
    case 'instance': {
      const method = machine.method(value, '__len__', span);
      if (method) return machine.callWith(method, span);
      if (value.dictionary) return length(machine, { positional: [value.dictionary], keywords: new Map() }, span);
      if (!isWhollyWritten(value)) return unknown(`The length of a ${value.class.name} is not known`, span);
      return machine.raise('TypeError', `object of type '${value.class.name}' has no len()`, span);
    }
    default: {
      const all = machine.iterate(value, span);
      return 'kind' in all ? all : int(all.length);
    }
  }
}

function extreme(which: 'min' | 'max'): Function {
  return (machine, args, span) => {
    const given = args.positional.length === 1 ? items(machine, args.positional[0], span) : args.positional;
    if ('kind' in given) return given;
    const lost = given.find((value) => value.kind === 'unknown');
    if (lost) return lost;
    if (given.length === 0)
      return args.keywords.get('default') ?? machine.raise('ValueError', `${which}() of nothing`, span);
    const key = [...args.keywords].filter(([name]) => name === 'key');
    const sorted = sortValues(
      machine,
      given,
      // In reverse, what is equal keeps its order: the first of the largest comes first.
      { positional: [], keywords: new Map([...key, ['reverse', bool(which === 'max')] as const]) },
      span,
    );
    if ('kind' in sorted) return sorted;
    const [chosen] = sorted;
    if (chosen?.kind === 'int' && !args.keywords.has('key'))
      return int(chosen.value, computed(which, chosen.value, given, span));
    return chosen ?? none;
  };
}

function sum(machine: Machine, args: Arguments, span: SourceSpan): PyValue {
  const given = items(machine, args.positional[0], span);
  if ('kind' in given) return given;
  const start = argument(args, 1, 'start') ?? int(0);
  const isPlainZero = start.kind === 'int' && start.value === 0;
  // A number keeps its trail, a tensor makes no operation.
  const isNumber = given[0]?.kind === 'int' || given[0]?.kind === 'float' || given[0]?.kind === 'tensor';
  const values = isPlainZero && (isNumber || given[0]?.kind === 'unknown') ? given : [start, ...given];
  machine.tick(span, values.length);
  const [first, ...rest] = values;
  if (first === undefined) return start;
  return rest.reduce((total, value) => binary(machine, '+', total, value, span), first);
}

/** A text, where it is known. */
function written(text: string | undefined, span: SourceSpan): PyValue {
  return text === undefined ? unknown('What this is written as is not known', span) : string(text);
}

const functions: Readonly<Record<string, Function>> = {
  len: length,
  min: extreme('min'),
  max: extreme('max'),
  sum,
  abs: (machine, args, span) => {
    const value = argument(args, 0) ?? none;
    if (value.kind === 'int') return int(Math.abs(value.value));
    if (value.kind === 'float') return float(Math.abs(value.value));
    if (value.kind === 'bool') return int(value.value ? 1 : 0);
    if (value.kind === 'instance') {
      const method = machine.method(value, '__abs__', span);
      return method ? machine.callWith(method, span) : unknown('What this is without its sign is not known', span);
    }
    if (value.kind === 'tensor') return machine.callWith(machine.attribute(value, 'abs', span), span);
    return value.kind === 'unknown'
      ? value
      : machine.raise('TypeError', `bad operand type for abs(): '${machine.nameOfType(value)}'`, span);
  },
  round: (machine, args, span) => {
    const given = taken(machine, 'vi? number ndigits', args, span);
    if ('kind' in given) return given;
    const [value = none, wanted = none] = given;
    const number = numberOf(value);
    if (value.kind === 'tensor' || value.kind === 'unknown') return value;
    if (number === undefined)
      return value.kind === 'instance'
        ? unknown('How this is rounded is not followed', span)
        : machine.raise('TypeError', `type ${machine.nameOfType(value)} doesn't define __round__ method`, span);
    if (!Number.isFinite(number)) return unknown('How this number is rounded is not followed', span);
    const digits = integerOf(wanted);
    if (digits !== undefined)
      return value.kind === 'float' ? float(roundedTo(number, digits)) : int(roundedTo(number, Math.min(digits, 0)));
    return int(roundHalfToEven(number), computed('round', roundHalfToEven(number), [value], span));
  },
  pow: (machine, args, span) => {
    const [base, exponent, modulus = none] = [
      argument(args, 0, 'base'),
      argument(args, 1, 'exp'),
      argument(args, 2, 'mod'),
    ];
    if (!base || !exponent) return machine.raise('TypeError', 'pow() takes at least two arguments', span);
    if (modulus.kind === 'none') return binary(machine, '**', base, exponent, span);
    return unknown('A power by a modulus is not worked out', span);
  },
  divmod: (machine, args, span) =>
    tuple([
      binary(machine, '//', argument(args, 0) ?? none, argument(args, 1) ?? none, span),
      binary(machine, '%', argument(args, 0) ?? none, argument(args, 1) ?? none, span),
    ]),
  enumerate: (machine, args, span) => {
    const given = items(machine, args.positional[0], span);
    if ('kind' in given) return given;
    machine.hold(given.length, span);
    const startValue = argument(args, 1, 'start') ?? int(0);
    const start = integerOf(startValue);
    if (start === undefined)
      return startValue.kind === 'unknown' || startValue.kind === 'instance' || startValue.kind === 'tensor'
        ? unknown('From which number these are counted is not known', span)
        : machine.raise('TypeError', `'${machine.nameOfType(startValue)}' object is not an integer`, span);
    return { kind: 'iterator', items: given.map((item, i) => tuple([int(start + i), item])), position: 0 };
  },
  zip: (machine, args, span) => {
    const columns: (readonly PyValue[])[] = [];
    for (const value of args.positional) {
      const column = items(machine, value, span);
      if ('kind' in column) return column;
      columns.push(column);
    }
    const rows = columns.length === 0 ? 0 : Math.min(...columns.map((column) => column.length));
    machine.hold(rows * columns.length, span);
    const strict = machine.truth(args.keywords.get('strict') ?? none, span);
    if (strict !== false && columns.some((column) => column.length !== rows))
      return strict === true
        ? machine.raise('ValueError', 'zip() arguments are not of one length', span)
        : unknown('Whether these have to be of one length is not known', span);
    return {
      kind: 'iterator',
      items: Array.from({ length: rows }, (_, i) => tuple(columns.map((column) => column[i] ?? none))),
      position: 0,
    };
  },
  map: (machine, args, span) => {
    const [callee, ...rest] = args.positional;
    if (!callee) return none;
    const columns: (readonly PyValue[])[] = [];
    for (const value of rest) {
      const column = items(machine, value, span);
      if ('kind' in column) return column;
      columns.push(column);
    }
    const rows = columns.length === 0 ? 0 : Math.min(...columns.map((column) => column.length));
    const made = Array.from({ length: rows }, (_, i) =>
      machine.callWith(callee, span, ...columns.map((column) => column[i] ?? none)),
    );
    return { kind: 'iterator', items: made, position: 0 };
  },
  filter: (machine, args, span) => {
    const [test, iterable] = args.positional;
    const given = items(machine, iterable, span);
    if ('kind' in given) return given;
    const kept = given.filter((item) => {
      const found = test && test.kind !== 'none' ? machine.callWith(test, span, item) : item;
      const truth = machine.truth(found, span);
      if (truth === undefined) machine.undecided(found, span);
      return truth !== false;
    });
    return { kind: 'iterator', items: kept, position: 0 };
  },
  reversed: (machine, args, span) => {
    if (args.positional[0]?.kind === 'set' || args.positional[0]?.kind === 'iterator')
      return machine.raise('TypeError', 'object is not reversible', span);
    const given = items(machine, args.positional[0], span);
    if ('kind' in given) return given;
    machine.hold(given.length, span);
    return { kind: 'iterator', items: given.toReversed(), position: 0 };
  },
  sorted: (machine, args, span) => {
    const given = items(machine, args.positional[0], span);
    if ('kind' in given) return given;
    const sorted = sortValues(machine, given, args, span);
    return 'kind' in sorted ? sorted : list(sorted);
  },
  any: (machine, args, span) => quantify(machine, args.positional[0], true, span),
  all: (machine, args, span) => quantify(machine, args.positional[0], false, span),
  iter: (machine, args, span) => {
    const value = argument(args, 0) ?? none;
    if (value.kind === 'iterator') return value;
    const given = items(machine, value, span);
    return 'kind' in given ? given : { kind: 'iterator', items: given, position: 0 };
  },
  next: (machine, args, span) => {
    const [iterator, fallback] = args.positional;
    if (iterator?.kind === 'iterator') {
      const item = iterator.items[iterator.position];
      machine.change(iterator).position++;
      return item ?? fallback ?? machine.raise('StopIteration', '', span);
    }
    const method = iterator?.kind === 'instance' ? machine.method(iterator, '__next__', span) : undefined;
    return method ? machine.callWith(method, span) : (iterator ?? none);
  },
  isinstance: (machine, args, span) => {
    const answer = isInstance(machine, argument(args, 0) ?? none, argument(args, 1) ?? none, span);
    return answer === undefined ? unknown('Whether this is of that type is not known', span) : bool(answer);
  },
  issubclass: (_, args, span) => {
    const [type, base] = args.positional;
    if (type?.kind !== 'class' || !base) return unknown('Whether this is a subclass is not known', span);
    const bases = base.kind === 'tuple' ? base.items : [base];
    const answers = bases.map((each) => (each.kind === 'class' ? isSubtype(type, each) : undefined));
    if (answers.includes(true)) return pyTrue;
    return answers.includes(undefined) ? unknown('Whether this is a subclass is not known', span) : pyFalse;
  },
  hasattr: (machine, args, span) => {
    const [object, name] = args.positional;
    if (!object || name?.kind !== 'string') return unknown('The name of this attribute is not known', span);
    try {
      const found = machine.guarded(() => attributeOrUnknown(machine, object, name.value, span));
      if (found?.kind !== 'unknown') return bool(found !== undefined);
      // What is not known but certainly there was set: it stands in the object itself.
      if (object.kind === 'class' && object.span === undefined) return found;
      const isSet = found.isMaybe !== true && 'attributes' in object && object.attributes.has(name.value);
      return isSet ? pyTrue : found;
    } catch (error) {
      if (error instanceof PythonError && error.exception.class.name === 'AttributeError') return pyFalse;
      throw error;
    }
  },
  getattr: (machine, args, span) => {
    const [object, name, fallback] = args.positional;
    if (!object || name?.kind !== 'string') return unknown('The name of this attribute is not known', span);
    if (fallback === undefined) return machine.attribute(object, name.value, span);
    try {
      return machine.guarded(() => attributeOrUnknown(machine, object, name.value, span)) ?? fallback;
    } catch (error) {
      if (error instanceof PythonError && error.exception.class.name === 'AttributeError') return fallback;
      throw error;
    }
  },
  setattr: (machine, args, span) => {
    const [object, name, value] = args.positional;
    if (!object || !name || !value) return machine.raise('TypeError', 'setattr expected 3 arguments', span);
    if (hasNoAttributes.test(object.kind))
      return machine.raise('AttributeError', `'${machine.nameOfType(object)}' object has no such attribute`, span);
    if (name.kind === 'string') setAttribute(machine, object, name.value, value, span);
    else if (!/^(unknown|instance)$/.test(name.kind)) machine.raise('TypeError', 'attribute name must be string', span);
    else machine.handOver([object], unknown('Which attribute is set here is not known', span));
    return none;
  },
  delattr: (machine, args, span) => {
    const [object, name] = args.positional;
    if (!object || !name) return machine.raise('TypeError', 'delattr expected 2 arguments', span);
    if (hasNoAttributes.test(object.kind))
      return machine.raise('AttributeError', `'${machine.nameOfType(object)}' object has no such attribute`, span);
    if (name.kind === 'string') deleteAttribute(machine, object, name.value, span);
    else if (!/^(unknown|instance)$/.test(name.kind)) machine.raise('TypeError', 'attribute name must be string', span);
    else machine.handOver([object], unknown('Which attribute is deleted here is not known', span));
    return none;
  },
  callable: (machine, args, span) => {
    const value = argument(args, 0) ?? none;
    if (value.kind === 'unknown') return value;
    if (value.kind === 'instance')
      return bool(
        machine.method(value, '__call__', span) !== undefined || machine.library.runMethod(value) !== undefined,
      );
    return bool(['function', 'builtin', 'class', 'bound-method', 'partial'].includes(value.kind));
  },
  id: (_, args, span) => {
    const value = argument(args, 0) ?? none;
    // Which numbers and texts are one object is Python's own matter.
    return /^(int|float|string|tuple|unknown|bound-method)$/.test(value.kind)
      ? unknown('Which object this is is not known', span)
      : string(keyOf(value));
  },
  hash: (_, args, span) => {
    const value = argument(args, 0) ?? none;
    return value.kind === 'int' && value.value >= 0 ? value : unknown('What the hash of this is is not known', span);
  },
  repr: (machine, args, span) => written(reprOf(machine, argument(args, 0) ?? none, span), span),
  format: (machine, args, span) => {
    const [value, specification] = args.positional;
    if (specification?.kind === 'unknown') return specification;
    if (specification && specification.kind !== 'string')
      return unknown('How this is to be written is not known', span);
    return formatValue(machine, value ?? none, specification?.kind === 'string' ? specification.value : '', span);
  },
  print: () => none,
  input: (_, _args, span) => unknown('What a user types is not known', span),
  vars: (machine, args, span) => machine.attribute(argument(args, 0) ?? none, '__dict__', span),
  dir: (_, _args, span) => unknown('All that this has is not listed', span),
  chr: (machine, args, span) => {
    const given = taken(machine, 'i', args, span);
    if ('kind' in given) return given;
    const code = integerOf(given[0] ?? none) ?? -1;
    return code >= 0 && code <= 0x10ffff
      ? string(String.fromCodePoint(code))
      : machine.raise('ValueError', 'chr() arg not in range(0x110000)', span);
  },
  ord: (machine, args, span) => {
    const given = taken(machine, 'S', args, span);
    if ('kind' in given) return given;
    const text = given[0]?.kind === 'string' ? given[0].value : '';
    const code = text.codePointAt(0);
    return code !== undefined && Array.from(text).length === 1
      ? int(code)
      : machine.raise('TypeError', 'ord() expected a character', span);
  },
  open: (machine, args, span) => {
    const open = machine.library.module(machine, 'io')?.names.get('open');
    return open ? machine.call(open, args, span) : unknown('Files are not read', span);
  },
};

/** Values that take no attributes. */
const hasNoAttributes = /^(int|float|string|bool|none|list|tuple|dict|partial-dict|set|range|builtin|iterator)$/;

function quantify(machine: Machine, value: PyValue | undefined, wanted: boolean, span: SourceSpan): PyValue {
  const given = items(machine, value, span);
  if ('kind' in given) return given;
  machine.walk(given.length, span);
  let lost: PyValue | undefined;
  for (const item of given) {
    const truth = machine.truth(item, span);
    if (truth === wanted) return bool(wanted);
    if (truth === undefined) lost ??= unknown('One of these is not known', span);
  }
  return lost ?? bool(!wanted);
}

function sequenceType(name: string, make: (all: readonly PyValue[]) => PyValue): ClassValue {
  return nativeClass(name, [], [], (machine, args, span) => {
    const all = taken(machine, 'v?', args, span);
    if ('kind' in all) return all;
    if (args.positional[0]?.kind === 'none')
      return machine.raise('TypeError', "'NoneType' object is not iterable", span);
    const given = items(machine, args.positional[0], span);
    if ('kind' in given) return given;
    machine.hold(given.length, span);
    if (/set/.test(name) && given.some(isUnhashable)) return machine.raise('TypeError', 'unhashable type', span);
    if (/set/.test(name) && !given.every((item) => isCertainKey(item)))
      return unknown('Which of these are equal is not known', span);
    return make(given);
  });
}

function makeDictionary(machine: Machine, args: Arguments, span: SourceSpan): PyValue {
  const made = dict();
  const [source] = args.positional;
  const from = source?.kind === 'instance' ? (source.dictionary ?? mapping(machine, source, span)) : source;
  if (from?.kind === 'unknown') return from;
  if (from?.kind === 'dict' || from?.kind === 'partial-dict') {
    machine.hold(from.entries.size, span);
    addEntries(machine, made, from);
  } else if (from) {
    const pairs = machine.iterate(from, span);
    if ('kind' in pairs) return pairs;
    for (const pair of pairs) {
      const parts = machine.iterate(pair, span);
      if ('kind' in parts) return parts;
      const [key, value] = parts;
      if (parts.length !== 2)
        return machine.raise('ValueError', 'dictionary update sequence element has another length than 2', span);
      if (key && isUnhashable(key)) return machine.raise('TypeError', 'unhashable type', span);
      if (key && !isCertainKey(key)) return unknown('Which key this is is not known', span);
      if (key && value) machine.change(made).entries.set(keyOf(key), { key, value });
    }
  }
  for (const [name, value] of args.keywords) addEntry(machine, made, string(name), value);
  return made;
}

/** Dictionary subclasses (`class Registry(dict)`) keep their entries in the instance. */
function dictionaryMethods(): [string, PyValue][] {
  const init: Function = (machine, args, span) => {
    const [self, ...rest] = args.positional;
    const made = makeDictionary(machine, { positional: rest, keywords: args.keywords }, span);
    if (self?.kind === 'instance' && (made.kind === 'dict' || made.kind === 'partial-dict'))
      machine.change(self).dictionary = made;
    return none;
  };
  const setter: Function = (machine, args) => {
    const [self, key, value] = args.positional;
    if (self?.kind !== 'instance' || !key || !value) return none;
    const dictionary = self.dictionary ?? dict();
    machine.change(self).dictionary = dictionary;
    machine.change(dictionary).entries.set(keyOf(key), { key, value });
    return none;
  };
  const fromKeys: Function = (machine, args, span) => {
    const given = items(machine, args.positional[0], span);
    if ('kind' in given) return given;
    machine.hold(given.length, span);
    if (given.some(isUnhashable)) return machine.raise('TypeError', 'unhashable type', span);
    return dict(given.map((key) => [key, args.positional[1] ?? none]));
  };
  return [
    ['__init__', builtin('__init__', init, true)],
    ['__setitem__', builtin('__setitem__', setter, true)],
    ['fromkeys', builtin('fromkeys', fromKeys)],
  ];
}

/** All built-in names of a fresh evaluation. */
export function builtinNames(): Map<string, PyValue> {
  const names = new Map<string, PyValue>(Object.entries(functions).map(([name, call]) => [name, builtin(name, call)]));
  for (const [name, type] of exceptionClasses()) names.set(name, type);
  const object = nativeClass('object', [], [['__init__', builtin('__init__', () => none)]]);
  // Where they are called by these names, they run in the scope of the call (text-as-code.ts).
  for (const name of ['exec', 'eval'])
    names.set(
      name,
      builtin(name, (machine, args, span) => loseReach(machine, undefined, args, span)),
    );
  names.set('__import__', builtin('__import__', importTop));
  names.set('object', object);
  names.set('int', nativeClass('int', [], [], toInteger));
  names.set('float', nativeClass('float', [], [], toFloat));
  names.set('complex', nativeClass('complex', []));
  names.set('bytes', nativeClass('bytes', []));
  names.set(
    'bool',
    nativeClass('bool', [], [], (machine, args, span) => {
      const all = taken(machine, 'v?', args, span);
      if ('kind' in all) return all;
      const truth = machine.truth(all[0] ?? none, span);
      return truth === undefined ? unknown('Whether this holds is not known', span) : bool(truth);
    }),
  );
  names.set(
    'str',
    nativeClass('str', [], [], (machine, args, span) => {
      const value = argument(args, 0, 'object');
      if (value?.kind === 'unknown') return value;
      if (args.positional.length > 1)
        return /^(unknown|instance|tensor)$/.test(value?.kind ?? '')
          ? unknown('How these bytes are read is not followed', span)
          : machine.raise('TypeError', 'decoding this is not supported', span);
      return value ? written(textOf(machine, value, span), span) : string('');
    }),
  );
  names.set('list', sequenceType('list', list));
  names.set('tuple', sequenceType('tuple', tuple));
  names.set('set', sequenceType('set', set));
  names.set(
    'frozenset',
    sequenceType('frozenset', (items) => ({ ...set(items), isFrozen: true })),
  );
  names.set('dict', nativeClass('dict', [], dictionaryMethods(), makeDictionary));
  names.set('range', nativeClass('range', [], [], range));
  names.set(
    'type',
    nativeClass('type', [], [], (machine, args, span) =>
      args.positional.length === 1 && args.keywords.size === 0
        ? typeOf(machine, args.positional[0] ?? none)
        : newClass(args, span),
    ),
  );
  names.set(
    'slice',
    nativeClass('slice', [], [], (_, args) => {
      const [first = none, second, third = none] = args.positional;
      return second === undefined
        ? { kind: 'slice', lower: none, upper: first, step: none }
        : { kind: 'slice', lower: first, upper: second, step: third };
    }),
  );
  names.set(
    'property',
    nativeClass('property', [], propertyMethods, (_, args) => ({
      kind: 'property',
      getter: argument(args, 0) ?? none,
      ...(args.positional[1] && { setter: args.positional[1] }),
    })),
  );
  for (const kind of ['static-method', 'class-method'] as const) {
    const name = kind.replace('-', '');
    names.set(
      name,
      nativeClass(name, [], [], (_, args) => ({ kind, function: argument(args, 0) ?? none })),
    );
  }
  names.set('NotImplemented', notImplemented);
  names.set('Ellipsis', { kind: 'ellipsis' });
  names.set('__debug__', pyTrue);
  return names;
}

/** What classes have that derive from `property`. */
const propertyMethods: readonly (readonly [string, PyValue])[] = [
  builtin(
    '__init__',
    (machine, { positional: [self, getter = none] }) => {
      if (self?.kind === 'instance') machine.change(self).attributes.set('fget', getter);
      return none;
    },
    true,
  ),
  builtin(
    '__get__',
    (machine, { positional: [self = none, object = none] }, span) =>
      machine.callWith(machine.attribute(self, 'fget', span), span, object),
    true,
  ),
].map((method) => [method.name, method] as const);

/** `type(name, bases, names)`: a class like one that is written. */
function newClass({ positional: [name, bases, names], keywords }: Arguments, span: SourceSpan): PyValue {
  const given = bases?.kind === 'tuple' ? bases.items : [];
  const known = given.filter((base): base is ClassValue => base.kind === 'class');
  const isPlain = known.every(
    (base) => base.construct === undefined && !base.mro.some(({ name: each }) => each === 'Enum'),
  );
  if (name?.kind !== 'string' || bases?.kind !== 'tuple' || !isPlain)
    return {
      ...unknown('What kind of class is made here is not known', span),
      ...amongOf([bases ?? none, names ?? none]),
    };
  const lost = given.some(({ kind }) => kind !== 'class') || names?.kind !== 'dict' || keywords.size > 0;
  const attributes = new Map<string, PyValue>();
  if (names?.kind === 'dict')
    for (const { key, value } of names.entries.values()) if (key.kind === 'string') attributes.set(key.value, value);
  const made: ClassValue = {
    kind: 'class',
    name: name.value,
    bases: known,
    mro: [],
    attributes,
    span,
    ...(lost && { unknownBase: 'A part of this class is not known' }),
  };
  unshared(made).mro = resolutionOrder(made);
  return made;
}

function typeOf(machine: Machine, value: PyValue): PyValue {
  if (value.kind === 'instance') return value.class;
  if (value.kind === 'unknown') return value;
  const name = typeName(value);
  return machine.builtins.get(name) ?? nativeClass(name, []);
}
