// Event files as TensorBoard reads them: framing by a strict reader of our own, content by TensorBoard's reader where a
// Python has it (MORPHNET_PYTHON, or python3).

import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../../server/src/protocol/run-events.ts';
import { crc32c, framed } from '../../../server/src/runs/record-file.ts';
import { histogramOf, TensorboardLog } from '../../../server/src/runs/tensorboard-log.ts';
import { runConfigIn, temporaryFolder } from '../../support/run-folder.ts';

/** The contents of all records; throws where a length or a checksum does not fit. */
function recordsOf(file: Buffer): readonly Buffer[] {
  const unmasked = (stored: number): number => {
    const turned = (stored - 0xa282ead8) >>> 0;
    return ((turned << 15) | (turned >>> 17)) >>> 0;
  };
  const records: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    expect(unmasked(file.readUInt32LE(at + 8))).toBe(crc32c(file.subarray(at, at + 8)));
    const content = file.subarray(at + 12, at + 12 + length);
    expect(content.length).toBe(length);
    expect(unmasked(file.readUInt32LE(at + 12 + length))).toBe(crc32c(content));
    records.push(content);
    at += length + 16;
  }
  return records;
}

const progress = (step: number): Extract<RunEvent, { kind: 'progress' }> => ({
  version: 1,
  time: 1_700_000_000_000 + step,
  kind: 'progress',
  step,
  loss: 2 - step / 100,
  accuracy: step / 200,
  regularization: 0.25,
  strength: 0.5,
  cost: 900 - step,
  seedCost: 1000,
  learningRate: 0.004,
  stepMs: 3,
  secondsLeft: 1,
});

/** A run that wrote steps 20 to 60, was killed, and went on from its checkpoint at step 40. */
function writtenRun(): string {
  const folder = temporaryFolder();
  const config = runConfigIn(folder, { target: { resource: 'flops', fraction: 0.5 } });
  const first = new TensorboardLog(folder, config, 0, 1_700_000_000_000);
  for (const step of [20, 40, 60]) first.event(progress(step));
  first.histograms(40, 1_700_000_000_040, new Map([['conv', Float32Array.of(0, 0.5, 1, 1)]]));
  first.close();
  const second = new TensorboardLog(folder, config, 40, 1_700_000_001_000);
  second.event({ ...progress(60), time: 1_700_000_001_060, loss: 7 });
  second.event({
    version: 1,
    time: 1_700_000_001_100,
    kind: 'evaluated',
    step: 60,
    loss: 1,
    accuracy: 0.5,
    images: 10,
  });
  second.event({ version: 1, time: 1_700_000_001_200, kind: 'finished', step: 60, summary: 'Done.' });
  second.close();
  return folder;
}

// RFC 3720, appendix B.4.
test.for([
  ['zeros', new Uint8Array(32), 0x8a9136aa],
  ['ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['increasing', Uint8Array.from({ length: 32 }, (_, byte) => byte), 0x46dd794e],
] as const)('the checksum of 32 bytes, %s', ([, bytes, checksum]) => {
  expect(crc32c(bytes)).toBe(checksum);
});

test('any content comes out of its frame as it went in', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 5 }), (contents) => {
      const file = Buffer.concat(contents.map(framed));
      expect(recordsOf(file).map((content) => [...content])).toEqual(contents.map((content) => [...content]));
    }),
  );
});

test('a process writes a file of its own, whole records only', () => {
  const folder = writtenRun();
  const files = readdirSync(folder)
    .filter((name) => name !== 'seed')
    .sort();
  expect(files).toEqual([
    'events.out.tfevents.1700000000.morphnet.0000',
    'events.out.tfevents.1700000001.morphnet.0001',
  ]);
  // Version, start, settings, three steps, a histogram; then version, start, settings, a step, a test.
  expect(files.map((file) => recordsOf(readFileSync(join(folder, file))).length)).toEqual([7, 5]);
});

test('a histogram has every value in its part', () => {
  fc.assert(
    fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (values) => {
      const { limits, counts } = histogramOf(Float32Array.from(values));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length);
      expect(limits.at(-1)).toBe(Math.max(...Float32Array.from(values)));
    }),
  );
});

const python = process.env['MORPHNET_PYTHON'] ?? 'python3';
const hasTensorboard = spawnSync(python, ['-c', 'import tensorboard']).status === 0;

test.skipIf(!hasTensorboard)(
  'TensorBoard reads what counts: what a killed process wrote after the checkpoint does not',
  () => {
    const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata
events = EventAccumulator(sys.argv[1])
events.Reload()
seed = EventAccumulator(sys.argv[1] + "/seed")
seed.Reload()
content = events.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
settings = metadata.parse_session_start_info_plugin_data(content).hparams
print(json.dumps({
    "settings": {name: getattr(value, value.WhichOneof("kind")) for name, value in settings.items()},
    "seed": [[e.step, e.value] for e in seed.Scalars("cost")],
    "scalars": {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]},
    "histograms": {tag: [[e.step, e.histogram_value.num, e.histogram_value.sum] for e in events.Histograms(tag)] for tag in events.Tags()["histograms"]},
}))`;
    const { stdout, stderr } = spawnSync(python, ['-c', script, writtenRun()], { encoding: 'utf8' });
    const read = JSON.parse(stdout === '' ? JSON.stringify({ stderr }) : stdout) as unknown;
    expect(read).toMatchObject({
      settings: { target: 'flops', share: 0.5, steps: expect.any(Number) as number, algorithm: 'auto' },
      seed: [
        [20, 1000],
        [40, 1000],
        [60, 1000],
      ],
      scalars: {
        'loss/train': [
          [20, expect.closeTo(1.8)],
          [40, expect.closeTo(1.6)],
          [60, 7],
        ],
        cost: [
          [20, 880],
          [40, 860],
          [60, 840],
        ],
        'accuracy/test': [[60, 0.5]],
      },
      histograms: { 'regularization vector/conv': [[40, 4, 2.5]] },
    });
  },
);
