// `morphnet apply` on a model whose blocks share one number: edits can't give each its own width, a file of its own can.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TrainingService } from '../../../server/src/experiments/run-service.ts';
import type { RunConfig } from '../../../server/src/protocol/run-config.ts';
import type { RunProposal } from '../../../server/src/protocol/run-files.ts';
import { morphnetIn, type CommandLineRun } from '../../support/command-line.ts';
import { exampleText } from '../../support/fixtures.ts';
import { pythonFrontend } from '../../support/python-frontend.ts';

const source = exampleText('resnet20.py');
const same = { before: 0, after: 0 };

/** One inner layer of the first stage narrows, its neighbours stay. */
const proposal: RunProposal = {
  version: 1,
  step: 40,
  removed: [],
  device: 'V100',
  layers: [
    {
      name: 'layer1.1.conv1',
      label: 'Conv2d',
      group: 'layer1.1.conv1',
      width: { before: 16, after: 5 },
      macs: same,
      params: same,
      latencyMs: same,
    },
  ],
  totals: { macs: same, params: same, latencyMs: same },
};

const small = `import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3)
        self.norm = nn.BatchNorm2d(16)
        self.last = nn.Conv2d(16, 8, 3)

    def forward(self, x):
        return self.last(self.norm(self.conv(x)))
`;

const narrower: RunProposal = {
  ...proposal,
  layers: [{ ...proposal.layers[0]!, name: 'conv', group: 'conv' }],
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'morphnet-apply-'));
  writeFileSync(join(folder, 'resnet20.py'), source);
  mkdirSync(join(folder, 'run'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function apply(...words: readonly string[]): Promise<CommandLineRun> {
  return applyThe(proposal, words);
}

function applyThe(proposal: RunProposal, words: readonly string[], entry = 'resnet20()'): Promise<CommandLineRun> {
  const document = pathToFileURL(join(folder, 'resnet20.py')).href;
  const model = { document, entry, input: [[3, 32, 32]] };
  const config = { model } as unknown as RunConfig;
  const notAsked = (): Promise<never> => Promise.reject(new Error('Not asked for here'));
  const service: TrainingService = {
    start: notAsked,
    resume: notAsked,
    engines: notAsked,
    read: (path) =>
      Promise.resolve({
        ok: true,
        value: { id: 'run', folder: path, status: 'finished', config, events: [], proposal },
      }),
  };
  return morphnetIn(folder, ['apply', 'run', ...words], service, [pythonFrontend]);
}

test('what the numbers of the source cannot express is refused, with the way that can', async () => {
  const { status, notes, output } = await apply('--write', '--no-refactor');
  expect(status).toBe(1);
  expect(output).toBe('');
  expect(notes).toContain('morphnet apply run --slim-file NEW.py');
  expect(readFileSync(join(folder, 'resnet20.py'), 'utf8')).toBe(source);
});

test('the refusal names the file, the line where the number stands, who shares it, and the command that helps', async () => {
  const { notes } = await apply('--no-refactor');
  const line = source.split('\n').findIndex((text) => text.includes('self._make_layer(block, 16,')) + 1;
  expect(line).toBeGreaterThan(0);
  expect(notes).toBe(
    `resnet20.py: None of the proposed widths can be set. The \`16\` in resnet20.py:${String(line)} also sets the width of ` +
      'layer1.0.conv1 and layer1.0.bn1, which keeps it.\n' +
      'As a file of its own, with every width as proposed: morphnet apply run --slim-file NEW.py\n',
  );
});

test('blocks that share a number get one each where code may be rewritten', async () => {
  const { status, notes } = await apply('--write');
  expect(status).toBe(0);
  expect(notes).toMatch(/^First numbers that several layers share become parameters, which changes no model/);
  const cost = await morphnetIn(folder, ['cost', 'resnet20.py::resnet20()', '--json'], undefined, [pythonFrontend]);
  const { layers } = JSON.parse(cost.output) as { layers: { name: string; outputShape: number[] }[] };
  const widths = ['layer1.0.conv1', 'layer1.1.conv1', 'layer1.1.conv2'].map(
    (name) => layers.find((layer) => layer.name === name)?.outputShape[0],
  );
  expect(widths).toEqual([16, 5, 16]);
});

test('a link that leads out of the workspace is not written through', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'morphnet-apply-'));
  const target = join(elsewhere, 'mine.py');
  writeFileSync(target, small);
  rmSync(join(folder, 'resnet20.py'));
  symlinkSync(target, join(folder, 'resnet20.py'));
  const { status } = await applyThe(narrower, ['--write'], 'Net()');
  expect(status).toBe(1);
  expect(readFileSync(target, 'utf8')).toBe(small);
  rmSync(elsewhere, { recursive: true });
});

test('a file of the workspace is written', async () => {
  writeFileSync(join(folder, 'resnet20.py'), small);
  expect(await applyThe(narrower, ['--write'], 'Net()')).toMatchObject({ status: 0 });
  expect(readFileSync(join(folder, 'resnet20.py'), 'utf8')).toContain('Conv2d(3, 5, 3)');
});

test.for(['', '--write'])(
  'a source that has the widths already is left as it is, and nothing is wrong: %s',
  async (option) => {
    const [layer] = proposal.layers;
    const applied = { ...proposal, layers: [{ ...layer!, width: { before: 24, after: 16 } }] };
    expect(await applyThe(applied, option === '' ? [] : [option])).toEqual({
      status: 0,
      output: '',
      notes: 'resnet20.py: The source already has the proposed widths. There is nothing to change.\n',
    });
    expect(readFileSync(join(folder, 'resnet20.py'), 'utf8')).toBe(source);
  },
);

test('the slim file has the width, and a second time nothing is overwritten', async () => {
  const { status, notes } = await apply('--slim-file', 'slim.py');
  expect(notes).toBe('Wrote slim.py, proven to be the proposed network. Its costs: morphnet cost slim.py\n');
  expect(status).toBe(0);
  const text = readFileSync(join(folder, 'slim.py'), 'utf8');
  expect(text).toContain('self.layer1["1"].conv1 = nn.Conv2d(16, 5, ');
  expect(text).toContain('self.layer1["1"].conv2 = nn.Conv2d(5, 16, ');
  expect(text).toContain('self.layer1["2"].conv1 = nn.Conv2d(16, 16, ');
  const cost = await morphnetIn(folder, ['cost', 'slim.py', '--json'], undefined, [pythonFrontend]);
  // 11 channels of 16·9 weights, a batch norm's scale and shift, and the 16·9 weights that read them.
  const seed = await morphnetIn(folder, ['cost', 'resnet20.py::resnet20()', '--json'], undefined, [pythonFrontend]);
  const params = (run: CommandLineRun): number =>
    (JSON.parse(run.output) as { totals: { params: { value: number } } }).totals.params.value;
  expect(params(seed) - params(cost)).toBe(11 * (16 * 9 + 2 + 16 * 9));

  const again = await apply('--slim-file', 'slim.py');
  expect(again.status).toBe(1);
  expect(again.notes).toBe('slim.py is there already. Name a new file.\n');
  expect(readFileSync(join(folder, 'slim.py'), 'utf8')).toBe(text);
});

test('a slim file is Python', async () => {
  const { status, notes } = await apply('--slim-file', 'slim.cfg');
  expect(status).toBe(2);
  expect(notes).toBe('slim.cfg must end in .py: the slim model is Python source.\n');
});

describe('a file of alive counts', () => {
  const text = `import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(32)
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        x = self.norm1(self.conv1(x)).relu()
        x = self.norm2(self.conv2(x)).relu()
        return self.head(x.mean((2, 3)))
`;
  const counts = (content: object, ...words: readonly string[]): Promise<CommandLineRun> => {
    writeFileSync(join(folder, 'net.py'), text);
    writeFileSync(join(folder, 'alive_10.json'), JSON.stringify(content));
    const model = ['--model', 'net.py::Net', '--input', '3x8x8'];
    return morphnetIn(folder, ['apply', 'alive_10.json', ...model, ...words], undefined, [pythonFrontend]);
  };
  const narrowed = [
    '+        self.conv1 = nn.Conv2d(3, 5, 3, padding=1)',
    '+        self.conv2 = nn.Conv2d(5, 12, 3, padding=1)',
  ];

  test.for([
    ['as this product writes it', { conv1: 5, conv2: 12 }, []],
    ['as the published implementation does', { 'conv1/Conv2D': 5, 'conv2/Conv2D': 12 }, []],
    ['under a prefix', { 'net/conv1/Conv2D': 5, 'net/conv2/Conv2D': 12 }, ['--remove-common-prefix']],
  ] as const)('%s sets the widths of the source', async ([, content, words]) => {
    const { status, output, notes } = await counts(content, ...words);
    expect(status, notes).toBe(0);
    for (const line of narrowed) expect(output).toContain(line);
    await counts(content, ...words, '--write');
    expect(readFileSync(join(folder, 'net.py'), 'utf8')).toContain('self.conv2 = nn.Conv2d(5, 12, 3, padding=1)');
  });

  test('layers that it does not name stay, go, or must all be there, as the fallback says', async () => {
    const kept = await counts({ conv1: 5 });
    expect(kept.output).toContain('+        self.conv2 = nn.Conv2d(5, 32, 3, padding=1)');
    const strict = await counts({ conv1: 5 }, '--fallback', 'strict');
    expect(strict).toMatchObject({ status: 1, notes: expect.stringContaining('nothing of conv2') as string });
    const zero = await counts({ conv1: 5 }, '--fallback', 'zero');
    expect(zero).toMatchObject({ status: 1, notes: expect.stringContaining('cut') as string });
    const keepFirst = await counts({ conv1: 5 }, '--fallback', 'zero', '--keep-first');
    expect(keepFirst.output).toContain('+        self.conv2 = nn.Conv2d(5, 1, 3, padding=1)');
  });

  test('what is no such file, names none of the layers, or comes without a model is told', async () => {
    expect((await counts({ conv1: -1 })).notes).toContain('conv1 has -1');
    expect((await counts([3])).notes).toContain('no object of counts by layer');
    expect((await counts({ other: 3 })).notes).toContain('No layer of the model is called as the counts are, other');
    const alone = await morphnetIn(folder, ['apply', 'alive_10.json'], undefined, [pythonFrontend]);
    expect(alone).toMatchObject({ status: 2, notes: expect.stringContaining('--model') as string });
  });
});
