// Whole runs of the loop on a small data set, for tests of what must not change their outcome.

import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import type { RunConfig } from '../../../../server/src/protocol/run-config.ts';
import type { DataSet, LabelledImages } from '../../../../server/src/training/data/data-set.ts';
import type { Engine } from '../../../../server/src/training/engines/engine.ts';
import { randomStream } from '../../../../server/src/training/engines/random.ts';
import { learnStructure } from '../../../../server/src/training/loop/learn-structure.ts';
import type { NewEvent } from '../../../../server/src/training/loop/run-sink.ts';

/** Images with a bright row that tells the class, and noise. */
function images(count: number, seed: number): LabelledImages {
  const random = randomStream(seed, 'images');
  const labels = Uint8Array.from({ length: count }, (_, index) => index % 3);
  const pixels = Uint8Array.from({ length: count * 64 }, (_, index) => {
    const row = Math.floor((index % 64) / 8);
    const isMarked = Math.floor(row / 3) === (labels[Math.floor(index / 64)] ?? 0);
    return Math.round(random.uniform() * 120 + (isMarked ? 130 : 0));
  });
  return { kind: 'memory', count, labels, pixels };
}

const dataSet: DataSet = {
  name: 'rows',
  shape: [1, 8, 8],
  classes: 3,
  training: images(48, 1),
  test: images(12, 2),
  badFiles: 0,
  notices: [],
};

/** The events of a run, and the counts by layer that it last reported. */
export async function runOf(engine: Engine, graph: NetworkGraph, config: RunConfig) {
  const events: NewEvent[] = [];
  const counts: (readonly [string, number])[][] = [];
  await learnStructure(
    {
      config,
      graph,
      dataSet,
      engine,
      device: config.device,
      pid: 1,
      stopReason: () => 'cancelled',
      now: () => 0,
      sink: {
        event: (event) => events.push(event),
        structure: () => undefined,
        proposal: () => undefined,
        learnedStructure: (_, found) => counts.push([...found]),
        regularizationVectors: () => undefined,
        save: () => 'none',
        load: () => ({ ok: true, value: undefined }),
      },
    },
    { isCancellationRequested: false },
  );
  const alive = events.flatMap((event) => (event.kind === 'alive' ? [{ step: event.step, alive: event.alive }] : []));
  return { alive, counts, kinds: new Set(events.map(({ kind }) => kind)) };
}
