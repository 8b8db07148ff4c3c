// `morphnet calibrate`: measures this machine, so that latencies are of it.

import type { Result } from '../common/problem.ts';
import type { MachineProfile } from '../protocol/machine-profile.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import type { Terminal } from './terminal.ts';

export interface CalibrateOptions {
  readonly threads?: string;
  readonly batch?: string;
  readonly json?: boolean;
}

/** Measures, and keeps what was measured. Composed in main/. */
export interface CalibrationService {
  measure(
    wanted: { readonly threads: number; readonly batch: number },
    onProgress: (share: number) => void,
  ): { readonly ended: Promise<Result<MachineProfile>>; readonly cancel: () => void };
  /** Gives the path of the file. */
  store(profile: MachineProfile): string;
}

export async function calibrateCommand(
  terminal: Terminal,
  calibration: CalibrationService,
  options: CalibrateOptions,
): Promise<void> {
  const threads = wholeNumber('--threads', options.threads ?? '0', 0);
  const batch = wholeNumber('--batch', options.batch ?? '1', 1);
  const measuring = calibration.measure({ threads, batch }, (share) => {
    if (terminal.isInteractive) terminal.note(`\rMeasuring this machine: ${String(Math.round(100 * share))} % `);
  });
  const release = terminal.onInterrupt(measuring.cancel);
  const result = await measuring.ended;
  release();
  if (terminal.isInteractive) terminal.note('\n');
  if (!result.ok) throw workFailed(result.error);
  const path = calibration.store(result.value);
  if (options.json === true) {
    terminal.write(`${JSON.stringify(result.value, undefined, 2)}\n`);
    return;
  }
  const { machine, error, threads: used } = result.value;
  terminal.write(
    [
      `${machine.cpu}, ${String(used)} of ${String(machine.cores)} cores, ONNX Runtime ${machine.runtime}, batch ${String(batch)}`,
      `A layer is predicted within ${String(Math.round(100 * error))} % (median, on layers that were not fitted).`,
      `Kept in ${path}; latencies are of this machine from now on, unless --device or morphnet.device says otherwise.`,
      '',
    ].join('\n'),
  );
}

function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > 4096)
    throw wrongArguments(`${option} takes a whole number from ${String(least)} to 4096, not "${text}".`);
  return value;
}
