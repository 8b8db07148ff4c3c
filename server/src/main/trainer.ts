// The trainer's composition root: a process with one run's folder as its argument, or asked which engines there are.

import { enginesWord } from '../protocol/engine-report.ts';
import { trainRun } from '../trainer/train-run.ts';
import { printEngines } from '../trainer/trainer-engine.ts';

const [word, threads] = process.argv.slice(2);

if (word === undefined) {
  process.stderr.write('The trainer takes the folder of a run as its argument.\n');
  process.exit(2);
} else if (word === enginesWord) void printEngines(threads);
else void trainRun(word, new URL('./image-decoder.cjs', import.meta.url));
