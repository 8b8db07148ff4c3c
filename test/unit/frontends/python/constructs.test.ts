// One small source for each construct of Python and PyTorch: what becomes of it stands in the fixture, and its costs are
// held against those that PyTorch printed of the same file.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exactly, sumCounts } from '../../../../server/src/common/count.ts';
import { reportCosts } from '../../../../server/src/costs/cost-report.ts';
import { defaultDeviceName, findDevice } from '../../../../server/src/costs/device-profile.ts';
import { annotate, stripAnnotations } from '../../../support/annotated-source.ts';
import { fixturesOf } from '../../../support/fixtures.ts';
import { annotationsOf, layerLabel } from '../../../support/python-annotations.ts';
import { readProject, readPython, type PythonReading } from '../../../support/python-model.ts';

interface Figures {
  readonly params: number;
  /** Multiply-adds by PyTorch's own flop counter, which sees functional layers too. */
  readonly counterMacs: number;
  readonly layers: readonly {
    readonly name: string;
    readonly params: number;
    readonly macs: number;
    readonly outputShape: readonly number[];
  }[];
}

const folder = join(import.meta.dirname, '../../../fixtures');
/** What scripts/pytorch_costs.py says of every fixture here. */
const printed = JSON.parse(readFileSync(join(folder, 'python-figures.json'), 'utf8')) as Readonly<
  Record<string, Figures>
>;

function expectFigures(reading: PythonReading, figures: Figures): void {
  expect(reading.problems).toEqual([]);
  expect(reading.graph?.unknowns).toEqual([]);
  const graph = reading.graph!;
  const device = findDevice(defaultDeviceName);
  if (!device.ok) throw new Error(device.error);
  const { ops, total } = reportCosts(graph, device.value);
  expect(total.params).toEqual({ kind: 'exact', value: figures.params });
  expect(total.macs).toEqual({ kind: 'exact', value: figures.counterMacs });
  // PyTorch prints a layer that is called again under its name; ours are numbered, so only first calls are compared.
  const seen = new Set<string>();
  for (const { name, params, macs, outputShape } of figures.layers) {
    if (seen.has(name)) continue;
    seen.add(name);
    const op = graph.ops.find((each) => each.name === name);
    if (op === undefined) throw new Error(`There is no layer ${name}`);
    // What a module computes from its weight before it uses it stands in ops of its own, below its name.
    const within = graph.ops.filter((each) => each === op || each.name.startsWith(`${name}.`));
    expect({
      name,
      params: sumCounts(within.map(({ id }) => ops[id]!.params)),
      // The hooks that PyTorch's figures come from know the MACs of its own layers only.
      macs: macs === 0 ? exactly(0) : ops[op.id]!.macs,
      outputShape: graph.values[op.outputs[0]!]!.shape.slice(1),
    }).toEqual({ name, params: exactly(params), macs: exactly(macs), outputShape });
  }
}

const fixtures = fixturesOf('python');

test.for(fixtures)('$name', async ({ path, text }) => {
  const source = stripAnnotations(text);
  const reading = readPython(source);
  await expect(annotate(source, annotationsOf(reading, layerLabel))).toMatchFileSnapshot(path);
});

test.for(fixtures)('$name costs what PyTorch says', ({ name, text }) => {
  const figures = printed[`python/${name}`];
  if (figures === undefined) throw new Error(`PyTorch's figures of ${name} are missing in python-figures.json`);
  expectFigures(readPython(stripAnnotations(text)), figures);
});

test('imports across files, absolute and relative', () => {
  const base = join(folder, 'python-imports');
  const paths = readdirSync(base, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.py'));
  const files = Object.fromEntries(paths.map((path) => [path, readFileSync(join(base, path), 'utf8')]));
  const reading = readProject({ files });
  expectFigures(reading, printed['python-imports/main.py']!);
  // A change in any of them makes the reading stale.
  for (const path of paths) expect(reading.dependencies).toContain(`file:///project/${path}`);
});

test.for<[written: string, called: string]>([
  ['x.clamp(min=0)', 'relu'],
  ['torch.clamp_min(x, 0)', 'relu'],
  ['x.clamp_(0., 6.)', 'relu6'],
  ['torch.clip(x, -1, 1)', 'hard-tanh'],
  ['nn.Hardtanh()(x)', 'hard-tanh'],
  // Between other bounds it is no function of its own: to train it as another would be wrong.
  ['nn.Hardtanh(0, 6)(x)', 'relu6'],
  ['nn.Hardtanh(-2, 2)(x)', 'other'],
  ['x.clamp(max=0)', 'other'],
  ['x.clamp(x, x)', 'other'],
])('%s is %s', ([written, called]) => {
  const { graph } = readPython(`# morphnet: entry=Net() input=3x8x8
import torch
from torch import nn

class Net(nn.Module):
    def forward(self, x):
        return ${written}
`);
  expect(graph?.ops.map(({ attributes }) => attributes)).toContainEqual({
    kind: 'activation',
    function: called,
    channelAxis: 1,
  });
});

test('a constant that is kept between bounds is known', () => {
  const { graph } = readPython(`# morphnet: entry=net input=3x8x8
import torch
from torch import nn

net = nn.Conv2d(3, int(torch.tensor([2.5, 9.0]).clamp(min=3, max=4).sum()), 1)
`);
  expect(graph?.ops.map(({ attributes }) => attributes)).toMatchObject([{}, { kind: 'convolution', outChannels: 7 }]);
});
