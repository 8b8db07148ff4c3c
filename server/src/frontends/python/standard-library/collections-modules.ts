// Python's `collections`, `collections.abc` and `itertools`. Iterators are read ahead, so endless ones have an end here.

import { nativeClass, namedTuple } from '../evaluator/classes.ts';
import { binary, equal } from '../evaluator/operators.ts';
import { counterZero } from '../evaluator/partial-dictionary.ts';
import { isUnhashable } from '../evaluator/argument-kinds.ts';
import {
  amongOf,
  builtin,
  dict,
  int,
  isCertainKey,
  keyOf,
  list,
  none,
  string,
  tuple,
  unknown,
} from '../evaluator/values.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import { argument, functionValues, plainClasses, type LibraryFunction, type ModuleTable } from './module-table.ts';
import type { Machine, Arguments, ClassValue, DictValue, PyValue } from '../evaluator/machine.ts';
import { integerOf, numberOf } from '../evaluator/numbers.ts';

/** What `count()`, `cycle()` and `repeat()` give before they end: more than any model zips them with. */
const endless = 4096;

function dictionaryClass(machine: Machine): ClassValue | undefined {
  const type = machine.builtins.get('dict');
  return type?.kind === 'class' ? type : undefined;
}

function dictionaryOf(machine: Machine, args: Arguments, span: SourceSpan): PyValue {
  return dictionaryClass(machine)?.construct?.(machine, args, span) ?? dict();
}

const defaultdict: LibraryFunction = (machine, args, span) => {
  const [factory, ...positional] = args.positional;
  const made = dictionaryOf(machine, { positional, keywords: args.keywords }, span);
  if (factory && /^(int|float|string|bool|list|tuple|dict|set)$/.test(factory.kind))
    return machine.raise('TypeError', 'first argument must be callable or None', span);
  if (made.kind !== 'dict' || !factory || factory.kind === 'none') return made;
  return { kind: 'dict', entries: made.entries, missing: factory } satisfies DictValue;
};

const counter: LibraryFunction = (machine, args, span) => {
  const [source] = args.positional;
  const made = dict();
  const zero = builtin(counterZero, () => int(0));
  if (args.keywords.size > 0 || source?.kind === 'instance')
    return unknown('What is counted here is not followed', span);
  if (source === undefined || source.kind === 'none') return { ...made, missing: zero };
  if (source.kind === 'dict') return { ...dict(), entries: new Map(source.entries), missing: zero };
  const items = machine.iterate(source, span);
  if ('kind' in items) return items;
  if (items.some(isUnhashable)) return machine.raise('TypeError', 'unhashable type', span);
  if (!items.every((item) => isCertainKey(item))) return unknown('Which of these are equal is not known', span);
  for (const item of items) {
    const known = made.entries.get(keyOf(item))?.value;
    machine
      .change(made)
      .entries.set(keyOf(item), { key: item, value: int(1 + (known?.kind === 'int' ? known.value : 0)) });
  }
  return { ...made, missing: zero };
};

const namedtuple: LibraryFunction = (machine, args, span) => {
  const name = argument(args, 0, 'typename');
  const fields = argument(args, 1, 'field_names') ?? none;
  const names =
    fields.kind === 'string'
      ? fields.value
          .split(/[\s,]+/)
          .filter((part) => part !== '')
          .map(string)
      : machine.iterate(fields, span);
  if ('kind' in names) return names;
  if (names.some((each) => each.kind !== 'string' || !/^[A-Za-z]\w*$/.test(each.value)))
    return unknown('The names of these fields are not known', span);
  const defaultsValue = args.keywords.get('defaults');
  const defaults = defaultsValue ? machine.iterate(defaultsValue, span) : [];
  if ('kind' in defaults) return defaults;
  const declared = names.map((field, i) => {
    const value = defaults[i - (names.length - defaults.length)];
    return { name: field.kind === 'string' ? field.value : '', ...(value && { default: value }) };
  });
  return namedTuple(machine, name?.kind === 'string' ? name.value : 'tuple', declared);
};

const deque: LibraryFunction = (machine, args, span) => {
  const longest = argument(args, 1, 'maxlen');
  const most = longest && integerOf(longest);
  if (longest && longest.kind !== 'none' && longest.kind !== 'unknown' && most === undefined)
    return machine.raise('TypeError', 'an integer is required', span);
  if (most !== undefined && most < 0) return machine.raise('ValueError', 'maxlen must be non-negative', span);
  if (longest && longest.kind !== 'none') return unknown('A deque of limited length is not followed', span);
  const [source] = args.positional;
  const items = source ? machine.iterate(source, span) : [];
  return 'kind' in items ? items : list(items);
};

/** It shows its dictionaries as they are later on, and writes into the first. */
const chainMap: LibraryFunction = (_machine, { positional }, span) => ({
  ...unknown('What a ChainMap shows is not followed', span),
  ...amongOf(positional),
});

export const collectionsModule: ModuleTable = (machine) => {
  const base = dictionaryClass(machine);
  const ordered = nativeClass('OrderedDict', base ? [base] : [], [], dictionaryOf);
  return new Map<string, PyValue>([
    ...functionValues({ defaultdict, namedtuple, Counter: counter, deque, ChainMap: chainMap }),
    ['OrderedDict', ordered],
    // No dictionary for isinstance, but one in its ways.
    ['UserDict', nativeClass('UserDict', [], base ? [...base.attributes] : [])],
  ]);
};

/** What `Mapping` adds for classes that say themselves how they are walked and how an item is found. */
const mappingMethods = ['keys', 'values', 'items', 'get'].map(
  (name) =>
    [
      name,
      builtin(
        name,
        (machine, { positional: [self = none, ...positional], keywords }, span) => {
          const keys = machine.iterate(self, span);
          if ('kind' in keys) return keys;
          const item = machine.attribute(self, '__getitem__', span);
          const entries = dict(keys.map((key) => [key, machine.callWith(item, span, key)]));
          return machine.call(machine.attribute(entries, name, span), { positional, keywords }, span);
        },
        true,
      ),
    ] as const,
);

export const abstractCollectionsModule: ModuleTable = () => {
  const mapping = nativeClass('Mapping', [], mappingMethods);
  return new Map([
    ...plainClasses(
      'Iterable Iterator Generator Sequence MutableSequence Set MutableSet Callable Collection Container Hashable Sized Reversible Awaitable Coroutine AsyncIterator',
    ),
    ['Mapping', mapping],
    ['MutableMapping', nativeClass('MutableMapping', [mapping])],
  ]);
};

/** An iterator over known items. */
const iterator = (items: readonly PyValue[]): PyValue => ({ kind: 'iterator', items, position: 0 });

/** A function over the items of all its arguments, or of the first; one that is not known makes the result unknown. */
function overItems(
  which: 'all' | 'first',
  make: (
    columns: readonly (readonly PyValue[])[],
    args: Arguments,
    machine: Machine,
    span: SourceSpan,
  ) => readonly PyValue[],
): LibraryFunction {
  return (machine, args, span) => {
    const columns: (readonly PyValue[])[] = [];
    if (which === 'first' && args.positional.length === 0)
      return machine.raise('TypeError', 'something to walk is missing', span);
    for (const value of which === 'all' ? args.positional : args.positional.slice(0, 1)) {
      const items = machine.iterate(value, span);
      if ('kind' in items) return items;
      columns.push(items);
    }
    return iterator(make(columns, args, machine, span));
  };
}

function product(machine: Machine, columns: readonly (readonly PyValue[])[], span: SourceSpan): readonly PyValue[] {
  let rows: readonly (readonly PyValue[])[] = [[]];
  for (const column of columns) {
    machine.hold(rows.length * column.length * (2 + (rows[0]?.length ?? 0)), span);
    rows = rows.flatMap((row) => column.map((item) => [...row, item]));
  }
  return rows.map(tuple);
}

function combinations(machine: Machine, items: readonly PyValue[], size: number, span: SourceSpan): readonly PyValue[] {
  let rows: readonly (readonly number[])[] = [[]];
  for (let i = 0; i < size; i++) {
    machine.hold(rows.length * items.length, span);
    rows = rows.flatMap((row) => items.flatMap((_, at) => (at > (row.at(-1) ?? -1) ? [[...row, at]] : [])));
  }
  return rows.map((row) => tuple(row.map((at) => items[at] ?? none)));
}

const repeated = (items: readonly PyValue[], count: number): readonly PyValue[] =>
  items.length === 0 ? [] : Array.from({ length: count }, (_, i) => items[i % items.length] ?? none);

const functions: Readonly<Record<string, LibraryFunction>> = {
  product: (machine, args, span) => {
    const times = integerOf(args.keywords.get('repeat') ?? none) ?? 1;
    return overItems('all', (columns) =>
      product(machine, Array.from({ length: Math.min(times, 32) }, () => columns).flat(), span),
    )(machine, args, span);
  },
  combinations: (machine, args, span) => {
    const wanted = argument(args, 1, 'r') ?? none;
    const size = integerOf(wanted);
    if (size === undefined && (wanted.kind === 'unknown' || wanted.kind === 'instance'))
      return unknown('How many are taken together is not known', span);
    if (size === undefined) return machine.raise('TypeError', 'an integer is required', span);
    if (size < 0) return machine.raise('ValueError', 'r must be non-negative', span);
    return overItems('first', ([items = []]) => combinations(machine, items, size, span))(machine, args, span);
  },
  accumulate: overItems('first', ([items = []], args, machine, span) => {
    const given = argument(args, 1, 'func');
    const callee = given?.kind === 'none' ? undefined : given;
    const start = args.keywords.get('initial');
    const totals: PyValue[] = start && start.kind !== 'none' ? [start] : [];
    for (const item of items) {
      const last = totals.at(-1);
      if (last === undefined) totals.push(item);
      else totals.push(callee ? machine.callWith(callee, span, last, item) : binary(machine, '+', last, item, span));
    }
    return totals;
  }),
  pairwise: overItems('first', ([items = []]) => items.slice(1).map((item, i) => tuple([items[i] ?? none, item]))),
  zip_longest: overItems('all', (columns, args) =>
    Array.from({ length: Math.max(0, ...columns.map((column) => column.length)) }, (_, i) =>
      tuple(columns.map((column) => column[i] ?? args.keywords.get('fillvalue') ?? none)),
    ),
  ),
  cycle: overItems('first', ([items = []]) => repeated(items, endless)),
  repeat: (machine, args, span) => {
    const wanted = argument(args, 1, 'times');
    const count = wanted ? integerOf(wanted) : endless;
    if (count === undefined)
      return wanted?.kind === 'unknown' || wanted?.kind === 'instance'
        ? unknown('How often this is repeated is not known', span)
        : machine.raise('TypeError', 'an integer is required', span);
    const times = Math.max(0, count);
    machine.hold(times, span);
    return iterator(repeated([argument(args, 0, 'object') ?? none], times));
  },
  count: (machine, args, span) => {
    const start = argument(args, 0, 'start') ?? int(0);
    const step = argument(args, 1, 'step') ?? int(1);
    if (numberOf(start) === undefined || numberOf(step) === undefined)
      return unknown('From what this counts is not known', span);
    return iterator(
      Array.from({ length: endless }, (_, i) =>
        binary(machine, '+', start, binary(machine, '*', step, int(i), span), span),
      ),
    );
  },
  islice: (machine, args, span) => {
    const items = machine.iterate(args.positional[0] ?? none, span);
    if ('kind' in items) return items;
    const bounds = args.positional.slice(1);
    const lost = bounds.find((bound) => bound.kind === 'unknown' || bound.kind === 'instance');
    if (lost) return unknown('Which of these are taken is not known', span);
    if (bounds.some((bound) => bound.kind !== 'none' && (integerOf(bound) ?? -1) < 0))
      return machine.raise('ValueError', 'Indices for islice() must be None or non-negative integers', span);
    const [first, second, third] = bounds.map(integerOf);
    if (third === 0) return machine.raise('ValueError', 'Step for islice() must be a positive integer or None.', span);
    const [start, stop] = args.positional.length === 2 ? [0, first] : [first ?? 0, second];
    return iterator(items.slice(start, stop).filter((_, i) => i % Math.max(1, third ?? 1) === 0));
  },
  starmap: (machine, args, span) => {
    const rows = machine.iterate(args.positional[1] ?? none, span);
    if ('kind' in rows) return rows;
    return iterator(
      rows.map((row) => {
        const positional = machine.iterate(row, span);
        return 'kind' in positional
          ? positional
          : machine.call(args.positional[0] ?? none, { positional, keywords: new Map() }, span);
      }),
    );
  },
  takewhile: (machine, args, span) => {
    const items = machine.iterate(args.positional[1] ?? none, span);
    if ('kind' in items) return items;
    for (const [i, item] of items.entries()) {
      const truth = machine.truth(machine.callWith(args.positional[0] ?? none, span, item), span);
      if (truth === undefined) return unknown('Where these end is not known', span);
      if (!truth) return iterator(items.slice(0, i));
    }
    return iterator(items);
  },
  groupby: (machine, args, span) => {
    const items = machine.iterate(args.positional[0] ?? none, span);
    if ('kind' in items) return items;
    const key = argument(args, 1, 'key');
    const groups: { readonly key: PyValue; readonly items: PyValue[] }[] = [];
    for (const item of items) {
      const value = key && key.kind !== 'none' ? machine.callWith(key, span, item) : item;
      const last = groups.at(-1);
      const same = last && equal(machine, last.key, value, span);
      if (last && same === undefined) return unknown('Which of these belong together is not known', span);
      if (last && same === true) last.items.push(item);
      else groups.push({ key: value, items: [item] });
    }
    return iterator(groups.map((group) => tuple([group.key, iterator(group.items)])));
  },
};

export const itertoolsModule: ModuleTable = () => {
  const chained = overItems('all', (columns) => columns.flat());
  const fromIterable: LibraryFunction = (machine, args, span) => {
    const parts = machine.iterate(args.positional[0] ?? none, span);
    return 'kind' in parts ? parts : chained(machine, { positional: parts, keywords: new Map() }, span);
  };
  const chain = nativeClass('chain', [], [['from_iterable', builtin('from_iterable', fromIterable)]], chained);
  return new Map<string, PyValue>([...functionValues(functions), ['chain', chain]]);
};
