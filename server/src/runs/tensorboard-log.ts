// What a run's curves are for TensorBoard: scalars, histograms and settings, one event file a process. The files lie in the run's
// folder itself, so that the run has its id for a name there; what the seed costs is a run `seed` below it, for TensorBoard draws
// what several runs have under one tag into one card.
// Field numbers are those of event.proto and summary.proto (github.com/tensorflow/tensorflow, core/framework and core/util).

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Writer } from 'protobufjs/minimal.js';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import { innerFolder } from './inner-folder.ts';
import { RecordFile } from './record-file.ts';

const [double, variable, delimited, single] = [1, 0, 2, 5];
const tag = (field: number, wireType: number): number => (field << 3) | wireType;

/** `Event { wall_time = 1, step = 2, … }`, and what `rest` adds. */
function eventAt(time: number, step: number, rest: (writer: Writer) => void): Uint8Array {
  const writer = Writer.create();
  writer.uint32(tag(1, double)).double(time / 1000);
  writer.uint32(tag(2, variable)).int64(step);
  rest(writer);
  return writer.finish();
}

/** `Summary { repeated Value value = 1 }` as field 5 of an event; `Value { tag = 1, … }`. */
function summary(writer: Writer, values: Iterable<readonly [string, (value: Writer) => void]>): void {
  writer.uint32(tag(5, delimited)).fork();
  for (const [name, write] of values) {
    writer.uint32(tag(1, delimited)).fork();
    writer.uint32(tag(1, delimited)).string(name);
    write(writer);
    writer.ldelim();
  }
  writer.ldelim();
}

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

/** `HistogramProto { min = 1, max = 2, num = 3, sum = 4, sum_squares = 5, bucket_limit = 6, bucket = 7 }` as field 5 of a value. */
function writeHistogram(writer: Writer, values: Float32Array): void {
  const { limits, counts } = histogramOf(values);
  let [low, sum, squares] = [Infinity, 0, 0];
  for (const value of values) [low, sum, squares] = [Math.min(low, value), sum + value, squares + value * value];
  writer.uint32(tag(5, delimited)).fork();
  for (const [index, figure] of [low, limits.at(-1) ?? 0, values.length, sum, squares].entries())
    writer.uint32(tag(index + 1, double)).double(figure);
  for (const [field, figures] of [
    [6, limits],
    [7, counts],
  ] as const) {
    writer.uint32(tag(field, delimited)).fork();
    for (const figure of figures) writer.double(figure);
    writer.ldelim();
  }
  writer.ldelim();
}

/** The scalars that an event of the run's log holds, by TensorBoard's names; none for most kinds. */
function scalarsOf(event: RunEvent): readonly (readonly [string, number])[] {
  switch (event.kind) {
    case 'progress':
      return [
        ['loss/train', event.loss],
        ['accuracy/train', event.accuracy],
        ['regularization', event.regularization],
        ['strength', event.strength],
        [costTag, event.cost],
      ];
    case 'evaluated':
      return [
        ['loss/test', event.loss],
        ['accuracy/test', event.accuracy],
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

/**
 * `Value { tag = 1, metadata = 9 }` with `SummaryMetadata { plugin_data = 1 { plugin_name = 1, content = 2 } }`; the content is
 * `HParamsPluginData { session_start_info = 3 { map hparams = 1, start_time_secs = 5 } }` of tensorboard/plugins/hparams.
 */
function writeSettings(writer: Writer, config: RunConfig, time: number): void {
  const content = Writer.create();
  content.uint32(tag(3, delimited)).fork();
  for (const [name, setting] of settingsOf(config)) {
    content.uint32(tag(1, delimited)).fork();
    content.uint32(tag(1, delimited)).string(name);
    content.uint32(tag(2, delimited)).fork();
    if (typeof setting === 'number') content.uint32(tag(2, double)).double(setting);
    else content.uint32(tag(3, delimited)).string(setting);
    content.ldelim().ldelim();
  }
  content.uint32(tag(5, double)).double(time / 1000);
  content.ldelim();
  writer.uint32(tag(5, delimited)).fork();
  writer.uint32(tag(1, delimited)).fork();
  writer.uint32(tag(1, delimited)).string('_hparams_/session_start_info');
  writer.uint32(tag(9, delimited)).fork();
  writer.uint32(tag(1, delimited)).fork();
  writer.uint32(tag(1, delimited)).string('hparams');
  writer.uint32(tag(2, delimited)).bytes(content.finish());
  writer.ldelim().ldelim().ldelim().ldelim();
}

/** An event file that tells TensorBoard its version, and that what earlier processes wrote of later steps does not count. */
function openEvents(folder: string, step: number, time: number): RecordFile {
  const attempt = String(readdirSync(folder).filter((name) => name.startsWith(prefix)).length).padStart(4, '0');
  const seconds = String(Math.floor(time / 1000)).padStart(10, '0');
  const file = new RecordFile(join(folder, `${prefix}${seconds}.morphnet.${attempt}`));
  file.append(eventAt(time, 0, (writer) => writer.uint32(tag(3, delimited)).string('brain.Event:2')));
  // SessionLog { status = 1: START } as field 7. What stands at `step` itself was written before the checkpoint.
  file.append(
    eventAt(time, step + 1, (writer) =>
      writer.uint32(tag(7, delimited)).fork().uint32(tag(1, variable)).int32(1).ldelim(),
    ),
  );
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
    this.#file.append(eventAt(time, step, (writer) => writeSettings(writer, config, time)));
    this.#seed = openEvents(innerFolder(runFolder, seedFolder), step, time);
  }

  /** The scalars of an event, if it has any. */
  event(event: RunEvent): void {
    const scalars = scalarsOf(event);
    if (scalars.length === 0 || !('step' in event)) return;
    appendScalars(this.#file, event, scalars);
    if (event.kind === 'progress') appendScalars(this.#seed, event, [[costTag, event.seedCost]]);
  }

  /** Regularization vectors by layer: |γ|, group norms or gates, one entry a channel. */
  histograms(step: number, time: number, vectors: ReadonlyMap<string, Float32Array>): void {
    if (vectors.size === 0) return;
    this.#file.append(
      eventAt(time, step, (writer) => {
        summary(
          writer,
          [...vectors].map(([layer, values]) => [
            `regularization vector/${layer}`,
            (each) => writeHistogram(each, values),
          ]),
        );
      }),
    );
  }

  close(): void {
    this.#file.close();
    this.#seed.close();
  }
}

function appendScalars(
  file: RecordFile,
  { time, step }: { readonly time: number; readonly step: number },
  scalars: readonly (readonly [string, number])[],
): void {
  file.append(
    eventAt(time, step, (writer) => {
      summary(
        writer,
        scalars.map(([name, value]) => [name, (each) => each.uint32(tag(2, single)).float(value)] as const),
      );
    }),
  );
}
