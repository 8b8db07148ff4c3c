// Python's `collections`, `collections.abc` and `itertools`. Iterators are read ahead, so endless ones have an end here.

import { nativeClass, namedTuple } from '../evaluator/classes.ts';
import { binary } from '../evaluator/operators.ts';
import { amongOf, builtin, dict, int, keyOf, list, none, string, tuple, unknown } from '../evaluator/values.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import { argument, functionValues, plainClasses, type LibraryFunction, type ModuleTable } from './module-table.ts';
import type { Machine, Arguments, ClassValue, DictValue, PyValue } from '../evaluator/machine.ts';
import { integerOf } from '../evaluator/numbers.ts';

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
  if (made.kind !== 'dict' || !factory || factory.kind === 'none') return made;
  return { kind: 'dict', entries: made.entries, missing: factory } satisfies DictValue;
};

const counter: LibraryFunction = (machine, args, span) => {
  const [source] = args.positional;
  const made = dict();
  if (source === undefined) return { ...made, missing: builtin('int', () => int(0)) };
  const items = machine.iterate(source, span);
  if ('kind' in items) return items;
  for (const item of items) {
    const known = made.entries.get(keyOf(item))?.value;
    machine
      .change(made)
      .entries.set(keyOf(item), { key: item, value: int(1 + (known?.kind === 'int' ? known.value : 0)) });
  }
  return { ...made, missing: builtin('int', () => int(0)) };
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
    ['UserDict', ordered],
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

/** A function over the items of its arguments; one that is not known makes the result unknown. */
function overItems(
  make: (
    columns: readonly (readonly PyValue[])[],
    args: Arguments,
    machine: Machine,
    span: SourceSpan,
  ) => readonly PyValue[],
): LibraryFunction {
  return (machine, args, span) => {
    const columns: (readonly PyValue[])[] = [];
    for (const value of args.positional) {
      if (
        integerOf(value) !== undefined ||
        value.kind === 'none' ||
        value.kind === 'function' ||
        value.kind === 'builtin'
      )
        continue;
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
    return overItems((columns) =>
      product(machine, Array.from({ length: Math.min(times, 32) }, () => columns).flat(), span),
    )(machine, args, span);
  },
  combinations: overItems(([items = []], args, machine, span) =>
    combinations(machine, items, integerOf(argument(args, 1, 'r') ?? none) ?? 0, span),
  ),
  accumulate: overItems(([items = []], args, machine, span) => {
    const callee = argument(args, 1, 'func');
    const totals: PyValue[] = [];
    for (const item of items) {
      const last = totals.at(-1);
      if (last === undefined) totals.push(item);
      else totals.push(callee ? machine.callWith(callee, span, last, item) : binary(machine, '+', last, item, span));
    }
    return totals;
  }),
  pairwise: overItems(([items = []]) => items.slice(1).map((item, i) => tuple([items[i] ?? none, item]))),
  zip_longest: overItems((columns, args) =>
    Array.from({ length: Math.max(0, ...columns.map((column) => column.length)) }, (_, i) =>
      tuple(columns.map((column) => column[i] ?? args.keywords.get('fillvalue') ?? none)),
    ),
  ),
  cycle: overItems(([items = []]) => repeated(items, endless)),
  repeat: (machine, args, span) => {
    const times = Math.max(0, integerOf(argument(args, 1, 'times') ?? none) ?? endless);
    machine.hold(times, span);
    return iterator(repeated([argument(args, 0, 'object') ?? none], times));
  },
  count: (machine, args, span) => {
    const start = argument(args, 0, 'start') ?? int(0);
    const step = argument(args, 1, 'step') ?? int(1);
    return iterator(
      Array.from({ length: endless }, (_, i) =>
        binary(machine, '+', start, binary(machine, '*', step, int(i), span), span),
      ),
    );
  },
  islice: (machine, args, span) => {
    const items = machine.iterate(args.positional[0] ?? none, span);
    if ('kind' in items) return items;
    const [first, second, third] = args.positional.slice(1).map(integerOf);
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
    const end = items.findIndex(
      (item) => machine.truth(machine.callWith(args.positional[0] ?? none, span, item), span) !== true,
    );
    return iterator(end < 0 ? items : items.slice(0, end));
  },
  groupby: (machine, args, span) => {
    const items = machine.iterate(args.positional[0] ?? none, span);
    if ('kind' in items) return items;
    const key = argument(args, 1, 'key');
    const groups: { readonly key: PyValue; readonly items: PyValue[] }[] = [];
    for (const item of items) {
      const value = key && key.kind !== 'none' ? machine.callWith(key, span, item) : item;
      const last = groups.at(-1);
      if (last && keyOf(last.key) === keyOf(value)) last.items.push(item);
      else groups.push({ key: value, items: [item] });
    }
    return iterator(groups.map((group) => tuple([group.key, iterator(group.items)])));
  },
};

export const itertoolsModule: ModuleTable = () => {
  const chained = overItems((columns) => columns.flat());
  const fromIterable: LibraryFunction = (machine, args, span) => {
    const parts = machine.iterate(args.positional[0] ?? none, span);
    return 'kind' in parts ? parts : chained(machine, { positional: parts, keywords: new Map() }, span);
  };
  const chain = nativeClass('chain', [], [['from_iterable', builtin('from_iterable', fromIterable)]], chained);
  return new Map<string, PyValue>([...functionValues(functions), ['chain', chain]]);
};
