// The runs of this machine: trained by processes that wait for each other. How a run stands is folded from what its process says;
// its log is read only for a run that somebody else trained, or that somebody looks at.

import { existsSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import type { Result } from '../common/problem.ts';
import { askEngines } from '../jobs/ask-engines.ts';
import { pacedTelling } from '../jobs/paced-telling.ts';
import type { TrainerProgram } from '../jobs/trainer-process.ts';
import { createTrainingQueue } from '../jobs/training-queue.ts';
import { endings, type RunEvent } from '../protocol/run-events.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunSnapshot, RunStatus, RunSummary } from '../protocol/run-files.ts';
import { workspaceOf } from '../runs/portable-config.ts';
import { readIteration } from '../runs/read-iterations.ts';
import { readSweep, readSweeps } from '../runs/read-sweeps.ts';
import { createRunFolder, readConfig, readProposal, readStructure } from '../runs/run-folder.ts';
import { holderOf } from '../runs/run-lock.ts';
import { RunLogs } from '../runs/run-logs.ts';
import { afterEvent, newState, statusOf, type RunState } from '../runs/run-state.ts';
import { missingData, newRunFolder, runFolder, storeFolder, sweepRunFolder } from '../runs/run-store.ts';
import { RunSummaries, stateAtEnd, summaryOf } from '../runs/run-summaries.ts';
import { findDataSet } from './find-data-set.ts';
import type { EventListener, QueuedTraining, RunGrowth, RunService } from './run-service.ts';

/** A run that this service trains. */
interface Trained {
  readonly folder: string;
  readonly config: RunConfig;
  /** Whether its folder was made for this very training. */
  readonly isNew: boolean;
  state: RunState;
  /** Its process has said nothing yet: what its log ends with is an earlier process's end. */
  isWaiting: boolean;
  hasProposal: boolean;
  /** Why its process failed, with the code that the documents explain. */
  failure?: string;
}

/** The service over one trainer program; a run outside of any workspace belongs to the working folder. */
export function createRunService(
  program: TrainerProgram,
  { workingFolder = process.cwd(), training = createTrainingQueue(program) } = {},
): RunService {
  const { queue } = training;
  const listeners: ((growth: RunGrowth) => void)[] = [];
  const trained = new Map<string, Trained>();
  const summaries = new RunSummaries();
  const logs = new RunLogs();
  const workspace = (folder: string): string => workspaceOf(folder, workingFolder);

  const statusNow = ({ folder, state, isWaiting }: Trained): RunStatus =>
    isWaiting ? 'queued' : statusOf(state, queue.find(folder) !== undefined);
  const summaryNow = (run: Trained): RunSummary =>
    summaryOf(run.folder, run.config, run.state, run.hasProposal, statusNow(run));

  const read = async (folder: string): Promise<Result<RunSnapshot>> => {
    const snapshot = await logs.snapshot(folder, workspace(folder));
    const own = trained.get(folder);
    return snapshot.ok && own?.isWaiting === true
      ? { ok: true, value: { ...snapshot.value, status: 'queued' } }
      : snapshot;
  };

  const tell = (run: Trained, events: readonly RunEvent[], isRemoved: boolean): void => {
    const { folder } = run;
    const gains = (kind: RunEvent['kind']): boolean => events.some((event) => event.kind === kind);
    // Their size is the network's, however long the run is.
    const structure = gains('started') ? readStructure(folder) : undefined;
    const proposal = gains('alive') || gains('finished') ? readProposal(folder) : undefined;
    if (proposal?.ok === true && proposal.value !== undefined) run.hasProposal = true;
    const growth: RunGrowth = {
      id: basename(folder),
      status: statusNow(run),
      events,
      ...(structure?.ok === true && structure.value && { structure: structure.value }),
      ...(proposal?.ok === true && proposal.value && { proposal: proposal.value }),
      ...(isRemoved && { removed: true }),
    };
    for (const listener of listeners) listener(growth);
  };

  /** A run that could not begin leaves nothing behind: there is nothing in it to look at or to go on with. */
  const removeUnbegun = (run: Trained): boolean => {
    const { folder, state, isNew } = run;
    if (!isNew || state.last !== 'failed' || run.state.step > 0 || run.hasProposal) return false;
    const structure = readStructure(folder);
    if (!structure.ok || structure.value !== undefined) return false;
    rmSync(folder, { recursive: true, force: true });
    summaries.forget(folder);
    return true;
  };

  const train = (folder: string, config: RunConfig, isNew: boolean, listener?: EventListener): QueuedTraining => {
    const hasProposal = !isNew && readProposal(folder).ok;
    const run: Trained = {
      folder,
      config,
      isNew,
      state: isNew ? newState : stateAtEnd(folder),
      isWaiting: true,
      hasProposal,
    };
    trained.set(folder, run);
    let waiting: RunEvent[] = [];
    let isRemoved = false;
    const telling = pacedTelling(() => {
      const events = waiting;
      waiting = [];
      tell(run, events, isRemoved);
    });
    const job = queue.add(
      folder,
      (event) => {
        run.state = afterEvent(run.state, event);
        if (event.kind === 'failed') run.failure = `${event.message} [${event.code}]`;
        if (event.kind !== 'notice') run.isWaiting = false;
        waiting.push(event);
        listener?.(event);
        // Whoever hears of the end may resume the run: it is told when the process has left it.
        if (endings.has(event.kind)) telling.hold();
        else telling.soon();
      },
      workspace(folder),
    );
    const ended = job.ended.then(async (): Promise<Result<RunSnapshot>> => {
      trained.delete(folder);
      run.isWaiting = false;
      isRemoved = removeUnbegun(run);
      telling.atOnce();
      return isRemoved ? { ok: false, error: run.failure ?? 'The training could not begin' } : read(folder);
    });
    return { folder, summary: summaryNow(run), stop: () => job.stop(), ended };
  };

  return {
    async list(workspaceFolder) {
      const { runs, unreadable } = await summaries.list(workspaceFolder);
      return {
        runs: runs.map((run) => {
          const own = trained.get(run.folder);
          return own === undefined ? run : summaryNow(own);
        }),
        unreadable,
      };
    },
    find(workspaceFolder, id) {
      const folders = [
        runFolder(workspaceFolder, id),
        storeFolder(workspaceFolder, 'iterations', id),
        sweepRunFolder(workspaceFolder, id),
      ];
      return folders.find((folder) => folder !== undefined && existsSync(folder));
    },
    read(folder) {
      const rounds = readIteration(folder, workspace(folder));
      return rounds === undefined ? read(folder) : Promise.resolve({ ok: true, value: rounds });
    },
    summary(folder) {
      const own = trained.get(folder);
      return own === undefined ? summaries.read(folder) : Promise.resolve({ ok: true, value: summaryNow(own) });
    },
    proposal: (folder) => Promise.resolve(readProposal(folder)),
    sweeps: (workspaceFolder) => Promise.resolve(readSweeps(workspaceFolder)),
    dataSetOf: (workspaceFolder, modelFile) => Promise.resolve(findDataSet(workspaceFolder, modelFile)),
    sweep: (workspaceFolder, id) => Promise.resolve(readSweep(workspaceFolder, id)),
    unfinished(workspaceFolder, what, id) {
      const folder = storeFolder(workspaceFolder, what === 'sweep' ? 'sweeps' : 'iterations', id);
      if (folder === undefined || !existsSync(folder)) return Promise.resolve(undefined);
      const config = readConfig(folder);
      return Promise.resolve(config.ok ? { ok: true, value: { folder, config: config.value } } : config);
    },
    start(where, config, network, listener) {
      const missing = missingData(config);
      if (missing !== undefined) return Promise.resolve({ ok: false, error: missing });
      const empty: Result<string> =
        where.folder === undefined
          ? newRunFolder(where.workspace, config, new Date())
          : { ok: true, value: where.folder };
      const folder = empty.ok ? createRunFolder(empty.value, config, network, workspace(empty.value)) : empty;
      return Promise.resolve(folder.ok ? { ok: true, value: train(folder.value, config, true, listener) } : folder);
    },
    async resume(folder, listener) {
      const config = readConfig(folder, workspace(folder));
      if (!config.ok) return config;
      if (trained.has(folder)) return { ok: false, error: `The run ${basename(folder)} is being trained already` };
      const holder = holderOf(folder);
      if (holder !== undefined)
        return { ok: false, error: `The process ${String(holder)} trains ${folder} already; stop it first` };
      const summary = await summaries.read(folder);
      // An old notice offers it still.
      if (summary.ok && summary.value.status === 'finished')
        return { ok: false, error: `The run ${basename(folder)} has finished: there is nothing left to train` };
      const missing = missingData(config.value);
      if (missing !== undefined) return { ok: false, error: missing };
      return { ok: true, value: train(folder, config.value, false, listener) };
    },
    stop(folder, atOnce) {
      const job = queue.find(folder);
      if (job === undefined) return 'absent';
      // A second press must lose nothing unless that was meant.
      if (job.isStopping() && !atOnce) return 'stopping';
      job.stop();
      return 'asked';
    },
    pause(folder) {
      const job = queue.find(folder);
      if (job === undefined) return 'absent';
      if (job.isStopping()) return 'stopping';
      job.pause();
      return 'asked';
    },
    engines: (threads) => askEngines(program, threads),
    setPaths: training.setPaths,
    onGrew(listener) {
      listeners.push(listener);
    },
    dispose: () => queue.dispose(),
  };
}
