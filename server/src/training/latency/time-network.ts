// How long ONNX Runtime takes for one step of a network, and whether something else disturbed the measurement.

import type { NetworkGraph } from '../../network/network-graph.ts';
import type { Result } from '../../common/problem.ts';
import type { OnnxRuntime } from '../engines/onnx/onnx-runtime.ts';
import { inferenceModel } from './inference-model.ts';

export interface TimedStep {
  readonly milliseconds: number;
  /** How far the typical repetition lies above the best, as a share of it: 0.05 is quiet, above 0.5 something else runs. */
  readonly spread: number;
}

export interface Patience {
  readonly milliseconds: number;
  readonly leastRuns: number;
}

/** Runs a network again and again. Times are of the fastest tenth of the runs: others only ever make one slower. */
export async function timeNetwork(
  runtime: OnnxRuntime,
  network: NetworkGraph,
  batch: number,
  patience: Patience,
  now: () => number,
): Promise<Result<TimedStep>> {
  const model = inferenceModel(network, batch);
  if (!model.ok) return model;
  const session = await runtime.open(model.value.bytes);
  const feeds = Object.fromEntries(
    model.value.inputs.map(({ name, shape }) => {
      const data = new Float32Array(shape.reduce((left, right) => left * right, 1));
      for (let at = 0; at < data.length; at++) data[at] = ((at * 2_654_435_761) % 1_000) / 500 - 1;
      return [name, runtime.floatTensor(data, shape)];
    }),
  );
  const times: number[] = [];
  try {
    // The first runs find memory and fill caches.
    for (let run = 0; run < 2; run++) await session.run(feeds);
    const end = now() + patience.milliseconds;
    while (now() < end || times.length < patience.leastRuns) {
      const start = now();
      await session.run(feeds);
      times.push(now() - start);
    }
  } finally {
    await session.release();
  }
  times.sort((left, right) => left - right);
  const best = times[Math.floor(times.length / 10)] ?? NaN;
  const typical = times[times.length >> 1] ?? NaN;
  return { ok: true, value: { milliseconds: best, spread: typical / best - 1 } };
}
