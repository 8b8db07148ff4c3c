// One literal is found from the value that its trail should have.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { leastReaching, solveExactly, solveWithFraction } from '../../../server/src/edits/invert.ts';

test('a product is divided, if it can be', () => {
  expect(solveExactly((x) => x * 25, 225, 16)).toBe(9);
  expect(solveExactly((x) => x * 25, 226, 16)).toBeUndefined();
  expect(leastReaching((x) => x * 25, 226, 16)).toBe(10);
});

test('behind a rounding to multiples of 8 the multiple itself is written', () => {
  const divisible = (x: number): number => Math.max(8, Math.floor((x + 4) / 8) * 8);
  expect(solveExactly(divisible, 40, 64)).toBe(40);
  expect(solveExactly(divisible, 41, 64)).toBeUndefined();
  expect(leastReaching(divisible, 41, 64)).toBe(44);
});

test('a falling function is scanned', () => {
  expect(solveExactly((x) => 100 - x, 41, 36)).toBe(59);
  expect(solveExactly((x) => Math.floor(64 / x), 12, 4)).toBe(5);
});

test('a rounded product takes the shortest fraction', () => {
  const f = (x: number): number => Math.round(17 * x);
  // No number with one digit behind the point will do: 7.0 gives 119 and 7.1 gives 121.
  expect([f(7), f(7.1)]).toEqual([119, 121]);
  expect(solveWithFraction(f, 120, 6)).toBe(7.03);
});

test('whatever is found is a solution', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 64 }),
      fc.nat(64),
      fc.integer({ min: 1, max: 3000 }),
      (factor, offset, target) => {
        const f = (x: number): number => factor * x + offset;
        const exact = solveExactly(f, target, 8);
        const least = leastReaching(f, target, 8);
        const possible = target > offset && (target - offset) % factor === 0;
        expect(exact !== undefined).toBe(possible && (target - offset) / factor >= 1);
        if (exact !== undefined) expect(f(exact)).toBe(target);
        if (least !== undefined) {
          expect(f(least)).toBeGreaterThanOrEqual(target);
          if (least > 1) expect(f(least - 1)).toBeLessThan(target);
        }
      },
    ),
  );
});
