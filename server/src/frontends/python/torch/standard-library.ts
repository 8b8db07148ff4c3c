// The parts of Python's standard library that model code uses, as tables.

import type { SourceSpan } from '../../../common/source-span.ts';
import { makeDataclass, namedTuple, nativeClass } from '../evaluator/classes.ts';
import type { Interpreter } from '../evaluator/interpreter.ts';
import { binary, computed, integerOf, numberOf } from '../evaluator/operators.ts';
import {
  bool,
  builtin,
  dict,
  float,
  int,
  list,
  none,
  pyFalse,
  string,
  tuple,
  unknown,
  type Arguments,
  type InstanceValue,
  type PyValue,
} from '../evaluator/values.ts';
import { regularExpressions } from './regular-expressions.ts';
import { passingThrough } from './torch-namespace.ts';

type Names = Readonly<Record<string, PyValue>>;
type Run = (interpreter: Interpreter, args: Arguments, span: SourceSpan) => PyValue;

const functions = (table: Readonly<Record<string, Run>>): Names =>
  Object.fromEntries(Object.entries(table).map(([name, run]) => [name, builtin(name, run)]));

const toInteger =
  (name: 'ceil' | 'floor', round: (value: number) => number): Run =>
  (_, args, span) => {
    const value = args.positional[0] ?? none;
    const number = numberOf(value);
    if (number === undefined)
      return value.kind === 'unknown' ? value : unknown(`math.${name} of this is not known`, span);
    return int(round(number), computed(name, round(number), [value], span));
  };

const real =
  (compute: (...numbers: number[]) => number): Run =>
  (_, args, span) => {
    const numbers = args.positional.map(numberOf);
    if (numbers.includes(undefined))
      return args.positional.find((value) => value.kind === 'unknown') ?? unknown('This number is not known', span);
    return float(compute(...numbers.filter((number) => number !== undefined)));
  };

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : greatestCommonDivisor(b, a % b);
}

const math: Names = {
  ...functions({
    ceil: toInteger('ceil', Math.ceil),
    floor: toInteger('floor', Math.floor),
    trunc: toInteger('floor', Math.trunc),
    sqrt: real(Math.sqrt),
    log: real((value, base) => (base === undefined ? Math.log(value) : Math.log(value) / Math.log(base))),
    log2: real(Math.log2),
    log10: real(Math.log10),
    exp: real(Math.exp),
    pow: real(Math.pow),
    sin: real(Math.sin),
    cos: real(Math.cos),
    fabs: real(Math.abs),
    isclose: (_, args) =>
      bool(Math.abs((numberOf(args.positional[0] ?? none) ?? 0) - (numberOf(args.positional[1] ?? none) ?? 0)) < 1e-9),
    isqrt: (_, args) => int(Math.floor(Math.sqrt(numberOf(args.positional[0] ?? none) ?? 0))),
    gcd: (_, args) => int(args.positional.map((value) => integerOf(value) ?? 0).reduce(greatestCommonDivisor, 0)),
    prod: (interpreter, args, span) => {
      const items = interpreter.iterate(args.positional[0] ?? none, span);
      return 'kind' in items
        ? items
        : items.reduce<PyValue>((total, item) => binary(interpreter, '*', total, item, span), int(1));
    },
  }),
  pi: float(Math.PI),
  e: float(Math.E),
  inf: float(Infinity),
  nan: float(NaN),
};

/** A deep copy of containers, modules and instances; what is shared inside stays shared. */
function deepCopy(value: PyValue, site: InstanceValue['site'], seen = new Map<PyValue, PyValue>()): PyValue {
  const known = seen.get(value);
  if (known) return known;
  const copy = (item: PyValue): PyValue => deepCopy(item, site, seen);
  switch (value.kind) {
    case 'list': {
      const made = list([]);
      seen.set(value, made);
      made.items.push(...value.items.map(copy));
      return made;
    }
    case 'tuple':
      return { ...value, items: value.items.map(copy) };
    case 'dict': {
      const made: PyValue = { kind: 'dict', entries: new Map(), ...(value.missing && { missing: value.missing }) };
      seen.set(value, made);
      for (const [key, entry] of value.entries) made.entries.set(key, { key: entry.key, value: copy(entry.value) });
      return made;
    }
    case 'instance': {
      const made: InstanceValue = { ...value, attributes: new Map() };
      seen.set(value, made);
      for (const [name, item] of value.attributes) made.attributes.set(name, copy(item));
      return made;
    }
    case 'tensor': {
      const made: PyValue = value.parameter ? { ...value, parameter: { ...value.parameter, id: '' } } : value;
      seen.set(value, made);
      return made;
    }
    default:
      return value;
  }
}

const copying: Names = functions({
  copy: (_, args) => {
    const value = args.positional[0] ?? none;
    if (value.kind === 'list') return list(value.items);
    if (value.kind === 'dict')
      return { ...value, entries: new Map([...value.entries].map(([key, entry]) => [key, { ...entry }])) };
    if (value.kind === 'instance') return { ...value, attributes: new Map(value.attributes) };
    return value;
  },
  deepcopy: (interpreter, args, span) =>
    deepCopy(args.positional[0] ?? none, { span, callChain: [...interpreter.callStack] }),
});

const functools: Names = {
  ...functions({
    partial: (_, args) => {
      const [callee, ...positional] = args.positional;
      return { kind: 'partial', function: callee ?? none, args: { positional, keywords: args.keywords } };
    },
    reduce: (interpreter, args, span) => {
      const [callee, iterable, start] = args.positional;
      const items = interpreter.iterate(iterable ?? none, span);
      if ('kind' in items) return items;
      const all = start ? [start, ...items] : items;
      const [first, ...rest] = all;
      return rest.reduce<PyValue>(
        (total, item) => interpreter.callWith(callee ?? none, span, total, item),
        first ?? none,
      );
    },
    wraps: () => builtin('wraps', (_, args) => args.positional[0] ?? none),
    lru_cache: (_, args) =>
      args.positional[0]?.kind === 'function'
        ? args.positional[0]
        : builtin('lru_cache', (_interpreter, inner) => inner.positional[0] ?? none),
    cache: (_, args) => args.positional[0] ?? none,
    cached_property: (_, args) => ({ kind: 'property', getter: args.positional[0] ?? none }),
  }),
};

function collections(interpreter: Interpreter): Names {
  const dictionary = interpreter.builtins.get('dict') ?? none;
  return {
    ...functions({
      namedtuple: (inner, args, span) => {
        const [name, fields] = args.positional;
        const names =
          fields?.kind === 'string'
            ? fields.value.split(/[\s,]+/)
            : (() => {
                const items = inner.iterate(fields ?? none, span);
                return 'kind' in items ? [] : items.map((item) => inner.text(item, span));
              })();
        const defaults = args.keywords.get('defaults');
        const given = defaults ? inner.iterate(defaults, span) : [];
        const values = 'kind' in given ? [] : given;
        return namedTuple(
          inner,
          name?.kind === 'string' ? name.value : 'tuple',
          names.map((field, i) => {
            const value = values[i - (names.length - values.length)];
            return { name: field, ...(value && { default: value }) };
          }),
        );
      },
      defaultdict: (_, args) => ({
        kind: 'dict',
        entries: new Map(),
        ...(args.positional[0] && { missing: args.positional[0] }),
      }),
      deque: (inner, args, span) => {
        const items = inner.iterate(args.positional[0] ?? list([]), span);
        return 'kind' in items ? items : list(items);
      },
      Counter: () => ({ kind: 'dict', entries: new Map() }),
    }),
    OrderedDict: dictionary,
    UserDict: dictionary,
    abc: none,
  };
}

function dataclasses(): Names {
  const field = nativeClass('Field', []);
  return functions({
    dataclass: (interpreter, args) => {
      const decorate = (value: PyValue): PyValue => {
        if (value.kind === 'class') makeDataclass(interpreter, value);
        return value;
      };
      const [type] = args.positional;
      return type ? decorate(type) : builtin('dataclass', (_, inner) => decorate(inner.positional[0] ?? none));
    },
    field: (interpreter, args, span) => ({
      kind: 'instance',
      class: field,
      attributes: new Map(args.keywords),
      site: { span, callChain: [...interpreter.callStack] },
    }),
    asdict: (_, args) => {
      const [value] = args.positional;
      return dict(
        value?.kind === 'instance' ? [...value.attributes].map(([name, item]) => [string(name), item] as const) : [],
      );
    },
    replace: (_, args) => {
      const [value] = args.positional;
      return value?.kind === 'instance'
        ? { ...value, attributes: new Map([...value.attributes, ...args.keywords]) }
        : (value ?? none);
    },
    fields: () => list([]),
    is_dataclass: () => pyFalse,
  });
}

const itertools: Names = functions({
  chain: (interpreter, args, span) => {
    const parts = args.positional.map((value) => interpreter.iterate(value, span));
    const lost = parts.find((part) => 'kind' in part);
    return lost && 'kind' in lost
      ? lost
      : { kind: 'iterator', items: parts.flatMap((part) => ('kind' in part ? [] : part)), position: 0 };
  },
  product: (interpreter, args, span) => {
    const parts = args.positional
      .map((value) => interpreter.iterate(value, span))
      .map((part) => ('kind' in part ? [] : part));
    const rows = parts.reduce<PyValue[][]>(
      (all, part) => all.flatMap((row) => part.map((item) => [...row, item])),
      [[]],
    );
    return { kind: 'iterator', items: rows.map(tuple), position: 0 };
  },
  repeat: (_, args) => {
    const count = Math.min(integerOf(args.positional[1] ?? none) ?? 1000, 10_000);
    return { kind: 'iterator', items: Array.from({ length: count }, () => args.positional[0] ?? none), position: 0 };
  },
  accumulate: (interpreter, args, span) => {
    const items = interpreter.iterate(args.positional[0] ?? none, span);
    if ('kind' in items) return items;
    const totals: PyValue[] = [];
    for (const item of items) {
      const last = totals.at(-1);
      totals.push(last ? binary(interpreter, '+', last, item, span) : item);
    }
    return { kind: 'iterator', items: totals, position: 0 };
  },
});

const operators: Names = functions({
  mul: (interpreter, args, span) =>
    binary(interpreter, '*', args.positional[0] ?? none, args.positional[1] ?? none, span),
  add: (interpreter, args, span) =>
    binary(interpreter, '+', args.positional[0] ?? none, args.positional[1] ?? none, span),
  itemgetter: (_, args) =>
    builtin('itemgetter', (interpreter, inner, span) =>
      interpreter.callWith(
        interpreter.attribute(inner.positional[0] ?? none, '__getitem__', span),
        span,
        args.positional[0] ?? none,
      ),
    ),
  attrgetter: (_, args) =>
    builtin('attrgetter', (interpreter, inner, span) => {
      const [name] = args.positional;
      return interpreter.attribute(inner.positional[0] ?? none, name?.kind === 'string' ? name.value : '', span);
    }),
});

/** Typing has no effect when run: every name is a type that can be subscripted, called and derived from. */
function typing(): Names {
  const names =
    'Any Callable ClassVar Dict Final Generator Generic Iterable Iterator List Literal Mapping MutableMapping NamedTuple NoReturn Optional Protocol Sequence Set Tuple Type TypedDict Union Self Concatenate Annotated Hashable Collection Container Sized Iterable BinaryIO IO Text AnyStr';
  return {
    ...Object.fromEntries(names.split(' ').map((name) => [name, nativeClass(name, [])])),
    ...functions({
      TypeVar: (_, args) => nativeClass(args.positional[0]?.kind === 'string' ? args.positional[0].value : 'T', []),
      ParamSpec: () => nativeClass('P', []),
      NewType: (_, args) => args.positional[1] ?? none,
      cast: (_, args) => args.positional[1] ?? none,
      overload: (_, args) => args.positional[0] ?? none,
      final: (_, args) => args.positional[0] ?? none,
      runtime_checkable: (_, args) => args.positional[0] ?? none,
      get_args: () => tuple([]),
    }),
    TYPE_CHECKING: pyFalse,
  };
}

function enums(): Names {
  const base = nativeClass('Enum', []);
  return {
    Enum: base,
    IntEnum: nativeClass('IntEnum', [base]),
    StrEnum: nativeClass('StrEnum', [base]),
    Flag: nativeClass('Flag', [base]),
    auto: nativeClass('auto', []),
    unique: builtin('unique', (_, args) => args.positional[0] ?? none),
  };
}

const silent = (names: string): Names =>
  Object.fromEntries(names.split(' ').map((name) => [name, builtin(name, () => none)]));

function logging(): Names {
  const logger = nativeClass(
    'Logger',
    [],
    Object.entries(silent('debug info warning warn error critical exception setLevel addHandler')),
  );
  return {
    ...silent('debug info warning error basicConfig'),
    getLogger: builtin('getLogger', (interpreter, _args, span) => interpreter.callWith(logger, span)),
    INFO: int(20),
    DEBUG: int(10),
    WARNING: int(30),
  };
}

function abstract(): Names {
  return {
    ABC: nativeClass('ABC', []),
    ABCMeta: nativeClass('ABCMeta', []),
    abstractmethod: builtin('abstractmethod', (_, args) => args.positional[0] ?? none),
  };
}

/** The names of a standard module, or undefined when it is not modelled. */
export function standardModule(interpreter: Interpreter, name: string): Names | undefined {
  switch (name) {
    case 'math':
      return math;
    case 'copy':
      return copying;
    case 'functools':
      return functools;
    case 'collections':
      return collections(interpreter);
    case 'collections.abc':
    case 'typing':
    case 'typing_extensions':
    case 'types':
      return typing();
    case 'dataclasses':
      return dataclasses();
    case 'itertools':
      return itertools;
    case 'operator':
      return operators;
    case 'enum':
      return enums();
    case 're':
      return regularExpressions;
    case 'logging':
      return logging();
    case 'warnings':
      return silent('warn filterwarnings simplefilter');
    case 'abc':
      return abstract();
    case 'contextlib':
      return {
        contextmanager: builtin('contextmanager', (_, args) => args.positional[0] ?? none),
        nullcontext: passingThrough('nullcontext'),
      };
    case 'os':
    case 'os.path':
    case 'sys':
    case 'inspect':
    case 'time':
    case 'random':
    case 'pathlib':
    case 'json':
    case 'argparse':
    case 'urllib':
    case 'pickle':
    case 'hashlib':
    case 'importlib':
    case 'threading':
      return {};
    default:
      return undefined;
  }
}
