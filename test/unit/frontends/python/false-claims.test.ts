// What the evaluator claims to know of a program's names holds in every run of the program: by kind of what can't be known, on
// what `npm run fuzz:python` has found, and on programs of a fixed seed that CPython runs.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { claimsOf, type Written } from '../../../../scripts/soundness/claims.ts';
import { judge, runInPython } from '../../../../scripts/soundness/compare.ts';
import { randomCalls } from '../../../../scripts/soundness/library-calls.ts';
import { programText, randomProgram } from '../../../../scripts/soundness/programs.ts';
import { createPythonParser } from '../../../../server/src/frontends/python/syntax/python-parser.ts';

const require = createRequire(import.meta.url);
const bytes = (file: string): Uint8Array => readFileSync(require.resolve(file));
const parser = await createPythonParser(
  bytes('web-tree-sitter/web-tree-sitter.wasm'),
  bytes('tree-sitter-python/tree-sitter-python.wasm'),
);

/** What is claimed of a name: a Python literal, `?` where nothing is, `absent` where it is said not to be there. */
function claimOf(program: string, name: string): string {
  const { names, raises, isOpen } = claimsOf(parser, `import outside\nfrom outside import flip, number\n${program}\n`);
  expect(raises).toEqual([]);
  const claimed = names.get(name);
  return claimed ? literal(claimed) : isOpen ? '?' : 'absent';
}

function literal([kind, content]: Written): string {
  const all = (): string => (content as readonly Written[]).map(literal).join(', ');
  switch (kind) {
    case 'i':
    case 'f':
      return String(content);
    case 's':
      return JSON.stringify(content);
    case 'b':
      return content === true ? 'True' : 'False';
    case 'n':
      return 'None';
    case 'l':
      return `[${all()}]`;
    case 't':
      return `(${all()})`;
    case 'd':
      return `{${(content as readonly (readonly [Written, Written])[]).map(([key, value]) => `${literal(key)}: ${literal(value)}`).join(', ')}}`;
    default:
      return '?';
  }
}

test.for<readonly [string, string, string, string]>([
  [
    'what an iterator goes through, where only a handler that may run has moved it on',
    'l = [1, 2]\ntry:\n    flip()\nexcept ValueError:\n    l.insert(0, next(iter(l)))',
    'l',
    '?',
  ],
  [
    'an iterator that every way moves on alike',
    'l = [1, 2, 3]\nit = iter(l)\nif flip():\n    next(it)\nelse:\n    next(it)\na = next(it)',
    'a',
    '2',
  ],
  [
    'a `break` of an `else` leaves the loop around it',
    'n = 0\nwhile n < 3:\n    n += 1\n    for j in [1]:\n        pass\n    else:\n        if flip():\n            break',
    'n',
    '?',
  ],
  [
    'a function that is handed over by one that is handed over',
    'l = [1]\ndef f():\n    outside.keep(lambda: l.append(5))\noutside.run(f)',
    'l',
    '?',
  ],
  [
    'text that is run with names of its own before those of the module',
    'w = 3\nd = {"k": 2}\nexec("w = w + k", globals(), d)\nx = (w, d["w"])',
    'x',
    '(3, 5)',
  ],
  [
    'a class that is made of names which are not known',
    'd = {}\noutside.fill(d)\nA = type("A", (object,), d)\nx = hasattr(A(), "k")',
    'x',
    '?',
  ],
  [
    'the sum of something whose base is not known',
    'class A(outside.Base):\n    pass\nx = 1\ntry:\n    x = A() + 1\nexcept TypeError:\n    x = 2',
    'x',
    '?',
  ],
  ['the truth of something whose base is not known', 'class A(outside.Base):\n    pass\nx = 1 if A() else 2', 'x', '?'],
  ['a text that is no number', 'x = 1\ntry:\n    x = int("12abc")\nexcept ValueError:\n    x = 2', 'x', '2'],
  ['numbers in other bases', 'x = [int("0x1f", 16), int("-1_000"), int("zz", 36)]', 'x', '[31, -1000, 1295]'],
  ['an object as a number', 'class A:\n    def __int__(self):\n        return 7\nx = int(A())', 'x', '7'],
  ['an object as a number, of a class that is not known', 'class A(outside.Base):\n    pass\nx = int(A())', 'x', '?'],
  ['the hash of a text', 'x = hash("a")', 'x', '?'],
  ['what a ChainMap shows', 'import collections\nc = collections.ChainMap({"x": 1}, {"y": 2})\ny = c["y"]', 'y', '?'],
  ['a list that NumPy shuffles', 'import numpy as np\nl = [1, 2]\nnp.random.shuffle(l)', 'l', '?'],
  ['a list that NumPy draws from', 'import numpy as np\nl = [1, 2]\nnp.random.choice(l)', 'l', '[1, 2]'],
  ['a key that is not known', 'd = {"x": 1}\nd[number()] = 2', 'd', '?'],
  ['an index that is not known leaves the length', 'l = [1, 2]\nl[number()] = 3\nn = len(l)', 'n', '2'],
  ['deleting under a key that is not known', 'd = {"x": 1, "y": 2}\ndel d[outside.key]', 'd', '?'],
  ['whether something unknown is a class', 'import inspect\ns = inspect.isclass(outside.thing)', 's', '?'],
  ['whether something unknown is a function', 'import inspect\ns = inspect.isfunction(outside.thing)', 's', '?'],
  ['`update` with something unknown', 'd = {"x": 1}\nd.update(outside.table)', 'd', '?'],
  ['`extend` with something unknown', 'l = [1]\nl.extend(outside.items)', 'l', '?'],
  ['an item that is not known in a set', 'u = {1}\nu.add(number())\nn = len(u)', 'n', '?'],
  ['removing what is perhaps there', 'l = [number(), 1]\nl.remove(1)', 'l', '?'],
  ['`%` with a value that is not known', 's = "%d-%s" % (number(), "a")', 's', '?'],
  ['a list with an unknown item as text', 's = str([1, number()])', 's', '?'],
  ['a list of known items as text', 's = "%s %5.1f|" % ([1, "a"], 2.25)', 's', '"[1, \'a\']   2.2|"'],
  ['the text of an object without one of its own', 'class C: pass\ns = str(C())', 's', '?'],
  ['`exec` of a text that is not known', 'a = 1\nexec(outside.text)', 'a', '?'],
  ['`exec` of a text that is not known may bind any name', 'exec(outside.text)', 'b', '?'],
  ['`exec` of a text that is known', 'a = 1\nexec("a = 3\\nb = a + 1")', 'b', '4'],
  ['`eval` of a text that is not known', 'l = [1]\neval(outside.text)', 'l', '?'],
  ['a decorator that is not known', '@outside.wrap\ndef f():\n    return 3\na = f()', 'a', '?'],
  ['a decorator that registers', '@outside.MODELS.register_module()\ndef f():\n    return 3\na = f()', 'a', '3'],
  ['a class behind a decorator that is not known', '@outside.wrap\nclass C:\n    x = 3\na = C().x', 'a', '?'],
  ['a metaclass that is not known', 'class C(metaclass=outside.Meta):\n    x = 3\na = C().x', 'a', '?'],
  ['a base that is not known may have set attributes', 'class C(outside.Base): pass\na = hasattr(C(), "x")', 'a', '?'],
  ['a name that is asked for first within a `try`', 'try:\n    outside.go()\nexcept ImportError:\n    a = 1', 'a', '?'],
  ['what is done to one of two things', 'p, q = [1], [2]\nr = p if flip() else q\nr.append(3)', 'p', '?'],
  [
    'an attribute of one of two things',
    'class C: pass\np, q = C(), C()\np.x = q.x = p.y = 1\nr = p if flip() else q\nr.x = 2\na = (p.x, p.y)',
    'a',
    '(?, 1)',
  ],
  ['an item of one of two things', 'p, q = [[1], [2]]\n[p, q][number()].append(3)', 'q', '?'],
  [
    'a method of an object that others hold',
    'l = []\nclass C:\n    def add(self): l.append(1)\no = C()\noutside.keep(o)\no.add()',
    'l',
    '[1]',
  ],
  [
    'a change before `continue` in one way',
    'd = {"x": 1}\nfor i in range(2):\n    if flip():\n        d["x"] = 2\n        continue\na = d["x"]',
    'a',
    '?',
  ],
  ['a loop that makes a list each time', 'a = 1\nfor i in outside.items:\n    m = [x for x in (1, 2)]', 'a', '1'],
  ['two unknown values may differ', 'a = b = number()\nc = number()\nd = a == c', 'd', '?'],
  ['the environment', 'import os\na = "W" in os.environ', 'a', '?'],
  ['a class that `type` makes', 'class C: y = 1\no = type("D", (C,), {"x": 3})()\na = (o.x, o.y)', 'a', '(3, 1)'],
  ['a name that a class pattern binds', 'class C:\n    x = 2\nmatch C():\n    case C(x=y) if y: a = y', 'a', '2'],
  ['the rest of a mapping', 'match {"x": 1, "y": 2}:\n    case {"x": int(v), **r}: a = (v, len(r))', 'a', '(1, 1)'],
  ['a star in a pattern', 'v = [1, 2, 3]\nmatch v:\n    case [x, *_, y]: a = (x, y)', 'a', '(1, 3)'],
  ['a negative number in a pattern', 'match 1:\n    case -1: a = 0\n    case _: a = 5', 'a', '5'],
  ['nothing is bound by a pattern that does not fit', 'y = 0\nmatch (1, 2):\n    case (y, 3): pass', 'y', '0'],
  [
    'a subclass is told to its base',
    'class C:\n    def __init_subclass__(cls, k=0): cls.k = k\nclass D(C, k=4): pass\na = D.k',
    'a',
    '4',
  ],
  [
    'a descriptor is told its name',
    'class W:\n    def __set_name__(self, o, n): self.n = n\nclass C:\n    w = W()\na = C.__dict__["w"].n',
    'a',
    '"w"',
  ],
  [
    'a descriptor that sets comes before what an object holds',
    'class W:\n    def __get__(self, i, o): return 3\n    def __set__(self, i, v): pass\nclass C:\n    w = W()\no = C()\no.__dict__["w"] = 5\na = o.w',
    'a',
    '3',
  ],
  [
    'a method of a metaclass',
    'class M(type):\n    def n(cls): return 3\nclass C(metaclass=M): pass\na = C.n()',
    'a',
    '3',
  ],
  [
    'a dictionary that is its own attributes',
    'class C(dict):\n    def __init__(self): self.__dict__ = self\no = C()\no.x = 1\noutside.go(o)\na = len(o)',
    'a',
    '?',
  ],
  [
    'a key that a dictionary misses',
    'class C(dict):\n    def __missing__(self, k): return k + "!"\na = C()["q"]',
    'a',
    '"q!"',
  ],
  ['what a subclass of a built-in type has', 'class C(str): pass\na = C("ab").upper()', 'a', '?'],
  [
    'a property that is asked once',
    'import functools\nl = []\nclass C:\n    @functools.cached_property\n    def w(self):\n        l.append(1)\n        return 2\no = C()\na = o.w + o.w',
    'l',
    '[1]',
  ],
  [
    'objects with an order of their own',
    'class C:\n    def __init__(self, w): self.w = w\n    def __lt__(self, o): return self.w < o.w\na = sorted([C(2), C(1)])[0].w',
    'a',
    '?',
  ],
  ['keys with one value', 'd = dict.fromkeys(["x", "y"], 1)', 'd', '{"x": 1, "y": 1}'],
  [
    'deleting from what is not known may raise',
    'd = outside.d\na = 0\ntry:\n    del d["x"]\n    a = 1\nexcept Exception:\n    pass',
    'a',
    '?',
  ],
  [
    'values of flags',
    'import enum\nclass F(enum.Flag):\n    A = enum.auto()\n    B = enum.auto()\n    C = enum.auto()\na = (F.C.value, (F.A | F.B).value, F.A in F.A | F.B)',
    'a',
    '(4, 3, True)',
  ],
  [
    'an enum whose members make themselves',
    'import enum\nclass E(enum.Enum):\n    A = 1\n    def __init__(self, w): self.w = w + 1\na = E.A.w',
    'a',
    '2',
  ],
  [
    'an enum with a constructor of its own',
    'import enum\nclass E(enum.Enum):\n    A = 1\n    def __new__(cls, v): return object.__new__(cls)\na = E.A.value',
    'a',
    '?',
  ],
  [
    'a name that `:=` binds where `global` sends it',
    'a = 0\ndef f():\n    global a\n    return (a := a + 1)\nf()\nf()\nx = a',
    'x',
    '2',
  ],
  ['what a sum starts with', 'try:\n    a = sum({"x": 1})\nexcept TypeError:\n    a = "no"', 'a', '"no"'],
  ['the first of the largest', 'a = max([2, 1, 3, 5], key=lambda v: v % 2 == 0)', 'a', '2'],
  ['columns of one length', 'try:\n    a = list(zip([1], [], strict=True))\nexcept ValueError:\n    a = 0', 'a', '0'],
  ['nothing between characters', 'a = "ab".replace("", "-", 2)', 'a', '"-a-b"'],
  ['a number that is none', 'try:\n    a = float("")\nexcept ValueError:\n    a = 1', 'a', '1'],
  ['a path that begins anew', 'import os\na = os.path.join("x", "/y", "z")', 'a', '"/y/z"'],
  ['a counter of counts', 'import collections\na = dict(collections.Counter({"x": 3}))', 'a', '{"x": 3}'],
  ['counters that are added', 'import collections\na = collections.Counter("x") + collections.Counter("x")', 'a', '?'],
  [
    'a counter that is asked for what it does not have',
    'import collections\nd = collections.Counter()\nd["x"]\na = len(d)',
    'a',
    '0',
  ],
  [
    'a function that remembers its answers',
    'import functools\nl = []\n@functools.lru_cache\ndef f(x):\n    l.append(x)\n    return [x]\na = (f(1) is f(1), len(l))',
    'a',
    '(True, 1)',
  ],
  [
    'an answer that may be remembered',
    'import functools\nl = []\n@functools.cache\ndef f(x): l.append(x)\nf(1)\nf(number())\na = len(l)',
    'a',
    '?',
  ],
  [
    'a text that is made and one that is written',
    's = "ab"\na = (s[:1] + s[1:] is s, s is "ab", "b" is s)',
    'a',
    '(?, True, False)',
  ],
  [
    'a class statement that makes no class',
    'class Meta(int):\n    def __new__(cls, name, bases, names, **more): return bases\nclass A(metaclass=Meta): pass\na = A == ()',
    'a',
    '?',
  ],
  [
    'a comparison that changes what is compared',
    'class X:\n    def __eq__(self, other):\n        l.clear()\n        return True\nl = [X(), X()]\na = l == [1, 2]',
    'a',
    '?',
  ],
  [
    'an object that does something at its end',
    'l = []\nclass C:\n    def __del__(self): l.append(1)\no = C()\ndel o\na = len(l)',
    'a',
    '?',
  ],
  [
    'a global name that a function deletes',
    'w = 1\ndef f():\n    global w\n    del w\nf()\na = "w" in globals()',
    'a',
    'False',
  ],
  [
    'a dictionary that is none',
    'import collections\nclass D(collections.UserDict): pass\no = D(w=1)\no["h"] = 2\na = (isinstance(o, dict), o.data, len(o))',
    'a',
    '(False, {"w": 1, "h": 2}, 2)',
  ],
  ['fields of what is not known', 'import dataclasses\na = len(dataclasses.fields(outside.x))', 'a', '?'],
  ['an attribute that every text has', 'a = hasattr("", "casefold"), hasattr(1, "nothing")', 'a', '(True, False)'],
  ['the type of a function', 'a = type(len).__name__', 'a', '"builtin_function_or_method"'],
  ['words of a word that is not known', 'import keyword\na = keyword.iskeyword(outside.x)', 'a', '?'],
  ['equal data', 'import dataclasses\n@dataclasses.dataclass\nclass C:\n    x: int = 1\na = C() == C(1)', 'a', 'True'],
  [
    'a comparison that is left to the other side',
    'class C:\n    def __eq__(self, o): return NotImplemented\na = C() == 1',
    'a',
    'False',
  ],
  ['braces in a text with expressions', 'a = f"{{{1}}}"', 'a', '"{1}"'],
  ['an expression that tells itself', 'x = 3\na = f"{x=}"', 'a', '"x=3"'],
  ['a text of bytes', 'a = b"x" == "x"', 'a', '?'],
  ['a number of many digits', 'a = 2**53 + 1', 'a', '?'],
  [
    'a method is callable',
    'from collections.abc import Callable\nclass C:\n    def f(self): pass\na = isinstance(C().f, Callable)',
    'a',
    'True',
  ],
  [
    'an object that can be walked',
    'from collections.abc import Iterable\nclass C:\n    def __iter__(self): return iter(())\na = isinstance(C(), Iterable)',
    'a',
    'True',
  ],
  [
    'a module of Python that is not described',
    'try:\n    import wave\n    a = 1\nexcept ImportError:\n    a = 1',
    'a',
    '1',
  ],
])('%s', ([, program, name, claimed]) => {
  expect(claimOf(program, name)).toBe(claimed);
});

const python = process.env['MORPHNET_PYTHON'] ?? 'python3';
const hasPython = spawnSync(python, ['--version']).status === 0;

describe.skipIf(!hasPython)('programs of a fixed seed, run by CPython', () => {
  test('say nothing that does not hold', { timeout: 120_000 }, () => {
    const seed = 20_000;
    const texts = Array.from({ length: 60 }, (_, number) => programText(randomProgram(seed, number)));
    const runs = runInPython(python, texts, 6, seed);
    const verdicts = texts.map((text, i) => ({ text, ...judge(parser, text, runs[i] ?? []) }));
    expect(verdicts.filter(({ wrong }) => wrong.length > 0).map(({ text, wrong }) => ({ text, wrong }))).toEqual([]);
    expect(verdicts.filter(({ ended }) => ended > 0).length).toBeGreaterThan(30);
  });

  test('say nothing false of what Python brings along, and know most of it', { timeout: 120_000 }, () => {
    const seed = 4;
    const texts = Array.from({ length: 40 }, (_, number) => programText(randomCalls(seed, number)));
    const runs = runInPython(python, texts, 6, seed);
    const verdicts = texts.map((text, i) => ({ text, ...judge(parser, text, runs[i] ?? []) }));
    expect(verdicts.filter(({ wrong }) => wrong.length > 0).map(({ text, wrong }) => ({ text, wrong }))).toEqual([]);
    const sum = (key: 'known' | 'knowable'): number => verdicts.reduce((total, each) => total + each[key], 0);
    expect(sum('known') / sum('knowable')).toBeGreaterThan(0.7);
  });
});
