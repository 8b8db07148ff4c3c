// Comments that an edit makes wrong are pointed out; those that only have the same digits are not.

import { expect, test } from 'vitest';
import { applyEdits } from '../../../server/src/edits/literal-text.ts';
import { widthChange, changeNotes } from '../../../server/src/analysis/width-change.ts';
import { askedProposal } from '../../../server/src/analysis/asked-widths.ts';
import { sessionOver, uriOf } from '../../support/analysis-session.ts';

/** What is said of comments when layers get other widths. */
function commentsOf(source: string, layers: Readonly<Record<string, number>>): readonly string[] {
  const session = sessionOver(new Map([['net.py', source]]));
  const model = session.model(uriOf('net.py'))!;
  const asked = askedProposal(session.grouping(model.graph), {
    layers: new Map(Object.entries(layers).map(([name, width]) => [name, { kind: 'width', width }])),
  });
  if (!asked.ok) throw new Error(asked.error);
  const change = widthChange(session, model, asked.value, { refactor: true });
  expect(change.plan.widths.map(({ after }) => after)).toEqual(Object.values(layers));
  const edited = applyEdits(source, change.plan.edits);
  const comments = (text: string): readonly string[] => text.match(/#.*/g) ?? [];
  expect(comments(edited)).toEqual(comments(source));
  return changeNotes(change).filter((note) => note.includes('comment'));
}

const net = (first: string, second: string): string => `# morphnet: entry=Net() input=3x8x8
from torch import nn

class Net(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        ${first}
        self.stem = nn.Conv2d(3, width, 3)  ${second}
        self.head = nn.Conv2d(width, 10, 6)

    def forward(self, x):
        return self.head(self.stem(x))
`;

test.for([
  ['# 3 -> 64 channels', '', ['The comment in net.py:7 still says 64: # 3 -> 64 channels']],
  ['pass', '# 64x6x6', ['The comment in net.py:8 still says 64: # 64x6x6']],
  ['pass', '# gives 3×64', ['The comment in net.py:8 still says 64: # gives 3×64']],
  ['pass', '# 640, 1.64, 64.5, int64, 64bit and hex64', []],
  ['text = "# 64"', '', []],
  ['pass  # 64 of another line', '', []],
] as const)('above %s, behind %s', ([above, behind, said]) => {
  expect(commentsOf(net(above, behind), { stem: 41 })).toEqual(said);
});

const shared = `# morphnet: entry=Net() input=3x8x8
from torch import nn

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 1)  # 16 channels
        self.conv2 = nn.Conv2d(width, width, 1)

    def forward(self, x):
        return x + self.conv2(self.conv1(x))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 1)
        self.blocks = nn.Sequential(*[Block(16) for _ in range(3)])
        self.head = nn.Conv2d(16, 10, 8)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)))
`;

test('where code is rewritten, too', () => {
  expect(commentsOf(shared, { 'blocks.1.conv1': 5 })).toEqual(['The comment in net.py:7 still says 16: # 16 channels']);
});

test('many are counted', () => {
  const layers = Array.from({ length: 7 }, (_, index) => index);
  const many = `# morphnet: entry=Net() input=3x8x8
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
${layers.map((index) => `        self.conv${String(index)} = nn.Conv2d(${index === 0 ? '3' : '16'}, 16, 1)  # 16 wide\n`).join('')}        self.head = nn.Conv2d(16, 10, 8)

    def forward(self, x):
        return self.head(${layers.reduce((inner, index) => `self.conv${String(index)}(${inner})`, 'x')})
`;
  const notes = commentsOf(many, Object.fromEntries(layers.map((index) => [`conv${String(index)}`, 9])));
  expect(notes).toHaveLength(5);
  expect(notes.at(-1)).toBe('3 more comments still have an old number.');
});
