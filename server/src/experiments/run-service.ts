// Runs, as the language server and the command line ask for them: where they are kept, who trains them, and how they stand.

import type { Result } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { EngineReport } from '../protocol/engine-report.ts';
import type { DataSetReference, RunConfig } from '../protocol/run-config.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import type { RunProposal, RunSnapshot, RunStatus, RunStructure, RunSummary } from '../protocol/run-files.ts';
import type { SweepFile } from '../protocol/sweep-file.ts';
import type { ProcessPaths } from '../jobs/training-queue.ts';
import type { RunList } from '../runs/run-summaries.ts';

/** News of a run that is being trained. */
export interface RunGrowth {
  readonly id: string;
  readonly status: RunStatus;
  readonly events: readonly RunEvent[];
  /** With the event that a process has started: what it found. */
  readonly structure?: RunStructure;
  /** The latest, when it changed. */
  readonly proposal?: RunProposal;
  /** It could not begin, so its folder was taken away again; the last event says why. */
  readonly removed?: true;
}

/** `stopping`: asked before, and not at its checkpoint yet. `absent`: no process works on the run. */
export type StopAnswer = 'asked' | 'stopping' | 'absent';

export type EventListener = (event: RunEvent) => void;

/** A run that waits for its turn or is being trained. */
export interface RunningTraining {
  /** Absolute path of the run's folder. */
  readonly folder: string;
  /** Asks the process to end at a checkpoint; a second time, to end at once. */
  readonly stop: () => void;
  /** The run as it stands when the process has ended, however it ended; a failure where it could not begin. */
  readonly ended: Promise<Result<RunSnapshot>>;
}

/** The same with how it stands as it is put into the queue. */
export interface QueuedTraining extends RunningTraining {
  readonly summary: RunSummary;
}

/** A sweep's or an iteration's folder, with what its runs have in common. */
export interface UnfinishedExperiment {
  readonly folder: string;
  readonly config: RunConfig;
}

/** What trains and reads runs. Paths are absolute. Errors are sentences with a remedy. */
export interface TrainingService {
  /** Trains in a new folder: the one asked for, or one of its own below `.morphnet/runs` of the workspace. */
  start(
    where: { readonly workspace: string; readonly folder?: string | undefined },
    config: RunConfig,
    network: NetworkGraph,
    listener?: EventListener,
  ): Promise<Result<RunningTraining>>;
  /** Goes on from a folder's latest checkpoint. */
  resume(folder: string, listener?: EventListener): Promise<Result<RunningTraining>>;
  /** All that is known of a run or of a finished iteration. */
  read(folder: string): Promise<Result<RunSnapshot>>;
  /** The engines of this machine, measured with this many threads (0: all cores but one). */
  engines(threads: number): Promise<Result<EngineReport>>;
}

/** All runs of workspaces, of which several may wait for each other. */
export interface RunService extends TrainingService {
  start(...rest: Parameters<TrainingService['start']>): Promise<Result<QueuedTraining>>;
  resume(...rest: Parameters<TrainingService['resume']>): Promise<Result<QueuedTraining>>;
  /** The runs and finished iterations of a workspace folder in short. */
  list(workspaceFolder: string): Promise<RunList>;
  /** The folder of a run or of an iteration; undefined when there is none of this id. */
  find(workspaceFolder: string, id: string): string | undefined;
  /** A run in short. */
  summary(folder: string): Promise<Result<RunSummary>>;
  /** What a run proposes, if it has proposed something. */
  proposal(folder: string): Promise<Result<RunProposal | undefined>>;
  /** Every readable sweep of a workspace folder, newest first. */
  sweeps(workspaceFolder: string): Promise<readonly { readonly id: string; readonly sweep: SweepFile }[]>;
  /** The data set of the workspace that a model's script trains on, as far as that can be read from it. */
  dataSetOf(workspaceFolder: string, modelFile: string): Promise<DataSetReference | undefined>;
  /** One sweep; undefined when it is not there (yet). */
  sweep(workspaceFolder: string, id: string): Promise<SweepFile | undefined>;
  /** An experiment to go on with; undefined when it is not there. */
  unfinished(
    workspaceFolder: string,
    what: 'sweep' | 'iterate',
    id: string,
  ): Promise<Result<UnfinishedExperiment> | undefined>;
  /** Asks a process to end at a checkpoint; `atOnce` ends one that was asked before, without a checkpoint. */
  stop(folder: string, atOnce: boolean): StopAnswer;
  /** Asks the process to end at a checkpoint, from which the run is to be resumed; others may train meanwhile. */
  pause(folder: string): StopAnswer;
  /** Where processes that start from now on find what they load and read. */
  setPaths(paths: ProcessPaths): void;
  /** Called for every run that this service trains. */
  onGrew(listener: (growth: RunGrowth) => void): void;
  /** Ends every process, each at a checkpoint. */
  dispose(): Promise<void>;
}
