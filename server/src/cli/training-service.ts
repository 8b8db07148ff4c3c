// What the command line asks of runs: a folder, a process that trains in it, its events. Composed in main/ from runs/ and jobs/.

import type { Result } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { EngineReport } from '../protocol/engine-report.ts';
import type { ExpansionRequest } from '../protocol/expansion-request.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import type { ExpandedProposal, RunProposal, RunSnapshot } from '../protocol/run-files.ts';

/** The networks that a run leads to: the seed, the proposed one, and that one after `expand`. */
export type RunNetwork = 'seed' | 'proposal' | 'expanded';

export type EventListener = (event: RunEvent) => void;

/** A process at work. */
export interface RunningTraining {
  /** Absolute path of the run's folder. */
  readonly folder: string;
  /** Asks the process to end at a checkpoint; a second time, to end at once. */
  readonly stop: () => void;
  /** The run as it stands when the process has ended, however it ended. */
  readonly ended: Promise<Result<RunSnapshot>>;
}

/** Paths are absolute. Errors are sentences with a remedy. */
export interface TrainingService {
  /** Starts in a new folder: the one asked for, or one of its own below `.morphnet/runs` of the workspace. */
  start(
    where: { readonly workspace: string; readonly folder: string | undefined },
    config: RunConfig,
    network: NetworkGraph,
    listener: EventListener,
  ): Promise<Result<RunningTraining>>;
  /** Goes on from a folder's latest checkpoint. */
  resume(folder: string, listener: EventListener): Promise<Result<RunningTraining>>;
  /** The engines of this machine, measured with this many threads (0: all cores but one). */
  engines(threads: number): Promise<Result<EngineReport>>;
  /** A run as it stands on disk. */
  read(folder: string): Promise<Result<RunSnapshot>>;
}

/** The networks of runs, rebuilt from their folders; errors are sentences with a remedy. */
export interface RunNetworkService {
  /** One of a run's networks. */
  network(folder: string, which: RunNetwork): Promise<Result<NetworkGraph>>;
  /** What a network costs in the resource that a run of these settings aims at; `amount` of its unit. */
  cost(config: RunConfig, network: NetworkGraph): number;
  /** The settings for a network that has lost layers: without the name patterns that only those answered to. */
  settingsFor(config: RunConfig, network: NetworkGraph): RunConfig;
  /** Scales the widths that a run proposes, and keeps what comes out in its folder. */
  expand(folder: string, request: ExpansionRequest): Promise<Result<ExpandedProposal>>;
  /** The proposal that turns a run's seed into a network with the same layers, some of them gone, at other widths. */
  proposalTo(folder: string, network: NetworkGraph, step: number): Promise<Result<RunProposal>>;
}
