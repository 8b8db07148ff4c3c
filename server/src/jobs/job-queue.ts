// Runs wait for each other: training uses every core it may have, so one at a time is faster than two at once. A paused run
// lets the others go first, and keeps its place before those that came later.

import type { InterruptionReason, RunEvent } from '../protocol/run-events.ts';
import { workspaceOf } from '../runs/portable-config.ts';
import { interruptedAt, logEnd, loggedStep } from './log-end.ts';
import { startTrainer, type TrainerProcess, type TrainerProgram } from './trainer-process.ts';

export interface Job {
  readonly folder: string;
  /**
   * Stops the process at a checkpoint, or takes the job out of the queue; the log and the listener hear of either. A second
   * time the process ends at once.
   */
  stop(): void;
  /** Does the same, but the run is to be resumed: its log calls it paused, and its place in the queue stays its own. */
  pause(): void;
  /** Lets the process come to a checkpoint as one whose parent goes; one that was asked to end does as it was asked. */
  leave(): void;
  /** Whether the process was asked to end and has not ended yet. */
  isStopping(): boolean;
  readonly ended: Promise<void>;
}

interface Waiting {
  readonly place: number;
  readonly begin: () => void;
  readonly drop: () => void;
}

export class JobQueue {
  readonly #program: TrainerProgram;
  readonly #waiting: Waiting[] = [];
  readonly #jobs = new Map<string, Job>();
  /** Jobs whose process was asked to stop. */
  readonly #stopping = new Set<Job>();
  /** Places of paused runs by folder. Lower ones go first. */
  readonly #places = new Map<string, number>();
  #lastPlace = 0;
  #running: TrainerProcess | undefined;

  constructor(program: TrainerProgram) {
    this.#program = program;
  }

  /** Starts a trainer on a run's folder, at once or when those before it have ended. */
  add(folder: string, listener: (event: RunEvent) => void, workspace = workspaceOf(folder)): Job {
    return this.addProcess(
      folder,
      () => startTrainer(this.#program, folder, listener, undefined, workspace),
      (reason) => {
        const event = interruptedAt(loggedStep(folder), reason);
        logEnd(folder, event);
        listener(event);
      },
    );
  }

  /** The same for another kind of process; `dropped` hears that it was taken out of the queue before it began. */
  addProcess(folder: string, start: () => TrainerProcess, dropped: (reason: InterruptionReason) => void): Job {
    let process: TrainerProcess | undefined;
    const place = this.#places.get(folder) ?? ++this.#lastPlace;
    this.#places.delete(folder);
    let waiting: Waiting | undefined;
    const ended = new Promise<void>((resolve) => {
      const begin = (): void => {
        process = start();
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
      waiting = { place, begin, drop };
      const later = this.#waiting.findIndex((other) => other.place > place);
      this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, waiting);
    });
    const end = (how: 'stop' | 'pause', reason: InterruptionReason): void => {
      if (how === 'pause') this.#places.set(folder, place);
      else this.#places.delete(folder);
      if (process) {
        this.#stopping.add(job);
        process[how]();
        return;
      }
      const index = waiting === undefined ? -1 : this.#waiting.indexOf(waiting);
      // Dropped already: what stands in the queue belongs to others.
      if (index < 0) return;
      dropped(reason);
      this.#waiting.splice(index, 1).forEach((job) => job.drop());
    };
    const job: Job = {
      folder,
      ended,
      isStopping: () => this.#stopping.has(job),
      stop: () => end('stop', 'cancelled'),
      pause: () => end('pause', 'paused'),
      leave: () => process?.leave(),
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
   * Ends everything, each at a checkpoint: nobody stopped it, so it counts as interrupted. What waits is dropped without a
   * word in its log.
   */
  async dispose(): Promise<void> {
    for (const waiting of this.#waiting.splice(0)) waiting.drop();
    const jobs = [...this.#jobs.values()];
    for (const job of jobs) job.leave();
    await Promise.all(jobs.map((job) => job.ended));
  }

  #next(): void {
    if (this.#running === undefined) this.#waiting.shift()?.begin();
  }
}
