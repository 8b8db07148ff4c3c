// A device's rates from measured times. Each rate starts at what its kind of device should have, and is moved from there
// only as far as the measurements ask for, so that few networks do not make up a device that is none.

import { priorOf, termMeanings, termNames, type Binding, type Term } from './terms.ts';
import type { Work } from './work.ts';
import { solveNonnegative } from './nonnegative-least-squares.ts';

/** Milliseconds for one unit of each term; a term that is missing costs nothing. */
export type Rates = Readonly<Partial<Record<Term, number>>>;

/** Something that was timed, and all that it consisted of. */
export interface Sample {
  readonly work: readonly Work[];
  readonly milliseconds: number;
}

/** Where the fit starts from. */
export interface Expectation {
  readonly processor: 'cpu' | 'gpu';
  readonly macsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly startMicroseconds: number;
}

/** How hard a rate is held to what is expected of it: the mean squared relative error that doubling one rate must save. */
const hold = 3e-5;
/** Relative errors below this weigh alike; larger ones weigh less and less, so that a few odd networks don't bend the device. */
const ordinaryError = 0.05;
const rounds = 10;
const bindings: readonly Binding[] = ['compute', 'memory', 'start-up'];

/** Fits rates to samples. */
export function fitRates(samples: readonly Sample[], expectation: Expectation): Rates {
  const terms = termNames.filter((term) => samples.some(({ work }) => work.some((part) => part.term === term)));
  const starts = terms.map((term) => expectedRate(term, expectation));
  // Each entry is the share of the measured time that a term takes at its expected rate.
  const shares = samples.map(({ work, milliseconds }) => {
    const row = new Float64Array(terms.length);
    for (const { term, amount } of work) {
      const at = terms.indexOf(term);
      row[at] = (row[at] ?? 0) + (amount * (starts[at] ?? 0)) / milliseconds;
    }
    return row;
  });
  const groupOf = terms.map((term) => bindings.indexOf(termMeanings[term].binding));
  const scales = robust(
    shares.map((row) => {
      const sums = new Float64Array(bindings.length);
      for (const [at, group] of groupOf.entries()) sums[group] = (sums[group] ?? 0) + (row[at] ?? 0);
      return sums;
    }),
    1e-3,
  ).map((scale) => Math.min(5, Math.max(0.2, scale)));
  const scaled = shares.map((row) => row.map((share, at) => share * (scales[groupOf[at] ?? 0] ?? 1)));
  const factors = robust(scaled, hold);
  return Object.fromEntries(
    terms.flatMap((term, at): [Term, number][] => {
      const rate = (factors[at] ?? 0) * (scales[groupOf[at] ?? 0] ?? 1) * (starts[at] ?? 0);
      return rate > 0 ? [[term, rate]] : [];
    }),
  );
}

function expectedRate(
  term: Term,
  { processor, macsPerSecond, bytesPerSecond, startMicroseconds }: Expectation,
): number {
  const prior = priorOf(term, processor);
  switch (termMeanings[term].binding) {
    case 'compute':
      return (prior * 1e3) / macsPerSecond;
    case 'memory':
      return (prior * 1e3) / bytesPerSecond;
    case 'start-up':
      return (prior * startMicroseconds) / 1e3;
  }
}

/** Factors near 1, 0 or more, that bring each row's sum near 1: least absolute relative errors, by reweighted squares. */
function robust(rows: readonly Float64Array[], held: number): Float64Array {
  const size = rows[0]?.length ?? 0;
  let weights = new Float64Array(rows.length).fill(1);
  let factors = new Float64Array(size).fill(1);
  for (let round = 0; round < rounds; round++) {
    const matrix = Array.from({ length: size }, () => new Float64Array(size));
    const vector = new Float64Array(size);
    for (const [index, row] of rows.entries()) {
      const weight = weights[index] ?? 1;
      const used = [...row.keys()].filter((at) => row[at] !== 0);
      for (const at of used) {
        const share = weight * (row[at] ?? 0);
        vector[at] = (vector[at] ?? 0) + share;
        const line = matrix[at];
        if (line !== undefined) for (const other of used) line[other] = (line[other] ?? 0) + share * (row[other] ?? 0);
      }
    }
    for (const [at, line] of matrix.entries()) {
      line[at] = (line[at] ?? 0) + held * rows.length;
      vector[at] = (vector[at] ?? 0) + held * rows.length;
    }
    factors = new Float64Array(solveNonnegative(matrix, vector));
    weights = Float64Array.from(rows, (row) => {
      const predicted = row.reduce((total, share, at) => total + share * (factors[at] ?? 0), 0);
      return 1 / Math.max(Math.abs(Math.log(Math.max(predicted, 1e-9))), ordinaryError);
    });
    const mean = weights.reduce((total, weight) => total + weight, 0) / weights.length;
    weights = weights.map((weight) => weight / mean);
  }
  return factors;
}

/** What an op's work takes, and what of it is compute, memory and start-up, in ms. */
export interface Time {
  readonly total: number;
  readonly parts: Readonly<Record<Binding, number>>;
}

/** The time of some work at given rates. */
export function timeOf(work: readonly Work[], rates: Rates): Time {
  const parts = { compute: 0, memory: 0, 'start-up': 0 };
  let total = 0;
  for (const { term, amount } of work) {
    const milliseconds = amount * (rates[term] ?? 0);
    parts[termMeanings[term].binding] += milliseconds;
    total += milliseconds;
  }
  return { total, parts };
}
