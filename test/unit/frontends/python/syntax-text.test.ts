// Texts as they are taken apart before parsing: statements, unclosed brackets, and bodies that wait until they are called.

import { expect, test } from 'vitest';
import { withoutBodies } from '../../../../server/src/frontends/python/syntax/deferred-bodies.ts';
import { libraryPieces, noPassiveWords } from '../../../../server/src/frontends/python/syntax/late-definitions.ts';
import type { Statement } from '../../../../server/src/frontends/python/syntax/ast.ts';
import { logicalLines } from '../../../../server/src/frontends/python/syntax/logical-lines.ts';
import { rememberingParser } from '../../../../server/src/frontends/python/syntax/parse-cache.ts';
import { mentionedNames } from '../../../../server/src/frontends/python/syntax/mentioned-names.ts';
import { pieceStarts } from '../../../../server/src/frontends/python/syntax/pieces.ts';
import { repairText } from '../../../../server/src/frontends/python/syntax/repair-text.ts';
import { passiveWords } from '../../../../server/src/frontends/python/libraries/python-libraries.ts';
import { parserOfTests } from '../../../support/python-frontend.ts';
import { mainDocument, readProject } from '../../../support/python-model.ts';

const statements = (text: string): readonly string[] | undefined =>
  logicalLines(text)?.map(({ start, end }) => text.slice(start, end));

test('a statement ends where its line ends, unless a bracket, a string or a backslash goes on', () => {
  expect(
    statements('a = 1  # one: (\nb = [\n  2,\n  3,\n]\nc = """x\ny = (\n"""\nd = 1 + \\\n  2\ne = "#("\n'),
  ).toEqual(['a = 1', 'b = [\n  2,\n  3,\n]', 'c = """x\ny = (\n"""', 'd = 1 + \\\n  2', 'e = "#("']);
});

test('a string that never ends leaves nothing to tell', () => {
  expect(logicalLines('a = 1\nb = """never')).toBeUndefined();
});

test.for<[string, string]>([
  // A statement on the same level, or further left, can not be the inside of a bracket.
  ['a = f(1,\nb = 2\n', '        pass\nb = 2\n'.slice(8)],
  ['def g(x):\n    a = f(1,\n    return a\n', 'def g(x):\n    pass    \n    return a\n'],
  // A header keeps its block.
  ['def g(x:\n    return x\n', 'if 0:   \n    return x\n'],
  ['a = f(\n  1,\n  2\nb = 3\n', 'pass  \n    \n   \nb = 3\n'],
])('%j without what is never closed', ([text, expected]) => {
  const repaired = repairText(text);
  expect(repaired?.text.replace(/ +$/gm, '')).toBe(expected.replace(/ +$/gm, ''));
  expect(repaired?.text.length).toBe(text.length);
  expect(repaired?.unclosed.map((offset) => text[offset])).toEqual(['(']);
});

test('what is closed is left alone', () => {
  expect(repairText('a = f(\n1,\n  2\n)\n')).toBeDefined();
  expect(repairText('a = f(\n  1,\n  2\n)\nb = (\n  3)\n')).toBeUndefined();
});

test('bodies of functions are cut out, and the place of everything else is known', () => {
  const text = [
    'import a',
    '@wrap',
    'def f(x: dict = {1: 2}) -> int:',
    '    """Says:',
    'def g(): no"""',
    '',
    '    def inner():',
    '        yield 1',
    '    return x  # in: here',
    '',
    'class C(Base):',
    '    size = 3',
    '    def m(self): return 1',
    '    async def n(self):',
    '        return 2',
    'last = 1',
    '',
  ].join('\n');
  const short = withoutBodies(text, logicalLines(text) ?? [], { start: 0, end: text.length });
  expect(short.text).toBe(
    'import a\n@wrap\ndef f(x: dict = {1: 2}) -> int:0  # in: here\n\nclass C(Base):\n    size = 3\n    def m(self): return 1\n    async def n(self):0\nlast = 1\n',
  );
  const placed = (what: string): number => {
    const offset = short.text.indexOf(what);
    return offset + (short.cuts.findLast(({ from }) => from <= offset)?.by ?? 0);
  };
  for (const what of ['import a', 'class C', 'async def', 'last = 1']) expect(placed(what)).toBe(text.indexOf(what));
  expect(short.bodies.map(({ start, end }) => text.slice(start, end).trim().slice(0, 10))).toEqual([
    '"""Says:\nd',
    'return 2',
  ]);
});

test.for<[string, string[]]>([
  ['def f(a, b: dict[str, int] = None, *, c="x", d=-1.5):\n    return a', ['f']],
  ['async def f():\n    pass\n\n\ndef g():\n    """Docs."""\n', ['f', 'g']],
  // What a default was at this moment is what it stays.
  ['size = 3\ndef f(a=size):\n    return a\nsize = 4', []],
  ['def f(a=[]):\n    return a', ['f']],
  // A decorator may register what it decorates.
  ['@register\ndef f():\n    return 1', []],
  ['@torch.no_grad()\n@register\ndef f():\n    return 1\ndef g():\n    return 1', ['g']],
  ['@torch.jit.unused\n@torch.no_grad()\ndef f():\n    return 1', ['f']],
  // A member of an enumeration stays what it is.
  ['def f(mode=Mode.NEAREST, size: int = 3):\n    return mode', ['f']],
  ['def f(mode=mode.nearest):\n    return mode', []],
  ['if a:\n    def f():\n        return 1', []],
  ['def f(): return 1', []],
  [
    'class A(nn.Module):\n    """Docs."""\n    size: int = 3\n    @property\n    def m(self, a=1):\n        return other',
    ['A'],
  ],
  ['class A:\n    pass\nclass B(object):\n    pass', ['A', 'B']],
  // A base may want to know of its subclasses; a body may do anything.
  ['class A(Registered):\n    pass', []],
  ['class A(nn.Module, metaclass=Meta):\n    pass', []],
  ['class A(nn.Module):\n    registry.append(1)\n    def m(self):\n        pass', []],
  ['class A(nn.Module):\n    size = other', []],
  ['class A(nn.Module):\n    def m(self, size=other):\n        pass', []],
  // Long collections of literals, which are data and mostly for somebody else.
  [`names: list[str] = [  # all\n${'    "a \\" b",\n    -1.5e3,\n'.repeat(30)}]`, ['names']],
  [`sizes = {${'"a": (1, None), '.repeat(40)}}`, ['sizes']],
  [`names = [${'"a", '.repeat(100)}other]`, []],
  [`names = [${'"a", '.repeat(100)}] + others`, []],
  [`names = ["${'a'.repeat(500)}" "b" f"{c}"]`, []],
  [`__all__ = [${'"a", '.repeat(100)}]`, []],
  ['names = ["a", "b"]', []],
])('of %j these wait: %j', ([text, names]) => {
  const pieces = libraryPieces(text, logicalLines(text) ?? [], passiveWords);
  expect(pieces.flatMap((piece) => (piece.kind === 'definition' ? [piece.name] : []))).toEqual(names);
});

const library = `"""Layers."""
from torch import nn


def widths(n):
    for i in range(n):
        yield 8 * (i + 1)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 1)

    def forward(self, x):
        return self.conv(x)
`;

test('a library whose bodies are read late gives the same layers at the same places', () => {
  const main = (source: string): string => `from torch import nn
${source}

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(n) for n in widths(2)])

    def forward(self, x):
        return [block(x) for block in self.blocks]
`;
  const apart = readProject({ files: { 'main.py': main('from blocks import Block, widths'), 'blocks.py': library } });
  const together = readProject({ files: { 'main.py': main(library) } });
  const layers = (reading: typeof apart): readonly string[] | undefined =>
    reading.graph?.ops.map(({ name, site }) =>
      [name, ...[site!.span, ...site!.callChain].map((span) => reading.textAt(span).replace('blocks.py: ', ''))].join(
        ' | ',
      ),
    );
  expect(apart.problems).toEqual([]);
  expect(layers(apart)).toEqual(layers(together));
  expect(layers(apart)?.[1]).toContain('blocks.0.conv | nn.Conv2d(3, width, 1)');
});

test('a name that is bound anew, taken back or wanted by all is what Python would have', () => {
  const parts = `import torch
from torch import nn
table = [${'8, '.repeat(200)}]
table.append(5)
def gone():
    return 1
del gone
try:
    gone()
except NameError:
    table.append(4)
@torch.no_grad()
def last(items):
    return items[-1]
def width():
    return 1
width = 8
class Conv(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, width, 1)
    def forward(self, x):
        return self.body(x)
def kernel():
    return 3
kernels = [value() for name, value in list(globals().items()) if name == "kernel"]
`;
  const main = `from torch import nn
from parts import Conv, kernels, last, table, width
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Conv()
        self.b = nn.Conv2d(width, last(table), kernels[0])
    def forward(self, x):
        return self.b(self.a(x))
`;
  const { graph, problems } = readProject({ files: { 'main.py': main, 'parts.py': parts } });
  expect(problems).toEqual([]);
  expect(graph?.values.map(({ shape }) => shape)).toEqual([
    [1, 3, 224, 224],
    [1, 8, 224, 224],
    [1, 4, 222, 222],
  ]);
});

test('pieces are the definitions at the top and what stands between them', () => {
  const text = [
    '"""Docs."""',
    'import a',
    '',
    '@wrap(',
    '  1)',
    'class C:',
    '    x = 1',
    '# about f',
    'def f():',
    '    return """',
    'def g',
    '"""',
    'if a:',
    '    pass',
    'else:',
    '    b = 2',
    'async def h(): pass',
  ].join('\n');
  const starts = pieceStarts(text) ?? [];
  expect(starts.map((start) => text.slice(start, start + 6))).toEqual([
    '"""Doc',
    '@wrap(',
    'def f(',
    'if a:\n',
    'async ',
  ]);
});

test('after an edit only its piece is parsed, and all places are those of the new text', () => {
  const parsed: string[] = [];
  const plain = parserOfTests;
  const parser = rememberingParser(
    {
      ...plain,
      parsePiece: (document, text, start, end) => {
        parsed.push(text.slice(start, end).split('\n')[0] ?? '');
        return plain.parsePiece(document, text, start, end);
      },
    },
    noPassiveWords,
  );
  const before = `${library}\n\nclass Last(Block):\n    """The last one."""\n`;
  const after = before.replace('yield 8 *', 'yield 16 *');
  parser.parse(mainDocument, before);
  expect(parsed).toEqual(['"""Layers."""', 'def widths(n):', 'class Block(nn.Module):', 'class Last(Block):']);
  const again = parser.parse(mainDocument, after);
  expect(parsed.slice(4)).toEqual(['def widths(n):']);
  expect(again).toEqual(plain.parse(mainDocument, after));
});

test('a text with an error is parsed as a whole, and its pieces are known once it is mended', () => {
  let pieces = 0;
  const plain = parserOfTests;
  const parser = rememberingParser(
    {
      ...plain,
      parsePiece: (...given) => {
        pieces++;
        return plain.parsePiece(...given);
      },
    },
    noPassiveWords,
  );
  parser.parse(mainDocument, library);
  expect(pieces).toBe(3);
  const broken = library.replace('nn.Conv2d(3, width, 1)', 'nn.Conv2d(3, width,');
  expect(parser.parse(mainDocument, broken)).toEqual(plain.parse(mainDocument, broken));
  parser.parse(mainDocument, `${library}\n`);
  // The last class has one character more now.
  expect(pieces).toBe(4);
});

test('the names that a statement mentions are found once, also when an edit before it moves it', () => {
  const parser = rememberingParser(parserOfTests, noPassiveWords);
  const definition = 'def f(x):\n    return g(x.y, "z")  # w\n';
  const functionIn = (text: string): Statement =>
    parser.parse(mainDocument, text).body.find(({ kind }) => kind === 'function')!;
  const before = functionIn(`a = 1\n${definition}`);
  const names = mentionedNames(before);
  expect([...names]).toEqual(['g', 'x']);
  const after = functionIn(`a = 1000\n${definition}`);
  expect(after.span.start).toBe(before.span.start + 3);
  expect(mentionedNames(after)).toBe(names);
  expect([...mentionedNames(functionIn(`a = 1000\n${definition.replace('g(', 'h(')}`))]).toEqual(['h', 'x']);
});
