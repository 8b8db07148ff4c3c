// The time left that a run tells, against what it then takes: whole runs whose clock only the engine and the disk move.

import { expect, test } from 'vitest';
import type { RunConfig } from '../../../../server/src/protocol/run-config.ts';
import type { DataSet, ImagesInMemory } from '../../../../server/src/training/data/data-set.ts';
import type { Engine, TrainingSession } from '../../../../server/src/training/engines/engine.ts';
import { createOnnxEngine } from '../../../../server/src/training/engines/onnx/onnx-engine.ts';
import { learnStructure } from '../../../../server/src/training/loop/learn-structure.ts';
import { retrain } from '../../../../server/src/training/loop/retrain.ts';
import type { NewEvent, SavedState } from '../../../../server/src/training/loop/run-sink.ts';
import { runConfig } from '../../../support/run-folder.ts';
import { SmallNetwork } from '../engines/small-network.ts';

function images(count: number): ImagesInMemory {
  const pixels = Uint8Array.from({ length: count * 16 }, (_, index) => (index * 37) % 251);
  return { kind: 'memory', count, labels: Uint8Array.from({ length: count }, (_, index) => index % 3), pixels };
}

const dataSet: DataSet = {
  name: 'stripes',
  shape: [1, 4, 4],
  classes: 3,
  training: images(48),
  test: images(96),
  badFiles: 0,
  notices: [],
};

const net = new SmallNetwork([1, 4, 4]);
const graph = net.build(
  net.dense('head', net.globalMean('mean', net.batchNorm('norm', net.convolution('conv', net.input, 4, 3))), 3),
);

/** Milliseconds: the first step of a process allocates, a test is a forward pass. */
const times = { firstStep: 4000, step: 60, test: 20, checkpoint: 40 };

/** A run over several processes, with hours between them. */
class TimedRun {
  clock = 0;
  saved: SavedState | undefined;
  readonly told: { readonly step: number; readonly at: number; readonly secondsLeft: number }[] = [];
  readonly config: RunConfig;
  readonly #train: typeof learnStructure;

  constructor(train: typeof learnStructure, config: RunConfig) {
    this.#train = train;
    this.config = config;
  }

  /** One process, until a step or to the end; says how it ended. */
  async process(until?: number): Promise<NewEvent['kind'] | undefined> {
    const engine = this.#timed(await createOnnxEngine(1));
    let last: NewEvent | undefined;
    let isCancellationRequested = false;
    const saved = this.saved;
    await this.#train(
      {
        config: this.config,
        graph,
        dataSet,
        engine,
        device: this.config.device,
        pid: 1,
        stopReason: () => 'paused',
        now: () => this.clock,
        sink: {
          event: (event) => {
            last = event;
            if (event.kind !== 'progress') return;
            this.told.push({ step: event.step, at: this.clock, secondsLeft: event.secondsLeft });
            isCancellationRequested = event.step === until;
          },
          structure: () => undefined,
          proposal: () => undefined,
          learnedStructure: () => undefined,
          regularizationVectors: () => undefined,
          save: (state) => {
            this.clock += times.checkpoint;
            this.saved = state;
            return 'checkpoint';
          },
          load: () => ({ ok: true, value: saved && { ...saved, damaged: [] } }),
        },
      },
      {
        get isCancellationRequested() {
          return isCancellationRequested;
        },
      },
    );
    return last?.kind;
  }

  /** The engine, whose work moves the clock. */
  #timed(engine: Engine): Engine {
    return {
      ...engine,
      compile: async (request) => {
        const session = await engine.compile(request);
        let steps = 0;
        return {
          step: (batch) => {
            this.clock += steps++ === 0 ? times.firstStep : times.step;
            return session.step(batch);
          },
          evaluate: (batch) => {
            this.clock += times.test;
            return session.evaluate(batch);
          },
          regularizationVectors: () => session.regularizationVectors(),
          state: () => session.state(),
          restore: (state) => session.restore(state),
          dispose: () => session.dispose(),
        } satisfies TrainingSession;
      },
    };
  }
}

test.for([
  ['structure learning', learnStructure],
  ['training from scratch', retrain],
] as const)(
  '%s tells the time left within a tenth, and leaves out what lies between its processes',
  async ([, train]) => {
    const run = new TimedRun(train, runConfig({ steps: 200, batchSize: 8, aliveEvery: 10, checkpointEvery: 25 }));
    expect(await run.process(80)).toBe('interrupted');
    const pausedAt = run.clock;
    const hours = 5 * 3_600_000;
    run.clock += hours;
    expect(await run.process()).toBe('finished');
    // What was told before the pause is compared with the clock as it would have been without pause and second start.
    const early = run.told.filter(({ at, step }) => at <= pausedAt && step >= 20);
    const late = run.told.filter(({ at, step }) => at > pausedAt && step >= 100);
    expect(early.length).toBeGreaterThan(5);
    expect(late.length).toBeGreaterThan(8);
    const secondStart = times.firstStep - times.step;
    for (const { at, secondsLeft } of early) {
      const left = (run.clock - at - hours - secondStart - times.checkpoint) / 1000;
      expect(secondsLeft / left).toBeGreaterThan(0.9);
      expect(secondsLeft / left).toBeLessThan(1.1);
    }
    for (const { at, secondsLeft } of late) {
      const left = (run.clock - at) / 1000;
      expect(Math.abs(secondsLeft - left)).toBeLessThan(0.1 * left + (2 * times.checkpoint) / 1000);
    }
  },
);
