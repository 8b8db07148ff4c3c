// `.cfg` files of Darknet and of everybody else.

import { expect, test } from 'vitest';
import { looksLikeDarknet } from '../../../client/src/darknet-text.ts';

test.for(['', '\n\n', '# comment\n', '[net]\nwidth=32', '; old style\r\n\r\n  [network]\r\n'])(
  '%j can be a model',
  (text) => {
    expect(looksLikeDarknet(text)).toBe(true);
  },
);

test.for(['[metadata]\nname = x', 'key=value\n[net]', '[netrc]', '{"a": 1}'])('%j is something else', (text) => {
  expect(looksLikeDarknet(text)).toBe(false);
});
