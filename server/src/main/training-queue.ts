// The one queue of an editor's trainings: runs and commands of several trainings wait for each other.

import { JobQueue } from '../jobs/job-queue.ts';
import type { TrainerProgram } from '../jobs/trainer-process.ts';
import { tfjsPathVariable } from '../protocol/engine-report.ts';

export interface TrainingQueue {
  readonly queue: JobQueue;
  /** What processes that start now are told. */
  readonly environment: () => Readonly<Record<string, string>>;
  /** Where processes that start from now on find TensorFlow.js for Node; empty: beside the trainer. */
  readonly setTfjsPath: (path: string) => void;
}

export function createTrainingQueue(program: TrainerProgram): TrainingQueue {
  let tfjsPath = '';
  const environment = (): Readonly<Record<string, string>> =>
    tfjsPath === '' ? program.environment : { ...program.environment, [tfjsPathVariable]: tfjsPath };
  const queue = new JobQueue({
    ...program,
    get environment() {
      return environment();
    },
  });
  return {
    queue,
    environment,
    setTfjsPath: (path) => {
      tfjsPath = path;
    },
  };
}
