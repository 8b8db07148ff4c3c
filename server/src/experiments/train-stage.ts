// One of the trainings that an experiment is made of: a run of its own in the experiment's folder, so that what was stopped goes
// on and what is done stays.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { ExperimentStage } from '../protocol/experiment-messages.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { innerFolder } from '../runs/inner-folder.ts';
import type { RunNetworkService } from './run-network-service.ts';
import { failureOf, lastFailure, lastStep } from './run-outcome.ts';
import type { EventListener, RunningTraining, TrainingService } from './run-service.ts';

/** Who follows an experiment's trainings, and may stop them. */
export interface TrainingFollower {
  /** The next of its trainings begins. */
  announce(stage: ExperimentStage): void;
  /** Begins a training, follows it, and gives the run as it stands when it has ended, however it ended. */
  follow(begin: (listener: EventListener) => Promise<Result<RunningTraining>>): Promise<Result<RunSnapshot>>;
}

/** What an experiment works with. */
export interface ExperimentTools {
  readonly training: TrainingService;
  readonly networks: RunNetworkService;
  readonly follower: TrainingFollower;
  /** Absolute; folders outside of any workspace belong to it. */
  readonly workingFolder: string;
}

/** Why an experiment has not come to its end. */
export interface ExperimentFailure {
  /** A sentence with a remedy. */
  readonly message: string;
  /** A training was stopped or failed: what is done stays done, and the same experiment can go on. */
  readonly canGoOn: boolean;
}

export type ExperimentResult<T> = Result<T, ExperimentFailure>;

/** One of several trainings that an experiment is made of. */
interface Stage {
  /** The folder that holds all of them, absolute. */
  readonly within: string;
  /** Its run there, with slashes; made where it is not there. */
  readonly run: string;
  readonly config: RunConfig;
  readonly network: NetworkGraph;
}

export function experimentFailed(message: string): { readonly ok: false; readonly error: ExperimentFailure } {
  return { ok: false, error: { message, canGoOn: false } };
}

/** A value, or a failure that going on does not mend. */
export function orFailed<T>(result: Result<T>): ExperimentResult<T> {
  return result.ok ? result : experimentFailed(result.error);
}

/**
 * Trains a stage to its end and gives the run: at once where it is finished already, from its last checkpoint where it was
 * stopped. `lastingFailure` lets the caller look at failures that would only repeat themselves.
 */
export async function trainStage(
  { training, follower, workingFolder }: ExperimentTools,
  stage: Stage,
  lastingFailure: 'ends' | 'gives-run' = 'ends',
): Promise<ExperimentResult<RunSnapshot>> {
  const { config, network } = stage;
  const place = stageFolder(stage);
  if (!place.ok) return experimentFailed(place.error);
  const folder = place.value;
  const isThere = existsSync(join(folder, 'config.json'));
  const isEnd = (run: RunSnapshot): boolean =>
    run.status === 'finished' || (lastingFailure === 'gives-run' && wouldFailAgain(run));
  const known = isThere ? await training.read(folder) : undefined;
  if (known?.ok === false) return experimentFailed(known.error);
  if (known !== undefined && isEnd(known.value)) return known;
  const ended = await follower.follow((listener) =>
    isThere
      ? training.resume(folder, listener)
      : training.start({ workspace: workingFolder, folder }, config, network, listener),
  );
  if (!ended.ok) return experimentFailed(ended.error);
  const run = ended.value;
  if (isEnd(run)) return ended;
  const message =
    run.status === 'failed'
      ? failureOf(run)
      : `Stopped at step ${String(lastStep(run))} of ${String(run.config.steps)}.`;
  return { ok: false, error: { message, canGoOn: true } };
}

/** Made step by step, so that no link that came with the folder leads elsewhere. */
function stageFolder({ within, run }: Stage): Result<string> {
  try {
    return { ok: true, value: innerFolder(within, ...run.split('/')) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

/** Failures that lie in the strength and not in the machine: training again would end the same way. */
const lasting: ReadonlySet<string> = new Set(['network-cut', 'diverged']);

function wouldFailAgain(run: RunSnapshot): boolean {
  return run.status === 'failed' && lasting.has(lastFailure(run)?.code ?? '');
}
