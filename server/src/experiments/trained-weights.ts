// Trained weights as a file has them, for commands that write them out again.

import type { Result } from '../common/problem.ts';
import type { TensorState } from '../training/engines/engine.ts';
import { readWeightFile } from '../training/data/weight-file.ts';

/** By the model's names. The failure is a sentence that names the file. */
export function readTrainedWeights(path: string): Promise<Result<TensorState>> {
  return readWeightFile(path);
}
