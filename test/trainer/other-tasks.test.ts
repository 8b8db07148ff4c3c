// Networks that classify no images, from the command line to a proposal, on real trainer processes: segmentation by masks,
// super-resolution by pairs of images, and two outputs by an archive.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRunService } from '../../server/src/experiments/local-run-service.ts';
import { createRunNetworks } from '../../server/src/experiments/run-network-service.ts';
import type { TrainerProgram } from '../../server/src/jobs/trainer-process.ts';
import type { RunEvent } from '../../server/src/protocol/run-events.ts';
import { randomStream } from '../../server/src/training/engines/random.ts';
import { morphnetIn } from '../support/command-line.ts';
import { npy, npz } from '../support/numpy-files.ts';
import { pythonFrontend } from '../support/python-frontend.ts';
import { temporaryFolder } from '../support/run-folder.ts';
import { buildTrainer } from '../support/trainer.ts';

let program: TrainerProgram;
beforeAll(async () => {
  program = await buildTrainer();
}, 60_000);

const unet = `import torch
from torch import nn

def block(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True))

class UNet(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.first, self.second = block(3, 6), block(6, 8)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ConvTranspose2d(8, 6, 2, stride=2)
        self.last = block(12, 6)
        self.head = nn.Conv2d(6, classes, 1)

    def forward(self, x):
        first = self.first(x)
        deep = self.up(self.second(self.pool(first)))
        return self.head(self.last(torch.cat([deep, first], dim=1)))
`;

const espcn = `from torch import nn

class ESPCN(nn.Module):
    def __init__(self, factor=2):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.Tanh(), nn.Conv2d(8, 6, 3, padding=1), nn.Tanh())
        self.tail = nn.Sequential(nn.Conv2d(6, factor ** 2, 3, padding=1), nn.PixelShuffle(factor))

    def forward(self, x):
        return self.tail(self.body(x))
`;

const heads = `from torch import nn

class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.kind, self.place = nn.Linear(8, 3), nn.Linear(8, 2)

    def forward(self, x):
        x = self.body(x)
        return self.kind(x), self.place(x)
`;

function workspace(model: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'net.py'), model);
  const settings = {
    steps: 40,
    batchSize: 4,
    threads: 1,
    aliveEvery: 10,
    learningRate: 0.02,
    target: 'flops:0.5',
    engine: 'onnx',
  };
  writeFileSync(join(folder, 'morphnet.json'), JSON.stringify(settings));
  return folder;
}

async function write(path: string, size: number, channels: 1 | 3, pixels: Uint8Array): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(
    path,
    await sharp(pixels, { raw: { width: size, height: size, channels } })
      .png()
      .toBuffer(),
  );
}

async function run(
  folder: string,
  words: string,
): Promise<{ readonly status: number; readonly notes: string; readonly events: readonly RunEvent[] }> {
  const training = createRunService(program, { workingFolder: folder });
  const { status, notes } = await morphnetIn(
    folder,
    words.split(' '),
    training,
    [pythonFrontend],
    createRunNetworks(folder),
  );
  let text = '';
  try {
    text = readFileSync(join(folder, 'run', 'events.ndjson'), 'utf8');
  } catch {
    // A run that was refused has none.
  }
  const events = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as RunEvent]));
  return { status, notes, events };
}

const losses = (events: readonly RunEvent[]): number[] =>
  events.flatMap((event) => (event.kind === 'progress' ? [event.loss] : []));
const tested = (events: readonly RunEvent[]) => events.find((event) => event.kind === 'evaluated');

/** Of half of the operations, or a little less. */
function expectProposal(folder: string): void {
  const { totals } = JSON.parse(readFileSync(join(folder, 'run', 'proposal.json'), 'utf8')) as {
    readonly totals: { readonly macs: { readonly before: number; readonly after: number } };
  };
  expect(totals.macs.after / totals.macs.before).toBeLessThan(0.6);
  expect(totals.macs.after).toBeGreaterThan(0);
}

describe('a run to a proposal', () => {
  it('of a segmentation network, on images beside masks', async () => {
    const folder = workspace(unet);
    const random = randomStream(3, 'masks');
    for (let index = 0; index < 24; index++) {
      const [pixels, mask] = [new Uint8Array(16 * 16 * 3), new Uint8Array(16 * 16)];
      const [top, left] = [Math.floor(random.uniform() * 10), Math.floor(random.uniform() * 10)];
      for (let place = 0; place < 256; place++) {
        const [y, x] = [Math.floor(place / 16), place % 16];
        const kind = y >= top && y < top + 6 && x >= left && x < left + 6 ? 1 + (index % 2) : 0;
        mask[place] = y === 0 ? 255 : kind;
        for (let channel = 0; channel < 3; channel++)
          pixels[3 * place + channel] = Math.floor(random.uniform() * 60) + (kind === channel && kind > 0 ? 150 : 0);
      }
      await write(join(folder, 'data', 'images', `${String(index)}.png`), 16, 3, pixels);
      await write(join(folder, 'data', 'masks', `${String(index)}.png`), 16, 1, mask);
    }
    const { status, notes, events } = await run(folder, 'run net.py::UNet --input 3x16x16 --data data --out run');
    expect(status, notes).toBe(0);
    expectProposal(folder);
    const [first = 0, ...rest] = losses(events);
    expect(rest.at(-1)).toBeLessThan(first);
    // Of pixels: the background alone is 86 % of them.
    expect(tested(events)?.accuracy).toBeGreaterThan(0.8);
    expect(notes).toContain('images right');
  }, 120_000);

  it('of a super-resolution network, on small images beside large ones', async () => {
    const folder = workspace(espcn);
    for (let index = 0; index < 12; index++) {
      const value = (x: number, y: number): number =>
        Math.round(127 + 60 * Math.sin((x * (index + 3)) / 20) + 60 * Math.cos(y / 5));
      const large = Uint8Array.from({ length: 32 * 32 }, (_, place) => value(place % 32, Math.floor(place / 32)));
      const small = Uint8Array.from({ length: 16 * 16 }, (_, place) =>
        value(2 * (place % 16), 2 * Math.floor(place / 16)),
      );
      await write(join(folder, 'data', 'lr', `${String(index)}x2.png`), 16, 1, small);
      await write(join(folder, 'data', 'hr', `${String(index)}.png`), 32, 1, large);
    }
    const { status, notes, events } = await run(folder, 'run net.py::ESPCN --input 1x8x8 --data data --out run');
    expect(status, notes).toBe(0);
    expectProposal(folder);
    expect(notes).toContain('48 patches of the network’s size are taken of 12 pairs');
    expect(tested(events)?.accuracy).toBeUndefined();
    expect(tested(events)?.loss).toBeLessThan(losses(events)[0] ?? 0);
  }, 120_000);

  it('of two outputs with weights, on arrays; what does not go without saying is asked for', async () => {
    const folder = workspace(heads);
    const [count, size] = [60, 8];
    const kinds = Array.from({ length: count }, (_, index) => index % 3);
    const pixels = kinds.flatMap((kind) =>
      Array.from({ length: size * size }, (_, place) => (Math.floor(place / 22) === kind ? 200 : 20)),
    );
    const places = kinds.flatMap((kind) => [kind / 3, 0.5]);
    writeFileSync(
      join(folder, 'data.npz'),
      npz({
        x: npy([count, size, size], pixels),
        y_kind: npy([count], kinds),
        y_place: npy([count, 2], places, { type: '<f4' }),
      }),
    );
    const { status, notes, events } = await run(
      folder,
      'run net.py::Heads --input 1x8x8 --data data.npz --loss cross-entropy=kind,mse*2=place --out run',
    );
    expect(status, notes).toBe(0);
    expectProposal(folder);
    expect(tested(events)?.accuracy).toBeGreaterThan(0);

    const other = workspace(heads);
    writeFileSync(join(other, 'data.npz'), npz({ x: npy([count, size, size], pixels), y: npy([count], kinds) }));
    const refused = await run(other, 'run net.py::Heads --input 1x8x8 --data data.npz --out run');
    expect(refused.status).toBe(1);
    expect(refused.notes).toMatch(
      /has 2\. Say by losses in morphnet\.json, or --loss.*Add to My Training Script, or morphnet attach/s,
    );
  }, 120_000);
});
