// What depends on the numbers in the input, or stands in files beside the source: counted where it is known, and said to be
// unknown where it is not.

import { describe, expect, test } from 'vitest';
import { reportCosts, type Cost } from '../../../../server/src/costs/cost-report.ts';
import { defaultDeviceName, findDevice } from '../../../../server/src/costs/device-profile.ts';
import { readProject, readPython, type PythonReading } from '../../../support/python-model.ts';

function totalOf({ graph }: PythonReading): Cost {
  const device = findDevice(defaultDeviceName);
  if (!graph || !device.ok) throw new Error('There is no graph or no device');
  return reportCosts(graph, device.value).total;
}

const model = (forward: readonly string[]): string =>
  [
    '# morphnet: entry=Net() input=4',
    'import torch',
    'from torch import nn',
    'class Net(nn.Module):',
    '    def __init__(self):',
    '        super().__init__()',
    '        self.first = nn.Linear(4, 8)',
    '        self.second = nn.Linear(8, 2)',
    '    def forward(self, x):',
    '        x = self.first(x)',
    ...forward.map((line) => `        ${line}`),
  ].join('\n');

describe('how many elements are picked', () => {
  test.for<[string, readonly string[]]>([
    ['by where', ['rows = torch.where(x[:, 0] > 0)[0]', 'return self.second(x[rows])']],
    ['by nonzero', ['rows = (x[:, 0] > 0).nonzero(as_tuple=True)[0]', 'return self.second(x[rows])']],
    ['by a mask', ['return self.second(x[x[:, 0] > 0])']],
    ['by the rest of a mask', ['mask = x[:, 0] > 0', 'return self.second(x[~mask & (x[:, 1] < 2)])']],
    ['by suppression', ['rows = torch.ops.torchvision.nms(x[:, :4], x[:, 5], 0.5)', 'return self.second(x[rows])']],
  ])('%s of the input is not known', ([, forward]) => {
    const reading = readPython(model(forward));
    expect(reading.problems).toEqual([]);
    expect(reading.graph?.ops.map(({ name }) => name)).toContain('second');
    const { params, macs } = totalOf(reading);
    expect(params).toMatchObject({ value: 4 * 8 + 8 + 8 * 2 + 2 });
    // Only the first layer's: how often the second runs depends on the image.
    expect(macs).toMatchObject({ kind: 'at-least', value: 4 * 8 });
  });

  test('of a constant is known', () => {
    const reading = readPython(
      model(['rows = torch.where(torch.tensor([1, 0, 1, 1]) > 0)[0]', 'return self.second(x[rows * 0])']),
    );
    expect(totalOf(reading).macs).toEqual({ kind: 'exact', value: 4 * 8 + 3 * 8 * 2 });
  });
});

describe('data files of a package', () => {
  const main = [
    '# morphnet: entry=Net() input=3x8x8',
    'import pkgutil',
    'from torch import nn',
    'from shapes import widths',
    'def Net():',
    '    return nn.Sequential(*(nn.Conv2d(3, width, 1, bias=False) for width in widths()[:1]))',
  ].join('\n');
  const shapes = [
    'import os, pkgutil',
    'def widths():',
    "    text = pkgutil.get_data(__name__, os.path.join('data', 'widths.txt')).decode('utf-8').strip()",
    "    return [int(part) for part in text.split(',')]",
  ].join('\n');
  const files = { 'main.py': main, 'shapes/__init__.py': shapes };

  test('are read as text', () => {
    const reading = readProject({ files: { ...files, 'shapes/data/widths.txt': '5,7\n' } });
    expect(totalOf(reading).params).toEqual({ kind: 'exact', value: 3 * 5 });
    expect(reading.dependencies).toContain('file:///project/shapes/data/widths.txt');
  });

  test('that are missing are an error of the source', () => {
    const { problems } = readProject({ files });
    expect(problems.map(({ message }) => message).join()).toContain('FileNotFoundError');
  });
});
