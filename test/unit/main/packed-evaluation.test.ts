// An evaluation that was packed comes back as it was.

import { expect, test } from 'vitest';
import { neverCancelled } from '../../../server/src/common/cancellation.ts';
import { defaultLimits, type Evaluation } from '../../../server/src/frontends/shared/frontend.ts';
import { packEvaluation } from '../../../server/src/main/packed-evaluation.ts';
import { pythonFrontend } from '../../support/python-frontend.ts';

const source = `
# morphnet: entry=Net() input=3x8x8
from torch import nn

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.layers = nn.Sequential(*[nn.Conv2d(3 if i == 0 else width * i, width * (i + 1), 1) for i in range(9)])

    def forward(self, x):
        return self.layers(x)
`;

function evaluate(): Evaluation {
  const document = 'file:///project/net.py';
  const reader = { roots: [], read: (name: string) => (name === document ? source : undefined) };
  const [entry] = pythonFrontend.entries(document, reader).entries;
  return pythonFrontend.evaluate(entry!, reader, defaultLimits, neverCancelled);
}

test('a network comes back equal, each time', () => {
  const evaluation = evaluate();
  expect(evaluation.graph?.ops.length).toBeGreaterThan(9);
  const unpack = packEvaluation(evaluation);
  const [first, second] = [unpack(), unpack()];
  expect(first).toEqual(evaluation);
  expect(second).toEqual(evaluation);
  expect(first).not.toBe(second);
});

test('what parts share they share again', () => {
  const span = { document: 'file:///a.py', start: 1, end: 2 };
  const problem = { code: 'a', severity: 'error', message: 'b', span } as const;
  const { problems } = packEvaluation({ graph: undefined, problems: [problem, { ...problem }], dependencies: [] })();
  expect(problems[0]?.span).toEqual(span);
  expect(problems[0]?.span).toBe(problems[1]?.span);
});

test('what is nested too deeply to be written stays as it is', () => {
  const { graph } = evaluate();
  const [span] = graph!.ops.map(({ site }) => site!.span);
  let deep: NonNullable<NonNullable<typeof graph>['ops'][number]['outWidth']> = {
    kind: 'untraced',
    value: 1,
    reason: '',
  };
  for (let depth = 0; depth < 200_000; depth++)
    deep = { kind: 'computed', value: 1, operator: '+', operands: [deep], span: span! };
  const ops = graph!.ops.map((op) => ({ ...op, outWidth: deep }));
  const evaluation = { graph: { ...graph!, ops }, problems: [], dependencies: [] };
  expect(packEvaluation(evaluation)()).toBe(evaluation);
});
