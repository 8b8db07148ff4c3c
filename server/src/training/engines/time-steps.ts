// How long an engine takes for training steps on a network: on random images, as time does not depend on what they show.

import type { Cancellation } from '../../common/cancellation.ts';
import { valueOf } from '../../network/network-graph.ts';
import type { Batch, CompileRequest, Engine } from './engine.ts';
import { classPlaces, type LossTerm, lossTerms, targetSize } from './loss-terms.ts';
import { randomStream } from './random.ts';
import { sizeOf } from './shape-arithmetic.ts';

export interface TimedWork extends Omit<CompileRequest, 'sources' | 'seed'> {
  /** Steps before the clock starts: the first ones allocate. */
  readonly warmUpSteps: number;
  /** Steps go on until this much time is measured; at least two are. */
  readonly milliseconds: number;
}

/** Milliseconds of each step after the warm-up; fewer steps, down to none, when cancelled. `now` is in milliseconds. */
export async function timeSteps(
  engine: Engine,
  { warmUpSteps, milliseconds, ...request }: TimedWork,
  now: () => number,
  cancellation: Cancellation,
): Promise<readonly number[]> {
  const session = await engine.compile({ ...request, sources: [], seed: 1 });
  const times: number[] = [];
  try {
    const step = { ...randomBatch(request), learningRate: 0.01, coefficients: new Map() };
    let elapsed = 0;
    for (let index = 0; index < warmUpSteps + 2 || elapsed < milliseconds; index += 1) {
      // The engine blocks while it computes: this is where a word from the parent is heard.
      await new Promise((resolve) => setImmediate(resolve));
      if (cancellation.isCancellationRequested) break;
      const began = now();
      await session.step(step);
      if (index < warmUpSteps) continue;
      const time = now() - began;
      times.push(time);
      elapsed += time;
    }
  } finally {
    await session.dispose();
  }
  return times;
}

/** A batch for a network of one input, with classes among its outputs. */
function randomBatch({ graph, batchSize, losses }: Omit<CompileRequest, 'sources' | 'seed'>): Batch {
  const [input = -1] = graph.inputs;
  const random = randomStream(1, 'measured batch');
  const found = lossTerms(graph, losses);
  const terms = found.ok ? found.terms : [];
  const labels = (term: LossTerm): Int32Array =>
    Int32Array.from({ length: batchSize * targetSize(term) }, (_, index) => index % classPlaces(term).classes);
  const [first] = terms;
  const targets = terms.map((term) =>
    term.kind === 'cross-entropy'
      ? labels(term)
      : Float32Array.from({ length: batchSize * targetSize(term) }, () => random.uniform()),
  );
  const size = sizeOf(valueOf(graph, input).shape.slice(1).map(Number));
  return {
    images: Float32Array.from({ length: batchSize * size }, () => random.normal()),
    labels: losses === undefined && first !== undefined ? labels(first) : new Int32Array(batchSize),
    ...(losses !== undefined && { targets }),
  };
}
