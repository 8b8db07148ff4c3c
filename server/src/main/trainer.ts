// The trainer's composition root: a process with one run's folder as its argument, or asked which engines there are, or to
// measure this machine or a model on it, or to time a run before it begins.

import { fileURLToPath } from 'node:url';
import { trainableModule } from '../frontends/python/libraries/torch/trainable-module.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import { enginesWord } from '../protocol/engine-report.ts';
import { measureMachineWord } from '../protocol/machine-profile.ts';
import { measureModelWord } from '../protocol/model-measurement.ts';
import { timeRunWord } from '../protocol/run-time.ts';
import { trainRun } from '../trainer/train-run.ts';
import { printEngines } from '../trainer/trainer-engine.ts';
import { printMachine, printModel } from '../trainer/trainer-machine.ts';
import { printRunTime } from '../trainer/trainer-timing.ts';

const torch = {
  script: fileURLToPath(new URL('./torch_engine.py', import.meta.url)),
  write: trainableModule,
};

/** The networks that a machine is measured with stand in no source: each call is as plain as its name. */
const timing = {
  script: fileURLToPath(new URL('./torch_timing.py', import.meta.url)),
  write: (graph: NetworkGraph) => trainableModule(graph, ({ label }) => `${label}(x)`),
};

const decoder = new URL('./image-decoder.cjs', import.meta.url);

const [word, threads, batch] = process.argv.slice(2);

if (word === undefined) {
  process.stderr.write('The trainer takes the folder of a run as its argument.\n');
  process.exit(2);
} else if (word === enginesWord) void printEngines(threads, torch);
else if (word === measureMachineWord) void printMachine(threads, batch, timing);
else if (word === measureModelWord) void printModel(threads, batch);
else if (word === timeRunWord) void printRunTime({ decoder, torch });
else void trainRun(word, { decoder, torch });
