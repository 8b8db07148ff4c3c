// Literals are found for wanted widths: exactly where each layer has its own, and with the least common value where not.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Constraint, WidthUnit } from '../../../server/src/edits/constraints.ts';
import { pythonNumbers } from '../../../server/src/frontends/shared/number-dialect.ts';
import { solveWidths, SourceNumbers, type Solution } from '../../../server/src/edits/solve.ts';
import type { Op } from '../../../server/src/network/op.ts';
import { editableLeaves, type WidthOrigin } from '../../../server/src/network/width-origin.ts';
import { computed, literal, madeDivisible, nowhere } from './trails.ts';

function unit(key: string, before: number, wanted: number): WidthUnit {
  return { key, layers: [key], before, target: wanted };
}

function width(trail: WidthOrigin, slopes: Readonly<Record<string, number>>, end: 'in' | 'out' = 'out'): Constraint {
  const op: Op = {
    id: 0,
    name: Object.keys(slopes)[0] ?? 'fixed',
    label: 'Conv2d',
    attributes: { kind: 'identity' },
    inputs: [],
    outputs: [],
    parameters: [],
    site: { span: nowhere, callChain: [] },
  };
  return {
    op,
    end,
    trail,
    leaves: editableLeaves(trail),
    present: trail.value,
    slopes: new Map(Object.entries(slopes)),
  };
}

function solve(units: readonly WidthUnit[], constraints: readonly Constraint[]): Solution {
  return solveWidths(units, new SourceNumbers(constraints, pythonNumbers, () => true));
}

const changes = (solution: Solution): Readonly<Record<string, number>> =>
  Object.fromEntries([...solution.values].map(([key, value]) => [key.slice(nowhere.document.length + 1), value]));

test('a layer and its reader each name the width', () => {
  const solution = solve(
    [unit('conv', 16, 9)],
    [width(literal(16, 0), { conv: 1 }), width(literal(16, 10), { conv: 1 }, 'in')],
  );
  expect(changes(solution)).toEqual({ 0: 9, 10: 9 });
  expect(solution.conflicts).toEqual([]);
});

test('behind a flatten the factor that is the channel count changes', () => {
  const flat = computed('*', 400, literal(16, 0), literal(5, 10), literal(5, 20));
  expect(
    changes(solve([unit('conv', 16, 9)], [width(literal(16, 50), { conv: 1 }), width(flat, { conv: 25 }, 'in')])),
  ).toEqual({
    0: 9,
    50: 9,
  });
});

test('the channel count is found among equal factors by its value', () => {
  // 4 channels at 2×8: a change of 8 to 4 would give the same product.
  const flat = computed('*', 64, literal(8, 0), literal(2, 10), literal(4, 20));
  expect(
    changes(solve([unit('conv', 4, 2)], [width(literal(4, 50), { conv: 1 }), width(flat, { conv: 16 }, 'in')])),
  ).toEqual({
    20: 2,
    50: 2,
  });
});

test('a literal that feeds three widths gets the largest, and all three follow', () => {
  const planes = literal(16, 0);
  const units = [unit('a', 16, 9), unit('b', 16, 12), unit('c', 16, 10)];
  const solution = solve(units, [width(planes, { a: 1 }), width(planes, { b: 1 }), width(planes, { c: 1 })]);
  expect(changes(solution)).toEqual({ 0: 12 });
  expect(Object.fromEntries(solution.widths)).toEqual({ a: 12, b: 12, c: 12 });
  expect(solution.conflicts.map(({ value, constraints }) => [value, constraints.length])).toEqual([[12, 3]]);
});

test('a literal that also feeds a width that stays can not change', () => {
  const planes = literal(16, 0);
  const solution = solve([unit('a', 16, 9)], [width(planes, { a: 1 }), width(planes, {})]);
  expect(changes(solution)).toEqual({});
  expect(solution.widths.get('a')).toBe(16);
});

test('a bottleneck: the base is raised until four times it is enough', () => {
  const planes = literal(64, 0);
  const expansion = literal(4, 10);
  const units = [unit('inner', 64, 20), unit('outer', 256, 101)];
  const solution = solve(units, [
    width(planes, { inner: 1 }),
    width(computed('*', 256, planes, expansion), { outer: 1 }),
    // Another stage relies on the factor too.
    width(computed('*', 512, literal(128, 20), expansion), {}),
  ]);
  expect(changes(solution)).toEqual({ 0: 26 });
  expect(Object.fromEntries(solution.widths)).toEqual({ inner: 26, outer: 104 });
});

test('a rounding to multiples of 8 is met from above, with the multiple written', () => {
  const trail = madeDivisible(computed('*', 64, literal(64, 0), literal(1, 10)));
  const solution = solve(
    [unit('conv', 64, 41)],
    [width(trail, { conv: 1 }), width(madeDivisible(literal(24, 30)), {})],
  );
  expect(changes(solution)).toEqual({ 0: 48 });
  expect(solution.widths.get('conv')).toBe(48);
});

test('an expansion factor takes a fraction where the source rounds', () => {
  const inputs = literal(24, 0);
  const hidden = computed('round', 144, computed('*', 144, inputs, literal(6, 10)));
  const solution = solve(
    [unit('stage', 24, 17), unit('hidden', 144, 120)],
    [width(inputs, { stage: 1 }), width(hidden, { hidden: 1 })],
  );
  expect(changes(solution)).toEqual({ 0: 17, 10: 7.03 });
  expect(Object.fromEntries(solution.widths)).toEqual({ stage: 17, hidden: 120 });
});

test('a concatenation names the sum', () => {
  const sum = computed('+', 48, literal(32, 0), literal(16, 10));
  const units = [unit('left', 32, 20), unit('right', 16, 16)];
  expect(
    changes(
      solve(units, [
        width(literal(32, 50), { left: 1 }),
        width(literal(16, 60), { right: 1 }),
        width(sum, { left: 1, right: 1 }, 'in'),
      ]),
    ),
  ).toEqual({ 0: 20, 50: 20 });
});

test('an untraced width keeps its unit', () => {
  const solution = solve(
    [unit('a', 16, 9)],
    [width({ kind: 'untraced', value: 16, reason: 'a lookup' }, { a: 1 }), width(literal(16, 0), { a: 1 }, 'in')],
  );
  expect(changes(solution)).toEqual({});
  expect(solution.widths.get('a')).toBe(16);
});

test('no width ends below the wanted one, above the present one, or off its trail', () => {
  const layer = fc.record({
    base: fc.nat(3),
    factor: fc.integer({ min: 1, max: 3 }),
    share: fc.double({ min: 0.05, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(layer, { minLength: 1, maxLength: 8 }), (layers) => {
      const bases = [8, 12, 16, 20].map((value, index) => literal(value, index * 10));
      const made = layers.map(({ base, factor, share }, index) => {
        const leaf = bases[base]!;
        const before = leaf.value * factor;
        const trail = computed('*', before, leaf, literal(factor, 100 + factor * 10));
        return { unit: unit(`u${String(index)}`, before, Math.max(1, Math.ceil(before * share))), trail };
      });
      const constraints = made.map((one) => width(one.trail, { [one.unit.key]: 1 }));
      const solution = solve(
        made.map((one) => one.unit),
        constraints,
      );
      for (const { unit: own, trail } of made) {
        const after = solution.widths.get(own.key)!;
        expect(after).toBeGreaterThanOrEqual(own.target);
        expect(after).toBeLessThanOrEqual(own.before);
        const leaves = editableLeaves(trail);
        const value = leaves.reduce(
          (product, leaf) =>
            product * (solution.values.get(`${leaf.span.document}:${String(leaf.span.start)}`) ?? leaf.value),
          1,
        );
        expect(value).toBe(after);
      }
    }),
  );
});

test('a factor that several widths share is told from the widths', () => {
  const expansion = literal(4, 10);
  const [first, second] = [literal(64, 0), literal(128, 20)];
  const { factors } = new SourceNumbers(
    [
      width(first, { inner: 1 }),
      width(computed('*', 256, first, expansion), { outer: 1 }),
      width(computed('*', 512, second, expansion), { later: 1 }),
      width(computed('*', 400, literal(16, 30), literal(5, 40), literal(5, 50)), {}),
    ],
    pythonNumbers,
    () => true,
  );
  expect([...factors]).toEqual([`${nowhere.document}:10`]);
});
