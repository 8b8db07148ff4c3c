// The fixtures' own tool: what it draws it can take away again.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { annotate, stripAnnotations, takeCursors } from '../../support/annotated-source.ts';

test('carets stand under the span, and spans at the margin say so', () => {
  const source = 'conv = make(64)\nx = 1';
  expect(
    annotate(source, [
      { start: 12, end: 14, label: 'width' },
      { start: 0, end: 4, label: 'name' },
    ]),
  ).toBe('conv = make(64)\n#< name\n#           ^^ width\nx = 1');
});

test('a span over several lines is drawn to the end of its first', () => {
  expect(annotate('  ab(\n  1)', [{ start: 2, end: 10, label: 'call' }])).toBe('  ab(\n# ^^^ call\n  1)');
});

test('stripping undoes annotating for any source and any spans', () => {
  const line = fc.string().filter((text) => !/[\n]/.test(text) && stripAnnotations(text) === text);
  const annotation = fc.record({ start: fc.nat(60), length: fc.nat(9), label: fc.string() });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), fc.array(annotation), (lines, made) => {
      const source = lines.join('\n');
      const spans = made.map(({ start, length, label }) => ({ start, end: start + length, label }));
      expect(stripAnnotations(annotate(source, spans))).toBe(source);
    }),
  );
});

test('cursors are taken out and remembered', () => {
  expect(takeCursors('a$0bc$0')).toEqual({ source: 'abc', offsets: [1, 3] });
});
