// This machine's measured profile as a device.

import { ratedProfile, thisMachineName, type DeviceProfile } from '../costs/device-profile.ts';
import type { Rates } from '../costs/latency/fit-rates.ts';
import { termNames, type Term } from '../costs/latency/terms.ts';

/** What is kept of the measurement. */
export interface MeasuredMachine {
  readonly measured: string;
  readonly machine: { readonly cpu: string; readonly runtime: string };
  readonly threads: number;
  readonly batch: number;
  readonly error: number;
  readonly rates: Readonly<Record<string, number>>;
}

/** Terms of another version that are no longer there cost nothing. */
export function thisMachineProfile({
  measured,
  machine,
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
  const source = `${machine.cpu}, ${String(threads)} threads, ONNX Runtime ${machine.runtime}, ${measured.slice(0, 10)}`;
  return ratedProfile(thisMachineName, {
    knowledge: { kind: 'measured', error, source },
    execution: { precision: 'fp32', fusion: 'after-products', channelsLast: false, processor: 'cpu' },
    batches: [batch, batch],
    rates,
  });
}
