// Model files that would take for ever, or all memory, if they were run: for tests of the limits and for measuring them.

/** A hostile file and the code of the problem that has to say so. */
export interface HostileModel {
  readonly name: string;
  readonly text: string;
  readonly code: string;
}

/** A small model that is all right but for what a constructor or `forward` does besides. */
export function modelDoing(body: string, forward = 'return x'): string {
  return [
    '# morphnet: entry=Net() input=3x8x8',
    'from torch import nn',
    'class Net(nn.Module):',
    '    def __init__(self):',
    '        super().__init__()',
    '        self.conv = nn.Conv2d(3, 4, 1)',
    ...body.split('\n').map((line) => `        ${line}`),
    '    def forward(self, x):',
    '        x = self.conv(x)',
    ...forward.split('\n').map((line) => `        ${line}`),
    '',
  ].join('\n');
}

const inConstructor: readonly (readonly [string, string, string])[] = [
  ['a loop over 10**9 numbers', 'limit-memory', 'for i in range(10**9):\n    self.x = i'],
  ['a loop without end', 'limit-steps', 'while True:\n    pass'],
  ['loops in loops', 'limit-steps', 'for i in range(50000):\n    for j in range(50000):\n        break'],
  ['a comprehension over 10**9 numbers', 'limit-memory', 'self.x = [i for i in range(10**9)]'],
  ['a list of 10**9 numbers', 'limit-memory', 'self.x = list(range(10**9))'],
  ['a sum of 10**9 numbers', 'limit-memory', 'self.x = sum(range(10**9))'],
  ['a list that is repeated 10**9 times', 'limit-memory', 'self.x = [0] * 10**9'],
  ['an empty list that is repeated 10**9 times, for ever', 'limit-steps', 'while True:\n    x = [] * 10**9'],
  ['a text that is repeated 10**9 times', 'limit-memory', 'self.x = "ab" * 10**9'],
  ['a padded text', 'limit-memory', 'self.x = "a".ljust(10**9)'],
  ['a padded number', 'limit-memory', 'self.x = f"{7:1000000000}"'],
  ['a number with 10**9 digits', 'limit-number', 'self.x = 10**10**9'],
  ['a number that is shifted far', 'limit-number', 'self.x = 1 << 10**9'],
  ['a number that doubles itself', 'limit-number', 'n = 1\nfor i in range(2000):\n    n = n + n\nself.x = n'],
  ['a list that doubles itself', 'limit-memory', 'a = [1]\nfor i in range(60):\n    a += a'],
  ['a tuple that doubles itself', 'limit-memory', 'a = (1,)\nfor i in range(60):\n    a = a + a'],
  ['a text that doubles itself', 'limit-memory', 'a = "x"\nfor i in range(60):\n    a = a + a'],
  [
    'a text that is replaced by longer ones',
    'limit-memory',
    'a = "x"\nfor i in range(9):\n    a = a.replace("x", "x" * 99)',
  ],
  ['a list of lists whose text doubles', 'limit-steps', 'a = []\nfor i in range(60):\n    a = [a, a]\nself.x = str(a)'],
  [
    'a comparison that doubles',
    'limit-steps',
    'a, b = [], []\nfor i in range(60):\n    a, b = [a, a], [b, b]\nself.x = a == b',
  ],
  [
    'a list that is sorted again and again',
    'limit-steps',
    'a = list(range(100000))\nwhile True:\n    a.sort(key=lambda v: -v)',
  ],
  ['a list that grows while it is walked', 'limit-steps', 'a = [1]\nfor i in a:\n    a.append(i)'],
  ['a product of ranges', 'limit-memory', 'import itertools\nself.x = list(itertools.product(range(1000), repeat=4))'],
  ['a comparison of a range with its numbers', 'limit-steps', 'while True:\n    x = 7.5 in range(100000)'],
  ['a repetition without end', 'limit-memory', 'import itertools\nself.x = list(itertools.repeat(0, 10**9))'],
  ['copies of copies', 'limit-memory', 'import copy\na = [0] * 1000\nwhile True:\n    a = copy.deepcopy(a)'],
  [
    'an expression that divides a text in all ways',
    'limit-pattern',
    'import re\nself.x = re.match(r"(a+)+\\1$", "a" * 50 + "b")',
  ],
  ['optional letters', 'limit-pattern', 'import re\nself.x = re.match("(?=a)" + "a?" * 30 + "a" * 30, "a" * 30)'],
  ['many stars in an expression', 'limit-pattern', 'import re\nself.x = re.match("(?!b)" + "a*" * 12 + "b", "a" * 60)'],
  ['a function that calls itself', 'limit-depth', 'def f(n):\n    return f(n + 1)\nself.x = f(0)'],
  [
    'two functions that call each other twice',
    'limit-steps',
    'def f(n):\n    return g(n) + g(n) if n < 60 else 1\ndef g(n):\n    return f(n + 1) + f(n + 1)\nself.x = f(0)',
  ],
  ['a billion layers', 'limit-memory', 'self.layers = nn.Sequential(*[nn.Conv2d(4, 4, 1) for _ in range(10**9)])'],
  [
    'a million layers',
    'limit-steps',
    'self.layers = nn.ModuleList()\nwhile True:\n    self.layers.append(nn.Conv2d(4, 4, 1))',
  ],
  [
    'a constant that is computed for ever',
    'limit-steps',
    'import torch\nx = torch.arange(20000)\nwhile True:\n    x = x + 1',
  ],
];

const inForward: readonly (readonly [string, string, string])[] = [
  ['a module that calls itself', 'limit-depth', 'return self(x)'],
  ['a network without end', 'limit-ops', 'while True:\n    x = self.conv(x).relu()\nreturn x'],
  [
    'a tensor that is split into 10**9 parts',
    'limit-memory',
    'import torch\nfor part in torch.zeros(10**9).split(1):\n    x = x + part\nreturn x',
  ],
];

/** All of them. The largest has 10 MB. */
export function hostileModels(): readonly HostileModel[] {
  const numbers = (count: number): string => `[${'0, '.repeat(count)}]`;
  return [
    ...inConstructor.map(([name, code, body]) => ({ name, code, text: modelDoing(body) })),
    ...inForward.map(([name, code, forward]) => ({ name, code, text: modelDoing('pass', forward) })),
    {
      name: 'a property that reads itself',
      code: 'limit-depth',
      text: modelDoing('self.y = self.x').replace(
        '    def forward',
        '    @property\n    def x(self):\n        return self.x\n    def forward',
      ),
    },
    { name: 'a text literal of 10 MB', code: 'limit-source', text: modelDoing(`self.x = "${'x'.repeat(10_000_000)}"`) },
    { name: 'a list literal of 10 MB', code: 'limit-source', text: modelDoing(`self.x = ${numbers(3_300_000)}`) },
    { name: 'a list literal of 600 kB', code: 'limit-source', text: modelDoing(`self.x = ${numbers(200_000)}`) },
    { name: 'a number literal of 10 MB', code: 'limit-source', text: modelDoing(`self.x = ${'9'.repeat(10_000_000)}`) },
    {
      name: 'many models without end',
      code: 'limit-steps',
      text: Array.from({ length: 8 }, (_, i) =>
        modelDoing('while True:\n    pass').replaceAll('Net', `Net${String(i)}`),
      ).join('\n'),
    },
  ];
}
