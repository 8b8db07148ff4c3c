// How the time of something grows with its input, for what can't be counted in steps: at four times the size it may take
// less than eight times as long. What is quadratic takes sixteen times as long, what is exponential never ends.

import { expect } from 'vitest';

/** The least processor time of some tries, in ms: other programs of a busy machine only ever add to it. */
export function leastMs(work: () => void): number {
  let least = Infinity;
  for (let turn = 0; turn < 5; turn++) {
    const before = process.cpuUsage();
    const start = performance.now();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, performance.now() - start, (user + system) / 1000);
  }
  return least;
}

/**
 * How long anything may take that a hostile input must not keep busy, in ms of processor time. All of it takes some
 * hundreds where nothing disturbs it: this holds on the slowest machine, and what explodes takes minutes.
 */
const soonMs = 10_000;

/** What `work` gives; fails where none of three tries ends soon. */
export function endsSoon<Result>(work: () => Result): Result {
  for (let turn = 1; ; turn++) {
    const before = process.cpuUsage();
    const start = performance.now();
    const result = work();
    const { user, system } = process.cpuUsage(before);
    const taken = Math.min(performance.now() - start, (user + system) / 1000);
    if (taken < soonMs) return result;
    if (turn === 3) expect(taken, 'ms').toBeLessThan(soonMs);
  }
}

/** Times below this are noise. */
const noticeableMs = 5;

/** How often both sizes are timed anew while a busy machine has not let the larger one run undisturbed. */
const mostRounds = 4;

/** Between four times, as what is linear takes, and sixteen times, as what is quadratic does. */
const mostGrowth = 8;

/** Fails unless `work` on an input of four times the size takes less than eight times as long. */
export function expectLinear<Input>(size: number, input: (size: number) => Input, work: (input: Input) => void): void {
  const [small, large] = [input(size), input(4 * size)];
  // Compiled once before it is timed.
  work(small);
  let [once, fourTimes] = [Infinity, Infinity];
  const isLinear = (): boolean => fourTimes < mostGrowth * Math.max(once, noticeableMs);
  for (let round = 0; round < mostRounds && !isLinear(); round++) {
    // What grows faster is not helped by this: the quickest try at the larger size is still too long.
    once = Math.min(
      once,
      leastMs(() => work(small)),
    );
    fourTimes = Math.min(
      fourTimes,
      leastMs(() => work(large)),
    );
  }
  expect(isLinear(), `${once.toFixed(1)} ms, then ${fourTimes.toFixed(1)} ms`).toBe(true);
}
