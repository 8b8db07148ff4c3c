// What measures for the server and the command line: this machine, or a model on it, in a process of its own.

import type { Result } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { MachineProfile, PytorchChoice } from '../protocol/machine-profile.ts';
import type { ModelMeasurement } from '../protocol/model-measurement.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunTime } from '../protocol/run-time.ts';

export interface MeasuringOptions {
  /** 0: all cores but one. */
  readonly threads: number;
  /** Images in a step. */
  readonly batch: number;
  /** Measures a machine in the user's PyTorch, on its GPU where it has one. */
  readonly pytorch?: PytorchChoice | undefined;
}

export interface Measuring<Measured> {
  readonly ended: Promise<Result<Measured>>;
  /** Ends the process; nothing is kept. */
  readonly cancel: () => void;
}

/** Hears the share that is done. */
export type OnProgress = (share: number) => void;

/** Composed in main/. */
export interface MeasuringService {
  /** The Python whose PyTorch measures where no setting names another. */
  readonly python: string;
  machine(options: MeasuringOptions, onProgress: OnProgress): Measuring<MachineProfile>;
  /** Times a network as a whole and layer by layer. */
  model(network: NetworkGraph, options: MeasuringOptions, onProgress: OnProgress): Measuring<ModelMeasurement>;
  /** Times steps of a run that has not begun. */
  run(config: RunConfig, network: NetworkGraph): Measuring<RunTime>;
  /** Keeps what was measured of this machine; gives the path of the file. */
  store(profile: MachineProfile): string;
}
