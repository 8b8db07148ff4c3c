// Which engine `auto` takes: engines that take a known time a step, on a clock that only they move.

import { describe, expect, it } from 'vitest';
import { neverCancelled } from '../../../../server/src/common/cancellation.ts';
import type { Engine, StepRequest, TrainingSession } from '../../../../server/src/training/engines/engine.ts';
import { fastestEngine, type StepToTime } from '../../../../server/src/training/engines/fastest-engine.ts';
import { timeSteps } from '../../../../server/src/training/engines/time-steps.ts';
import { SmallNetwork } from './small-network.ts';

const net = new SmallNetwork([2, 4, 4]);
const graph = net.build(net.dense('head', net.globalMean('mean', net.convolution('conv', net.input, 3, 3)), 5));
const optimizer = { kind: 'sgd', momentum: 0.9, weightDecay: 0 } as const;

/** A clock, and engines whose steps move it; each takes the first of its times once, the last from then on. */
class TimedEngines {
  clock = 0;
  readonly steps: StepRequest[] = [];
  disposed = 0;

  engine(name: 'onnx' | 'tfjs', times: readonly number[], failure?: 'compile' | 'untrainable'): Engine {
    return {
      info: { name, version: '9', threads: 1, device: 'cpu' },
      untrainable: () => (failure === 'untrainable' ? [{ op: 0, reason: 'no gradient' }] : []),
      compile: () => (failure === 'compile' ? Promise.reject(new Error('no')) : Promise.resolve(this.#session(times))),
    };
  }

  trial(cancellation = neverCancelled): StepToTime {
    return { graph, batchSize: 4, optimizer, labelSmoothing: 0, now: () => this.clock, cancellation };
  }

  #session(times: readonly number[]): TrainingSession {
    let count = 0;
    const none = (): never => {
      throw new Error('not asked for');
    };
    return {
      step: (request) => {
        this.steps.push(request);
        this.clock += times[Math.min(count++, times.length - 1)] ?? 0;
        return Promise.resolve({ loss: 1, correct: 0 });
      },
      dispose: () => {
        this.disposed += 1;
        return Promise.resolve();
      },
      evaluate: none,
      regularizationVectors: none,
      state: none,
      restore: none,
    };
  }
}

describe('the fastest engine', () => {
  it('is the one whose steps take least, whichever comes first and however slow its first steps are', async () => {
    const timed = new TimedEngines();
    const slow = timed.engine('onnx', [226]);
    const fast = timed.engine('tfjs', [5000, 900, 173]);
    for (const engines of [
      [slow, fast],
      [fast, slow],
    ]) {
      const found = await fastestEngine(engines, timed.trial());
      expect(found.engine).toBe(fast);
      expect(found.why).toBe(
        'This run trains with tfjs 9, the fastest here on this network: a step takes 173 ms with tfjs, 226 ms with onnx',
      );
    }
    expect(timed.disposed).toBe(4);
  });

  it('is not disturbed by a step that was slow once', async () => {
    const timed = new TimedEngines();
    const fast = timed.engine('onnx', [10, 10, 900, 10]);
    expect((await fastestEngine([timed.engine('tfjs', [11]), fast], timed.trial())).engine).toBe(fast);
  });

  it.for(['compile', 'untrainable'] as const)(
    'is the one that can train, when the other fails: %s',
    async (failure) => {
      const timed = new TimedEngines();
      const able = timed.engine('tfjs', [100]);
      expect(await fastestEngine([timed.engine('onnx', [1], failure), able], timed.trial())).toEqual({ engine: able });
    },
  );

  it('is the first, which then says why not, when none can train', async () => {
    const timed = new TimedEngines();
    for (const failure of ['compile', 'untrainable'] as const) {
      const engines = [timed.engine('onnx', [1], failure), timed.engine('tfjs', [1], failure)];
      expect(await fastestEngine(engines, timed.trial())).toEqual({ engine: engines[0] });
    }
  });

  it('is not looked for any longer once somebody cancels', async () => {
    const timed = new TimedEngines();
    const engines = [timed.engine('onnx', [10]), timed.engine('tfjs', [10])];
    const cancellation = {
      get isCancellationRequested() {
        return timed.steps.length >= 3;
      },
    };
    expect(await fastestEngine(engines, timed.trial(cancellation))).toEqual({ engine: engines[0] });
    expect(timed.steps).toHaveLength(3);
  });
});

it('a measurement takes its time in steps on batches that fit, at least two, without the warm-up', async () => {
  const timed = new TimedEngines();
  const { now, cancellation, ...work } = timed.trial();
  const measure = (times: readonly number[]): Promise<readonly number[]> =>
    timeSteps(timed.engine('onnx', times), { ...work, warmUpSteps: 1, milliseconds: 100 }, now, cancellation);
  expect(await measure([500, 30])).toEqual([30, 30, 30, 30]);
  expect(await measure([500, 4000])).toEqual([4000, 4000]);
  const { images, labels } = timed.steps[0] ?? { images: [], labels: [] };
  expect([images.length, labels.length]).toEqual([4 * 2 * 4 * 4, 4]);
  expect([...labels].every((label) => label >= 0 && label < 5)).toBe(true);
});
