// A process that trains in one run's folder. Events go to the folder's log and to the parent, who stops it at a checkpoint.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../common/problem.ts';
import { trainerProtocolVersion } from '../protocol/trainer-messages.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import { EventReader, EventWriter, eventsFile } from '../runs/event-log.ts';
import { readConfig, readNetwork, removeLeftovers } from '../runs/run-folder.ts';
import { workspaceOf } from '../runs/portable-config.ts';
import { takeLock } from '../runs/run-lock.ts';
import { readDataSet } from '../training/data/read-data-set.ts';
import { learnStructure } from '../training/loop/learn-structure.ts';
import { retrain } from '../training/loop/retrain.ts';
import type { NewEvent, RunSink } from '../training/loop/run-sink.ts';
import { objectiveOf } from '../training/loop/objective.ts';
import { asNetworkGraph, imageShapeOf, outputImagesOf } from '../training/loop/training-setup.ts';
import { sinkOf, type TrainerSink } from './folder-sink.ts';
import { URI } from 'vscode-uri';
import type { ImportedModel } from '../training/engines/torch/torch-session.ts';
import { ParentWatch, say } from './parent-watch.ts';
import { torchOptions, type TorchProgram } from './torch-program.ts';
import { engineOf } from './trainer-engine.ts';

async function trainIn(
  folder: string,
  { decoder, torch }: TrainerPrograms,
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
  const dataSet = await readDataSet(config.data, { input: input.value, outputs: outputImagesOf(graph.value), decoder });
  if (!dataSet.ok) return dataSet;
  const options = torchOptions(torch, config.torch, workspaceOf(folder), importedModel(config, workspaceOf(folder)));
  // What doesn't fit is said by the training itself.
  const objective = objectiveOf(graph.value, dataSet.value, config.losses);
  const losses = objective.ok ? objective.value.losses : undefined;
  const engine = await engineOf(config, { graph: graph.value, losses }, options, sink, logged, parent);
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

/** The user's own class: the file, what makes the model in it, and the folder that it works in. */
function importedModel({ model }: RunConfig, workspace: string): ImportedModel {
  return { file: URI.parse(model.document).fsPath, expression: model.entry, folder: workspace };
}

/** Programs beside this one. */
export interface TrainerPrograms {
  /** Decodes image files. */
  readonly decoder: URL;
  readonly torch: TorchProgram;
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
    case 'worker-ended':
      return {
        code: 'worker-ended',
        sentence: `${message}. The run stays at its last checkpoint; mend what ended it and resume the run`,
      };
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

/**
 * Trains from the run's latest checkpoint to its end, and ends the process.
 */
export async function trainRun(folder: string, programs: TrainerPrograms): Promise<void> {
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
    const result = await trainIn(folder, programs, config.value, sink, parent, logged);
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
