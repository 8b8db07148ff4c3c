// The trainer's measuring of this machine: progress and at last a profile, as lines of JSON (protocol/machine-profile.ts).

import { neverCancelled } from '../common/cancellation.ts';
import type { MeasureLine } from '../protocol/machine-profile.ts';
import { measureMachine } from '../training/latency/measure-machine.ts';

export async function printMachine(threads: string | undefined, batch: string | undefined): Promise<void> {
  const say = (line: MeasureLine): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
  const measured = await measureMachine({
    threads: Number(threads ?? 0),
    batch: Number(batch ?? 1),
    now: () => performance.now(),
    cancellation: neverCancelled,
    onProgress: (share) => say({ kind: 'progress', share }),
  }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, error: `This machine can’t be measured: ${reason}` } as const;
  });
  say(measured.ok ? { kind: 'profile', profile: measured.value } : { kind: 'failed', reason: measured.error });
  process.stdout.write('', () => process.exit(0));
}
