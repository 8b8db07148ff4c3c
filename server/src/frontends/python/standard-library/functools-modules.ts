// Python's `functools` and `operator`: functions that make functions.

import { nativeClass } from '../evaluator/classes.ts';
import type { BinaryOperator, ComparisonOperator } from '../syntax/ast.ts';
import { getItem } from '../evaluator/items.ts';
import { binary, compare } from '../evaluator/operators.ts';
import { bool, builtin, none, tuple, unknown } from '../evaluator/values.ts';
import {
  functionValues,
  optionalDecorator,
  passThrough,
  type LibraryFunction,
  type ModuleTable,
} from './module-table.ts';
import type { PyValue } from '../evaluator/machine.ts';

const partial: LibraryFunction = (machine, args, span) => {
  const [callee, ...positional] = args.positional;
  if (callee === undefined) return machine.raise('TypeError', 'partial() takes a function', span);
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
  if (wrapper.kind !== 'function' || wrapped === undefined) return wrapper;
  const name =
    wrapped.kind === 'function' || wrapped.kind === 'class' || wrapped.kind === 'builtin' ? wrapped.name : wrapper.name;
  const attributes = new Map(wrapped.kind === 'function' ? wrapped.attributes : []);
  for (const [key, value] of wrapper.attributes) attributes.set(key, value);
  attributes.set('__wrapped__', wrapped);
  return { ...wrapper, name, attributes };
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
    ['lru_cache', optionalDecorator('lru_cache')],
    ['cache', optionalDecorator('cache')],
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
    const values = args.positional.map((index) => getItem(machine, given.positional[0] ?? none, index, span));
    return values.length === 1 ? (values[0] ?? none) : tuple(values);
  });

const attrgetter: LibraryFunction = (_, args) =>
  builtin('attrgetter', (machine, given, span) => {
    const values = args.positional.map((name) => {
      const path = name.kind === 'string' ? name.value.split('.') : [];
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
      not_: (machine, args, span) => bool(machine.truth(args.positional[0] ?? none, span) === false),
      neg: (machine, args, span) => binary(machine, '*', args.positional[0] ?? none, { kind: 'int', value: -1 }, span),
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
