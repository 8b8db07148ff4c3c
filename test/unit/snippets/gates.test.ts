// The gate that users can put into their own models, as the editor inserts it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../../scripts/bundles.ts';
import { readPython } from '../../support/python-model.ts';

const snippets = JSON.parse(readFileSync(join(root, 'snippets/python.json'), 'utf8')) as Record<
  string,
  { readonly prefix: string; readonly body: readonly string[] }
>;

/** What stands in the file once the places to fill in are filled in, in their order. */
function inserted(prefix: string, ...filledIn: readonly string[]): string {
  const snippet = Object.values(snippets).find((one) => one.prefix === prefix);
  return (snippet?.body ?? [])
    .join('\n')
    .replace(/\$\{(\d+):[^}]*\}/g, (_, place) => filledIn[Number(place) - 1] ?? '')
    .replace(/(?<!\\)\$0/g, '')
    .replace(/\\([\\$}])/g, '$1');
}

test('a model with gates behind a ReLU, a batch norm and any layer is read, and each gate has a weight for each channel', () => {
  const { graph, problems } = readPython(`# morphnet: entry=Net() input=3x8x8
import torch
from torch import nn


${inserted('morphnet-gate')}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 4, 1)
        self.relu = ${inserted('morphnet-gated-relu', '4')}
        self.b = ${inserted('morphnet-gated', 'nn.Conv2d(4, 5, 1)', '5')}
        self.norm = ${inserted('morphnet-gated-batch-norm', '5')}
        self.fc = nn.Linear(5, 2)
        self.gate = LogisticSigmoidGate(2)

    def forward(self, x):
        x = self.norm(self.b(self.relu(self.a(x))))
        return self.gate(self.fc(x.mean((2, 3))))
`);
  expect(problems).toEqual([]);
  expect(graph?.unknowns).toEqual([]);
  const logits = graph?.ops.flatMap(({ parameters }) => parameters).filter(({ id }) => id.endsWith('logits'));
  expect(new Map(logits?.map(({ id, shape }) => [id, shape]))).toEqual(
    new Map([
      ['relu.1.logits', [4]],
      ['b.1.logits', [5]],
      ['norm.1.logits', [5]],
      ['gate.logits', [2]],
    ]),
  );
  const [output = -1] = graph?.outputs ?? [];
  expect(graph?.values[output]?.shape).toEqual([1, 2]);
});
