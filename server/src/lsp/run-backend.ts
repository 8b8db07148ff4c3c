// What the server asks of runs: where they are kept and who trains them. Composed in main/ from runs/ and jobs/.

import type { NetworkGraph } from '../network/network-graph.ts';
import type { Result } from '../common/problem.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import type { SweepFile } from '../protocol/sweep-file.ts';
import type { RunProposal, RunSnapshot, RunStatus, RunStructure } from '../protocol/run-files.ts';

/** News of a run that is being trained. */
export interface RunGrowth {
  readonly id: string;
  readonly status: RunStatus;
  readonly events: readonly RunEvent[];
  /** With the event that a process has started: what it found. */
  readonly structure?: RunStructure;
  /** The latest, when it changed. */
  readonly proposal?: RunProposal;
}

/** `stopping`: asked before, and not at its checkpoint yet. `absent`: no process works on the run. */
export type StopAnswer = 'asked' | 'stopping' | 'absent';

/** The settings of these names; empty where nothing is set. */
export interface ProcessPaths {
  readonly tfjsPath: string;
  readonly sitePackages: string;
}

/** Paths are absolute. Errors are sentences with a remedy. */
export interface RunBackend {
  /** Every readable run below a workspace folder, newest first. */
  list(workspaceFolder: string): Promise<readonly RunSnapshot[]>;
  /** One run as it stands on disk. */
  read(workspaceFolder: string, id: string): Promise<Result<RunSnapshot>>;
  /** Every readable sweep below a workspace folder, newest first. */
  sweeps(workspaceFolder: string): Promise<readonly { readonly id: string; readonly sweep: SweepFile }[]>;
  /** A sweep's or an iteration's folder, with what its runs have in common; undefined when it is not there. */
  unfinished(
    workspaceFolder: string,
    what: 'sweep' | 'iterate',
    id: string,
  ): Promise<Result<{ readonly folder: string; readonly config: RunConfig }> | undefined>;
  /** Makes the run's folder and starts to train. */
  start(workspaceFolder: string, config: RunConfig, network: NetworkGraph): Promise<Result<RunSnapshot>>;
  /** Goes on from the latest checkpoint. */
  resume(workspaceFolder: string, id: string): Promise<Result<RunSnapshot>>;
  /** Asks the process to end at a checkpoint; `atOnce` ends one that was asked before, without a checkpoint. */
  stop(id: string, atOnce: boolean): StopAnswer;
  /** Asks the process to end at a checkpoint, from which the run is to be resumed; others may train meanwhile. */
  pause(id: string): StopAnswer;
  /** Where processes that start from now on find what they load and read. */
  setPaths(paths: ProcessPaths): void;
  /** Called for every run that this backend trains. */
  onGrew(listener: (growth: RunGrowth) => void): void;
  /** Ends every process, each at a checkpoint. */
  dispose(): Promise<void>;
}
