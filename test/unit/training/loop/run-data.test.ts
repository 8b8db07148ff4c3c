// A run's data: what the log gets to hear, and that nobody has to wait for a batch after cancelling.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { DataSet } from '../../../../server/src/training/data/data-set.ts';
import { RunData } from '../../../../server/src/training/loop/run-data.ts';
import type { NewEvent, RunSink } from '../../../../server/src/training/loop/run-sink.ts';
import { neverCancelled } from '../../../../server/src/common/cancellation.ts';
import { buildDecoder, readSet, valueOf } from '../../../support/data-sets.ts';
import { temporaryFolder } from '../../../support/run-folder.ts';

const settings = { batchSize: 2, seed: 1, augmentation: undefined };

/** A sink that remembers events. */
function listening(): { readonly sink: RunSink; readonly events: NewEvent[] } {
  const events: NewEvent[] = [];
  const refuse = (): never => {
    throw new Error('Nothing but events belongs here');
  };
  const sink = {
    event: (event: NewEvent) => void events.push(event),
    structure: refuse,
    proposal: refuse,
    learnedStructure: refuse,
    regularizationVectors: refuse,
    save: refuse,
    load: refuse,
  };
  return { sink, events };
}

/** Four files of two classes, none of which is an image. */
async function damagedSet(badFiles: number): Promise<DataSet> {
  const folder = temporaryFolder();
  for (const name of ['a', 'b']) {
    mkdirSync(join(folder, name));
    for (const file of ['1.png', '2.png', '3.png']) writeFileSync(join(folder, name, file), 'no picture');
  }
  return readSet({ kind: 'images', path: folder, badFiles }, [1, 2, 2], await buildDecoder('run-data-test'));
}

const messages = (events: readonly NewEvent[], wanted: string): readonly string[] =>
  events.flatMap((event) => (event.kind === 'notice' && event.code === wanted ? [event.message] : []));

test('files that cannot be read are named before the run says that they are too many', async () => {
  const { sink, events } = listening();
  const data = valueOf(await RunData.open(await damagedSet(0.5), settings, sink, undefined, neverCancelled));
  // Two of the six validate, and were not looked at yet.
  expect(messages(events, 'unreadable-file').length).toBe(4);
  expect(messages(events, 'data-set').join()).toContain('from 4 of 4 image files');
  const batch = await data?.batch(0, neverCancelled);
  expect(batch?.ok === false && batch.error).toContain('4 of 6 image files');
  await data?.close();
});

test('a batch of which nothing can be read ends the run with a sentence, though every file may be unreadable', async () => {
  const { sink } = listening();
  const data = valueOf(await RunData.open(await damagedSet(1), settings, sink, undefined, neverCancelled));
  const batch = await data?.batch(3, neverCancelled);
  expect(batch).toEqual({ ok: false, error: 'No image of step 3 can be read' });
  await data?.close();
});

test('a run that goes on takes no figures and says nothing again', async () => {
  const set = await damagedSet(1);
  const first = listening();
  const data = valueOf(await RunData.open(set, settings, first.sink, undefined, neverCancelled));
  const metadata = data?.metadata;
  await data?.close();
  const second = listening();
  const resumed = valueOf(await RunData.open(set, settings, second.sink, metadata, neverCancelled));
  expect(resumed?.metadata).toEqual(metadata);
  expect(second.events).toEqual([]);
  await resumed?.close();
});

test('who cancels does not wait for the batch', async () => {
  const { sink } = listening();
  // A decoder that never answers, and ends when it is told to.
  const program = join(temporaryFolder(), 'silent.cjs');
  const source = "const { parentPort } = require('node:worker_threads');";
  writeFileSync(program, `${source} parentPort.on('message', ({ kind }) => kind === 'end' && parentPort.close());`);
  const whole = await damagedSet(1);
  const silent = { decoder: pathToFileURL(program) };
  const set = { ...whole, training: { ...whole.training, ...silent }, test: { ...whole.test, ...silent } };
  const known = { version: 1, normalization: { mean: [0], deviation: [1] }, unreadable: [] };
  const metadata = { data: JSON.stringify(known) };
  const data = valueOf(await RunData.open(set, settings, sink, metadata, neverCancelled));
  expect(await data?.batch(0, { isCancellationRequested: true })).toEqual({ ok: true, value: undefined });
  await data?.close();
});
