// How the time of something grows with its input, for what can't be counted in steps: at four times the size it may take
// less than six times as long. What is quadratic takes sixteen times as long, what is exponential never ends.

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

/** What `work` gives, once one of its tries has taken less than so long; fails where none does. Busy machines only ever add to a time. */
export function within<Result>(milliseconds: number, work: () => Result): Result {
  const taken: number[] = [];
  for (;;) {
    const before = process.cpuUsage();
    const start = performance.now();
    const result = work();
    const { user, system } = process.cpuUsage(before);
    taken.push(Math.min(performance.now() - start, (user + system) / 1000));
    if (Math.min(...taken) < milliseconds) return result;
    if (taken.length === 5) expect(Math.min(...taken)).toBeLessThan(milliseconds);
  }
}

/** Times below this are noise. */
const noticeableMs = 5;

/** How often both sizes are timed anew while a busy machine has not let the larger one run undisturbed. */
const mostRounds = 4;

/** Fails unless `work` on an input of four times the size takes less than six times as long. */
export function expectLinear<Input>(size: number, input: (size: number) => Input, work: (input: Input) => void): void {
  const [small, large] = [input(size), input(4 * size)];
  // Compiled once before it is timed.
  work(small);
  let [once, fourTimes] = [Infinity, Infinity];
  const isLinear = (): boolean => fourTimes < 6 * Math.max(once, noticeableMs);
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
