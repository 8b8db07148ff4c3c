// `morphnet calibrate`: measures this machine, so that latencies are of it.

import type { MeasuringService } from '../experiments/measuring-service.ts';
import { pytorchPrecisions, type PytorchChoice } from '../protocol/machine-profile.ts';
import { wrongArguments } from './cli-failure.ts';
import { measured, measuringOptions } from './measured.ts';
import type { Terminal } from './terminal.ts';
import { wrapLines } from './wrap-lines.ts';

export interface CalibrateOptions {
  readonly threads?: string;
  readonly batch?: string;
  readonly engine?: string;
  readonly precision?: string;
  readonly json?: boolean;
}

/** Undefined where ONNX Runtime measures. */
function pytorchOf({ engine = 'onnx', precision }: CalibrateOptions, python: string): PytorchChoice | undefined {
  if (engine !== 'onnx' && engine !== 'torch')
    throw wrongArguments(`--engine ${engine} measures no machine; onnx and torch do.`);
  if (engine === 'onnx') {
    if (precision === undefined) return undefined;
    throw wrongArguments('--precision is for --engine torch: ONNX Runtime measures in fp32 here.');
  }
  const known = pytorchPrecisions.find((name) => name === (precision ?? 'fp32'));
  if (known === undefined)
    throw wrongArguments(
      `There is no precision ${String(precision)}; PyTorch is measured in ${pytorchPrecisions.join(', ')}.`,
    );
  return { python, precision: known };
}

export async function calibrateCommand(
  terminal: Terminal,
  measuring: MeasuringService,
  options: CalibrateOptions,
): Promise<void> {
  const wanted = { ...measuringOptions(options), pytorch: pytorchOf(options, measuring.python) };
  const profile = await measured(terminal, 'this machine', (onProgress) => measuring.machine(wanted, onProgress));
  const path = measuring.store(profile);
  if (options.json === true) {
    terminal.write(`${JSON.stringify(profile, undefined, 2)}\n`);
    return;
  }
  const { machine, pytorch, error, threads, batch } = profile;
  const where =
    pytorch?.device === 'gpu' ? pytorch.name : `${machine.cpu}, ${String(threads)} of ${String(machine.cores)} cores`;
  const runtime = pytorch === undefined ? 'ONNX Runtime' : 'PyTorch';
  const format = pytorch === undefined ? '' : `, ${pytorch.precision}`;
  terminal.write(
    [
      wrapLines(`${where}, ${runtime} ${machine.runtime}${format}, batch ${String(batch)}`),
      `A layer is predicted within ${String(Math.round(100 * error))} % (median, on layers that were not fitted).`,
      `Kept in ${path}; latencies are of this machine from now on, unless --device or morphnet.device says otherwise.`,
      '',
    ].join('\n'),
  );
}
