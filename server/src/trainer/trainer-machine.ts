// The trainer's measuring: of this machine, or of a model on it. Progress and at last what was measured, as lines of JSON
// (protocol/machine-profile.ts and model-measurement.ts).

import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import { neverCancelled } from '../common/cancellation.ts';
import type { Result } from '../common/problem.ts';
import { pytorchChoiceSchema } from '../protocol/machine-profile.ts';
import type { TorchTiming } from '../training/latency/torch-stopwatch.ts';
import { measureMachine, type MeasureOptions } from '../training/latency/measure-machine.ts';
import { measureModel } from '../training/latency/measure-model.ts';
import { asNetworkGraph } from '../training/loop/training-setup.ts';
import { say } from './parent-watch.ts';

/** What is told of PyTorch comes on stdin. */
export function printMachine(
  threads: string | undefined,
  batch: string | undefined,
  torch: Pick<TorchTiming, 'script' | 'write'>,
): Promise<void> {
  return print('This machine can’t be measured', threads, batch, async (options) => {
    const asked = await text(process.stdin);
    if (asked === '') return measureMachine(options);
    return measureMachine({ ...options, torch: { ...torch, ...v.parse(pytorchChoiceSchema, JSON.parse(asked)) } });
  });
}

/** The network comes on stdin. */
export function printModel(threads: string | undefined, batch: string | undefined): Promise<void> {
  return print('The model can’t be measured', threads, batch, async (options) => {
    const content: unknown = JSON.parse(await text(process.stdin));
    const network = asNetworkGraph(content);
    return network.ok ? measureModel(network.value, options) : network;
  });
}

async function print(
  failure: string,
  threads: string | undefined,
  batch: string | undefined,
  measure: (options: MeasureOptions) => Promise<Result<object>>,
): Promise<void> {
  const measured = await measure({
    threads: Number(threads ?? 0),
    batch: Number(batch ?? 1),
    now: () => performance.now(),
    // Who cancels ends the process.
    cancellation: neverCancelled,
    onProgress: (share) => say({ kind: 'progress', share }),
  }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, error: `${failure}: ${reason}` } as const;
  });
  say(measured.ok ? { kind: 'measured', result: measured.value } : { kind: 'failed', reason: measured.error });
  process.stdout.write('', () => process.exit(0));
}
