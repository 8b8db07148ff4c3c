// What is evaluated while somebody works on a project: each model once for each state of the texts that it reads.

import { expect, test } from 'vitest';
import { countEvaluations } from '../../../scripts/evaluation-counts.ts';
import { AnalysisSession } from '../../../server/src/analysis/analysis-session.ts';
import type { Pack } from '../../../server/src/analysis/evaluation-memory.ts';
import { inlayHints } from '../../../server/src/analysis/inlay-hints.ts';
import { documentProblems } from '../../../server/src/analysis/problems.ts';
import { counting, sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';
import { pythonFrontend } from '../../support/python-frontend.ts';

test('models are evaluated when something that they read has changed, and only then', () => {
  const counts = countEvaluations([pythonFrontend], (options) => new AnalysisSession(options));
  expect(counts.length).toBeGreaterThan(5);
  for (const { what, counted, expected } of counts) expect(counted, what).toBe(expected);
});

const model = (name: string, width: number): string => `
class ${name}(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, ${String(width)}, 1)

    def forward(self, x):
        return self.conv(x)
`;
const document = uriOf('two.py');
const shapes = { ...standardSettings, hints: { enabled: true, quantities: ['shape'], dataFlow: false } } as const;
const text = (first: number, second: number): string =>
  `# morphnet: entry=First() input=3x8x8\nfrom torch import nn\n${model('First', first)}${model('Second', second)}`;

test('an edit shows the chosen model at once and the others when there is time, none evaluated twice', () => {
  const frontend = counting(pythonFrontend);
  const session = sessionOver(new Map(), [frontend]);
  session.showChosenFirst();
  const labels = (): readonly string[] => inlayHints(session, document, shapes).map(({ label }) => label);
  session.setDocument(document, text(4, 5), 1);
  expect(labels()).toEqual(['4×8×8']);
  expect(frontend.evaluations).toHaveLength(1);
  documentProblems(session, document, shapes);
  expect(session.takeCompleted()).toEqual([document]);
  expect(labels()).toEqual(['4×8×8', '5×8×8']);
  expect(frontend.evaluations).toHaveLength(2);
  session.setDocument(document, text(6, 7), 2);
  expect(labels()).toEqual(['6×8×8']);
  session.setDocument(document, text(6, 5), 3);
  expect(labels()).toEqual(['6×8×8', '5×8×8 · stale']);
  documentProblems(session, document, shapes);
  expect(labels()).toEqual(['6×8×8', '5×8×8']);
  expect(session.takeCompleted()).toEqual([document]);
  expect(session.takeCompleted()).toEqual([]);
});

test('a text that is too long is told of and not parsed, in part or as a whole', () => {
  const parsed: string[] = [];
  const frontend = {
    ...pythonFrontend,
    entries: (...given: Parameters<typeof pythonFrontend.entries>) => {
      parsed.push(given[0]);
      return pythonFrontend.entries(...given);
    },
  };
  const session = sessionOver(new Map(), [frontend]);
  session.showChosenFirst();
  session.setDocument(document, `import torch\nx = "${'x'.repeat(10_000_000)}"`, 1);
  expect(inlayHints(session, document, shapes)).toEqual([]);
  expect(documentProblems(session, document, shapes).map(({ code }) => code)).toEqual(['limit-source']);
  expect(parsed).toEqual([]);
});

/** A network of so many activations, one after the other. */
const longText = (count: number): string => `# morphnet: entry=Net() input=3x8x8
from torch import nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        x = self.conv(x)
        for i in range(${String(count)}):
            x = F.relu(x)
        return x
`;

/** Opens four networks of 5,000 ops each, more than are kept at hand, and looks at each of them twice. */
function lookTwice(pack?: Pack): { readonly evaluations: number; readonly labels: readonly (readonly string[])[] } {
  const frontend = counting(pythonFrontend);
  const session = sessionOver(new Map(), [frontend], pack);
  const names = ['a.py', 'b.py', 'c.py', 'd.py'].map(uriOf);
  for (const name of names) session.setDocument(name, longText(5000), 1);
  const look = (): readonly string[] =>
    names.flatMap((name) => inlayHints(session, name, shapes).map(({ label }) => label));
  return { labels: [look(), look()], evaluations: frontend.evaluations.length };
}

test('an unchanged model is not evaluated again, however many others were looked at since', () => {
  let packed = 0;
  const found = lookTwice((evaluation) => {
    packed++;
    const copy = structuredClone(evaluation);
    return () => structuredClone(copy);
  });
  expect(found.evaluations).toBe(4);
  expect(found.labels[0]).toEqual(['4×8×8', '4×8×8', '4×8×8', '4×8×8']);
  expect(found.labels[1]).toEqual(found.labels[0]);
  // Two stay at hand at a time, and nothing is packed twice.
  expect(packed).toBe(4);
});

test('where nothing can be packed, what is not at hand is evaluated anew', () => {
  const found = lookTwice();
  expect(found.evaluations).toBe(8);
  expect(found.labels[1]).toEqual(found.labels[0]);
});
