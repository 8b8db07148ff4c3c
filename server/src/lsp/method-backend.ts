// What the server asks of the method beyond one run: networks that are scaled, and commands of several trainings, each a
// process of its own that waits for its turn. Composed in main/.

import type { Result } from '../common/problem.ts';
import type { ExpansionRequest } from '../protocol/expansion-request.ts';
import type {
  IterateRequest,
  MethodKind,
  MethodSummary,
  RetrainRequest,
  SweepRequest,
} from '../protocol/method-messages.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { ExpandedProposal } from '../protocol/run-files.ts';
import type { StopAnswer } from './run-backend.ts';

/** What a work is about. Paths are absolute. */
export interface MethodWork {
  readonly kind: MethodKind;
  /** The run, the sweep or the iteration. */
  readonly folder: string;
  readonly workspaceFolder: string;
  /** Its model as people know it. */
  readonly model: string;
}

/** Errors are sentences with a remedy. */
export interface MethodBackend {
  /** Scales the widths that a run proposes, and keeps what comes out in its folder. */
  expand(runFolder: string, request: ExpansionRequest): Promise<Result<ExpandedProposal>>;
  /** Trains a run's seed and its proposal from scratch; asked again it goes on where it was stopped. */
  retrain(work: MethodWork, request: RetrainRequest): Promise<Result<MethodSummary>>;
  /** Starts a sweep in a folder of its own. */
  sweep(work: Omit<MethodWork, 'folder'>, config: RunConfig, request: SweepRequest): Promise<Result<MethodSummary>>;
  /** Starts an iteration in a folder of its own. */
  iterate(work: Omit<MethodWork, 'folder'>, config: RunConfig, request: IterateRequest): Promise<Result<MethodSummary>>;
  /** Goes on with a sweep or an iteration that was stopped. */
  goOn(work: MethodWork): Promise<Result<MethodSummary>>;
  /** Asks for an end at a checkpoint; `atOnce` ends a process that was asked before, without one. */
  stop(id: string, kind: MethodKind, atOnce: boolean): StopAnswer;
  /** Called for every work as it goes on, and at its end. */
  onGrew(listener: (summary: MethodSummary) => void): void;
}
