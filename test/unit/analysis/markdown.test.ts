// Text of a source never becomes markup.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeSpan, escapeMarkdown, table } from '../../../server/src/analysis/markdown.ts';

test('signs of Markdown are made harmless', () => {
  expect(escapeMarkdown('[x](http://a) <b> `c` *d*')).toBe(
    '\\[x\\]\\(http\\:\\/\\/a\\) \\<b\\> \\`c\\` \\*d\\*'.replaceAll('\\/', '/'),
  );
});

test('a code span is fenced by more backticks than it holds', () => {
  expect(codeSpan('a')).toBe('`a`');
  expect(codeSpan('a``b')).toBe('```a``b```');
  expect(codeSpan('`a')).toBe('`` `a ``');
});

test('escaped text has no sign left that is not escaped, and no line break', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const escaped = escapeMarkdown(text);
      expect(escaped.replace(/\\[\\`*_{}[\]()<>#+\-.!|~&$:]/g, '')).not.toMatch(/[\\`*_{}[\]()<>#|~&\n\r]/);
    }),
  );
});

test('a cell with a bar does not open another column', () => {
  const lines = table(['a'], [[codeSpan('x|y')]]).split('\n');
  expect(lines[2]).toBe('| `x\\|y` |');
});
