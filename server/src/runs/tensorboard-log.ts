// What a run's curves are for TensorBoard: scalars and histograms in `tensorboard/`, one event file a process.
// Field numbers are those of event.proto and summary.proto (github.com/tensorflow/tensorflow, core/framework and core/util).

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Writer } from 'protobufjs/minimal.js';
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
        ['cost/seed', event.seedCost],
        ['cost/proposed', event.cost],
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

/** The folder of the event files in a run's folder. */
export const tensorboardFolder = 'tensorboard';

/**
 * One process' event file. Its first records tell TensorBoard the file's version and that what earlier processes wrote of
 * later steps does not count: a resumed run goes on from its checkpoint.
 */
export class TensorboardLog {
  readonly #file: RecordFile;

  /** `time` in milliseconds since the epoch; `step` is where the process goes on. */
  constructor(runFolder: string, step: number, time: number) {
    const folder = innerFolder(runFolder, tensorboardFolder);
    const attempt = String(readdirSync(folder).length).padStart(4, '0');
    const seconds = String(Math.floor(time / 1000)).padStart(10, '0');
    this.#file = new RecordFile(join(folder, `events.out.tfevents.${seconds}.morphnet.${attempt}`));
    this.#file.append(eventAt(time, 0, (writer) => writer.uint32(tag(3, delimited)).string('brain.Event:2')));
    // SessionLog { status = 1: START } as field 7. What stands at `step` itself was written before the checkpoint.
    this.#file.append(
      eventAt(time, step + 1, (writer) =>
        writer.uint32(tag(7, delimited)).fork().uint32(tag(1, variable)).int32(1).ldelim(),
      ),
    );
  }

  /** The scalars of an event, if it has any. */
  event(event: RunEvent): void {
    const scalars = scalarsOf(event);
    if (scalars.length === 0 || !('step' in event)) return;
    this.#file.append(
      eventAt(event.time, event.step, (writer) => {
        summary(
          writer,
          scalars.map(([name, value]) => [name, (each) => each.uint32(tag(2, single)).float(value)] as const),
        );
      }),
    );
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
  }
}
