// What a run's curves are for TensorBoard: scalars, histograms and settings, one event file a process. The files lie in the run's
// folder itself, so that the run has its id for a name there; what the seed costs is a run `seed` below it, for TensorBoard draws
// what several runs have under one tag into one card.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import { innerFolder } from './inner-folder.ts';
import { RecordFile } from './record-file.ts';
import {
  encodeEvent,
  encodeSettings,
  sessionStart,
  type HistogramProto,
  type SummaryValue,
} from './tensorboard-messages.ts';

/** Equal parts of the range of values, as TensorBoard draws them: upper limits, and how many values each has. */
export function histogramOf(
  values: Float32Array,
  parts = 30,
): { readonly limits: number[]; readonly counts: number[] } {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (!(high > low)) return { limits: [high], counts: [values.length] };
  const width = (high - low) / parts;
  const limits = Array.from({ length: parts }, (_, part) => (part === parts - 1 ? high : low + (part + 1) * width));
  const counts = limits.map(() => 0);
  for (const value of values) {
    const part = Math.min(parts - 1, Math.floor((value - low) / width));
    counts[part] = (counts[part] ?? 0) + 1;
  }
  return { limits, counts };
}

function histogramProto(values: Float32Array): HistogramProto {
  const { limits, counts } = histogramOf(values);
  let [low, sum, squares] = [Infinity, 0, 0];
  for (const value of values) [low, sum, squares] = [Math.min(low, value), sum + value, squares + value * value];
  const [max, num] = [limits.at(-1) ?? 0, values.length];
  return { min: low, max, num, sum, sumSquares: squares, bucketLimit: limits, bucket: counts };
}

/** The scalars that an event of the run's log holds, by TensorBoard's names; none for most kinds. */
function scalarsOf(event: RunEvent): readonly (readonly [string, number])[] {
  switch (event.kind) {
    case 'progress':
      return [
        ['loss/train', event.loss],
        ...(event.accuracy === undefined ? [] : ([['accuracy/train', event.accuracy]] as const)),
        ['regularization', event.regularization],
        ['strength', event.strength],
        [costTag, event.cost],
      ];
    case 'evaluated':
      return [
        ['loss/test', event.loss],
        ...(event.accuracy === undefined ? [] : ([['accuracy/test', event.accuracy]] as const)),
      ];
    default:
      return [];
  }
}

/** What the network costs and what its seed does: one card, a line each. */
const costTag = 'cost';

/** The settings that runs are told apart by, as TensorBoard's table of hyperparameters has them. */
function settingsOf(config: RunConfig): ReadonlyMap<string, string | number> {
  const { target, strength, algorithm, threshold, optimizer, learningRate, weightDecay, batchSize, steps, seed } =
    config;
  return new Map<string, string | number>([
    ['model', config.model.entry],
    ['target', target.resource],
    ...(target.fraction === undefined ? [] : [['share', target.fraction] as const]),
    ...(strength === undefined ? [] : [['strength', strength] as const]),
    ['algorithm', algorithm],
    ['threshold', threshold],
    ['optimizer', optimizer],
    ['learning rate', learningRate],
    ['weight decay', weightDecay],
    ['batch size', batchSize],
    ['steps', steps],
    ['seed', seed],
  ]);
}

/** The summary from which TensorBoard's table of hyperparameters takes a run's settings. */
function settingsSummary(config: RunConfig, time: number): SummaryValue {
  const hparams = Object.fromEntries(
    [...settingsOf(config)].map(([name, setting]) => [
      name,
      typeof setting === 'number' ? { numberValue: setting } : { stringValue: setting },
    ]),
  );
  const content = encodeSettings({ hparams, startTimeSecs: time / 1000 });
  return { tag: '_hparams_/session_start_info', metadata: { pluginData: { pluginName: 'hparams', content } } };
}

/** An event file that tells TensorBoard its version, and that what earlier processes wrote of later steps does not count. */
function openEvents(folder: string, step: number, time: number): RecordFile {
  const attempt = String(readdirSync(folder).filter((name) => name.startsWith(prefix)).length).padStart(4, '0');
  const seconds = String(Math.floor(time / 1000)).padStart(10, '0');
  const file = new RecordFile(join(folder, `${prefix}${seconds}.morphnet.${attempt}`));
  const wallTime = time / 1000;
  file.append(encodeEvent({ wallTime, step: 0, fileVersion: 'brain.Event:2' }));
  // What stands at `step` itself was written before the checkpoint.
  file.append(encodeEvent({ wallTime, step: step + 1, sessionLog: { status: sessionStart } }));
  return file;
}

/** What TensorBoard knows event files by. */
const prefix = 'events.out.tfevents.';

/** The run below a run that holds what its seed costs. */
const seedFolder = 'seed';

/** One process' event files: a resumed run goes on from its checkpoint. */
export class TensorboardLog {
  readonly #file: RecordFile;
  readonly #seed: RecordFile;

  /** `time` in milliseconds since the epoch; `step` is where the process goes on. */
  constructor(runFolder: string, config: RunConfig, step: number, time: number) {
    this.#file = openEvents(runFolder, step, time);
    appendSummary(this.#file, { time, step }, [settingsSummary(config, time)]);
    this.#seed = openEvents(innerFolder(runFolder, seedFolder), step, time);
  }

  /** The scalars of an event, if it has any. */
  event(event: RunEvent): void {
    const scalars = scalarsOf(event);
    if (scalars.length === 0 || !('step' in event)) return;
    appendSummary(this.#file, event, scalars.map(scalarSummary));
    if (event.kind === 'progress') appendSummary(this.#seed, event, [scalarSummary([costTag, event.seedCost])]);
  }

  /** Regularization vectors by layer: |γ|, group norms or gates, one entry a channel. */
  histograms(step: number, time: number, vectors: ReadonlyMap<string, Float32Array>): void {
    if (vectors.size === 0) return;
    appendSummary(
      this.#file,
      { time, step },
      [...vectors].map(([layer, values]) => ({ tag: `regularization vector/${layer}`, histo: histogramProto(values) })),
    );
  }

  close(): void {
    this.#file.close();
    this.#seed.close();
  }
}

const scalarSummary = ([tag, simpleValue]: readonly [string, number]): SummaryValue => ({ tag, simpleValue });

function appendSummary(
  file: RecordFile,
  { time, step }: { readonly time: number; readonly step: number },
  value: readonly SummaryValue[],
): void {
  file.append(encodeEvent({ wallTime: time / 1000, step, summary: { value } }));
}
