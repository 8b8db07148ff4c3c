// The frontends as programs put them together.

import { expect, test } from 'vitest';
import { createFrontends } from '../../../server/src/main/frontends.ts';

test('asked for several times at once, each gives a parser that works', async () => {
  const made = await Promise.all([createFrontends(), createFrontends(), createFrontends()]);
  const document = 'file:///model.py';
  const text = 'from torch import nn\n\n\nclass Net(nn.Module):\n    pass\n';
  const entries = made.map((frontends) =>
    frontends
      .find(({ languageId }) => languageId === 'python')
      ?.entries(document, { roots: [], read: () => text })
      .entries.map(({ name }) => name),
  );
  expect(entries).toEqual([['Net()'], ['Net()'], ['Net()']]);
});
