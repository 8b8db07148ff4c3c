// A device with known rates is found again from what it takes for work, and its layers add up.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitRates, timeOf, type Expectation, type Sample } from '../../../../server/src/costs/latency/fit-rates.ts';
import { solveNonnegative } from '../../../../server/src/costs/latency/nonnegative-least-squares.ts';
import type { Work } from '../../../../server/src/costs/latency/work.ts';

const expectation: Expectation = {
  processor: 'cpu',
  macsPerSecond: 1e11,
  bytesPerSecond: 1e10,
  startMicroseconds: 5,
};

/** Twice the expected rate for products, half of it for bytes. */
const trueRates = { dense: 2e-8, 'dense input bytes': 0.5e-7, 'products started': 0.06 } as const;

const work = (macs: number, bytes: number, started: number): readonly Work[] => [
  { term: 'dense', amount: macs },
  { term: 'dense input bytes', amount: bytes },
  { term: 'products started', amount: started },
];

const sampleOf = (parts: readonly Work[]): Sample => ({ work: parts, milliseconds: timeOf(parts, trueRates).total });

test('rates are found again from times that they made', () => {
  const samples = Array.from({ length: 200 }, (_, index) =>
    sampleOf(work(1e6 * (1 + (index % 17)) ** 2, 1e5 * (1 + (index % 13)) ** 2, 1 + (index % 5))),
  );
  const rates = fitRates(samples, expectation);
  for (const { work: parts, milliseconds } of samples)
    expect(timeOf(parts, rates).total / milliseconds).toBeCloseTo(1, 1);
});

test('a few odd measurements do not bend a device', () => {
  const honest = Array.from({ length: 100 }, (_, index) => sampleOf(work(1e6 * (1 + index), 1e6, 1)));
  const odd = Array.from({ length: 5 }, (_, index) => {
    const sample = sampleOf(work(2e6 * (1 + index), 1e6, 1));
    return { ...sample, milliseconds: 5 * sample.milliseconds };
  });
  const rates = fitRates([...honest, ...odd], expectation);
  const [first = sampleOf([])] = honest.slice(50);
  expect(timeOf(first.work, rates).total / first.milliseconds).toBeCloseTo(1, 1);
});

test('the parts of a time add up to it', () => {
  const { total, parts } = timeOf(work(1e9, 1e8, 3), trueRates);
  expect(parts.compute + parts.memory + parts['start-up']).toBeCloseTo(total, 12);
  expect(parts.compute).toBeCloseTo(20, 9);
  expect(parts.memory).toBeCloseTo(5, 9);
});

test('no solution of least squares is negative, and none better lies beside it', () => {
  const vector = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(vector, { minLength: 5, maxLength: 9 }), (rows) => {
      // (A·Aᵀ + 0.01), and the target of a row's last entry.
      const size = 3;
      const matrix = Array.from({ length: size }, (_, row) =>
        Float64Array.from({ length: size }, (_unused, column) =>
          rows.reduce((sum, line) => sum + line[row]! * line[column]!, row === column ? 0.01 : 0),
        ),
      );
      const target = Float64Array.from({ length: size }, (_, row) =>
        rows.reduce((sum, line) => sum + line[row]! * line[3]!, 0),
      );
      const cost = (x: readonly number[]): number =>
        x.reduce(
          (sum, left, row) =>
            sum +
            x.reduce((inner, right, column) => inner + left * right * matrix[row]![column]!, 0) -
            2 * left * target[row]!,
          0,
        );
      const solution = [...solveNonnegative(matrix, target)];
      expect(solution.every((value) => value >= 0)).toBe(true);
      for (let axis = 0; axis < size; axis++) {
        for (const step of [-1e-3, 1e-3]) {
          const moved = solution.with(axis, Math.max(0, solution[axis]! + step));
          expect(cost(moved)).toBeGreaterThan(cost(solution) - 1e-9);
        }
      }
    }),
  );
});
