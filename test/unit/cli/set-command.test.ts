// `morphnet set`: widths by hand, as a diff, as JSON and written; what is not asked rightly is said.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { decodeTensors, encodeTensors } from '../../../server/src/runs/safetensors.ts';
import { morphnetIn, type CommandLineRun } from '../../support/command-line.ts';
import { exampleText } from '../../support/fixtures.ts';
import { pythonFrontend } from '../../support/python-frontend.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'morphnet-set-'));
  writeFileSync(join(folder, 'lenet.py'), exampleText('lenet.py'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function set(...words: readonly string[]): Promise<CommandLineRun> {
  return morphnetIn(folder, ['set', 'lenet.py', ...words], undefined, [pythonFrontend]);
}

test('a width and a factor change their layers and what follows them', async () => {
  const { status, output, notes } = await set('layers.0=5', 'layers.4=0.5x', '--write');
  expect({ status, output }).toEqual({ status: 0, output: '' });
  expect(notes).toMatch(/^before: .* MACs, .* params$/m);
  const cost = await morphnetIn(folder, ['cost', 'lenet.py', '--json'], undefined, [pythonFrontend]);
  const widths = (JSON.parse(cost.output) as { layers: { name: string; outputShape: number[] }[] }).layers;
  expect(widths.find(({ name }) => name === 'layers.0')?.outputShape[0]).toBe(5);
  expect(readFileSync(join(folder, 'lenet.py'), 'utf8')).not.toBe(exampleText('lenet.py'));
});

test('without --write nothing is written, and JSON says what is offered', async () => {
  const { status, output } = await set('--scale', '0.5', '--json');
  expect(status).toBe(0);
  expect(JSON.parse(output)).toMatchObject({
    offered: true,
    kind: 'edit',
    exact: true,
    refused: [],
    // The file's directive makes it with batch norms; without them it is another model of the file.
    alsoChanges: ['LeNet'],
    written: false,
  });
  expect(readFileSync(join(folder, 'lenet.py'), 'utf8')).toBe(exampleText('lenet.py'));
});

test.for([
  [['conv1'], 2, 'conv1 is no width of a layer'],
  [['conv1=0'], 2, 'conv1=0 is no width of a layer'],
  [[], 2, 'Name a layer and its width'],
  [['--scale', 'half'], 2, '--scale half is no factor'],
  [['conv9=4'], 1, 'There is no layer conv9 with a width of its own'],
] as const)('%s is refused in words', async ([words, status, message]) => {
  const run = await set(...words);
  expect(run.status).toBe(status);
  expect(run.notes).toContain(message);
});

/** A safetensors file of LeNet's tensors as PyTorch names them, each full of its own number. */
function weightsFile(tensors: Readonly<Record<string, readonly number[]>>): void {
  const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
  const entries = Object.entries(tensors).map(
    ([name, shape], index) =>
      [name, { shape, data: new Float32Array(sizeOf(shape)).map((_, at) => index + at / 1000) }] as const,
  );
  writeFileSync(
    join(folder, 'trained.safetensors'),
    encodeTensors({ tensors: new Map(entries), metadata: { format: 'pt' } }),
  );
}

test('trained weights are cut to the slim file, the strongest channels first', async () => {
  weightsFile({ 'layers.0.weight': [32, 1, 5, 5], 'layers.1.weight': [32], 'layers.1.bias': [32] });
  const run = await set('layers.0=2', '--slim-file', 'slim.py', '--weights', 'trained.safetensors');
  expect(run.notes).toContain('Wrote slim.safetensors with 3 tensors; the strongest channels of each layer are kept.');
  expect(run.notes).toContain('load_file("slim.safetensors"), strict=False)');
  expect(run.status).toBe(0);
  const left = decodeTensors(readFileSync(join(folder, 'slim.safetensors')));
  const scale = left.ok && left.value.tensors.get('layers.1.weight');
  expect(scale && [scale.shape, [...scale.data].map((value) => value.toFixed(3))]).toEqual([[2], ['1.030', '1.031']]);
  expect(readFileSync(join(folder, 'slim.py'), 'utf8')).toContain('load_file("slim.safetensors")');
});

test("another model's weights, and weights without a slim file, are refused", async () => {
  weightsFile({ 'fc.weight': [10, 3] });
  const other = await set('layers.0=2', '--slim-file', 'slim.py', '--weights', 'trained.safetensors');
  expect(other.status).toBe(1);
  expect(other.notes).toContain('trained.safetensors has no weight under a name of this model');
  const without = await set('layers.0=2', '--weights', 'trained.safetensors');
  expect(without.status).toBe(2);
  expect(without.notes).toContain('--weights goes with --slim-file NEW.py');
});

test('code can be rewritten alone so that every layer can have its own width, which changes no model', async () => {
  writeFileSync(join(folder, 'resnet20.py'), exampleText('resnet20.py'));
  const cost = async (): Promise<string> =>
    (await morphnetIn(folder, ['cost', 'resnet20.py'], undefined, [pythonFrontend])).output.replace(/:\d+$/gm, '');
  const before = await cost();
  const run = await morphnetIn(folder, ['set', 'resnet20.py', '--own-widths', '--write'], undefined, [pythonFrontend]);
  expect(run).toMatchObject({ status: 0, output: '' });
  expect(run.notes).toContain('which changes no model. Wrote resnet20.py.');
  const after = readFileSync(join(folder, 'resnet20.py'), 'utf8');
  expect(after).toContain('batch_norm=True, conv1_width=None):');
  expect(after).toContain('conv1_width = conv1_width or planes');
  expect(await cost()).toBe(before);
});

const script = `from torch import nn
import torch


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv2d(3, width, 3)
        self.second = nn.Conv2d(width, width, 3)
        self.last = nn.Linear(width, 10)

    def forward(self, x):
        return self.last(self.second(self.first(x)).mean((2, 3)))


model = Net(8)
model(torch.randn(1, 3, 8, 8))
`;

test('a model that a script makes outside all functions gets its numbers in that call', async () => {
  const wide = `${script}wide = Net(16)\n`;
  writeFileSync(join(folder, 'net.py'), wide);
  const run = await morphnetIn(folder, ['set', 'net.py::Net(8)', 'first=5', '--write'], undefined, [pythonFrontend]);
  expect(run).toMatchObject({ status: 0, output: '' });
  const after = readFileSync(join(folder, 'net.py'), 'utf8');
  expect(after).toContain('model = Net(8, first_width=5)\n');
  expect(after).toContain('wide = Net(16)\n');
  expect(after).toContain('def __init__(self, width, first_width=None):');
});

test('a constructor that is called once takes parameters where code is only rewritten', async () => {
  writeFileSync(join(folder, 'net.py'), script);
  const run = await morphnetIn(folder, ['set', 'net.py', '--own-widths', '--write'], undefined, [pythonFrontend]);
  expect(run).toMatchObject({ status: 0, output: '' });
  const after = readFileSync(join(folder, 'net.py'), 'utf8');
  expect(after).toContain('def __init__(self, width, first_width=None, second_width=None):');
  expect(after).toContain('model = Net(8)\n');
});

test.for([
  [['--own-widths', 'layers.0=5'], 2, '--own-widths sets no widths'],
  [['--own-widths'], 1, 'every layer that may have another width has a number of its own already'],
] as const)('%s is refused in words', async ([words, status, message]) => {
  const run = await set(...words);
  expect(run.status).toBe(status);
  expect(run.notes).toContain(message);
});

const deep = `# morphnet: entry=Net(depth=2) input=3x8x8
from torch import nn

class Net(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.blocks = nn.Sequential(*[nn.Sequential(nn.Conv2d(3 if i == 0 else 16, 16, 1)) for i in range(depth)])
        self.head = nn.Conv2d(16, 10, 8)

    def forward(self, x):
        return self.head(self.blocks(x))

def deeper():
    return Net(4)
`;

test('why code is not rewritten is said, too: another model of the file stands in the way', async () => {
  writeFileSync(join(folder, 'deep.py'), deep);
  const run = await morphnetIn(folder, ['set', 'deep.py', 'blocks.0.0=5'], undefined, [pythonFrontend]);
  expect(run.status).toBe(1);
  expect(run.notes).toMatch(/^Rewriting the code does not help: .*deeper.* would break \(/m);
});
