// The one queue of an editor's trainings: runs and commands of several trainings wait for each other.

import { pythonVariable, tfjsPathVariable } from '../protocol/engine-report.ts';
import { sitePackagesVariable } from '../protocol/settings.ts';
import { JobQueue } from './job-queue.ts';
import type { TrainerProgram } from './trainer-process.ts';

/** The settings of these names; empty where nothing is set. */
export interface ProcessPaths {
  readonly tfjsPath: string;
  readonly python: string;
  readonly sitePackages: string;
}

export interface TrainingQueue {
  readonly queue: JobQueue;
  /** What processes that start now are told. */
  readonly environment: () => Readonly<Record<string, string>>;
  /** Where processes that start from now on find what they load and read; see the settings of these names. */
  readonly setPaths: (paths: ProcessPaths) => void;
}

export function createTrainingQueue(program: TrainerProgram): TrainingQueue {
  let paths: ProcessPaths = { tfjsPath: '', python: '', sitePackages: '' };
  const environment = (): Readonly<Record<string, string>> => ({
    ...program.environment,
    ...(paths.tfjsPath !== '' && { [tfjsPathVariable]: paths.tfjsPath }),
    ...(paths.python !== '' && { [pythonVariable]: paths.python }),
    ...(paths.sitePackages !== '' && { [sitePackagesVariable]: paths.sitePackages }),
  });
  const queue = new JobQueue({
    ...program,
    get environment() {
      return environment();
    },
  });
  return {
    queue,
    environment,
    setPaths: (known) => {
      paths = known;
    },
  };
}
