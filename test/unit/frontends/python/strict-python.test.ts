// What Python's compiler refuses must be refused before it is offered: held against CPython itself on random edits of programs.

import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { refusalByPython } from '../../../../server/src/frontends/python/syntax/strict-python.ts';
import { parserOfTests } from '../../../support/python-frontend.ts';

function refusal(text: string): string | undefined {
  return refusalByPython(text, parserOfTests.parse('file:///x.py', text))?.reason;
}

test.for([
  ['x = a\n     * b\n', 'this line is indented, though no block begins'],
  ['def f(a, b):\n    return a\n            * b\n', 'this line is indented, though no block begins'],
  ['print x\n', 'no statement begins here'],
  ['a.b()\nimport c from d import e\n', 'this statement needs a line of its own'],
  ['x = y: + 1\n', 'this annotation stands in an expression'],
  ['f"{*c}"\n', 'nothing can be spread here'],
  ['try:\n    pass\nexcept A, B as c:\n    pass\n', 'several exceptions need brackets'],
  ['def f():\n    pass\nreturn f\n', 'nothing can be returned here'],
  ['x = [1 for  in y]\n', 'a name is missing'],
  ['if a:\nx = 1\n', 'a block has to follow here'],
  ['if a:\n    x = 1\n  y = 2\n', 'this line is indented like none around it'],
  ['if a:\n        x = 1\n\ty = 2\n', 'tabs and spaces disagree'],
  ['f(a=1, b)\n', 'an argument without a name stands behind one with a name'],
  ['f(a=1, a=2)\n', 'the argument a is given twice'],
  ['def f(a=1, b):\n    pass\n', 'the parameter b without a default stands behind one that has it'],
  ['def f(a, a):\n    pass\n', 'two parameters have the name a'],
  ['with a as f(b): pass\n', 'nothing can be assigned to this'],
] as const)('%j is refused', ([text, reason]) => {
  expect(refusal(text)).toBe(reason);
});

test.for([
  'x = (a\n     * b)\n',
  'x = a \\\n    * b\n',
  'if (a\nand b):\n    pass\n',
  'f(a=1, *b, c=2, **d)\n',
  'def f(a=1, *, b, c=2):\n    pass\n',
  'def f(a, /, b):\n    pass\n',
  'if a: pass\nelif b: pass\nelse: pass\n',
  'a = 1; b = 2;\n',
  '\uFEFFif a:\r\n\tx = """\r\ny"""\r\n',
  '@d\nclass A: pass\n',
])('%j is Python', (text) => {
  expect(refusal(text)).toBe(undefined);
});

const programs = [
  `import torch
from torch import nn


class Block(nn.Module):
    expansion: int = 4

    def __init__(self, inplanes, planes, stride=1, *, groups=1):
        super().__init__()
        width = int(planes * (64 / 64.0)) * groups
        self.conv1 = nn.Conv2d(inplanes, width, 1, bias=False)  # a comment
        self.conv2 = nn.Conv2d(
            width,
            width,
            kernel_size=3,
            stride=stride,
        )
        self.down = (
            None if stride == 1 else
            nn.Sequential(nn.Conv2d(inplanes, planes * self.expansion, 1))
        )

    def forward(self, x):
        """Two
        lines."""
        if self.down is not None and (
            x.size(1) > 3
        ):
            x = self.down(x)
        elif x.dim() == 3:
            x = x + \\
                1
        else:
            x = x[:, :, 0]
        return x


@torch.no_grad()
def stage(block, planes, blocks=(3, 4)):
    layers = []
    for i, n in enumerate(blocks):
        layers += [block(planes * 2 ** i, planes, stride=2 if i else 1) for _ in range(n)]
    return nn.Sequential(*layers)
`,
  `def cfg(batch_norm=False, **kwargs):
    widths = {"A": [64, "M", 128], "B": [64, 64]}
    try:
        rows = [[1, 16, 1], [6, 24, 2]]
        for t, c, n in rows:
            with open(f"{t}-{c}") as file, open("b") as other: print(file, other)
            while n > 0: n -= 1; c += 1
    except (ValueError, KeyError) as error:
        raise RuntimeError("x") from error
    finally:
        pass
    f = lambda a, b=2: a * b
    return f(widths["A"][0], b=(1 +
                                2)), *rows
`,
  'class A:\n\tdef f(self, a, b=1):\n\t\tif a:\n\t\t\treturn [\n\t\ta,\n\tb]\n\t\telse:\n\t\t\treturn {a: b for a, b in [(1, 2)]}\n',
];

/** Numbers below 1 that are the same in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const signs = [
  '(',
  ')',
  '[',
  ']',
  ',',
  ':',
  '\n',
  '\n    ',
  ' ',
  '    ',
  '\t',
  '*',
  '=',
  '\\\n',
  ' + 1 ',
  'b=1, ',
  '#',
];

/** A sign less or more, a line moved or joined with the next, a pair of brackets taken away: what rewriting goes wrong with. */
function edited(text: string, random: () => number): string {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const at = pick([...text.matchAll(/[()[\]{},:\n=*"]|(?<=\n) +|\b/g)].map(({ index }) => index));
  const lines = text.split('\n');
  const line = Math.floor(random() * (lines.length - 1));
  switch (Math.floor(random() * 5)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + pick(signs) + text.slice(at);
    case 2:
      return lines
        .with(line, random() < 0.5 ? `    ${lines[line]!}` : lines[line]!.replace(/^(?: {4}|\t)/, ''))
        .join('\n');
    case 3: {
      const from = pick([...text.matchAll(/\(/g)].map(({ index }) => index));
      const to = text.indexOf(')', from);
      return `${text.slice(0, from)} ${text.slice(from + 1, to)}${text.slice(to + 1)}`;
    }
    default:
      return [...lines.slice(0, line), `${lines[line]!} ${lines[line + 1]!.trim()}`, ...lines.slice(line + 2)].join(
        '\n',
      );
  }
}

const python = process.env['MORPHNET_PYTHON'] ?? 'python3';
const hasPython = spawnSync(python, ['--version']).status === 0;

/** Whether CPython compiles each of the texts. */
function compiled(texts: readonly string[]): readonly boolean[] {
  const script = `
import json, sys, warnings
warnings.simplefilter("ignore")
def compiles(text):
    try:
        compile(text, "x", "exec")
        return True
    except (SyntaxError, ValueError):
        return False
print(json.dumps([compiles(text) for text in json.load(sys.stdin)]))`;
  const { stdout } = spawnSync(python, ['-c', script], { encoding: 'utf8', input: JSON.stringify(texts) });
  return JSON.parse(stdout) as boolean[];
}

describe.skipIf(!hasPython)('random edits, as CPython judges them', () => {
  test('what it refuses is refused, and what it takes is taken', { timeout: 60_000 }, () => {
    const random = randomFrom(Number(process.env['SEED'] ?? 7));
    const count = Number(process.env['COUNT'] ?? 1500);
    const texts = Array.from({ length: count }, (_, index) => {
      const once = edited(programs[index % programs.length]!, random);
      return index % 3 === 0 ? edited(once, random) : once;
    });
    const truths = compiled(texts);
    expect(truths.filter((truth) => truth).length).toBeGreaterThan(count / 10);
    expect(texts.filter((text, index) => truths[index] === false && refusal(text) === undefined)).toEqual([]);
    // What the parser takes for unfinished (a bracket with what looks like the next statement in it) is no text to write.
    const isForgiven = (text: string): boolean => parserOfTests.parse('file:///x.py', text).problems.length > 0;
    const falsely = texts.filter((text, index) => truths[index] === true && refusal(text) !== undefined);
    expect(falsely.filter((text) => !isForgiven(text))).toEqual([]);
  });
});
