// Places of an old text in a new one.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { shiftRange, textShift } from '../../../server/src/analysis/text-shift.ts';

test('what lies behind an insertion moves, what was changed is lost', () => {
  const shift = textShift('ab cd ef', 'ab xxxx ef');
  expect(shiftRange(shift, 0, 2)).toEqual({ start: 0, end: 2 });
  expect(shiftRange(shift, 3, 5)).toBeUndefined();
  expect(shiftRange(shift, 6, 8)).toEqual({ start: 8, end: 10 });
});

test('a range that is found again has the same text', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 20 });
  fc.assert(
    fc.property(letters, letters, fc.nat(20), fc.nat(20), (before, after, one, other) => {
      const start = Math.min(one, other, before.length);
      const end = Math.min(Math.max(one, other), before.length);
      const range = shiftRange(textShift(before, after), start, end);
      if (range !== undefined) expect(after.slice(range.start, range.end)).toBe(before.slice(start, end));
    }),
  );
});
