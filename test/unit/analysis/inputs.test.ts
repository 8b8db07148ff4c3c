// Whatever an answer was made from may change: text in the editor, on disk, folders and what is installed in them, project
// files. Each change reaches everything that was made from it, and nothing else.

import { expect, test } from 'vitest';
import { AnalysisSession } from '../../../server/src/analysis/analysis-session.ts';
import { inlayHints } from '../../../server/src/analysis/inlay-hints.ts';
import { Inputs } from '../../../server/src/analysis/inputs.ts';
import { Memo } from '../../../server/src/analysis/memo.ts';
import { counting, sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';
import { pythonFrontend } from '../../support/python-frontend.ts';

const shapes = { ...standardSettings, hints: { enabled: true, quantities: ['shape'], dataFlow: false } } as const;
const net = uriOf('net.py');
const user =
  'import torch\nfrom parts.blocks import block\nnet = torch.nn.Sequential(\n    block(),\n    torch.nn.ReLU())\nnet(torch.randn(1, 3, 8, 8))\n';
const blocks = (width: number): string =>
  `from torch import nn\ndef block():\n    return nn.Conv2d(3, ${String(width)}, 1)\n`;

function widthsIn(session: AnalysisSession): readonly (number | undefined)[] {
  return (session.model(net)?.graph.ops ?? []).flatMap(({ attributes }) =>
    attributes.kind === 'convolution' ? [attributes.outChannels] : [],
  );
}

test('closing an imported file without saving shows its importers with what stands on disk', () => {
  const session = sessionOver(new Map([['parts/blocks.py', blocks(4)]]));
  session.setDocument(net, user, 1);
  session.setDocument(uriOf('parts/blocks.py'), blocks(9), 1);
  expect(widthsIn(session)).toEqual([9]);
  session.closeDocument(uriOf('parts/blocks.py'));
  expect(widthsIn(session)).toEqual([4]);
});

test.for([uriOf('parts/blocks.py'), uriOf('parts')])(
  'what was deleted is gone for its importers: news of %s',
  (path) => {
    const files = new Map([['parts/blocks.py', blocks(4)]]);
    const session = sessionOver(files);
    session.setDocument(net, user, 1);
    expect(widthsIn(session)).toEqual([4]);
    files.clear();
    expect(session.filesChangedOnDisk([path])).toBe(true);
    expect(widthsIn(session)).toEqual([]);
  },
);

test('a folder that gets the name of an import is found', () => {
  const files = new Map([['things/blocks.py', blocks(4)]]);
  const session = sessionOver(files);
  session.setDocument(net, user, 1);
  expect(widthsIn(session)).toEqual([]);
  files.set('parts/blocks.py', blocks(5));
  // Of a folder that was renamed nothing is told but its two names.
  session.filesChangedOnDisk([uriOf('things'), uriOf('parts')]);
  expect(widthsIn(session)).toEqual([5]);
});

test('a package that is installed is found', () => {
  const installed = new Map<string, string>();
  const packages = 'file:///venv/lib/python3.12/site-packages';
  const session = new AnalysisSession({
    frontends: [pythonFrontend],
    disk: { roots: ['file:///project', packages], read: (document) => installed.get(document) },
    workspaceRoots: ['file:///project'],
  });
  session.setDocument(net, user, 1);
  expect(widthsIn(session)).toEqual([]);
  installed.set(`${packages}/parts/blocks.py`, blocks(6));
  session.filesChangedOnDisk([`${packages}/parts`, `${packages}/parts-1.0.dist-info`]);
  expect(widthsIn(session)).toEqual([6]);
});

test('news of what nobody asked for changes nothing', () => {
  const frontend = counting(pythonFrontend);
  const session = sessionOver(new Map([['parts/blocks.py', blocks(4)]]), [frontend]);
  session.setDocument(net, user, 1);
  session.analyze(net);
  expect(session.filesChangedOnDisk([uriOf('other.py'), uriOf('partsandmore'), uriOf('data/set.bin')])).toBe(false);
  session.analyze(net);
  expect(frontend.evaluations).toHaveLength(1);
});

test('what a limit cut off is read whole as soon as the file lets it', () => {
  const endless = 'from torch import nn\ndef block():\n    while True:\n        pass\n';
  const model = (name: string, made: string): string =>
    `class ${name}(nn.Module):\n    def __init__(self):\n        super().__init__()\n        ${made}\n        self.conv = nn.Conv2d(3, 4, 1)\n    def forward(self, x):\n        return self.conv(x)\n`;
  // The second model takes more than the share that is left to it while the first does not end.
  const text = [
    '# morphnet: entry=First() input=3x8x8\n# morphnet: entry=Second() input=3x8x8\nfrom torch import nn\n',
    model('First', 'from parts.blocks import block; block()'),
    model('Second', 'for i in range(200000): j = i'),
  ].join('');
  const session = sessionOver(new Map([['parts/blocks.py', endless]]));
  session.setDocument(net, text, 1);
  const limits = (): number => session.analyze(net).problems.filter(({ code }) => code === 'limit-steps').length;
  expect(limits()).toBe(2);
  session.setDocument(uriOf('parts/blocks.py'), blocks(4), 1);
  expect(limits()).toBe(0);
});

test('an answer is as good as all that it was made from, also through other answers', () => {
  const texts = new Map([
    ['a', '1'],
    ['b', '2'],
  ]);
  const inputs = new Inputs({ roots: [], read: (document) => texts.get(document) });
  const numbers = new Memo<number>(inputs);
  const sums = new Memo<number>(inputs);
  let made = 0;
  const number = (name: string): number => numbers.of(name, () => Number(inputs.read(name)));
  const sum = (): number =>
    sums.of('sum', () => {
      made++;
      return number('a') + number('b');
    });
  expect([sum(), sum(), made]).toEqual([3, 3, 1]);
  inputs.setText('c', '7', 1);
  expect([sum(), made]).toEqual([3, 1]);
  // The second number is not made anew; the sum depends on it all the same.
  inputs.setText('a', '5', 1);
  expect([sum(), made]).toEqual([7, 2]);
  inputs.setText('b', '6', 1);
  expect([sum(), made]).toEqual([11, 3]);
  inputs.close('b');
  expect([sum(), made]).toEqual([7, 4]);
});

test('hints of a file follow what its importers become', () => {
  const session = sessionOver(new Map());
  session.setDocument(uriOf('parts/blocks.py'), blocks(4), 1);
  session.setDocument(net, user, 1);
  session.analyze(net);
  expect(inlayHints(session, uriOf('parts/blocks.py'), shapes).map(({ label }) => label)).toEqual(['4×8×8']);
  session.closeDocument(net);
  expect(inlayHints(session, uriOf('parts/blocks.py'), shapes)).toEqual([]);
});

test('the models of a file in which one does not end get the same share of its limits each', () => {
  const steps: number[] = [];
  const frontend: typeof pythonFrontend = {
    ...pythonFrontend,
    evaluate: (entry, reader, limits, cancellation) => {
      steps.push(limits.steps);
      return pythonFrontend.evaluate(entry, reader, limits, cancellation);
    },
  };
  const session = sessionOver(new Map(), [frontend]);
  const model = (name: string): string =>
    `class ${name}(nn.Module):\n    def __init__(self):\n        super().__init__()\n        while True:\n            pass\n`;
  const names = ['First', 'Second', 'Third'];
  const entries = names.map((name) => `# morphnet: entry=${name}() input=3x8x8\n`).join('');
  session.setDocument(net, `${entries}from torch import nn\n${names.map(model).join('')}`, 1);
  session.analyze(net);
  const [first = 0, second = 0, third = 0] = steps;
  expect([second, third]).toEqual([first / 8, first / 8]);
});
