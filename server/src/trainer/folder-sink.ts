// Where a training's news go: the run's folder, TensorBoard's files in it, and the parent.

import type { RunConfig } from '../protocol/run-config.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import { loadCheckpoint, saveCheckpoint } from '../runs/checkpoints.ts';
import type { EventWriter } from '../runs/event-log.ts';
import { writeLearnedStructure } from '../runs/learned-structures.ts';
import { writeProposal, writeStructure } from '../runs/run-folder.ts';
import { TensorboardLog } from '../runs/tensorboard-log.ts';
import { aliveCountsFile, formatAliveCounts } from '../structure/alive-counts.ts';
import { structureFile } from '../structure/structure-document.ts';
import type { NewEvent, RunSink } from '../training/loop/run-sink.ts';
import { say } from './parent-watch.ts';

export interface TrainerSink extends RunSink {
  /** The step of the last event that had one. */
  lastStep(): number;
}

/** The folder's side of the loop; `beforeSaving` is called when a checkpoint is to be written. */
export function sinkOf(
  folder: string,
  config: RunConfig,
  log: EventWriter,
  firstStep: number,
  beforeSaving: () => void,
): TrainerSink {
  let step = firstStep;
  let tensorboard: TensorboardLog | undefined;
  return {
    lastStep: () => step,
    event(event: NewEvent) {
      if ('step' in event) step = event.step;
      const stamped: RunEvent = { version: 1, time: Date.now(), ...event };
      log.append(stamped);
      if (stamped.kind === 'started') tensorboard = new TensorboardLog(folder, config, stamped.step, stamped.time);
      tensorboard?.event(stamped);
      say(stamped);
    },
    structure: (structure) => writeStructure(folder, structure),
    proposal: (proposal) =>
      writeProposal(folder, {
        ...proposal,
        layers: proposal.layers.map((layer) => ({ ...layer })),
        groups: proposal.groups.map((group) => ({ ...group, layers: [...group.layers] })),
        removed: [...proposal.removed],
      }),
    regularizationVectors: (step, vectors) => tensorboard?.histograms(step, Date.now(), vectors),
    learnedStructure(at, counts, structure) {
      writeLearnedStructure(folder, { step: at, every: config.aliveEvery }, [
        { name: aliveCountsFile(at), text: formatAliveCounts(counts) },
        { name: structureFile(at), text: `${JSON.stringify(structure)}\n` },
      ]);
    },
    save({ step, tensors, metadata }) {
      beforeSaving();
      return saveCheckpoint(folder, step, { tensors, metadata });
    },
    load: () => loadCheckpoint(folder),
  };
}
