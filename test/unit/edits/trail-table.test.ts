// Trails in a table come to what they come to one by one, whichever of their literals changes.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TrailTable } from '../../../server/src/edits/trail-table.ts';
import { compute, evaluateTrail, leafKey } from '../../../server/src/edits/trail.ts';
import { editableLeaves, type WidthOrigin } from '../../../server/src/network/width-origin.ts';
import { pythonNumbers } from '../../../server/src/frontends/shared/number-dialect.ts';
import { computed, literal, madeDivisible } from './trails.ts';

const trails = fc.letrec<{ readonly trail: WidthOrigin }>((tie) => ({
  trail: fc.oneof(
    { depthSize: 'small' },
    fc
      .tuple(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 0, max: 9 }))
      .map(([value, at]) => literal(value, 10 * at)),
    fc
      .tuple(fc.constantFrom('+', '-', '*', '//', 'max', 'round', 'sum'), tie('trail'), tie('trail'))
      .map(([operator, left, right]) =>
        computed(operator, compute(pythonNumbers, operator, [left.value, right.value]), left, right),
      ),
  ),
})).trail;

test('a trail in the table is the trail', () => {
  fc.assert(
    fc.property(trails, fc.integer({ min: 0, max: 80 }), (trail, value) => {
      const table = new TrailTable(pythonNumbers);
      const id = table.idOf(trail);
      for (const leaf of editableLeaves(trail)) {
        const values = new Map([[leafKey(leaf), value]]);
        expect(table.evaluate(id, values)).toEqual(evaluateTrail(trail, values, pythonNumbers));
        expect(table.functionOf(id, leafKey(leaf), new Map())(value)).toEqual(
          evaluateTrail(trail, values, pythonNumbers),
        );
      }
    }),
  );
});

test('what is written alike is one expression, and a number that is rounded again and again is computed once a time', () => {
  const table = new TrailTable(pythonNumbers);
  const chain = (): WidthOrigin => {
    let trail: WidthOrigin = literal(64, 0);
    // Each rounding uses the one before it twice: two to the fortieth parts when written out.
    for (let step = 0; step < 40; step += 1) trail = computed('max', 64, madeDivisible(trail), trail);
    return trail;
  };
  expect(table.idOf(chain())).toBe(table.idOf(chain()));
  expect(table.evaluate(table.idOf(chain()), new Map([[leafKey(literal(64, 0)), 41]]))).toBe(41);
});

test('a sum through a hundred layers stays a sum', () => {
  const growth = literal(32, 10);
  let trail: WidthOrigin = literal(64, 0);
  for (let layer = 0; layer < 100; layer += 1) trail = computed('+', trail.value + 32, trail, growth);
  const table = new TrailTable(pythonNumbers);
  const width = table.functionOf(table.idOf(trail), leafKey(growth), new Map());
  expect([width(0), width(32), width(31)]).toEqual([64, 64 + 3200, 64 + 3100]);
});
