// Python programs made at random around things that can't be known: what the module `outside` gives is missing for the
// evaluator and drawn anew in each run of CPython. Everything follows from a seed and a number, so a program can be made again.

import { randomOf } from '../mutations.ts';

/** A line, or a compound statement with its clauses. */
export type Piece = string | readonly Clause[];
/** `if x:`, `else:`, `def f():` with what stands below it. */
export interface Clause {
  readonly head: string;
  readonly body: readonly Piece[];
}

const imports = `import argparse, ast, collections, contextlib, copy, dataclasses, enum, functools, itertools, json, math, operator, os, random, sys, time, types
import outside
from outside import flip, number, words, opaque, Base, decorate, context, Meta`;

/** The text of a program. */
export function programText(pieces: readonly Piece[]): string {
  return `${imports}\n${blockText(pieces, '')}`;
}

function blockText(pieces: readonly Piece[], indent: string): string {
  if (pieces.length === 0) return `${indent}pass\n`;
  return pieces
    .map((piece) =>
      typeof piece === 'string'
        ? `${piece
            .split('\n')
            .map((line) => indent + line)
            .join('\n')}\n`
        : piece.map(({ head, body }) => `${indent}${head}\n${blockText(body, `${indent}    `)}`).join(''),
    )
    .join('');
}

interface Place {
  readonly depth: number;
  readonly isLoop: boolean;
  readonly isFunction: boolean;
}

/** What every program starts with, so that statements seldom fail for want of a name. */
const start: readonly string[] = [
  'a, b, c = 1, 2, 3',
  's = "x"',
  'l = [1, 2]',
  'm = [3]',
  'd = {"x": 1}',
  'e = {"y": 2}',
  'u = {1, 2}',
];

/** One program. */
export function randomProgram(seed: number, number: number): readonly Piece[] {
  return new Program(randomOf(seed, number)).pieces();
}

class Program {
  readonly #random: () => number;
  #names = 0;
  readonly #functions: string[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  pieces(): readonly Piece[] {
    const classes = Array.from({ length: 1 + this.#below(2) }, (_, i) => this.#class(['C', 'D'][i] ?? 'C'));
    const objects = [this.#pick(['o = C()', 'o = C()', 'o = C(5)']), 'p = o'];
    const functions = Array.from({ length: this.#below(3) }, () => this.#function());
    const place: Place = { depth: 0, isLoop: false, isFunction: false };
    const body = Array.from({ length: 3 + this.#below(8) }, () => this.#statement(place));
    return [...start, ...classes, ...objects, ...functions, ...body];
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.#below(choices.length)] ?? choices[0];
  }

  #fresh(stem: string): string {
    this.#names++;
    return `${stem}${String(this.#names)}`;
  }

  /** One of several texts, some of which are made when they are chosen. */
  #written(choices: readonly [string | (() => string), ...(string | (() => string))[]]): string {
    const chosen = this.#pick(choices);
    return typeof chosen === 'string' ? chosen : chosen();
  }

  #int(): string {
    return this.#written([
      'a',
      'b',
      'c',
      () => String(this.#below(5)),
      () => `a + ${String(this.#below(4))}`,
      'b * 2',
      'len(l)',
      'sum(m)',
      'len(d)',
      'd.get("x", 7)',
      'e.get("z", 4)',
      'l[-1] if l else 0',
      'getattr(o, "x", 6)',
      'getattr(o, "y", 8)',
      'int("x" in d)',
      'int(hasattr(o, "z"))',
      'max(a, b)',
      'max(m, default=1)',
      'next(iter(l), 9)',
      'len(u)',
      'int(a in l)',
      'int(a == b)',
      'int(a is None)',
      'len([x for x in l if x > 1])',
      'sum(x * 2 for x in m)',
      '(lambda x: x + b)(a)',
      'len(vars(o))',
      'int(isinstance(o, C))',
      'int(s == "x")',
      'len(str(a))',
      'len(f"{a}-{s}")',
      'int(bool(l))',
      'int(callable(o))',
      'a // 2 % 3',
      'sum(d.values())',
      'len(list(zip(l, m)))',
      '(a and b) or c',
      'a if b > 1 else c',
      'sum(i * x for i, x in enumerate(l))',
      'sorted(l)[0] if l else 0',
      'eval("a + 1")',
      () => this.#call(),
      () => this.#call(),
    ]);
  }

  /** An expression that is not known. */
  #unknown(): string {
    return this.#pick([
      'number()',
      'number()',
      'outside.value',
      'int(flip())',
      'len(words())',
      'time.time()',
      'random.random()',
      'sys.argv[0]',
      'os.environ.get("HOME", "")',
      'outside.settings.width',
      'outside.table["w"]',
      'opaque(1)',
    ]);
  }

  #test(): string {
    return this.#pick([
      'flip()',
      'flip()',
      'outside.flag',
      'number() > 1',
      'not flip()',
      'a > 1',
      'b == 2',
      'l',
      '"x" in d',
      'hasattr(o, "x")',
      'flip() and a > 0',
      'a > 0 or flip()',
      'a > 2 and flip()',
      'os.path.exists("w")',
      'random.random() > 0.5',
      'time.time() > 1.5',
      'outside.value == a',
      's in ("x", "y")',
      'isinstance(outside.value, int)',
      '"W" in os.environ',
      'callable(outside.value)',
      'a in words()',
    ]);
  }

  #name(): string {
    return this.#pick(['a', 'b', 'c']);
  }

  #call(): string {
    const name = this.#functions[this.#below(this.#functions.length)];
    return name === undefined ? 'abs(a)' : `${name}(${this.#pick(['a', 'b', '2'])})`;
  }

  #simple(): string {
    return this.#written([
      () => `${this.#name()} = ${this.#int()}`,
      () => `${this.#name()} = ${this.#int()}`,
      () => `${this.#name()} = ${this.#unknown()}`,
      () => `${this.#name()} += ${this.#pick(['1', '2', 'a'])}`,
      () => `l.append(${this.#int()})`,
      () => `l.extend(${this.#pick(['m', '[4, 5]', 'words()', '(x for x in m)', 'range(2)'])})`,
      () => `l.insert(0, ${this.#int()})`,
      () => `l += [${this.#int()}]`,
      'l = [*l, 1]',
      'm = l',
      'm = list(l)',
      'm = l[:]',
      'l = [a, b, c]',
      'l[:1] = [7, 8]',
      'l.reverse()',
      'l.sort()',
      'l.clear()',
      'm = sorted(m, reverse=True)',
      'l[len(l):] = words()',
      'm = [x + 1 for x in l]',
      'm = [x for x in l if flip()]',
      'm = [x for x in words()]',
      'm = list(map(lambda x: x + a, l))',
      'm = list(filter(lambda x: x > 1, l))',
      'm = [x for row in ([1], [a]) for x in row]',
      () => `d["${this.#pick(['x', 'y', 'z'])}"] = ${this.#int()}`,
      () => `d.update(${this.#pick(['e', 'x=a', '{"y": b}', 'outside.table', '[("z", 1)]'])})`,
      'd.setdefault("z", a)',
      () => `d.pop("${this.#pick(['x', 'y'])}", None)`,
      'd = {**d, "y": a}',
      'd = dict(d, w=1)',
      'e = d',
      'e = dict(e)',
      'e = {k: v for k, v in d.items()}',
      'd = d | e',
      'd[number()] = 1',
      'd |= {"q": 1}',
      'e.clear()',
      'u.add(a)',
      'u |= {9}',
      'u.discard(1)',
      's = "y"',
      's = s + "z"',
      's = f"{a}"',
      's = str(number())',
      's = ",".join(str(x) for x in l)',
      's = "%d-%s" % (a, s)',
      's = s.upper()[:3]',
      () => `o.${this.#pick(['x', 'y', 'z'])} = ${this.#int()}`,
      () => `setattr(o, "${this.#pick(['x', 'y', 'z'])}", ${this.#int()})`,
      'o.__dict__["x"] = a',
      'vars(o).update(y=b)',
      'o.__dict__.update(z=3)',
      'setattr(o, outside.name, 1)',
      'o = C()',
      'p = C(a)',
      'p = o',
      'p = copy.copy(o)',
      'p = copy.deepcopy(o)',
      'm = copy.deepcopy(l)',
      'o.method()',
      'a = o.method()',
      'a = p.get(b)',
      'C.x = a',
      'C.extra = 5',
      'globals()["a"] = b',
      'globals().update(b=4)',
      'exec("a = 3")',
      'exec("l.append(a)")',
      'exec(outside.text)',
      'a = eval("b * 2")',
      'a = eval(outside.text_value)',
      'opaque(l)',
      'opaque(d)',
      'opaque(o)',
      'opaque([l, {"k": d}])',
      'opaque(x=o)',
      'opaque(lambda: l.append(5))',
      'opaque(o.method)',
      'opaque(u)',
      'outside.attach(l)',
      'outside.store(o).go()',
      'outside.registry[s] = l',
      'outside.box.items = d',
      'a, b = b, a',
      'a, *l = [1, 2, 3]',
      '(a, b), c = (1, 2), 3',
      'a, b = outside.pair',
      'a = (b := a + 1)',
      'a = [b, c][flip()]',
      'a = 4 if flip() else 5',
      'a = 4 if flip() else 4',
      'a = flip() and 3',
      'l = l if flip() else m',
      'del d["x"]',
      'l[0] = a',
      'l.pop()',
      'l.remove(1)',
      'print(a)',
      'print(o, l)',
      'len(l)',
      'sorted(l)',
      () => {
        const name = this.#functions[this.#below(this.#functions.length)];
        return name === undefined ? 'pass' : `opaque(${name})`;
      },
      () => `${this.#name()} = ${this.#call()}`,
      () => this.#library(),
      () => this.#library(),
    ]);
  }

  /** Several lines around a part of the standard library. */
  #library(): string {
    const n = this.#fresh('v');
    return this.#pick([
      `${n} = argparse.ArgumentParser()\n${n}.add_argument("--w", type=int, default=4)\n${n}.add_argument("--flag", action="store_true")\n${n} = ${n}.parse_args(["--w", "8"])\na = ${n}.w`,
      `${n} = argparse.ArgumentParser()\n${n}.add_argument("--w", type=int, default=4)\n${n}.add_argument("names", nargs="*")\n${n} = ${n}.parse_args(["p", "q"])\nb = ${n}.w`,
      `${n} = types.SimpleNamespace(x=a, y=2)\n${n}.z = ${n}.x\nopaque(${n}) if flip() else None`,
      `${n} = collections.namedtuple("${n}", "p q")(1, a)\nb = ${n}.q\nc = ${n}._replace(p=b).p`,
      `${n} = collections.OrderedDict(x=1)\n${n}["y"] = a\n${n}.move_to_end("x")`,
      `${n} = collections.defaultdict(list)\n${n}["x"].append(a)\nif flip():\n    ${n}["y"].append(1)\nb = len(${n}["x"])`,
      `${n} = collections.Counter([1, 1, 2])\na = ${n}[1]`,
      `${n} = collections.deque([1, 2], maxlen=2)\n${n}.append(a)\n${n} = list(${n})`,
      `${n} = functools.partial(max, 2)\na = ${n}(b)`,
      `${n} = list(itertools.chain(l, m))\n${n}.append(0)`,
      `${n} = list(itertools.product([1, 2], [a]))`,
      `${n} = [list(g) for k, g in itertools.groupby([1, 1, 2])]`,
      `${n} = functools.reduce(lambda p, q: p + q, l, 0)`,
      `@dataclasses.dataclass\nclass ${n.toUpperCase()}:\n    w: int = 4\n    h: list = dataclasses.field(default_factory=list)\n${n} = ${n.toUpperCase()}(a)\n${n}.h.append(1)\nb = dataclasses.replace(${n}, w=9).w`,
      `class ${n.toUpperCase()}(enum.Enum):\n    A = 1\n    B = 2\na = ${n.toUpperCase()}.B.value\ns = ${n.toUpperCase()}(1).name`,
      `def ${n}():\n    yield a\n    if flip():\n        yield 5\nm = list(${n}())`,
      `def ${n}():\n    for x in l:\n        yield x + 1\nm = [*${n}()]`,
      `def ${n}(*args, k=1, **rest):\n    return len(args) + k + len(rest)\na = ${n}(1, 2, k=3, z=4)\nb = ${n}(*l, **e)`,
      `def ${n}():\n    n = a\n    def inner():\n        nonlocal n\n        n += 1\n        return n\n    return inner\n${n} = ${n}()\n${n}()\nb = ${n}()\nif flip():\n    ${n}()\nc = ${n}()`,
      `@decorate\ndef ${n}():\n    return 3\na = ${n}()`,
      `@functools.lru_cache(maxsize=None)\ndef ${n}(x):\n    return x + 1\na = ${n}(a)`,
      `${n} = {"k": [l, d]}\n${n}["k"][0].append(a)\nopaque(${n}) if flip() else None`,
      `class ${n.toUpperCase()}(metaclass=Meta):\n    x = 1\n${n} = ${n.toUpperCase()}()\na = ${n}.x`,
      `@decorate\nclass ${n.toUpperCase()}:\n    x = 1\n${n} = ${n.toUpperCase()}()\na = ${n}.x`,
      `class ${n.toUpperCase()}(C):\n    def __init__(self, *args):\n        super().__init__(*args)\n        self.sub = 1\n${n} = ${n.toUpperCase()}()\na = ${n}.sub`,
      `${n} = iter(l)\na = next(${n}, 0)\nif flip():\n    next(${n}, 0)\nb = next(${n}, 0)`,
      `${n} = zip(l, m)\na = len(list(${n}))\nb = len(list(${n}))`,
      `class ${n.toUpperCase()}:\n    def __enter__(self):\n        l.append(1)\n        return self\n    def __exit__(self, *args):\n        l.append(2)\n        return True\nwith ${n.toUpperCase()}():\n    a = 1\n    opaque(1)\n    a = 2`,
      `${n} = type("${n}", (C,), {"x": 3})()\na = ${n}.x`,
      `${n} = argparse.ArgumentParser()\n${n}_s = ${n}.add_subparsers(dest="command")\n${n}_t = ${n}_s.add_parser("train")\n${n}_t.add_argument("--w", type=int, default=a)\n${n}_t.set_defaults(deep=True)\n${n} = ${n}.parse_args(["train", "--w", "6"] if flip() else ["train"])\ns = ${n}.command\na = ${n}.w`,
      `${n} = argparse.ArgumentParser()\n${n}.add_argument("--w", type=int, nargs="+", default=[1, 2])\n${n}.add_argument("--kind", choices=["x", "y"], default="y")\n${n}.set_defaults(extra=a)\nm, ${n}_r = ${n}.parse_known_args(["--w", "3", "4", "--other", "5"])\n${n} = vars(m)\nl = m.w\na = len(${n}_r)\nm = [m.extra]`,
      `class ${n.toUpperCase()}:\n    def __get__(self, instance, owner=None):\n        return self if instance is None else instance.__dict__.get("kept", 7)\n    def __set__(self, instance, value):\n        instance.__dict__["kept"] = value\n    def __set_name__(self, owner, name):\n        owner.named = name\nclass ${n.toUpperCase()}_C:\n    w = ${n.toUpperCase()}()\n${n} = ${n.toUpperCase()}_C()\na = ${n}.w\nif flip():\n    ${n}.w = 9\nb = ${n}.w\ns = ${n}.named`,
      `class ${n.toUpperCase()}:\n    def __get__(self, instance, owner):\n        return 3\nclass ${n.toUpperCase()}_C:\n    w = ${n.toUpperCase()}()\n${n} = ${n.toUpperCase()}_C()\na = ${n}.w\n${n}.w = 4\nb = ${n}.w\n${n}.__dict__["w"] = 5\nc = ${n}.w`,
      `class ${n.toUpperCase()}(type):\n    def __call__(cls, *args):\n        made = super().__call__()\n        made.w = len(args)\n        return made\nclass ${n.toUpperCase()}_C(metaclass=${n.toUpperCase()}):\n    pass\n${n} = ${n.toUpperCase()}_C(1, 2)\na = ${n}.w`,
      `class ${n.toUpperCase()}(type):\n    def __new__(mcs, name, bases, names):\n        names["extra"] = len(names)\n        return super().__new__(mcs, name, bases, names)\n    def size(cls):\n        return 3\nclass ${n.toUpperCase()}_C(metaclass=${n.toUpperCase()}):\n    w = 1\na = ${n.toUpperCase()}_C.size()\n${n} = ${n.toUpperCase()}_C()\nb = ${n}.w`,
      `class ${n.toUpperCase()}(dict):\n    __getattr__ = dict.__getitem__\n    __setattr__ = dict.__setitem__\n${n} = ${n.toUpperCase()}(w=a)\n${n}.h = 2\nif flip():\n    ${n}.h = 3\nb = ${n}.w\nc = ${n}["h"]`,
      `class ${n.toUpperCase()}(dict):\n    def __init__(self, *args, **rest):\n        super().__init__(*args, **rest)\n        self.__dict__ = self\n${n} = ${n.toUpperCase()}(w=a)\n${n}.h = 2\nopaque(${n}) if flip() else None\nb = len(${n})\nc = ${n}.w`,
      `class ${n.toUpperCase()}(dict):\n    def __missing__(self, k):\n        return k + "!"\n    __getattr__ = dict.get\n${n} = ${n.toUpperCase()}(w=a)\ns = ${n}["q"]\nb = ${n}.w\nc = ${n}.nothing`,
      `class ${n.toUpperCase()}(list):\n    def append(self, x):\n        list.append(self, x + 1)\n    def last(self):\n        return self[-1]\n${n} = ${n.toUpperCase()}([1, 2])\n${n}.append(a)\nb = ${n}.last()\nc = len(${n})\nm = list(${n})`,
      `class ${n.toUpperCase()}(list):\n    pass\n${n} = ${n.toUpperCase()}(l)\nif flip():\n    ${n} += [1]\na = len(${n})\nb = ${n} == l`,
      `class ${n.toUpperCase()}(collections.UserDict):\n    pass\n${n} = ${n.toUpperCase()}(w=a)\n${n}["h"] = 1\nb = len(${n})`,
      `class ${n.toUpperCase()}(int):\n    def twice(self):\n        return self * 2\n${n} = ${n.toUpperCase()}(3)\na = ${n}.twice()\nb = ${n} + 1`,
      `class ${n.toUpperCase()}(str):\n    pass\n${n} = ${n.toUpperCase()}("ab")\na = len(${n})\nb = ${n} == "ab"\ns = ${n}.upper()`,
      `class ${n.toUpperCase()}(tuple):\n    def __new__(cls, x, y):\n        return super().__new__(cls, (x, y))\n${n} = ${n.toUpperCase()}(1, a)\na = len(${n})\nb = ${n}[1]`,
      `def ${n}(cls):\n    cls.extra = a\n    old = cls.__init__\n    def init(self, *args):\n        old(self, *args)\n        self.w = 2\n    cls.__init__ = init\n    return cls\n@${n}\nclass ${n.toUpperCase()}(C):\n    pass\n${n} = ${n.toUpperCase()}()\nb = ${n}.w\nc = ${n.toUpperCase()}.extra`,
      `def ${n}(cls):\n    class Wrapped(cls):\n        def method(self):\n            return 10\n    return Wrapped if flip() else cls\n@${n}\nclass ${n.toUpperCase()}(C):\n    pass\n${n} = ${n.toUpperCase()}()\na = ${n}.method()`,
      `@dataclasses.dataclass\nclass ${n.toUpperCase()}:\n    w: int = 4\n    h: int = dataclasses.field(default=2, init=False)\n    def __post_init__(self):\n        self.h = self.w * 2\n${n} = ${n.toUpperCase()}(w=a) if flip() else ${n.toUpperCase()}()\nb = ${n}.h\nd = dataclasses.asdict(${n.toUpperCase()}(3))\nc = len(dataclasses.fields(${n}))`,
      `class ${n.toUpperCase()}:\n    w = 4\n    if flip():\n        w = 5\n        h = 1\n    q = [x for x in range(3)]\na = ${n.toUpperCase()}.w\nb = getattr(${n.toUpperCase()}, "h", 0)\nm = ${n.toUpperCase()}.q`,
      `${n} = []\nfor ${n}_i in range(3):\n    ${n}.append(lambda: ${n}_i)\nm = [f() for f in ${n}]\nl = [f() for f in [lambda i=i: i for i in range(2)]]`,
      `def ${n}(kept=[]):\n    kept.append(a)\n    return kept\n${n}()\nif flip():\n    ${n}()\nm = ${n}()`,
      `def ${n}():\n    try:\n        if flip():\n            return 1\n        opaque(1)\n        return 2\n    except ValueError:\n        return 3\n    finally:\n        l.append(6)\na = ${n}()`,
      `try:\n    try:\n        opaque(1)\n        raise KeyError("x")\n    except KeyError as error:\n        s = str(error)\n        raise ValueError("y") from error\nexcept ValueError as error:\n    a = len(error.args)\nexcept Exception:\n    a = 0`,
      `class ${n.toUpperCase()}(Exception):\n    def __init__(self, w):\n        super().__init__(w)\n        self.w = w\ntry:\n    if flip():\n        raise ${n.toUpperCase()}(a)\n    b = 0\nexcept ${n.toUpperCase()} as error:\n    b = error.w`,
      `@contextlib.contextmanager\ndef ${n}(x):\n    l.append(x)\n    try:\n        yield x + 1\n    finally:\n        l.append(0)\nwith ${n}(a) as b:\n    m.append(b)`,
      `with contextlib.suppress(KeyError, ValueError):\n    a = 1\n    d["nowhere"]\n    a = 2`,
      `with contextlib.suppress(Exception):\n    opaque(1)\n    a = 2`,
      `for ${n}, x in enumerate(words()):\n    if x > 2:\n        a = ${n}\n        break\n    l.append(x)\nelse:\n    b = 11`,
      `for x, y in zip(l, words()):\n    d[x] = y`,
      `${n} = {}\nfor k, x in list(d.items()):\n    if x == a:\n        continue\n    ${n}[k] = x\ne = ${n}`,
      `${n} = {"a": a, "l": l}\nexec("a = a + 1\\nl.append(a)", ${n})\na = ${n}["a"]`,
      `def ${n}():\n    w = 3\n    exec("w = 4")\n    return w\na = ${n}()`,
      `def ${n}():\n    exec(outside.text)\n    return len(l)\na = ${n}()`,
      `${n} = eval("[x + a for x in l]")\nm = eval("{'x': b}['x']") and m`,
      `${n} = json.loads('{"w": [1, 2], "h": {"x": null}}')\nm = ${n}["w"]\n${n}["h"]["x"] = a\ns = json.dumps(${n}["h"])`,
      `${n} = ast.literal_eval("(1, [2, 3], {'x': 4})")\na, m, e = ${n}`,
      `${n} = vars(o)\n${n}["x"] = a\no.y = 3\nb = len(${n})\nif flip():\n    o.z = 1\nc = "z" in ${n}`,
      `${n} = globals()\n${n}["a"] = 7\nb = a\nc = ${n}["b"]\nif flip():\n    ${n}["made"] = 1\n${n} = None`,
      `delattr(o, "x")\nb = getattr(o, "x", 12)`,
      `if hasattr(o, "y"):\n    del o.y\nb = getattr(o, "y", 12)`,
      `class ${n.toUpperCase()}:\n    def __init__(self):\n        self.log = []\n    def __delattr__(self, k):\n        self.log.append(k)\n    def __setattr__(self, k, v):\n        super().__setattr__(k, v if k == "log" else v + 1)\n${n} = ${n.toUpperCase()}()\n${n}.w = 1\ndel ${n}.w\na = ${n}.w\nb = len(${n}.log)`,
      `class ${n.toUpperCase()}:\n    kept = {}\n    def __init_subclass__(cls, tag="t", **rest):\n        super().__init_subclass__(**rest)\n        ${n.toUpperCase()}.kept[tag] = cls.__name__\nclass ${n.toUpperCase()}_C(${n.toUpperCase()}, tag="q"):\n    pass\nif flip():\n    class ${n.toUpperCase()}_D(${n.toUpperCase()}):\n        pass\ne = ${n.toUpperCase()}.kept`,
      `class ${n.toUpperCase()}:\n    def __getitem__(self, k):\n        if k > 2:\n            raise IndexError(k)\n        return k + a\nm = list(${n.toUpperCase()}())\n${n} = 2 in m`,
      `class ${n.toUpperCase()}:\n    def __init__(self, w):\n        self.w = w\n    def __eq__(self, other):\n        return self.w == other.w\n    def __lt__(self, other):\n        return self.w < other.w\n    def __add__(self, other):\n        return ${n.toUpperCase()}(self.w + other)\n    def __radd__(self, other):\n        return 20\n    def __hash__(self):\n        return hash(self.w)\n${n} = ${n.toUpperCase()}(1) + 2\na = ${n}.w\nb = 1 + ${n}\nc = len({${n}, ${n.toUpperCase()}(3)})\nm = [x.w for x in sorted([${n}, ${n.toUpperCase()}(0)])]`,
      `class ${n.toUpperCase()}(enum.IntEnum):\n    A = 1\n    B = enum.auto()\na = ${n.toUpperCase()}.B + 1\nb = len(${n.toUpperCase()})\n${n} = [x.name for x in ${n.toUpperCase()}]\nc = int(${n.toUpperCase()}["A"] == 1)`,
      `class ${n.toUpperCase()}(str, enum.Enum):\n    A = "x"\n    B = "y"\n    def twice(self):\n        return self.value * 2\ns = ${n.toUpperCase()}("y").twice()\na = int(${n.toUpperCase()}.A == "x")\nb = ${n.toUpperCase()}.A in (${n.toUpperCase()}.A, ${n.toUpperCase()}.B)`,
      `@functools.wraps(abs)\ndef ${n}(*args):\n    return 4\na = ${n}()\ns = ${n}.__name__`,
      `@functools.singledispatch\ndef ${n}(x):\n    return 1\n@${n}.register(str)\ndef ${n}_s(x):\n    return 2\na = ${n}("x")\nb = ${n}(3)`,
      `class ${n.toUpperCase()}:\n    @functools.cached_property\n    def w(self):\n        l.append(1)\n        return a\n${n} = ${n.toUpperCase()}()\nb = ${n}.w + ${n}.w`,
      `def ${n}(f):\n    @functools.wraps(f)\n    def inner(*args, **rest):\n        return f(*args, **rest) + 1\n    return inner\n@${n}\ndef ${n}_f(x, y=2):\n    return x * y\na = ${n}_f(3)\nb = ${n}_f(x=a, y=1)`,
      `def ${n}():\n    got = yield 1\n    m.append(got)\n    yield 2\n${n} = ${n}()\na = next(${n})\nb = ${n}.send(5)`,
      `def ${n}():\n    for x in words():\n        yield x\na = sum(${n}())\nb = len(list(${n}()))`,
      `${n} = ${n}_r = []\n${n}.append(a)\nb = len(${n}_r)\nm = [*${n}, *l][::-1]`,
      `first, *rest = l or [0]\na = first\nb = len(rest)\n${n} = rest`,
      `${n} = dict.fromkeys(["x", "y"], a)\n${n}["x"] += 1\ne = ${n}`,
      `${n} = list(map(str, l))\ns = "-".join(${n})\na = s.count("-")\nb = s.find("2")\nc = len(s.split("-"))`,
      `${n} = sorted(d.items(), key=lambda p: p[1], reverse=True)\na = len(${n})`,
      `${n} = max(l, key=lambda x: -x) if l else 0\na = ${n}\nb = min([a, *m], default=3)\nc = math.prod([2, a or 1])`,
      `${n} = operator.attrgetter("x")\na = ${n}(p)\nb = operator.itemgetter("x")(d)`,
      `${n} = functools.reduce(operator.add, [[1], [a], l], [])\nm = ${n}`,
      `${n} = itertools.count(2)\na = next(${n})\nb = next(${n})\nm = list(itertools.islice(itertools.cycle([1, 2]), 3))\n${n} = None`,
      `${n} = list(itertools.accumulate([1, 2, a]))\nm = [x for p in itertools.combinations([1, 2, 3], 2) for x in p]\nl = list(itertools.takewhile(lambda x: x < 2, m))`,
      `${n} = collections.ChainMap({"x": a}, {"x": 2, "y": 3})\nb = ${n}["x"]\nc = ${n}["y"]`,
      `${n} = types.ModuleType("${n}")\n${n}.w = a\nb = ${n}.w`,
      `nonlocals = 0\ndef ${n}():\n    count = 0\n    def up():\n        nonlocal count\n        if flip():\n            count += 1\n        return 5\n    up()\n    b = up()\n    return count, b\na, b = ${n}()`,
      `class ${n.toUpperCase()}:\n    def __init__(self):\n        self.children = []\n    def add(self, child):\n        self.children.append(child)\n        return self\n${n} = ${n.toUpperCase()}().add(1).add(a)\nif flip():\n    ${n}.add(2)\nb = ${n}.children[0]\nc = len(${n}.children)`,
      `class ${n.toUpperCase()}:\n    registry = {}\n    @classmethod\n    def register(cls, name):\n        def wrap(f):\n            cls.registry[name] = f\n            return f\n        return wrap\n@${n.toUpperCase()}.register("x")\ndef ${n}(k):\n    return k + 1\na = ${n.toUpperCase()}.registry["x"](2)\nb = len(${n.toUpperCase()}.registry)`,
      `match l:\n    case [x]:\n        a = x\n    case [x, y] if x < y:\n        a = y\n    case [x, *rest]:\n        b = len(rest)\n    case _:\n        c = 0`,
      `match d:\n    case {"x": int(x), **rest}:\n        a = x\n        e = rest\n    case {}:\n        b = 1`,
      `match o:\n    case C(x=x) if x:\n        a = x\n    case object():\n        b = 3`,
      `match (a, s):\n    case (0 | 1 as x, _):\n        b = x\n    case (_, "x" | "y"):\n        c = 5\n    case _:\n        c = 6`,
      `match number():\n    case 0:\n        a = 0\n    case x if x > 2:\n        b = 3\n    case x:\n        c = 4`,
    ]);
  }

  #statement(place: Place): Piece {
    if (place.depth >= 3 || this.#random() < 0.5) {
      if (place.isLoop && this.#random() < 0.12) return this.#leave(this.#pick(['break', 'continue']));
      if (place.isFunction && this.#random() < 0.2) return this.#leave(`return ${this.#int()}`);
      return this.#simple();
    }
    const inner = { ...place, depth: place.depth + 1 };
    const loop = { ...inner, isLoop: true };
    switch (this.#below(12)) {
      case 0:
      case 1:
      case 2:
        return [{ head: `if ${this.#test()}:`, body: this.#body(inner) }];
      case 3:
      case 4:
        return [
          { head: `if ${this.#test()}:`, body: this.#body(inner) },
          ...(this.#random() < 0.3 ? [{ head: `elif ${this.#test()}:`, body: this.#body(inner) }] : []),
          { head: 'else:', body: this.#body(inner) },
        ];
      case 5:
      case 6:
        return [
          {
            head: `for ${this.#pick(['i', 'a', 'j'])} in ${this.#pick(['range(3)', 'words()', 'list(l)', 'words()', 'sorted(d)', '(1, 2)', 'outside.table'])}:`,
            body: this.#body(loop),
          },
          ...(this.#random() < 0.2 ? [{ head: 'else:', body: this.#body(inner) }] : []),
        ];
      case 7: {
        const n = this.#fresh('n');
        return [
          {
            head: `for ${n} in range(1):`,
            body: [`${n} = 0`, [{ head: `while ${n} < 3:`, body: [`${n} += 1`, ...this.#body(loop)] }]],
          },
        ];
      }
      case 8:
        return [{ head: 'while flip():', body: this.#body(loop) }];
      case 9:
        return [
          { head: 'try:', body: this.#body(inner) },
          {
            head: this.#pick([
              'except Exception:',
              'except (KeyError, IndexError):',
              'except:',
              'except ValueError as error:',
            ]),
            body: this.#body(inner),
          },
          ...(this.#random() < 0.2 ? [{ head: 'else:', body: this.#body(inner) }] : []),
          ...(this.#random() < 0.3 ? [{ head: 'finally:', body: [this.#simple()] }] : []),
        ];
      case 10:
        return [
          {
            head: this.#pick([
              'with context():',
              'with context() as a:',
              'with open("w") as b:',
              'with contextlib.suppress(KeyError, ValueError):',
              'with contextlib.nullcontext(a) as b:',
            ]),
            body: this.#body(inner),
          },
        ];
      default:
        return [
          {
            head: `match ${this.#pick(['a', 'number()', 'l', 's', 'd'])}:`,
            body: [
              [
                {
                  head: `case ${this.#pick(['1', '2', '"x"', '[1, *_]', '{"x": 1}', '1 | 2'])}:`,
                  body: this.#body(inner),
                },
                { head: 'case _:', body: this.#body(inner) },
              ],
            ],
          },
        ];
    }
  }

  /** Leaves a block, mostly in a way that can't be known. */
  #leave(statement: string): Piece {
    return this.#random() < 0.8
      ? [{ head: `if ${this.#test()}:`, body: this.#random() < 0.4 ? [this.#simple(), statement] : [statement] }]
      : statement;
  }

  #body(place: Place): readonly Piece[] {
    return Array.from({ length: 1 + this.#below(3) }, () => this.#statement(place));
  }

  #function(): Piece {
    const name = this.#fresh('f');
    const body = this.#body({ depth: 1, isLoop: false, isFunction: true });
    this.#functions.push(name);
    return [
      {
        head: `def ${name}(z):`,
        body: ['global a, b, c, s, l, m, d, e, u, o, p', ...body, `return ${this.#pick(['z', 'a', '1'])}`],
      },
    ];
  }

  #class(name: string): Piece {
    const init = [
      {
        head: 'def __init__(self, x=1, **rest):',
        body: [this.#pick(['self.x = x', 'self.__dict__.update(x=x, **rest)', 'setattr(self, "x", x)'])],
      },
    ];
    const method = [{ head: 'def method(self):', body: this.#methodBody() }];
    const get = [{ head: 'def get(self, k):', body: ['return getattr(self, "x", 0)'] }];
    const extra = this.#pick<readonly Piece[]>([
      [],
      [],
      [],
      [
        [
          {
            head: 'def __getattr__(self, k):',
            body: [
              this.#pick([
                'return 5',
                'raise AttributeError(k)',
                'if k.startswith("_"):\n    raise AttributeError(k)\nreturn k',
              ]),
            ],
          },
        ],
      ],
      [
        [
          {
            head: 'def __setattr__(self, k, v):',
            body: [
              this.#pick([
                'object.__setattr__(self, k, 2)',
                'super().__setattr__(k, v)',
                'self.__dict__[k] = v',
                'self.__dict__["log"] = k',
              ]),
            ],
          },
        ],
      ],
      ['@property\ndef y(self):\n    return self.x\n@y.setter\ndef y(self, v):\n    self.x = v'],
      ['@staticmethod\ndef make():\n    return 3\n@classmethod\ndef build(cls):\n    return cls()'],
      ['__slots__ = ("x", "y", "z", "__dict__")'],
      [
        'def __getattribute__(self, k):\n    if k == "z":\n        return 9\n    return object.__getattribute__(self, k)',
      ],
      ['def __eq__(self, other):\n    return True\n__hash__ = None'],
      [
        'def __len__(self):\n    return 2\ndef __contains__(self, k):\n    return k == 1\ndef __iter__(self):\n    return iter([1, a])',
      ],
      ['def __call__(self, k=1):\n    return k'],
      ['def __init_subclass__(cls, **rest):\n    cls.marked = 1'],
      ['def __bool__(self):\n    return False'],
    ]);
    const bases = this.#pick(['', '', '', '', '(Base)', '(dict)', '(list)', '(object)', '(types.SimpleNamespace)']);
    const body = [
      ...(this.#random() < 0.5 ? ['x = 4'] : []),
      ...(/dict|list|Simple/.test(bases) ? [] : [init]),
      method,
      ...(bases === '(dict)' ? [] : [get]),
      ...extra,
    ];
    const head = `class ${name}${/list|dict/.test(bases) && name === 'C' ? '' : bases}:`;
    return [{ head, body: /list|dict/.test(bases) && name === 'C' ? [init, method, get, ...extra] : body }];
  }

  #methodBody(): readonly Piece[] {
    return this.#pick<readonly Piece[]>([
      ['self.x = 2', 'return 1'],
      ['l.append(3)', 'return len(l)'],
      [[{ head: `if ${this.#test()}:`, body: ['self.x = 3', 'return 2'] }], 'return 4'],
      ['self.y = getattr(self, "x", 0)', 'return self.y'],
      ['opaque(self)', 'return 1'],
      ['return self'],
    ]);
  }
}
