// What is done with a model takes time in proportion to its layers: reading it, its hints, hovers, lenses and proposals, and
// folding the events of its run.

import { expect, test } from 'vitest';
import { codeActions } from '../../../server/src/analysis/code-actions.ts';
import { codeLenses } from '../../../server/src/analysis/code-lenses.ts';
import { costRows } from '../../../server/src/analysis/cost-table.ts';
import { hover } from '../../../server/src/analysis/hover.ts';
import { inlayHints } from '../../../server/src/analysis/inlay-hints.ts';
import { proposalEdits } from '../../../server/src/analysis/proposal-edits.ts';
import { neverCancelled } from '../../../server/src/common/cancellation.ts';
import { defaultLimits } from '../../../server/src/frontends/shared/frontend.ts';
import type { RunEvent } from '../../../server/src/protocol/run-events.ts';
import { afterEvent, newState } from '../../../server/src/runs/run-state.ts';
import { groupChannels } from '../../../server/src/structure/group-channels.ts';
import { sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';
import { expectLinear } from '../../support/growth.ts';
import { pythonFrontend } from '../../support/python-frontend.ts';

/** Residual blocks that one line makes in a loop: nearly all layers stand on two lines. */
const looped = (blocks: number): string => `# morphnet: entry=Net() input=3x8x8
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)

    def forward(self, x):
        return x + self.norm(self.conv(x)).relu()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 1)
        self.blocks = nn.Sequential(*[Block() for _ in range(${String(blocks)})])
        self.head = nn.Conv2d(8, 4, 1)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)))
`;

/** Every layer on a line of its own, each with its own width. */
const written = (layers: number): string =>
  [
    '# morphnet: entry=net input=3x8x8',
    'from torch import nn',
    '',
    'net = nn.Sequential(',
    '    nn.Conv2d(3, 8, 1),',
    ...Array.from({ length: layers }, () => '    nn.Conv2d(8, 8, 1),'),
    ')',
    '',
  ].join('\n');

const sources = { 'layers of one line': looped, 'layers of a line each': written };
const sizes = { 'layers of one line': 160, 'layers of a line each': 160 };
type Source = keyof typeof sources;
const names: readonly Source[] = ['layers of one line', 'layers of a line each'];

test.for(names)('%s: reading', (name) => {
  expectLinear(sizes[name], sources[name], (text) => {
    const reader = { roots: [], read: () => text };
    const [entry] = pythonFrontend.entries('file:///net.py', reader).entries;
    if (entry === undefined) throw new Error('there is a model');
    const { graph } = pythonFrontend.evaluate(entry, reader, defaultLimits, neverCancelled);
    expect(graph?.unknowns).toEqual([]);
  });
});

/** A session that has read the model already. */
function opened(text: string) {
  const session = sessionOver(new Map([['net.py', text]]));
  const document = uriOf('net.py');
  const [model] = session.analyze(document).models;
  if (model === undefined) throw new Error('there is a model');
  return { session, document, model, offset: text.indexOf('nn.Conv2d(8') };
}

test.for(names)('%s: what is tied', (name) => {
  expectLinear(sizes[name], (size) => opened(sources[name](size)).model.graph, groupChannels);
});

test.for(names)('%s: hints', (name) => {
  expectLinear(
    sizes[name],
    (size) => opened(sources[name](size)),
    ({ session, document }) => inlayHints(session, document, standardSettings),
  );
});

test.for(names)('%s: a hover', (name) => {
  expectLinear(
    sizes[name],
    (size) => opened(sources[name](size)),
    ({ session, document, offset }) => expect(hover(session, document, offset, standardSettings)).toBeDefined(),
  );
});

test.for(names)('%s: lenses and the table of costs', (name) => {
  expectLinear(
    sizes[name],
    (size) => opened(sources[name](size)),
    ({ session, document, model }) => {
      codeLenses(session, document, standardSettings);
      costRows(session, model, standardSettings);
    },
  );
});

/** What is proposed for the model's first layer, which all others follow or stand beside. */
function proposed(text: string) {
  const { session, document, model } = opened(text);
  const stem = model.graph.ops.find(({ attributes }) => attributes.kind === 'convolution');
  if (stem === undefined) throw new Error('there is a convolution');
  const layers = [{ name: stem.name, group: stem.name, width: { before: 8, after: 6 } }];
  const attached = { runId: 'run', entry: model.entry.name, proposal: { step: 0, layers } };
  session.attachProposal(document, attached);
  return { session, document, attached, offset: text.indexOf('nn.Conv2d(3') };
}

// What was worked out for a proposal is kept, so each turn has one of its own.
test.for(names)('%s: code actions', (name) => {
  expectLinear(
    sizes[name] / 2,
    (size) => proposed(sources[name](size)),
    ({ session, document, attached, offset }) => {
      session.attachProposal(document, { ...attached, proposal: { ...attached.proposal } });
      expect(codeActions(session, document, { start: offset, end: offset }).length).toBeGreaterThan(0);
    },
  );
});

test.for(names)('%s: a proven proposal', (name) => {
  expectLinear(
    sizes[name] / 2,
    (size) => proposed(sources[name](size)),
    ({ session, document, attached }) => {
      const edits = proposalEdits(session, document, { ...attached, proposal: { ...attached.proposal } });
      expect(edits.ok ? '' : edits.error).toBe('');
    },
  );
});

test('the state of a run', () => {
  const events = (count: number): readonly RunEvent[] =>
    Array.from({ length: count }, (_, step) => ({
      version: 1,
      time: step,
      kind: 'progress',
      step,
      loss: 1,
      regularization: 1,
      accuracy: 0.5,
      cost: 1,
      seedCost: 2,
      strength: 1,
      learningRate: 0.1,
      stepMs: 10,
      secondsLeft: 1,
    }));
  expectLinear(20_000, events, (all) => all.reduce(afterEvent, newState));
});

/** Behind its layers as much is asked that is not known and makes no layer. */
const asking = (layers: number): string => `# morphnet: entry=Net() input=3x8x8
import outside
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 1)
        self.act = nn.ReLU()

    def forward(self, x):
        x = self.stem(x)
        for i in range(${String(layers)}):
            x = self.act(x)
        for i in range(${String(layers)}):
            if outside.wants(i):
                note = i
            else:
                note = -1
        return x
`;

test('following ways that add nothing to a large network', () => {
  expectLinear(200, asking, (text) => {
    const session = sessionOver(new Map([['net.py', text]]));
    const model = session.model(uriOf('net.py'));
    expect(model?.graph.unknowns).toEqual([]);
  });
});
