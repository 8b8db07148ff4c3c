// What the server asks of the method beyond one run: networks that are scaled, and commands of several trainings, each a
// process of its own that waits for its turn.

import type { Result } from '../common/problem.ts';
import type { ExpansionRequest } from '../protocol/expansion-request.ts';
import type {
  IterateRequest,
  ExperimentKind,
  ExperimentSummary,
  RetrainRequest,
  SweepRequest,
} from '../protocol/experiment-messages.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { ExpandedProposal } from '../protocol/run-files.ts';
import type { StopAnswer } from './run-service.ts';

/** What a work is about. Paths are absolute. */
export interface Experiment {
  readonly kind: ExperimentKind;
  /** The run, the sweep or the iteration. */
  readonly folder: string;
  readonly workspaceFolder: string;
  /** Its model as people know it. */
  readonly model: string;
}

/** Errors are sentences with a remedy. */
export interface ExperimentService {
  /** Scales the widths that a run proposes, and keeps what comes out in its folder. */
  expand(runFolder: string, request: ExpansionRequest): Promise<Result<ExpandedProposal>>;
  /** Trains a run's seed and its proposal from scratch; asked again it goes on where it was stopped. */
  retrain(work: Experiment, request: RetrainRequest): Promise<Result<ExperimentSummary>>;
  /** Starts a sweep in a folder of its own. */
  sweep(work: Omit<Experiment, 'folder'>, config: RunConfig, request: SweepRequest): Promise<Result<ExperimentSummary>>;
  /** Starts an iteration in a folder of its own. */
  iterate(
    work: Omit<Experiment, 'folder'>,
    config: RunConfig,
    request: IterateRequest,
  ): Promise<Result<ExperimentSummary>>;
  /** Goes on with a sweep or an iteration that was stopped. */
  resume(work: Experiment): Promise<Result<ExperimentSummary>>;
  /** Asks for an end at a checkpoint; `atOnce` ends a process that was asked before, without one. */
  stop(id: string, kind: ExperimentKind, atOnce: boolean): StopAnswer;
  /** Called for every work as it goes on, and at its end. */
  onGrew(listener: (summary: ExperimentSummary) => void): void;
}
