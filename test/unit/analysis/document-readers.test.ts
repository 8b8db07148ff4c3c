// Which models a file shows that others import: enough to cover its lines, not all of them.

import { expect, test } from 'vitest';
import { inlayHints } from '../../../server/src/analysis/inlay-hints.ts';
import type { AnalysisSession } from '../../../server/src/analysis/analysis-session.ts';
import { counting, sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';
import { pythonFrontend } from '../../support/python-frontend.ts';

const shapes = { ...standardSettings, hints: { enabled: true, quantities: ['shape'], dataFlow: false } } as const;
const blocks = uriOf('blocks.py');

const blocksText = (width: number): string => `from torch import nn

def narrow():
    return nn.Conv2d(3, ${String(width)}, 1)

def wide():
    return nn.Conv2d(3, ${String(width * 2)}, 1)

def widest():
    return nn.Conv2d(3, ${String(width * 4)}, 1)
`;

const userText = (block: string): string => `# morphnet: entry=Net() input=3x8x8
from torch import nn
from blocks import ${block}

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = ${block}()

    def forward(self, x):
        return self.block(x)
`;

/** Twenty models made of the first block, then one of the second and one of the third. */
function openProject(): {
  readonly session: AnalysisSession;
  readonly evaluations: readonly string[];
  readonly names: readonly string[];
} {
  const frontend = counting(pythonFrontend);
  const session = sessionOver(new Map(), [frontend]);
  session.setDocument(blocks, blocksText(4), 1);
  const names = Array.from({ length: 22 }, (_, i) => uriOf(`net${String(i)}.py`));
  for (const [i, name] of names.entries())
    session.setDocument(name, userText(i < 20 ? 'narrow' : i === 20 ? 'wide' : 'widest'), 1);
  for (const name of names) session.analyze(name);
  return { session, evaluations: frontend.evaluations, names };
}

const labels = (session: AnalysisSession): readonly string[] =>
  inlayHints(session, blocks, shapes).map(({ label }) => label);

test('every line that makes layers has its hint, whoever makes them', () => {
  const { session } = openProject();
  expect(labels(session)).toEqual(['4×8×8', '8×8×8', '16×8×8']);
});

test('an edit evaluates one model for each line that is shown, not all that import the file', () => {
  const { session, evaluations, names } = openProject();
  expect(evaluations).toHaveLength(22);
  session.setDocument(blocks, `# shared\n${blocksText(5)}`, 2);
  expect(labels(session)).toEqual(['5×8×8', '10×8×8', '20×8×8']);
  expect(evaluations.slice(22)).toEqual([names[0], names[20], names[21]]);
  // The lines have moved for all of them, so that asking again looks at the same models.
  expect(labels(session)).toEqual(['5×8×8', '10×8×8', '20×8×8']);
  expect(evaluations).toHaveLength(25);
  expect(session.openDocumentsTiedTo(blocks)).toEqual(names);
});

test('while the file is typed in, the lines keep their models', () => {
  const { session, evaluations } = openProject();
  for (const [i, width] of [6, 7, 8].entries()) {
    session.setDocument(blocks, blocksText(width), 2 + i);
    expect(labels(session)[0]).toBe(`${String(width)}×8×8`);
  }
  expect(evaluations).toHaveLength(22 + 3 * 3);
});

test('a run’s model is shown in every file that it is made of', () => {
  const { session, names } = openProject();
  const last = names[19]!;
  expect(session.modelsIn(blocks).map(({ entry }) => entry.document)).not.toContain(last);
  const proposal = { version: 1, groups: [] } as never;
  session.attachProposal(last, { runId: 'run', entry: 'Net()', proposal });
  expect(session.modelsIn(blocks).map(({ entry }) => entry.document)).toContain(last);
});

test('a number in a file of settings shows the models whose widths it decides', () => {
  const session = sessionOver(new Map());
  const settings = uriOf('settings.py');
  session.setDocument(settings, 'import torch\nWIDTH = 12\n', 1);
  const text = userText('narrow').replace('from blocks import narrow', 'from settings import WIDTH');
  session.setDocument(uriOf('net.py'), text.replace('narrow()', 'nn.Conv2d(3, WIDTH, 1)'), 1);
  session.analyze(uriOf('net.py'));
  expect(session.modelsIn(settings).map(({ entry }) => entry.document)).toEqual([uriOf('net.py')]);
});
