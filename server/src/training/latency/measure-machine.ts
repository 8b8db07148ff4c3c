// Times the calibration networks on this machine and fits a device to them: half a minute that makes latencies believable.

import { availableParallelism, cpus, totalmem } from 'node:os';
import type { Cancellation } from '../../common/cancellation.ts';
import type { Result } from '../../common/problem.ts';
import { fitRates, timeOf, type Expectation, type Sample } from '../../costs/latency/fit-rates.ts';
import type { Execution } from '../../costs/latency/execution.ts';
import { workOf, type Work } from '../../costs/latency/work.ts';
import type { NetworkGraph } from '../../network/network-graph.ts';
import type { MachineProfile } from '../../protocol/machine-profile.ts';
import { calibrationNetworks } from './calibration-networks.ts';
import { onnxStopwatch, type Stopwatch } from './stopwatch.ts';
import { torchStopwatch, type TorchTiming } from './torch-stopwatch.ts';

export interface MeasureOptions {
  /** 0: all cores but one. */
  readonly threads: number;
  readonly batch: number;
  /** In the user's PyTorch; else in ONNX Runtime. */
  readonly torch?: Omit<TorchTiming, 'threads'> | undefined;
  readonly now: () => number;
  readonly cancellation: Cancellation;
  /** Called with the share that is done. */
  readonly onProgress: (share: number) => void;
}

/** No longer than this all in all. */
const budgetMilliseconds = 45_000;
/** The middle measurement's spread above which somebody else is using the machine. */
const mostSpread = 0.35;
const folds = 5;

/** All of a network's work, or undefined where a shape is unknown. */
function wholeWork(network: NetworkGraph, execution: Execution): readonly Work[] | undefined {
  const works = workOf(network, execution);
  return works.includes(undefined) ? undefined : works.flatMap((work) => work ?? []);
}

/** Measures; a failure says what disturbed or stopped it. */
export async function measureMachine(options: MeasureOptions): Promise<Result<MachineProfile>> {
  const threads = options.threads || Math.max(1, availableParallelism() - 1);
  const stopwatch: Result<Stopwatch> = options.torch
    ? await torchStopwatch({ ...options.torch, threads })
    : { ok: true, value: await onnxStopwatch(threads, options.now) };
  if (!stopwatch.ok) return stopwatch;
  try {
    return await measureWith(stopwatch.value, threads, options);
  } finally {
    stopwatch.value.close();
  }
}

async function measureWith(
  stopwatch: Stopwatch,
  threads: number,
  { batch, cancellation, onProgress }: MeasureOptions,
): Promise<Result<MachineProfile>> {
  const networks = calibrationNetworks();
  const each = budgetMilliseconds / networks.length;
  const samples: Sample[] = [];
  const spreads: number[] = [];
  for (const [index, network] of networks.entries()) {
    if (cancellation.isCancellationRequested)
      return { ok: false, error: 'Measuring was cancelled; nothing was stored.' };
    const timed = await stopwatch.time(network, batch, { milliseconds: each * 0.8, leastRuns: 5 });
    if (!timed.ok) return timed;
    const work = wholeWork(network, { ...stopwatch.execution, batch });
    if (work !== undefined) samples.push({ work, milliseconds: timed.value.milliseconds });
    spreads.push(timed.value.spread);
    onProgress((index + 1) / networks.length);
  }
  const spread = spreads.toSorted((left, right) => left - right)[spreads.length >> 1] ?? 0;
  if (spread > mostSpread) {
    return {
      ok: false,
      error: `The measurements vary by ${String(Math.round(100 * spread))} %, so something else uses this machine. Nothing was stored; close what runs beside it and measure again.`,
    };
  }
  const expectation = expectationFrom(samples, stopwatch.execution.processor);
  return {
    ok: true,
    value: {
      version: 1,
      measured: new Date().toISOString(),
      machine: machineIdentity(stopwatch.runtime),
      ...(stopwatch.pytorch && { pytorch: stopwatch.pytorch }),
      threads,
      batch,
      spread,
      error: crossValidated(samples, expectation),
      rates: fitRates(samples, expectation),
    },
  };
}

/** What a profile belongs to; another processor, memory or runtime makes it stale. */
function machineIdentity(runtime: string): MachineProfile['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? process.arch,
    cores: cpus().length,
    memory: Math.round(totalmem() / 2 ** 30),
    runtime,
  };
}

/** Peak and bandwidth as the best of the samples reach them. */
function expectationFrom(samples: readonly Sample[], processor: Execution['processor']): Expectation {
  const best = (isWanted: (term: string) => boolean): number =>
    Math.max(
      ...samples.map(({ work, milliseconds }) => {
        const amount = work.reduce((sum, part) => sum + (isWanted(part.term) ? part.amount : 0), 0);
        return amount / (milliseconds / 1e3);
      }),
    );
  const shortest = Math.min(...samples.map(({ milliseconds }) => milliseconds));
  return {
    processor,
    macsPerSecond: best((term) => term === 'convolution' || term === 'pointwise' || term === 'dense'),
    bytesPerSecond: best((term) => term === 'element bytes' || term === 'relu bytes' || term === 'concat bytes'),
    startMicroseconds: Math.max(0.2, (1e3 * shortest) / 8),
  };
}

/** The median relative error on samples that were not fitted. */
function crossValidated(samples: readonly Sample[], expectation: Expectation): number {
  const errors = Array.from({ length: folds }, (_, fold) => {
    const rates = fitRates(
      samples.filter((_sample, index) => index % folds !== fold),
      expectation,
    );
    return samples
      .filter((_sample, index) => index % folds === fold)
      .map(({ work, milliseconds }) => Math.abs(timeOf(work, rates).total / milliseconds - 1));
  })
    .flat()
    .sort((left, right) => left - right);
  return errors[errors.length >> 1] ?? NaN;
}
