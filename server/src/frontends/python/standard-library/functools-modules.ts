// Python's `functools` and `operator`: functions that make functions.

import { nativeClass } from '../evaluator/classes.ts';
import type { BinaryOperator, ComparisonOperator } from '../syntax/ast.ts';
import { getItem } from '../evaluator/items.ts';
import { binary, compare } from '../evaluator/operators.ts';
import { isUnhashable } from '../evaluator/argument-kinds.ts';
import {
  amongOf,
  bool,
  builtin,
  dict,
  int,
  isCertainKey,
  string,
  keyOf,
  none,
  tuple,
  unknown,
} from '../evaluator/values.ts';
import { functionValues, passThrough, type LibraryFunction, type ModuleTable } from './module-table.ts';
import type { PyValue } from '../evaluator/machine.ts';

const noPlace = { document: '', start: 0, end: 0 };

const notCallable = /^(int|float|string|bool|none|list|tuple|dict|set|range)$/;

const partial: LibraryFunction = (machine, args, span) => {
  const [callee, ...positional] = args.positional;
  if (callee === undefined || notCallable.test(callee.kind))
    return machine.raise('TypeError', 'the first argument must be callable', span);
  // A partial of a partial is one with the arguments of both.
  if (callee.kind === 'partial') {
    const keywords = new Map([...callee.args.keywords, ...args.keywords]);
    return {
      kind: 'partial',
      function: callee.function,
      args: { positional: [...callee.args.positional, ...positional], keywords },
    };
  }
  return { kind: 'partial', function: callee, args: { positional, keywords: args.keywords } };
};

const reduce: LibraryFunction = (machine, args, span) => {
  const [callee, iterable, start] = args.positional;
  const items = machine.iterate(iterable ?? none, span);
  if (callee === undefined || 'kind' in items) return unknown('What is folded here is not known', span);
  const all = start === undefined ? items : [start, ...items];
  const [first, ...rest] = all;
  if (first === undefined) return machine.raise('TypeError', 'reduce() of nothing', span);
  return rest.reduce((total, item) => machine.callWith(callee, span, total, item), first);
};

/** The wrapper under the wrapped function's name; `inspect` finds the wrapped one behind it. */
function wearing(wrapper: PyValue, wrapped: PyValue | undefined): PyValue {
  if (wrapper.kind !== 'function' || wrapped === undefined)
    return wrapper.kind === 'unknown'
      ? wrapper
      : { ...unknown('What is wrapped here is not followed', noPlace), ...amongOf([wrapper]) };
  const name =
    wrapped.kind === 'function' || wrapped.kind === 'class' || wrapped.kind === 'builtin' ? wrapped.name : wrapper.name;
  const attributes = new Map(wrapped.kind === 'function' ? wrapped.attributes : []);
  for (const [key, value] of wrapper.attributes) attributes.set(key, value);
  attributes.set('__wrapped__', wrapped);
  return { ...wrapper, name, attributes };
}

const isCallable = /^(function|builtin|class|bound-method|partial)$/;
const isSize = /^(none|int|bool|unknown)$/;

/** A function that gives the same answer when it is called alike again, and then does nothing else. */
function remembering(callee: PyValue): PyValue {
  if (callee.kind !== 'function')
    return callee.kind === 'unknown'
      ? callee
      : { ...unknown('What is remembered here is not followed', noPlace), ...amongOf([callee]) };
  const answers = dict();
  return builtin(
    callee.name,
    (machine, args, span) => {
      const given = [...args.positional, ...[...args.keywords].flatMap(([name, value]) => [string(name), value])];
      if (given.some(isUnhashable)) return machine.raise('TypeError', 'unhashable type', span);
      if (!given.every((value) => isCertainKey(value))) {
        // It may have been called alike, and then does nothing.
        const lost = unknown('Whether this was called alike before is not known', span);
        machine.handOver([callee, ...given], lost);
        return lost;
      }
      const key = tuple([int(args.positional.length), ...given]);
      const known = answers.entries.get(keyOf(key));
      if (known) return known.value;
      const value = machine.call(callee, args, span);
      machine.change(answers).entries.set(keyOf(key), { key, value });
      return value;
    },
    true,
  );
}

/** A getter whose answer the object keeps under the name of the function. */
function askedOnce(getter: PyValue): PyValue {
  if (getter.kind !== 'function') return getter;
  return builtin('cached_property', (machine, { positional: [self = none] }, span) => {
    const kept = self.kind === 'instance' ? self.attributes.get(getter.name) : undefined;
    if (kept !== undefined) return kept;
    const made = machine.callWith(getter, span, self);
    if (self.kind === 'instance') machine.change(self).attributes.set(getter.name, made);
    return made;
  });
}

export const functoolsModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ...functionValues({
      reduce,
      wraps: (_, args) =>
        builtin('wraps', (_interpreter, given) => wearing(given.positional[0] ?? none, args.positional[0])),
      update_wrapper: (_, args) => wearing(args.positional[0] ?? none, args.positional[1]),
      cached_property: (_, { positional: [getter = none] }) => ({ kind: 'property', getter: askedOnce(getter) }),
    }),
    ['partial', nativeClass('partial', [], [], partial)],
    ['total_ordering', passThrough('total_ordering')],
    [
      'lru_cache',
      builtin('lru_cache', (machine, args, span) => {
        const [first] = args.positional;
        const isDecorated = first !== undefined && isCallable.test(first.kind);
        if (isDecorated && args.positional.length === 1) return remembering(first);
        const limit = first ?? args.keywords.get('maxsize') ?? none;
        if (!isSize.test(limit.kind))
          return machine.raise('TypeError', 'Expected first argument to be an integer, a callable, or None', span);
        // A cache that forgets calls the function anew; when, is not followed.
        return builtin('lru_cache', (_, given) => remembering(given.positional[0] ?? none));
      }),
    ],
    ['cache', builtin('cache', (_, args) => remembering(args.positional[0] ?? none))],
  ]);

const operators: readonly (readonly [string, BinaryOperator])[] = [
  ['add', '+'],
  ['sub', '-'],
  ['mul', '*'],
  ['truediv', '/'],
  ['floordiv', '//'],
  ['mod', '%'],
  ['pow', '**'],
  ['matmul', '@'],
  ['and_', '&'],
  ['or_', '|'],
  ['xor', '^'],
];
const comparisons: readonly (readonly [string, ComparisonOperator])[] = [
  ['eq', '=='],
  ['ne', '!='],
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
  ['is_', 'is'],
  ['is_not', 'is not'],
];

const itemgetter: LibraryFunction = (_, args) =>
  builtin('itemgetter', (machine, given, span) => {
    if (given.positional.length !== 1) return machine.raise('TypeError', 'expected 1 argument', span);
    const values = args.positional.map((index) => getItem(machine, given.positional[0] ?? none, index, span));
    return values.length === 1 ? (values[0] ?? none) : tuple(values);
  });

const attrgetter: LibraryFunction = (_, args) =>
  builtin('attrgetter', (machine, given, span) => {
    if (given.positional.length !== 1) return machine.raise('TypeError', 'expected 1 argument', span);
    const values = args.positional.map((name) => {
      if (name.kind !== 'string')
        return name.kind === 'unknown' ? name : machine.raise('TypeError', 'attribute name must be a string', span);
      const path = name.value.split('.');
      return path.reduce((object, part) => machine.attribute(object, part, span), given.positional[0] ?? none);
    });
    return values.length === 1 ? (values[0] ?? none) : tuple(values);
  });

export const operatorModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ...functionValues({
      itemgetter,
      attrgetter,
      getitem: (machine, args, span) => getItem(machine, args.positional[0] ?? none, args.positional[1] ?? none, span),
      not_: (machine, args, span) => {
        const truth = machine.truth(args.positional[0] ?? none, span);
        return truth === undefined ? unknown('Whether this holds is not known', span) : bool(!truth);
      },
      neg: (machine, args, span) =>
        args.positional[0]?.kind === 'string' || 'items' in (args.positional[0] ?? none)
          ? machine.raise('TypeError', 'bad operand type for unary -', span)
          : binary(machine, '*', args.positional[0] ?? none, { kind: 'int', value: -1 }, span),
    }),
    ...operators.map(([name, operator]): [string, PyValue] => [
      name,
      builtin(name, (machine, args, span) =>
        binary(machine, operator, args.positional[0] ?? none, args.positional[1] ?? none, span),
      ),
    ]),
    ...comparisons.map(([name, operator]): [string, PyValue] => [
      name,
      builtin(name, (machine, args, span) =>
        compare(machine, operator, args.positional[0] ?? none, args.positional[1] ?? none, span),
      ),
    ]),
  ]);
