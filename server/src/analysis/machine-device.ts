// This machine's measured profile as a device.

import { ratedProfile, thisMachineName, type DeviceProfile } from '../costs/device-profile.ts';
import type { Rates } from '../costs/latency/fit-rates.ts';
import type { Precision } from '../costs/latency/execution.ts';
import { termNames, type Term } from '../costs/latency/terms.ts';

/** What is kept of the measurement. */
export interface MeasuredMachine {
  readonly measured: string;
  readonly machine: { readonly cpu: string; readonly runtime: string };
  readonly pytorch?:
    { readonly device: 'cpu' | 'gpu'; readonly name: string; readonly precision: Precision } | undefined;
  readonly threads: number;
  readonly batch: number;
  readonly error: number;
  readonly rates: Readonly<Record<string, number>>;
}

/** Terms of another version that are no longer there cost nothing. */
export function thisMachineProfile({
  measured,
  machine,
  pytorch,
  threads,
  batch,
  error,
  rates: stored,
}: MeasuredMachine): DeviceProfile {
  const rates: Rates = Object.fromEntries(
    termNames.flatMap((term): [Term, number][] => {
      const rate = Object.hasOwn(stored, term) ? stored[term] : undefined;
      return rate === undefined ? [] : [[term, rate]];
    }),
  );
  const processor = pytorch?.device ?? 'cpu';
  const where = processor === 'gpu' ? (pytorch?.name ?? '') : `${machine.cpu}, ${String(threads)} threads`;
  const runtime = pytorch === undefined ? 'ONNX Runtime' : 'PyTorch';
  const source = `${where}, ${runtime} ${machine.runtime}, ${measured.slice(0, 10)}`;
  return ratedProfile(thisMachineName, {
    knowledge: { kind: 'measured', error, source },
    execution: {
      precision: pytorch?.precision ?? 'fp32',
      fusion: pytorch === undefined ? 'after-products' : 'none',
      channelsLast: false,
      processor,
    },
    batches: [batch, batch],
    rates,
  });
}
