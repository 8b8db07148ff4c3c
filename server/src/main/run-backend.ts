// Runs and trainer processes as the language server asks for them: several runs queue, and what a run's folder gains is told.

import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Result } from '../common/problem.ts';
import { readSweeps } from '../runs/read-sweeps.ts';
import type { TrainerProgram } from '../jobs/trainer-process.ts';
import type { RunBackend, RunGrowth } from '../lsp/run-backend.ts';
import { endings, type RunEvent } from '../protocol/run-events.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { listIterations, readIteration } from '../runs/read-iterations.ts';
import { createRunFolder, readConfig, readProposal, readSnapshot } from '../runs/run-folder.ts';
import { holderOf } from '../runs/run-lock.ts';
import { listRuns, missingData, newRunFolder, runFolder, storeFolder } from '../runs/run-store.ts';
import { pacedTelling } from './paced-telling.ts';
import { createTrainingQueue } from './training-queue.ts';

/** The backend over one trainer program. */
export function createRunBackend(program: TrainerProgram, training = createTrainingQueue(program)): RunBackend {
  const { queue } = training;
  const listeners: ((growth: RunGrowth) => void)[] = [];
  /** Folders of runs by id, as far as this backend trains them. */
  const folders = new Map<string, string>();
  /** Of these the ones whose process has not begun yet: what their logs end with is an earlier process's end. */
  const waitingRuns = new Set<string>();

  const asItStands = (snapshot: RunSnapshot): RunSnapshot =>
    waitingRuns.has(snapshot.id) ? { ...snapshot, status: 'queued' } : snapshot;
  const readRun = (folder: string): Result<RunSnapshot> => {
    const snapshot = readSnapshot(folder);
    return snapshot.ok ? { ok: true, value: asItStands(snapshot.value) } : snapshot;
  };

  const tell = (folder: string, events: readonly RunEvent[]): void => {
    const snapshot = readRun(folder);
    if (!snapshot.ok) return;
    const grewProposal = events.some(({ kind }) => kind === 'alive' || kind === 'finished');
    const proposal = grewProposal ? readProposal(folder) : undefined;
    const { structure } = snapshot.value;
    const hasStarted = events.some(({ kind }) => kind === 'started');
    const growth: RunGrowth = {
      id: basename(folder),
      status: snapshot.value.status,
      events,
      ...(hasStarted && structure && { structure }),
      ...(proposal?.ok === true && proposal.value && { proposal: proposal.value }),
    };
    for (const listener of listeners) listener(growth);
  };

  const train = (folder: string): Result<RunSnapshot> => {
    let waiting: RunEvent[] = [];
    const telling = pacedTelling(() => {
      const events = waiting;
      waiting = [];
      tell(folder, events);
    });
    folders.set(basename(folder), folder);
    waitingRuns.add(basename(folder));
    const job = queue.add(folder, (event) => {
      if (event.kind !== 'notice') waitingRuns.delete(basename(folder));
      waiting.push(event);
      // Whoever hears of the end may resume the run: it is told when the process has left it.
      if (endings.has(event.kind)) telling.hold();
      else telling.soon();
    });
    void job.ended.then(() => {
      folders.delete(basename(folder));
      waitingRuns.delete(basename(folder));
      telling.atOnce();
    });
    return readRun(folder);
  };

  const folderOf = (workspaceFolder: string, id: string): Result<string> => {
    const folder = runFolder(workspaceFolder, id);
    return folder === undefined ? { ok: false, error: `"${id}" is no name of a run` } : { ok: true, value: folder };
  };

  return {
    list: (workspaceFolder) =>
      Promise.resolve([...listRuns(workspaceFolder).map(asItStands), ...listIterations(workspaceFolder)]),
    sweeps: (workspaceFolder) => Promise.resolve(readSweeps(workspaceFolder)),
    unfinished(workspaceFolder, what, id) {
      const folder = storeFolder(workspaceFolder, what === 'sweep' ? 'sweeps' : 'iterations', id);
      if (folder === undefined || !existsSync(folder)) return Promise.resolve(undefined);
      const config = readConfig(folder);
      return Promise.resolve(config.ok ? { ok: true, value: { folder, config: config.value } } : config);
    },
    read(workspaceFolder, id) {
      const folder = folderOf(workspaceFolder, id);
      if (!folder.ok) return Promise.resolve(folder);
      const iteration = storeFolder(workspaceFolder, 'iterations', id);
      const rounds = existsSync(folder.value) || iteration === undefined ? undefined : readIteration(iteration);
      return Promise.resolve(rounds === undefined ? readRun(folder.value) : { ok: true, value: rounds });
    },
    start(workspaceFolder, config, network) {
      const missing = missingData(config);
      if (missing !== undefined) return Promise.resolve({ ok: false, error: missing });
      const empty = newRunFolder(workspaceFolder, config, new Date());
      const folder = empty.ok ? createRunFolder(empty.value, config, network) : empty;
      return Promise.resolve(folder.ok ? train(folder.value) : folder);
    },
    resume(workspaceFolder, id) {
      const folder = folderOf(workspaceFolder, id);
      if (!folder.ok) return Promise.resolve(folder);
      const holder = holderOf(folder.value);
      const isOurs = folders.has(id);
      if (isOurs || holder !== undefined) {
        return Promise.resolve({ ok: false, error: `The run ${id} is being trained already` });
      }
      const snapshot = readSnapshot(folder.value);
      if (!snapshot.ok) return Promise.resolve(snapshot);
      // An old notice offers it still.
      if (snapshot.value.status === 'finished') {
        return Promise.resolve({ ok: false, error: `The run ${id} has finished: there is nothing left to train` });
      }
      return Promise.resolve(train(folder.value));
    },
    stop(id, atOnce) {
      const folder = folders.get(id);
      const job = folder === undefined ? undefined : queue.find(folder);
      if (job === undefined) return 'absent';
      // A second press must lose nothing unless that was meant.
      if (job.isStopping() && !atOnce) return 'stopping';
      job.stop();
      return 'asked';
    },
    pause(id) {
      const folder = folders.get(id);
      const job = folder === undefined ? undefined : queue.find(folder);
      if (job === undefined) return 'absent';
      if (job.isStopping()) return 'stopping';
      job.pause();
      return 'asked';
    },
    setPaths: training.setPaths,
    onGrew(listener) {
      listeners.push(listener);
    },
    dispose: () => queue.dispose(),
  };
}
