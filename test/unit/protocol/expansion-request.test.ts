// The short way to write a budget.

import { expect, test } from 'vitest';
import { parseBudget } from '../../../server/src/protocol/expansion-request.ts';

test('a budget is a share of the seed’s cost in a resource, and all of it unless said otherwise', () => {
  expect(parseBudget('flops:1')).toEqual({ resource: 'flops', share: 1 });
  expect(parseBudget(' params:0.8 ')).toEqual({ resource: 'params', share: 0.8 });
  expect(parseBudget('latency')).toEqual({ resource: 'latency', share: 1 });
  // Wider than the seed is a fair wish.
  expect(parseBudget('flops:1.5')).toEqual({ resource: 'flops', share: 1.5 });
});

test.for(['', 'macs:1', 'flops:', 'flops:0', 'flops:-1', 'flops:half', 'flops:Infinity', 'flops:1:2'])(
  '"%s" is no budget',
  (text) => {
    expect(parseBudget(text)).toBeUndefined();
  },
);
