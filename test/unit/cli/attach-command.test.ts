// `morphnet attach`: what it writes beside a script, and what it leaves alone.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRunNetworks } from '../../../server/src/experiments/run-network-service.ts';
import type { AttachedStructure } from '../../../server/src/structure/attached-structure.ts';
import { morphnetIn, noTraining, type CommandLineRun } from '../../support/command-line.ts';
import { exampleText } from '../../support/fixtures.ts';
import { pythonFrontend } from '../../support/python-frontend.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'morphnet-attach-'));
  writeFileSync(join(folder, 'resnet20.py'), exampleText('resnet20.py'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const attach = (...words: readonly string[]): Promise<CommandLineRun> =>
  morphnetIn(folder, ['attach', 'resnet20.py', ...words], noTraining, [pythonFrontend], createRunNetworks(folder));

const written = (name = 'structure.json'): string => readFileSync(join(folder, name), 'utf8');

test('the structure has the names of the model, the target and the command, and names no folder of this machine', async () => {
  const { status, output, notes } = await attach('--target', 'params:0.4', '--steps', '2000', '--exclude', 'layer1.*');
  expect(status, notes).toBe(0);
  const structure = JSON.parse(written()) as AttachedStructure & Record<string, unknown>;
  expect(structure).toMatchObject({
    command: 'morphnet attach resnet20.py --target params:0.4 --steps 2000 --exclude layer1.*',
    model: { file: 'resnet20.py', entry: 'resnet20()' },
    target: { resource: 'params', fraction: 0.4 },
    steps: 2000,
    runs: '.morphnet/runs',
  });
  expect(structure.parameters['layer3.2.bn2.weight']).toEqual([64]);
  expect(structure.sources.map(({ parameter }) => parameter)).toContain('layer2.0.bn1.weight');
  expect(structure.groups.find(({ layers }) => layers.includes('layer1.1.conv1'))?.fixed).toContain('layer1.*');
  expect(written()).not.toContain(folder);
  expect(output).toContain('morphnet = MorphNet.attach(model, "structure.json")');
});

test('the package comes as one file that imports nothing but PyTorch and what Python brings, unless it is installed', async () => {
  await attach();
  const imports = [...written('morphnet_torch.py').matchAll(/^(?:from|import) ([\w.]+)/gm)].map(([, name]) => name);
  const known = [
    '__future__',
    'json',
    'math',
    'os',
    'pathlib',
    'struct',
    'subprocess',
    'sys',
    'time',
    'torch',
    'typing',
  ];
  expect([...new Set(imports)].sort()).toEqual(known);
  rmSync(join(folder, 'morphnet_torch.py'));
  await attach('--no-package', '--out', 'other.json');
  expect(() => written('morphnet_torch.py')).toThrow('ENOENT');
  expect(JSON.parse(written('other.json'))).toMatchObject({ kind: 'morphnet-structure' });
});

test('its own files are replaced, others of that name stay', async () => {
  await attach();
  expect((await attach('--steps', '7')).status).toBe(0);
  expect(JSON.parse(written())).toMatchObject({ steps: 7 });
  writeFileSync(join(folder, 'structure.json'), '{"mine": true}');
  const { status, notes } = await attach();
  expect(status).toBe(1);
  expect(notes).toContain('structure.json is there already');
  expect(written()).toBe('{"mine": true}');
});

const script = `import torch
from resnet20 import resnet20

model = resnet20()
optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
for x, y in loader:
    loss = torch.nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
`;

const command = (...words: readonly string[]): Promise<CommandLineRun> =>
  morphnetIn(folder, ['attach', ...words], noTraining, [pythonFrontend], createRunNetworks(folder));

test('a script’s lines are shown as a diff, and written with --write', async () => {
  writeFileSync(join(folder, 'train.py'), script);
  const shown = await command('train.py', '--input', '3x32x32', '--target', 'flops:0.5');
  expect(shown.status, shown.notes).toBe(0);
  expect(shown.output).toContain('+morphnet = MorphNet.attach(model, "structure.json")');
  expect(readFileSync(join(folder, 'train.py'), 'utf8')).toBe(script);
  const done = await command('train.py', '--input', '3x32x32', '--target', 'flops:0.5', '--write');
  expect(done.status, done.notes).toBe(0);
  expect(readFileSync(join(folder, 'train.py'), 'utf8').split('\n').slice(1, 14)).toEqual([
    'from resnet20 import resnet20',
    'from morphnet_torch import MorphNet',
    '',
    'model = resnet20()',
    'morphnet = MorphNet.attach(model, "structure.json")',
    'optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)',
    'for x, y in loader:',
    '    loss = torch.nn.functional.cross_entropy(model(x), y)',
    '    optimizer.zero_grad()',
    '    (loss + morphnet.loss()).backward()',
    '    optimizer.step()',
    '    morphnet.step(loss=loss)',
    '',
  ]);
  // The model of the script is read as before, and the lines are not written twice.
  const again = await command('train.py', '--input', '3x32x32', '--write');
  expect(again.status).toBe(1);
  expect(again.notes).toContain('train.py: it has MorphNet’s lines already. Write the lines yourself');
});

test('the lines go into another script than the model’s file, with the package beside it', async () => {
  mkdirSync(join(folder, 'tools'));
  writeFileSync(join(folder, 'tools', 'train.py'), script);
  const { status, notes } = await command('resnet20.py', '--write', 'tools/train.py', '--out', 'structure.json');
  expect(status, notes).toBe(0);
  expect(readFileSync(join(folder, 'tools', 'train.py'), 'utf8')).toContain(
    'MorphNet.attach(model, "../structure.json")',
  );
  expect(written('tools/morphnet_torch.py')).toContain('class MorphNet');
});

test('where the loop is not seen nothing is written, and the lines are said', async () => {
  writeFileSync(join(folder, 'train.py'), script.replace('loss.backward()', 'engine.run(loss)'));
  const { status, notes } = await command('train.py', '--input', '3x32x32', '--write');
  expect(status).toBe(1);
  expect(notes).toContain('train.py: no call of backward() was found. Write the lines yourself');
  expect(() => written()).toThrow('ENOENT');
});
