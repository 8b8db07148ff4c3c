// The trainer as a process on a folder of image files: decoded in its threads, some of them unreadable, killed and resumed.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { startTrainer, type TrainerProgram } from '../../server/src/jobs/trainer-process.ts';
import type { RunEvent } from '../../server/src/protocol/run-events.ts';
import { randomStream } from '../../server/src/training/engines/random.ts';
import { buildDecoder } from '../support/data-sets.ts';
import { temporaryFolder } from '../support/run-folder.ts';
import { buildTrainer, trainerCache, makeRun, only, resultOf } from '../support/trainer.ts';

let program: TrainerProgram;

beforeAll(async () => {
  program = await buildTrainer();
  // The trainer looks for it beside itself.
  await buildDecoder(trainerCache);
});

/** 60 pictures of three classes with a bright top, middle or bottom, and some files that are none. */
async function writePictures(folder: string, damaged: number): Promise<string> {
  const random = randomStream(5, 'pictures');
  for (let index = 0; index < 60; index++) {
    const label = index % 3;
    const bytes = Uint8Array.from({ length: 256 }, (_, place) =>
      Math.floor(random.uniform() * 128 + (Math.floor(place / 86) === label ? 127 : 0)),
    );
    const picture = sharp(bytes, { raw: { width: 16, height: 16, channels: 1 } });
    const content = index < damaged ? Buffer.from('no picture') : await picture.png().toBuffer();
    mkdirSync(join(folder, `class ${String(label)}`), { recursive: true });
    writeFileSync(join(folder, `class ${String(label)}`, `${String(index).padStart(2, '0')}.png`), content);
  }
  return folder;
}

async function train(folder: string, onEvent: (event: RunEvent) => void = () => undefined): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  const trainer = startTrainer(program, folder, (event) => {
    events.push(event);
    onEvent(event);
  });
  await trainer.ended;
  return events;
}

const unreadable = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) => (event.kind === 'notice' && event.code === 'unreadable-file' ? [event.message] : []));

describe('a run on a folder of images', () => {
  it('names what it leaves out, and killed it goes on to the same result bit by bit', async () => {
    const parent = temporaryFolder();
    const path = await writePictures(join(parent, 'pictures'), 2);
    const changes = {
      data: { kind: 'images', path, badFiles: 0.05, validation: 0.2 },
      augmentation: 'crop-flip',
      steps: 60,
    } as const;
    const straight = makeRun(parent, 'straight', changes);
    const events = await train(straight);
    expect(only(events, 'finished').step).toBe(60);
    // The damaged files are of classes 0 and 1; each is named once, whether it trains or validates.
    expect(unreadable(events).length).toBe(2);
    expect(unreadable(events).join('\n')).toContain(join(path, 'class 0', '00.png'));
    expect(unreadable(events).join('\n')).toContain(join(path, 'class 1', '01.png'));
    const images = only(events, 'evaluated').images;
    expect(images).toBeGreaterThanOrEqual(10);
    expect(images).toBeLessThanOrEqual(12);

    const killed = makeRun(parent, 'killed', changes);
    let pid = 0;
    const first = await train(killed, (event) => {
      if (event.kind === 'started') pid = event.pid;
      if (event.kind === 'progress' && event.step === 30) process.kill(pid, 'SIGKILL');
    });
    expect(only(first, 'failed').code).toBe('trainer-crashed');
    const second = await train(killed);
    expect(only(second, 'started').step).toBe(20);
    // What the first process said of files that trained is not said again.
    const saidTwice = unreadable(second).filter((message) => unreadable(first).includes(message));
    expect(saidTwice).toEqual([]);
    expect(resultOf(killed)).toEqual(resultOf(straight));
  });

  it('stops when more files are unreadable than allowed, and lists them', async () => {
    const parent = temporaryFolder();
    const path = await writePictures(join(parent, 'pictures'), 9);
    const events = await train(makeRun(parent, 'run', { data: { kind: 'auto', path, badFiles: 0.05 } }));
    const { code, message, step } = only(events, 'failed');
    expect([code, step]).toEqual(['data-unreadable', 0]);
    expect(message).toMatch(/of 60 image files can't be read, and at most 5 % may be so/);
    expect(message).toContain(join(path, 'class 2', '02.png'));
    expect(unreadable(events).length).toBeGreaterThan(3);
  });
});
