// What the language server asks of the method beyond one run. Commands of several trainings are processes of their own: the
// command line's program, which waits in the queue of the editor's trainings.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../common/problem.ts';
import { askProgram } from '../jobs/ask-program.ts';
import { startExperiment } from '../jobs/experiment-process.ts';
import { pacedTelling } from '../jobs/paced-telling.ts';
import type { TrainerProgram } from '../jobs/trainer-process.ts';
import type { TrainingQueue } from '../jobs/training-queue.ts';
import type { ExperimentMessage, ExperimentSummary } from '../protocol/experiment-messages.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import { expandedProposalSchema } from '../protocol/run-files.ts';
import { askedName } from '../protocol/sweep-file.ts';
import { portableConfig, workspaceOf } from '../runs/portable-config.ts';
import { writeDocument } from '../runs/run-folder.ts';
import { idOfFolder, missingData, newStoreFolder } from '../runs/run-store.ts';
import type { Experiment, ExperimentService } from './experiment-service.ts';

/** `program` is the command line's. */
export function createExperimentService(program: TrainerProgram, training: TrainingQueue): ExperimentService {
  const listeners: ((summary: ExperimentSummary) => void)[] = [];
  /** By the folder that a work is about, until it has ended. */
  const works = new Map<string, ExperimentSummary>();

  const begin = (
    folder: string,
    words: readonly string[],
    work: Omit<Experiment, 'folder'>,
  ): Result<ExperimentSummary> => {
    if (works.has(folder)) return { ok: false, error: `This is being done already; see its progress` };
    const { kind, model, workspaceFolder } = work;
    let summary: ExperimentSummary = { kind, id: idOfFolder(folder), model, status: 'queued', step: 0, totalSteps: 0 };
    works.set(folder, summary);
    const telling = pacedTelling(() => {
      for (const listener of listeners) listener(summary);
    });
    const hear = (message: ExperimentMessage): void => {
      const isStopping = training.queue.find(jobOf(folder, kind))?.isStopping() === true;
      summary = afterMessage(summary, message, isStopping);
      works.set(folder, summary);
      // Whoever hears of the end may begin the next work on the folder: it is told when the process has left it.
      if (message.kind === 'ended') telling.hold();
      else telling.soon();
    };
    const job = training.queue.addProcess(
      jobOf(folder, kind),
      () => startExperiment({ ...program, environment: training.environment() }, words, workspaceFolder, hear),
      () => {
        summary = { ...summary, status: 'interrupted' };
      },
    );
    void job.ended.then(() => {
      works.delete(folder);
      // An editor that closes drops what waits without a word.
      if (summary.status === 'queued') summary = { ...summary, status: 'interrupted' };
      telling.atOnce();
    });
    return { ok: true, value: summary };
  };

  /** A folder of its own below the workspace's store, with the settings that were asked for. */
  const newFolder = (workspaceFolder: string, store: 'sweeps' | 'iterations', config: RunConfig): Result<string> => {
    const missing = missingData(config);
    if (missing !== undefined) return { ok: false, error: missing };
    const folder = newStoreFolder(workspaceFolder, store, config, new Date());
    if (!folder.ok) return folder;
    const stored = portableConfig(config, workspaceFolder);
    const written = stored.ok ? writeDocument(folder.value, askedName, stored.value) : stored;
    return written.ok ? folder : written;
  };

  return {
    // In a process of its own: for a large network it takes seconds, in which the editor must hear answers.
    expand(runFolder, { resource, share, multipleOf }) {
      const options = [`--${resource}`, String(share), '--multiple-of', String(multipleOf)];
      const words = ['expand', runFolder, ...options, '--json'];
      const environment = training.environment();
      return askProgram({ ...program, environment }, words, workspaceOf(runFolder), expandedProposalSchema);
    },
    retrain(work, { steps, seeds, expanded }) {
      const words = ['retrain', work.folder, '--seeds', String(seeds)];
      if (steps !== undefined) words.push('--steps', String(steps));
      if (expanded) words.push('--expanded');
      try {
        // Here, not in the trainer's folder: the command line makes its stages below it.
        mkdirSync(join(work.folder, 'retrained'), { recursive: true });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return Promise.resolve({ ok: false, error: `${work.folder} can't be written: ${reason}` });
      }
      return Promise.resolve(begin(work.folder, words, work));
    },
    stop(id, kind, atOnce) {
      const folder = [...works.keys()].find((known) => idOfFolder(known) === id && works.get(known)?.kind === kind);
      const job = folder === undefined ? undefined : training.queue.find(jobOf(folder, kind));
      if (job === undefined) return 'absent';
      if (job.isStopping() && !atOnce) return 'stopping';
      job.stop();
      return 'asked';
    },
    sweep(work, config, { points, strengths, retrain }) {
      const folder = newFolder(work.workspaceFolder, 'sweeps', config);
      if (!folder.ok) return Promise.resolve(folder);
      const words = ['sweep', join(folder.value, askedName), '--out', folder.value, '--points', String(points)];
      if (strengths !== undefined) words.push('--strengths', `${String(strengths.from)}..${String(strengths.to)}`);
      if (retrain) words.push('--retrain');
      return Promise.resolve(begin(folder.value, words, work));
    },
    iterate(work, config, { rounds, budget }) {
      const folder = newFolder(work.workspaceFolder, 'iterations', config);
      if (!folder.ok) return Promise.resolve(folder);
      const words = ['iterate', join(folder.value, askedName), '--out', folder.value, '--rounds', String(rounds)];
      words.push(`--${budget.resource}`, String(budget.share), '--multiple-of', String(budget.multipleOf));
      return Promise.resolve(begin(folder.value, words, work));
    },
    resume: (work) => Promise.resolve(begin(work.folder, [work.kind, work.folder], work)),
    onGrew(listener) {
      listeners.push(listener);
    },
  };
}

/** The queue's name for a work: a run can wait there beside its retraining. */
function jobOf(folder: string, kind: ExperimentSummary['kind']): string {
  return kind === 'retrain' ? join(folder, 'retrained') : folder;
}

/** How a work stands after it said something. */
function afterMessage(summary: ExperimentSummary, message: ExperimentMessage, isStopping: boolean): ExperimentSummary {
  const status = isStopping ? 'stopping' : 'running';
  switch (message.kind) {
    case 'stage': {
      const { title, number, of } = message;
      const { kind, id, model } = summary;
      return { kind, id, model, status, stage: { title, number, of }, step: 0, totalSteps: 0 };
    }
    case 'event': {
      const { event } = message;
      if (event.kind === 'started') return { ...summary, status, step: event.step, totalSteps: event.totalSteps };
      if (event.kind !== 'progress') return { ...summary, status };
      return { ...summary, status, step: event.step, secondsLeft: event.secondsLeft };
    }
    case 'ended': {
      if (message.ok) return { ...summary, status: 'finished' };
      return { ...summary, status: isStopping ? 'interrupted' : 'failed', message: message.message };
    }
  }
}
