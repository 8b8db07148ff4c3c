// Runs wait for each other: training uses every core it may have, so one at a time is faster than two at once.

import type { RunEvent } from '../protocol/run-events.ts';
import { cancelledAt, logEnd, loggedStep } from './log-end.ts';
import { startTrainer, type TrainerProcess, type TrainerProgram } from './trainer-process.ts';

export interface Job {
  readonly folder: string;
  /**
   * Stops the process at a checkpoint, or takes the job out of the queue; the log and the listener hear of either. A second
   * time the process ends at once.
   */
  stop(): void;
  /** Whether the process was asked to stop and has not ended yet. */
  isStopping(): boolean;
  readonly ended: Promise<void>;
}

interface Waiting {
  readonly begin: () => void;
  readonly drop: () => void;
}

export class JobQueue {
  readonly #program: TrainerProgram;
  readonly #waiting: Waiting[] = [];
  readonly #jobs = new Map<string, Job>();
  /** Jobs whose process was asked to stop. */
  readonly #stopping = new Set<Job>();
  #running: TrainerProcess | undefined;

  constructor(program: TrainerProgram) {
    this.#program = program;
  }

  /** Starts a trainer on a run's folder, at once or when those before it have ended. */
  add(folder: string, listener: (event: RunEvent) => void): Job {
    let process: TrainerProcess | undefined;
    let waiting: Waiting | undefined;
    const ended = new Promise<void>((resolve) => {
      const begin = (): void => {
        process = startTrainer(this.#program, folder, listener);
        this.#running = process;
        void process.ended.then(() => {
          this.#running = undefined;
          this.#jobs.delete(folder);
          this.#stopping.delete(job);
          resolve();
          this.#next();
        });
      };
      const drop = (): void => {
        this.#jobs.delete(folder);
        resolve();
      };
      waiting = { begin, drop };
      this.#waiting.push(waiting);
    });
    const job: Job = {
      folder,
      ended,
      isStopping: () => this.#stopping.has(job),
      stop: () => {
        if (process) {
          this.#stopping.add(job);
          process.stop();
          return;
        }
        const place = waiting === undefined ? -1 : this.#waiting.indexOf(waiting);
        // Dropped already: what stands in the queue belongs to others.
        if (place < 0) return;
        const end = cancelledAt(loggedStep(folder));
        logEnd(folder, end);
        listener(end);
        this.#waiting.splice(place, 1).forEach((dropped) => dropped.drop());
      },
    };
    this.#jobs.set(folder, job);
    this.#next();
    return job;
  }

  /** The job on a folder, running or waiting. */
  find(folder: string): Job | undefined {
    return this.#jobs.get(folder);
  }

  /**
   * Ends everything, each at a checkpoint. What waits is dropped without a word in its log: nobody stopped it, so it counts
   * as interrupted.
   */
  async dispose(): Promise<void> {
    for (const waiting of this.#waiting.splice(0)) waiting.drop();
    const jobs = [...this.#jobs.values()];
    // Asked a second time a process would end at once, and lose the steps since its last checkpoint.
    for (const job of jobs) if (!this.#stopping.has(job)) job.stop();
    await Promise.all(jobs.map((job) => job.ended));
  }

  #next(): void {
    if (this.#running === undefined) this.#waiting.shift()?.begin();
  }
}
