// How long an engine takes for training steps on a network: on random images, as time does not depend on what they show.

import type { Cancellation } from '../../common/cancellation.ts';
import { valueOf, type NetworkGraph } from '../../network/network-graph.ts';
import type { CompileRequest, Engine } from './engine.ts';
import { randomStream } from './random.ts';

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
    const step = { ...randomBatch(request.graph, request.batchSize), learningRate: 0.01, coefficients: new Map() };
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

/** A batch for a network of one input, with labels among its outputs. */
function randomBatch(
  graph: NetworkGraph,
  batchSize: number,
): { readonly images: Float32Array; readonly labels: Int32Array } {
  const sizeOf = (values: readonly number[]): number => {
    const [value] = values;
    const shape = value === undefined ? [] : valueOf(graph, value).shape.slice(1);
    return shape.reduce<number>((product, size) => product * (typeof size === 'number' ? size : 1), 1);
  };
  const random = randomStream(1, 'measured batch');
  const classes = sizeOf(graph.outputs);
  return {
    images: Float32Array.from({ length: batchSize * sizeOf(graph.inputs) }, () => random.normal()),
    labels: Int32Array.from({ length: batchSize }, (_, index) => index % classes),
  };
}
