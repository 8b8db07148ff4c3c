// What a session remembers: nothing is evaluated twice, a change is seen at once, and a broken text keeps its last good model.

import { expect, test } from 'vitest';
import { AnalysisSession } from '../../../server/src/analysis/analysis-session.ts';
import { inlayHints } from '../../../server/src/analysis/inlay-hints.ts';
import { documentProblems } from '../../../server/src/analysis/problems.ts';
import { darknetFrontend } from '../../../server/src/frontends/darknet/darknet-frontend.ts';
import type { Frontend } from '../../../server/src/frontends/shared/frontend.ts';
import { counting, sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';

const net = '[net]\nwidth=8\nheight=8\nchannels=3\n';
const convolution = (filters: string): string => `[convolutional]\nfilters=${filters}\nsize=1\nactivation=linear\n`;
const document = uriOf('a.cfg');

const shapes = { ...standardSettings, hints: { enabled: true, quantities: ['shape'], dataFlow: false } } as const;

test('an unchanged model is evaluated once, whatever is asked of it', () => {
  const frontend = counting(darknetFrontend);
  const session = sessionOver(new Map([['a.cfg', net + convolution('4')]]), [frontend]);
  const first = session.analyze(document);
  session.modelsIn(document);
  inlayHints(session, document, standardSettings);
  session.setDocument(document, net + convolution('4'), 7);
  expect(session.analyze(document)).toBe(first);
  expect(frontend.evaluations).toHaveLength(1);
  expect(session.versionOf(document)).toBe(7);
});

test('a new text is evaluated, and closing goes back to the disk', () => {
  const files = new Map([['a.cfg', net + convolution('4')]]);
  const session = sessionOver(files);
  const shown = (): readonly string[] => inlayHints(session, document, shapes).map(({ label }) => label);
  expect(shown()).toEqual(['4×8×8']);
  session.setDocument(document, net + convolution('5'), 1);
  expect(shown()).toEqual(['5×8×8']);
  session.closeDocument(document);
  expect(shown()).toEqual(['4×8×8']);
  files.set('a.cfg', net + convolution('6'));
  session.filesChangedOnDisk([document]);
  expect(shown()).toEqual(['6×8×8']);
});

test('what stands on disk does not matter while the document is open', () => {
  const files = new Map([['a.cfg', net + convolution('4')]]);
  const frontend = counting(darknetFrontend);
  const session = sessionOver(files, [frontend]);
  session.setDocument(document, net + convolution('5'), 1);
  session.analyze(document);
  files.set('a.cfg', 'something else');
  session.filesChangedOnDisk([document]);
  expect(session.model(document)?.stale).toBe(false);
  expect(frontend.evaluations).toHaveLength(1);
});

/** A format whose documents include others: `use NAME` takes that document's text in place of the line. */
const including: Frontend = {
  ...darknetFrontend,
  evaluate: (entry, reader, limits, cancellation) => {
    const seen: string[] = [];
    const expand = (name: string): string =>
      (reader.read(name) ?? '').replace(/^use (.*)$/gm, (_line, other: string) => {
        seen.push(uriOf(other));
        return expand(uriOf(other));
      });
    const text = expand(entry.document);
    const evaluation = darknetFrontend.evaluate(entry, { roots: reader.roots, read: () => text }, limits, cancellation);
    return { ...evaluation, dependencies: [...evaluation.dependencies, ...seen] };
  },
};

test('a changed dependency makes a model stale, also one that was missing', () => {
  const frontend = counting(including);
  const files = new Map([['a.cfg', `${net}use b.part\n`]]);
  const session = sessionOver(files, [frontend]);
  const widths = (): readonly number[] | undefined =>
    session
      .model(document)
      ?.graph.ops.flatMap(({ attributes }) => (attributes.kind === 'convolution' ? [attributes.outChannels] : []));
  expect(widths()).toEqual([]);
  files.set('b.part', convolution('4'));
  session.filesChangedOnDisk([uriOf('b.part')]);
  expect(widths()).toEqual([4]);
  session.setDocument(uriOf('b.part'), convolution('9'), 1);
  expect(widths()).toEqual([9]);
  session.setDocument(uriOf('c.part'), 'unrelated', 1);
  expect(widths()).toEqual([9]);
  expect(frontend.evaluations).toHaveLength(3);
});

test('a half-typed line keeps the hints of the others, marked, at their new places', () => {
  const session = sessionOver(new Map());
  const good = net + convolution('4') + convolution('5');
  session.setDocument(document, good, 1);
  session.analyze(document);
  const broken = good.replace('filters=4', 'filters=4\n[convolu');
  session.setDocument(document, broken, 2);
  const hints = inlayHints(session, document, shapes);
  expect(hints.map(({ label, stale }) => [label, stale])).toEqual([
    ['4×8×8 · stale', true],
    ['5×8×8 · stale', true],
  ]);
  const second = broken.lastIndexOf('[convolutional]') + '[convolutional]'.length;
  expect(hints[1]?.offset).toBe(second);
});

test('a text with an error that loses no layer is shown as it is', () => {
  const session = sessionOver(new Map());
  session.setDocument(document, net + convolution('4'), 1);
  session.analyze(document);
  session.setDocument(document, `${net}${convolution('5')}typing\n`, 2);
  expect(inlayHints(session, document, shapes).map(({ label }) => label)).toEqual(['5×8×8']);
});

test('a mended text is shown without a mark', () => {
  const session = sessionOver(new Map());
  session.setDocument(document, net + convolution('4'), 1);
  session.analyze(document);
  session.setDocument(document, `${net}[convo`, 2);
  expect(session.model(document)?.stale).toBe(true);
  session.setDocument(document, net + convolution('6'), 3);
  expect(session.model(document)?.stale).toBe(false);
});

test('the input is what the request says', () => {
  const session = sessionOver(new Map([['a.cfg', net + convolution('4')]]));
  session.requestEntry(document, { input: [[3, 16, 16]], from: 'config' });
  expect(session.model(document)?.entry.input).toMatchObject({ shapes: [[3, 16, 16]], from: 'config' });
  session.requestEntry(document, undefined);
  expect(session.model(document)?.entry.input.shapes).toEqual([[3, 8, 8]]);
});

test('a cancelled evaluation is not kept', () => {
  const frontend = counting(darknetFrontend);
  const session = sessionOver(new Map([['a.cfg', net + convolution('4')]]), [frontend]);
  let looks = 0;
  const inTheMiddle = {
    get isCancellationRequested() {
      return ++looks > 1;
    },
  };
  session.analyze(document, inTheMiddle);
  expect(session.model(document)?.graph.unknowns).toEqual([]);
  expect(frontend.evaluations).toHaveLength(2);
});

test('only documents of the workspace are edited', () => {
  const session = sessionOver(new Map());
  expect(session.isEditable(uriOf('models/a.py'))).toBe(true);
  expect(session.isEditable('file:///project-other/a.py')).toBe(false);
  expect(session.isEditable('file:///usr/lib/python/torchvision/vgg.py')).toBe(false);
});

test('packages that are installed in the workspace are not edited', () => {
  const roots = ['file:///project', 'file:///project/.venv/lib/python3.12/site-packages'];
  const disk = { roots, read: () => undefined };
  const session = new AnalysisSession({ frontends: [], disk, workspaceRoots: roots.slice(0, 1) });
  expect(session.isEditable('file:///project/.venv/lib/python3.12/site-packages/torchvision/vgg.py')).toBe(false);
  expect(session.isEditable('file:///project/models/vgg.py')).toBe(true);
});

test('a document that no frontend takes has no models', () => {
  const session = sessionOver(new Map([['notes.txt', 'hello']]));
  expect(session.analyze(uriOf('notes.txt')).models).toEqual([]);
  expect(session.analyze(uriOf('missing.cfg')).models).toEqual([]);
  expect(session.accepts(uriOf('notes.txt'))).toBe(false);
});

const pythonNet = `import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3)
        self.last = nn.Conv2d(8, 16, 3)

    def forward(self, x):
        return self.last(self.first(x))


net = Net()
net(torch.randn(1, 3, 8, 8))
`;

test('typing into a Python class keeps the hints of the lines that are not touched', () => {
  const session = sessionOver(new Map());
  const python = uriOf('net.py');
  session.setDocument(python, pythonNet, 1);
  const before = inlayHints(session, python, shapes).map(({ label }) => label);
  expect(before).toEqual(['8×6×6', '16×4×4']);
  const line = '        self.last = nn.Conv2d(8, 16, 3)\n';
  session.setDocument(python, pythonNet.replace(line, '        self.last = nn.Conv2d(8,\n'), 2);
  expect(inlayHints(session, python, shapes).map(({ label }) => label)).toEqual(['8×6×6 · stale']);
});

test('a half-typed statement that no layer needs leaves all hints as they are', () => {
  const session = sessionOver(new Map());
  const python = uriOf('net.py');
  session.setDocument(python, pythonNet, 1);
  session.analyze(python);
  const line = '        self.first = nn.Conv2d(3, 8, 3)\n';
  session.setDocument(python, pythonNet.replace(line, `${line}        self.second = nn.Conv2d(8,\n`), 2);
  expect(inlayHints(session, python, shapes).map(({ label }) => label)).toEqual(['8×6×6', '16×4×4']);
});

test('a file that is opened broken shows the part of the class that can be read', () => {
  const session = sessionOver(new Map());
  const python = uriOf('net.py');
  const line = '        self.first = nn.Conv2d(3, 8, 3)\n';
  session.setDocument(python, pythonNet.replace(line, `        self.before = nn.Linear(3,\n${line}`), 1);
  expect(inlayHints(session, python, shapes).map(({ label }) => label)).toEqual(['8×6×6', '16×4×4']);
  expect(documentProblems(session, python, shapes).map(({ code }) => code)).toEqual(['python-syntax']);
});

test('a width that a run proposed for an entry is told although the edit renamed it', () => {
  const session = sessionOver(new Map());
  const python = uriOf('net.py');
  const text = pythonNet
    .replace('__init__(self)', '__init__(self, width)')
    .replaceAll('8, ', 'width, ')
    .replace('Net()', 'Net(8)')
    .replace('(1, 3, width, 8)', '(1, 3, 8, 8)');
  session.setDocument(python, text, 1);
  const row = (name: string, after: number) => ({ name, group: name, width: { before: 8, after } });
  session.attachProposal(python, { runId: 'run', entry: 'Net(8)', proposal: { step: 0, layers: [row('first', 5)] } });
  const proposed = (): readonly string[] =>
    documentProblems(session, python, standardSettings).map(({ message }) => message);
  expect(proposed()).toEqual(['MorphNet proposes 5 of 8 channels']);
  session.setDocument(python, text.replace('Net(8)', 'Net(6)'), 2);
  expect(proposed()).toEqual(['MorphNet proposes 5 of 6 channels']);
  session.setDocument(python, text.replace('Net(8)', 'Net(5)'), 3);
  expect(proposed()).toEqual([]);
});

test('a module whose name has letters beyond ASCII is found while it is open', () => {
  const session = sessionOver(new Map());
  // As an editor writes URIs.
  session.setDocument(uriOf('mod%C3%A9l.py'), 'from torch import nn\ndef bloc():\n    return nn.Conv2d(3, 7, 1)\n', 1);
  const python = uriOf('net.py');
  session.setDocument(
    python,
    'import torch\nfrom mod\u00e9l import bloc\nnet = torch.nn.Sequential(bloc())\nnet(torch.randn(1, 3, 8, 8))\n',
    1,
  );
  expect(session.model(python)?.graph.unknowns).toEqual([]);
  expect(session.model(python)?.graph.ops.map(({ label }) => label)).toEqual(['input', 'Conv2d']);
});
