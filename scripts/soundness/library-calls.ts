// Programs that call what Python brings along, each call by itself: built-in functions, methods of built-in types and functions of
// the modelled modules, with arguments of the kinds that they take, of others, and with what can't be known. What a call raises
// is kept as a text, so that it is held against CPython as well.

import { randomOf } from '../mutations.ts';
import type { Piece } from './programs.ts';

/** What an argument may be, by the letter that stands for it below: a number, an int, a text, items, a list, a dictionary, … */
const pools: Readonly<Record<string, readonly string[]>> = {
  n: ['0', '1', '2', '-3', '7', '0.5', '2.0', '-1.5', 'True', 'i'],
  i: ['0', '1', '2', '-1', '3', '5', 'True', 'i'],
  s: ['""', '"x"', '"ab"', '"a b a"', '"3"', '" pad "', '"A,b"', '"w_1.txt"', '"[1, 2]"', '"%d"', 's'],
  q: [
    '[]',
    '[1, 2, 3]',
    '[3, 1, 2]',
    '(2, 1)',
    'range(3)',
    '"ba"',
    '{"x": 1, "y": 2}',
    '{1}',
    'l',
    't',
    'd',
    'iter([4, 5])',
  ],
  l: ['l', 'm', '[1, 2, 3]', '[]', '[2, 2, 1]'],
  t: ['t', '(1, 2, 3)', '()'],
  d: ['d', 'e', '{"x": 1, "y": 2}', '{}'],
  u: ['u', '{1, 2}', 'set()', 'frozenset([1])'],
  f: ['(lambda *v: v[0])', '(lambda v: v)', 'str', 'len', '(lambda *v: len(v))', 'f', 'bool', 'None', 'K'],
  v: [
    '0',
    '1',
    '2.0',
    '"x"',
    'None',
    'True',
    '[]',
    '[1]',
    '(1,)',
    '{"x": 1}',
    '{1}',
    'o',
    'l',
    'd',
    's',
    'f',
    'K',
    'len',
    'int',
  ],
  o: ['o', 'p', 'K', 'r'],
  k: ['"x"', '"y"', '"z"', '"go"', '"w"'],
  c: ['int', 'str', 'float', 'list', 'dict', 'tuple', 'set', 'K', 'bool', '(int, str)', 'object', 'type', 'Exception'],
};

/** Calls, with the letter of its kind for each argument: `{n}` is a number. */
const calls: readonly string[] = `
abs({n})|all({q})|any({q})|bin({i})|bool({v})|callable({v})|chr({i})|dict({d})|dict({d}, x={v})|dict(zip({q}, {q}))|divmod({n}, {n})
list(enumerate({q}))|list(enumerate({q}, {i}))|list(filter({f}, {q}))|float({n})|float({s})|float({v})|format({n}, {s})|format({v})|sorted(frozenset({q}))
getattr({o}, {k}, {v})|getattr({o}, {k})|hasattr({v}, {k})|hex({i})|int({n})|int({s})|int({v})|int({s}, {i})|isinstance({v}, {c})|issubclass({c}, {c})
list(iter({q}))|len({q})|len({v})|list({q})|list({v})|list(map({f}, {q}))|list(map({f}, {q}, {q}))|max({q})|max({n}, {n})|max({q}, key={f})|max({q}, default={v})
min({q})|min({n}, {n}, {n})|min({q}, default={v})|next(iter({q}), {v})|next(iter({q}))|oct({i})|ord({s})|pow({n}, {i})|pow({i}, {i}, {i})|list(range({i}))|list(range({i}, {i}, {i}))
repr({v})|list(reversed({l}))|list(reversed({q}))|round({n})|round({n}, {i})|sorted({q})|sorted({q}, reverse={i})|sorted({q}, key={f})|str({v})|sum({q})|sum({q}, {n})
tuple({q})|type({v}).__name__|list(zip({q}, {q}))|list(zip({q}, {q}, strict=True))|setattr({o}, {k}, {v})|delattr({o}, {k})|sorted(vars({o}))|hash({n}) == hash({n})|id({o}) == id({o})
type({v}) is {c}|type({v}) == type({v})|{v} == {v}|{v} is {v}|{v} in {q}|{v} < {v}|{n} + {n}|{n} // {n}|{n} % {n}|{n} ** {n}|{n} / {n}|{s} + {s}|{s} * {i}|{s} % {v}|{l} + {l}|{l} * {i}
{u} | {u}|{u} - {u}|{u} & {u}|{u} ^ {u}|{u} <= {u}|{d} | {d}|{i} << {i}|{i} >> {i}|{i} & {i}|~{i}|-{n}|not {v}|{v} and {v}|{v} or {v}|{l}[{i}]|{t}[{i}]|{s}[{i}]|{d}[{k}]|{l}[{i}:{i}]|{s}[{i}:{i}:{i}]|{v}[{i}]
{s}.capitalize()|{s}.center({i})|{s}.count({s})|{s}.endswith({s})|{s}.expandtabs()|{s}.find({s})|{s}.format({v})|{s}.index({s})|{s}.isalnum()|{s}.isalpha()|{s}.isdigit()|{s}.isidentifier()
{s}.islower()|{s}.isspace()|{s}.istitle()|{s}.isupper()|{s}.join({q})|{s}.ljust({i})|{s}.lower()|{s}.lstrip()|{s}.partition({s})|{s}.removeprefix({s})|{s}.removesuffix({s})|{s}.replace({s}, {s})
{s}.replace({s}, {s}, {i})|{s}.rfind({s})|{s}.rindex({s})|{s}.rjust({i})|{s}.rpartition({s})|{s}.rsplit({s})|{s}.rsplit({s}, {i})|{s}.rstrip({s})|{s}.split()|{s}.split({s})|{s}.split({s}, {i})|{s}.splitlines()
{s}.startswith({s})|{s}.startswith(({s}, {s}))|{s}.strip()|{s}.strip({s})|{s}.swapcase()|{s}.title()|{s}.upper()|{s}.zfill({i})|{s}.isnumeric()|{s}.isdecimal()|{s}.casefold()|"{}-{:>3}".format({v}, {n})|"{:03d}".format({i})|f"{{v}!r}"|f"{{n}:.2f}"
{l}.append({v})|{l}.clear()|{l}.copy()|{l}.count({v})|{l}.extend({q})|{l}.index({v})|{l}.insert({i}, {v})|{l}.pop()|{l}.pop({i})|{l}.remove({v})|{l}.reverse()|{l}.sort()|{l}.sort(reverse=True)|{l}.sort(key={f})
{t}.count({v})|{t}.index({v})|{d}.clear()|{d}.copy()|dict.fromkeys({q}, {v})|{d}.get({k})|{d}.get({k}, {v})|list({d}.items())|list({d}.keys())|{d}.pop({k})|{d}.pop({k}, {v})|{d}.popitem()|{d}.setdefault({k}, {v})|{d}.update({d})|{d}.update(x={v})|list({d}.values())
{k} in {d}|{d}.keys() & {d}.keys()|sorted({d}.keys() | {u})|{u}.add({v})|{u}.clear()|{u}.copy()|{u}.difference({q})|{u}.discard({v})|{u}.intersection({q})|{u}.isdisjoint({q})|{u}.issubset({q})|{u}.issuperset({q})|{u}.remove({v})|{u}.symmetric_difference({q})|{u}.union({q})|{u}.update({q})|{u}.difference_update({q})|{u}.intersection_update({q})
{i}.bit_length()|{n}.is_integer()|{i}.real|{n}.imag|{n}.conjugate()
math.ceil({n})|math.floor({n})|math.sqrt({n})|math.log({n})|math.log({n}, {n})|math.log2({n})|math.exp({n})|math.pow({n}, {n})|math.gcd({i}, {i})|math.prod({q})|math.isclose({n}, {n})|math.fabs({n})|math.trunc({n})|math.factorial({i})|math.comb({i}, {i})|math.copysign({n}, {n})|math.fmod({n}, {n})|math.hypot({n}, {n})|math.isnan({n})|math.inf > {n}|math.lcm({i}, {i})|math.sin({n})|math.isqrt({i})|math.fsum({q})|math.modf({n})|math.dist({q}, {q})|math.isfinite({n})
operator.add({v}, {v})|operator.mul({n}, {n})|operator.itemgetter({i})({q})|operator.attrgetter({k})({o})|operator.eq({v}, {v})|operator.lt({n}, {n})|operator.contains({q}, {v})|operator.getitem({q}, {i})|operator.neg({n})|operator.floordiv({n}, {n})|operator.truth({v})|operator.methodcaller("upper")({s})|operator.is_({v}, {v})|operator.not_({v})|operator.sub({n}, {n})|operator.concat({l}, {l})|operator.index({v})|operator.countOf({q}, {v})|operator.iadd({l}, {q})
list(itertools.accumulate({q}))|list(itertools.chain({q}, {q}))|list(itertools.chain.from_iterable({q}))|list(itertools.chain(*{q}))|list(itertools.combinations({q}, {i}))|list(itertools.compress({q}, {q}))|list(itertools.islice(itertools.count({n}), {i}))|list(itertools.islice(itertools.cycle({q}), 4))|list(itertools.dropwhile({f}, {q}))|[(k, list(g)) for k, g in itertools.groupby({q})]|list(itertools.islice({q}, {i}))|list(itertools.islice({q}, {i}, {i}))|list(itertools.pairwise({q}))|list(itertools.permutations({q}))|list(itertools.product({q}, {q}))|list(itertools.product({q}, repeat=2))|list(itertools.repeat({v}, {i}))|list(itertools.starmap({f}, {q}))|list(itertools.takewhile({f}, {q}))|[list(x) for x in itertools.tee({q})]|list(itertools.zip_longest({q}, {q}))|list(itertools.zip_longest({q}, {q}, fillvalue={v}))|list(itertools.filterfalse({f}, {q}))|list(itertools.combinations_with_replacement({q}, 2))
functools.reduce({f}, {q})|functools.reduce({f}, {q}, {v})|functools.partial({f}, {v})()|functools.partial({f}, {v})({v})|functools.partial({f}, {v}).args|functools.lru_cache(None)({f})({v})|functools.cmp_to_key({f})|functools.wraps({f})({f})({v})|functools.lru_cache({f})({v})|functools.partial({f}, {v}).func({v})|functools.cache({f})({i})
dict(collections.Counter({q}))|collections.Counter({q}).most_common({i})|collections.Counter({q})[{v}]|list(collections.deque({q}))|list(collections.deque({q}, {i}))|collections.OrderedDict({d})|list(collections.OrderedDict({d}).items())|dict(collections.defaultdict({f}, {d}))|collections.defaultdict({f})[{k}]|collections.namedtuple("T", "x y")({v}, {v}).x|collections.namedtuple("T", ["x", "y"])({v}, {v})|collections.namedtuple("T", "x y")(*{q})._asdict()|collections.namedtuple("T", "x y")({v}, y={v})._replace(x={v})|collections.namedtuple("T", {k})._fields|dict(collections.ChainMap({d}, {d}))|collections.deque({q}).popleft()|collections.Counter({q}) + collections.Counter({q})|collections.Counter(x={i}).total()|collections.OrderedDict({d}).popitem(last=False)
copy.copy({v})|copy.deepcopy({v})|copy.copy({v}) is {v}|copy.copy({o}).x|copy.deepcopy({o}).x|json.dumps({v})|json.loads({s})|json.loads(json.dumps({v}))|json.dumps({v}, indent={i})|json.dumps({d}, sort_keys=True)|ast.literal_eval({s})|ast.literal_eval(repr({v}))
bool(re.match({s}, {s}))|re.sub({s}, {s}, {s})|re.split({s}, {s})|re.findall({s}, {s})|bool(re.search({s}, {s}))|re.escape({s})|bool(re.fullmatch({s}, {s}))|re.match("(.)(.*)", {s}).group(2)|re.match("(?P<w>.)", {s}).groupdict()|re.compile({s}).pattern|re.sub("a", {f}, {s})
os.path.join({s}, {s})|os.path.basename({s})|os.path.dirname({s})|os.path.splitext({s})|os.path.split({s})|os.path.isabs({s})|os.path.normpath({s})|os.environ.get({s}, {v})|os.getenv({s})|os.path.join(*{q})|os.sep.join({q})
dataclasses.is_dataclass({v})|dataclasses.asdict(r)|dataclasses.astuple(r)|dataclasses.replace(r, x={v}).x|[w.name for w in dataclasses.fields({o})]|dataclasses.asdict({v})|R({v}).x|R({v}, {v}).y|R({v}) == R({v})|repr(R({v}))|dataclasses.astuple({v})|dataclasses.replace({v})|len(dataclasses.fields({v}))|dataclasses.make_dataclass("N", ["x"])({v}).x
E.A.value|E({v})|E[{k}].name|[w.name for w in E]|E({i}).name|E.A == {v}|len(E)|isinstance(E.A, E)|E.A is E({i})|E.B in E|I.A + {n}|I({i}) == {n}|str(E.A)|I.A < {n}
inspect.isfunction({v})|inspect.isclass({v})|inspect.ismethod({v})|list(inspect.signature({f}).parameters)|inspect.getmembers({v})|inspect.isbuiltin({v})|inspect.isgeneratorfunction({f})|inspect.getfullargspec({f}).args|inspect.getdoc({v})|inspect.ismodule({v})|inspect.isabstract({v})
types.SimpleNamespace(x={v}).x|types.SimpleNamespace(**{d}) == types.SimpleNamespace(**{d})|vars(types.SimpleNamespace(**{d}))|isinstance({v}, types.FunctionType)|isinstance({v}, collections.abc.Iterable)|isinstance({v}, collections.abc.Sequence)|isinstance({v}, collections.abc.Mapping)|isinstance({v}, numbers.Number)|isinstance({v}, (list, tuple))|isinstance({v}, type({v}))|types.MappingProxyType({d})[{k}]|types.MethodType({f}, {v})()
keyword.iskeyword({v})|string.ascii_lowercase[{i}]|fnmatch.fnmatch({s}, {s})|contextlib.nullcontext({v}).__enter__()|K({v}).x|K({v}).go({v})|o.go({v})|o.x|f({v})|f(*{q})|f(**{d})|(lambda *a, **k: (a, k))(*{q}, **{d})|[*{q}, *{q}]|{**{d}, **{d}}|[w for w in {q} if w]|{w: 1 for w in {q}}|sum(w for w in {q})|(lambda x, y=2: (x, y))({v})|[a for a, b in {q}]|eval({s})|eval(repr({v}))|slice({i}, {i}).indices(5)|{l}[slice({i}, {i})]|str.upper({s})|str.join({s}, {q})|list.append({l}, {v})|dict.get({d}, {k})|dict.pop({d}, {k}, {v})|object.__getattribute__({o}, {k})|int.__add__({i}, {i})|{i}.__add__({v})|{l}.__len__()|{l}.__contains__({v})|{d}.__getitem__({k})|{v}.__class__.__name__|{v}.__eq__({v})|{q}.__iter__().__next__()|{l}.__setitem__({i}, {v})|{d}.__contains__({k})|{s}.__mod__({v})|{v}.__str__()|{v}.__repr__()|{o}.__dict__|int.from_bytes(b"ab", "big")|bytes({q})|len(bytes({s}, "utf8"))|{s}.encode().decode()|{s}.translate({d})|str.maketrans({s}, {s})|complex({n}, {n}).real|memoryview(b"ab")[{i}]|bytearray({i})[:1]|b"ab"[{i}]|b"ab" == {v}`
  .trim()
  // An operator `|` stands between blanks.
  .split(/[|\n](?=\S)/);

/** What the calls work on. */
const start: readonly string[] = [
  'import collections.abc, dataclasses, fnmatch, inspect, keyword, numbers, re, string',
  'i, s, t = 2, "ab", (1, 2)',
  'l = [1, 2]',
  'm = [3]',
  'd = {"x": 1}',
  'e = {"y": 2}',
  'u = {1, 2}',
  'def f(x=1, *rest, y=2):\n    return x',
  'class K:\n    z = 3\n    def __init__(self, x=1):\n        self.x = x\n    def go(self, w=0):\n        self.y = w\n        return self.x',
  'o = K()',
  'p = o',
  '@dataclasses.dataclass\nclass R:\n    x: int = 1\n    y: int = dataclasses.field(default=2)\n    z: list = dataclasses.field(default_factory=list, repr=False)',
  'r = R()',
  'class E(enum.Enum):\n    A = 1\n    B = 2',
  'class I(enum.IntEnum):\n    A = 1\n    B = 2',
];

/** Of so many arguments, one is not known. */
const unknownOf = 6;
/** Of so many arguments, one is of another kind than the function takes. */
const otherOf = 10;

/** One program of calls. */
export function randomCalls(seed: number, number: number): readonly Piece[] {
  const random = randomOf(seed, number);
  const pick = (items: readonly string[]): string => items[Math.floor(random() * items.length)] ?? '';
  const argument = (kind: string): string => {
    if (random() * unknownOf < 1)
      return pick(['outside.thing', 'outside.thing', 'outside.other', 'outside.settings.width']);
    return pick(pools[random() * otherOf < 1 ? 'v' : kind] ?? []);
  };
  const call = (): string =>
    pick(calls).replace(/\{([niqsltdufvokc])\}/g, (_, kind: string) => {
      const written = argument(kind);
      return /^[\w."[\](){}]*$/.test(written) && !/^\d/.test(written) ? written : `(${written})`;
    });
  const statements = Array.from({ length: 12 }, (_, at): readonly Piece[] => [
    [
      { head: 'try:', body: [`r${String(at)} = ${call()}`] },
      { head: 'except Exception as error:', body: [`r${String(at)} = type(error).__name__`] },
    ],
  ]);
  return [...start, ...statements.flat()];
}
