// Measuring, with the file of the user's that keeps this machine's profile.

import { measureModelHere, measureThisMachine, timeRunHere } from '../experiments/measuring-processes.ts';
import type { MeasuringService } from '../experiments/measuring-service.ts';
import { pythonOf } from '../protocol/engine-report.ts';
import type { TrainerProgram } from '../jobs/trainer-process.ts';
import { storeThisMachine } from './machine-profiles.ts';

export function createMeasuring(trainer: TrainerProgram): MeasuringService {
  return {
    python: pythonOf(process.env),
    machine: (options, onProgress) => measureThisMachine(trainer, options, onProgress),
    model: (network, options, onProgress) => measureModelHere(trainer, network, options, onProgress),
    run: (config, network) => timeRunHere(trainer, config, network),
    store: storeThisMachine,
  };
}
