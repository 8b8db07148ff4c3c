// The trainer's composition root: a process with one run's folder as its argument. Events go to the folder's log and to
// stdout; a word on stdin, or its end, stops it at a checkpoint.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import type { Result } from '../common/problem.ts';
import { enginesWord } from '../protocol/engine-report.ts';
import { trainerCommandSchema, trainerProtocolVersion } from '../protocol/trainer-messages.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { InterruptionReason, RunEvent } from '../protocol/run-events.ts';
import { loadCheckpoint, saveCheckpoint } from '../runs/checkpoints.ts';
import { EventReader, EventWriter } from '../runs/event-log.ts';
import {
  eventsFile,
  readConfig,
  readNetwork,
  removeLeftovers,
  writeProposal,
  writeStructure,
} from '../runs/run-folder.ts';
import { writeLearnedStructure } from '../runs/learned-structures.ts';
import { takeLock } from '../runs/run-lock.ts';
import { TensorboardLog } from '../runs/tensorboard-log.ts';
import { aliveCountsFile, formatAliveCounts } from '../structure/alive-counts.ts';
import { structureFile } from '../structure/structure-document.ts';
import { readDataSet } from '../training/data/read-data-set.ts';
import { learnStructure } from '../training/loop/learn-structure.ts';
import { retrain } from '../training/loop/retrain.ts';
import type { NewEvent, RunSink } from '../training/loop/run-sink.ts';
import { asNetworkGraph, imageShapeOf } from '../training/loop/training-setup.ts';
import { engineOf, printEngines } from './trainer-engine.ts';

const say = (message: unknown): boolean => process.stdout.write(`${JSON.stringify(message)}\n`);

interface TrainerSink extends RunSink {
  /** The step of the last event that had one. */
  lastStep(): number;
}

/** The folder's side of the loop; `beforeSaving` is called when a checkpoint is to be written. */
function sinkOf(
  folder: string,
  { aliveEvery }: RunConfig,
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
      if (stamped.kind === 'started') tensorboard = new TensorboardLog(folder, stamped.step, stamped.time);
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
      writeLearnedStructure(folder, { step: at, every: aliveEvery }, [
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

/** Stops the loop at its next step when the parent says so or is gone. */
class ParentWatch {
  #reason: InterruptionReason | undefined;

  constructor() {
    const lines = createInterface({ input: process.stdin });
    lines.on('line', (line) => {
      const reason = reasonOf(line);
      // Who stops a run that was to pause does not want it back.
      if (this.#reason === undefined || reason === 'cancelled') this.#reason = reason ?? this.#reason;
    });
    lines.on('close', () => (this.#reason ??= 'parent-gone'));
    // A parent that is gone no longer reads; what is written then must not end the process before its checkpoint.
    process.stdout.on('error', () => (this.#reason ??= 'parent-gone'));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (this.#reason ??= 'cancelled'));
  }

  get isCancellationRequested(): boolean {
    return this.#reason !== undefined;
  }

  /** Tells the parent that the last checkpoint is being written, when it is the last one. */
  tellSaving(): void {
    if (this.isCancellationRequested) say({ kind: 'stopping' });
  }

  get reason(): InterruptionReason {
    return this.#reason ?? 'cancelled';
  }
}

/** What a line from the parent asks for; undefined when it is no command. */
function reasonOf(line: string): InterruptionReason | undefined {
  try {
    const command = v.safeParse(trainerCommandSchema, JSON.parse(line));
    if (!command.success) return undefined;
    return command.output.kind === 'pause' ? 'paused' : 'cancelled';
  } catch {
    return undefined;
  }
}

async function trainIn(
  folder: string,
  config: RunConfig,
  sink: RunSink,
  parent: ParentWatch,
  logged: readonly RunEvent[],
): Promise<Result<void>> {
  const content = readNetwork(folder);
  if (!content.ok) return content;
  const graph = asNetworkGraph(content.value);
  if (!graph.ok) return graph;
  const input = imageShapeOf(graph.value);
  if (!input.ok) return input;
  const decoder = new URL('./image-decoder.cjs', import.meta.url);
  const dataSet = await readDataSet(config.data, { input: input.value, decoder });
  if (!dataSet.ok) return dataSet;
  const engine = await engineOf(config, graph.value, sink, logged, parent);
  if (!engine.ok) return engine;
  const train = config.task === 'retrain' ? retrain : learnStructure;
  await train(
    {
      config,
      graph: graph.value,
      dataSet: dataSet.value,
      engine: engine.value,
      device: config.device,
      sink,
      pid: process.pid,
      stopReason: () => parent.reason,
      now: () => performance.now(),
    },
    parent,
  );
  return { ok: true, value: undefined };
}

/** What the system said, for people. */
function explained(
  folder: string,
  error: unknown,
  message: string,
): { readonly code: string; readonly sentence: string } {
  if (!existsSync(folder))
    return {
      code: 'folder-gone',
      sentence: `The run’s folder ${folder} is gone. Put it back and resume the run, or start a new one`,
    };
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'ENOSPC':
    case 'EDQUOT':
      return { code: 'disk-full', sentence: `The disk of ${folder} is full. Free some space and resume the run` };
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'folder-read-only',
        sentence: `Nothing can be written to ${folder} any more (${message}). Make it writable and resume the run`,
      };
    default:
      return { code: 'trainer-failed', sentence: message };
  }
}

/** Says why the run could not go on: in the log where that still can be written, and to the parent in any case. */
function tellFailure(folder: string, sink: TrainerSink, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const { code, sentence } = explained(folder, error, message);
  const event: NewEvent = { kind: 'failed', step: sink.lastStep(), code, message: sentence };
  process.stderr.write(`${error instanceof Error ? (error.stack ?? message) : message}\n`);
  try {
    sink.event(event);
  } catch {
    say({ version: 1, time: Date.now(), ...event });
  }
}

/** Ends before there is a log to write to: the folder is no run, or another process's. Only the parent hears why. */
function refuse(message: string): void {
  process.stderr.write(`${message}\n`);
  const event: RunEvent = { version: 1, time: Date.now(), kind: 'failed', step: 0, code: 'can-not-start', message };
  process.stdout.write(`${JSON.stringify(event)}\n`, () => process.exit(1));
}

/** The lock on a run's folder, or why it can't be had. */
function lockFolder(folder: string): Result<{ readonly release: () => void }> {
  try {
    const lock = takeLock(folder);
    if ('release' in lock) return { ok: true, value: lock };
    return { ok: false, error: `The process ${String(lock.heldBy)} trains ${folder} already; stop it first` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, error: `The run can't be kept in ${folder}: ${reason}` };
  }
}

async function main(folder: string | undefined): Promise<void> {
  if (folder === undefined) {
    process.stderr.write('The trainer takes the folder of a run as its argument.\n');
    process.exit(2);
  }
  say({ kind: 'hello', protocol: trainerProtocolVersion, pid: process.pid });
  const config = readConfig(folder);
  if (!config.ok) {
    refuse(config.error);
    return;
  }
  const lock = lockFolder(folder);
  if (!lock.ok) {
    refuse(lock.error);
    return;
  }
  removeLeftovers(folder);
  const path = join(folder, eventsFile);
  // Where an earlier process came to, for what may fail before this one gets there.
  const logged = new EventReader(path).read();
  const reached = logged.findLast((event) => 'step' in event);
  const log = new EventWriter(path);
  const parent = new ParentWatch();
  const sink = sinkOf(folder, config.value, log, reached && 'step' in reached ? reached.step : 0, () =>
    parent.tellSaving(),
  );
  try {
    const result = await trainIn(folder, config.value, sink, parent, logged);
    if (!result.ok) sink.event({ kind: 'failed', step: sink.lastStep(), code: 'can-not-start', message: result.error });
  } catch (error) {
    tellFailure(folder, sink, error);
  } finally {
    log.close();
    lock.value.release();
  }
  // Native threads of the engine would otherwise keep the process.
  process.stdout.write('', () => process.exit(0));
}

if (process.argv[2] === enginesWord) void printEngines(process.argv[3]);
else void main(process.argv[2]);
