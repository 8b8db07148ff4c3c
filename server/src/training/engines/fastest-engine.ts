// Which of several engines is the fastest on the very network that a run trains: each makes a few steps. No fixed order
// would do, since it depends on the network and on the threads.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Engine } from './engine.ts';
import { timeSteps, type TimedWork } from './time-steps.ts';

/** What a run will train. */
export type StepToTime = Omit<TimedWork, 'warmUpSteps' | 'milliseconds'> & {
  readonly now: () => number;
  readonly cancellation: Cancellation;
};

const warmUpSteps = 2;
const measuredMs = 1000;

/** The fastest of at least two engines; `why` says what they took, unless there was nothing to measure. */
export async function fastestEngine(
  engines: readonly Engine[],
  trial: StepToTime,
): Promise<{ readonly engine: Engine | undefined; readonly why?: string }> {
  const able = engines.filter((engine) => engine.untrainable(trial.graph, trial.losses).length === 0);
  if (able.length < 2) return { engine: able[0] ?? engines[0] };
  const measured: { readonly engine: Engine; readonly fastest: number }[] = [];
  // One after the other: both at once would take the memory of both.
  for (const engine of able) {
    const fastest = await fastestStep(engine, trial);
    if (trial.cancellation.isCancellationRequested) return { engine };
    if (fastest !== undefined) measured.push({ engine, fastest });
  }
  const [first, ...others] = measured.sort((left, right) => left.fastest - right.fastest);
  if (first === undefined) return { engine: able[0] };
  const figures = measured.map(({ engine, fastest }) => `${fastest.toPrecision(3)} ms with ${engine.info.name}`);
  const { name, version } = first.engine.info;
  const why = `This run trains with ${name} ${version}, the fastest here on this network: a step takes ${figures.join(', ')}`;
  return others.length === 0 ? { engine: first.engine } : { engine: first.engine, why };
}

/** The fastest step, which whatever else the machine does disturbs least; undefined when the engine fails. */
async function fastestStep(engine: Engine, { now, cancellation, ...work }: StepToTime): Promise<number | undefined> {
  try {
    const times = await timeSteps(engine, { ...work, warmUpSteps, milliseconds: measuredMs }, now, cancellation);
    return times.length === 0 ? undefined : Math.min(...times);
  } catch {
    // A network that one engine can't hold is for the other; when none can, the run says why.
    return undefined;
  }
}
