// `morphnet calibrate`: measures this machine, so that latencies are of it.

import type { MeasuringService } from '../experiments/measuring-service.ts';
import { measured, measuringOptions } from './measured.ts';
import type { Terminal } from './terminal.ts';

export interface CalibrateOptions {
  readonly threads?: string;
  readonly batch?: string;
  readonly json?: boolean;
}

export async function calibrateCommand(
  terminal: Terminal,
  measuring: MeasuringService,
  options: CalibrateOptions,
): Promise<void> {
  const wanted = measuringOptions(options);
  const profile = await measured(terminal, 'this machine', (onProgress) => measuring.machine(wanted, onProgress));
  const path = measuring.store(profile);
  if (options.json === true) {
    terminal.write(`${JSON.stringify(profile, undefined, 2)}\n`);
    return;
  }
  const { machine, error, threads, batch } = profile;
  terminal.write(
    [
      `${machine.cpu}, ${String(threads)} of ${String(machine.cores)} cores, ONNX Runtime ${machine.runtime}, batch ${String(batch)}`,
      `A layer is predicted within ${String(Math.round(100 * error))} % (median, on layers that were not fitted).`,
      `Kept in ${path}; latencies are of this machine from now on, unless --device or morphnet.device says otherwise.`,
      '',
    ].join('\n'),
  );
}
