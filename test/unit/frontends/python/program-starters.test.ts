// Programs whose function is started by something else: processes, and packages that make a command line of it. The model is the
// one that the program has when it is started without words.

import { expect, test } from 'vitest';
import { readPython, type PythonReading } from '../../../support/python-model.ts';

const work = (head: string, end: string): PythonReading =>
  readPython(`import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 1)

    def forward(self, x):
        return self.conv(x)


${head}
    model = Net(width)
    model.train()


${end}
`);

function widthOf({ graph }: PythonReading): unknown {
  const conv = graph?.ops.find(({ name }) => name === 'conv');
  return graph?.values[conv?.outputs[0] ?? -1]?.shape[1];
}

const guard = (call: string): string => `if __name__ == '__main__':\n    ${call}`;

const starters: Readonly<Record<string, readonly [string, string]>> = {
  'processes of PyTorch': [
    'import torch.multiprocessing as mp\n\n\ndef work(gpu, width):',
    guard('mp.spawn(work, nprocs=2, args=(8,))'),
  ],
  'processes by their whole name': ['def work(gpu, width):', guard('torch.multiprocessing.spawn(work, (8,), 2)')],
  Fire: ['import fire\n\n\ndef main(width=8):', guard('fire.Fire(main)')],
  'typer.run': ['import typer\n\n\ndef main(width: int = typer.Option(8, help="channels")):', guard('typer.run(main)')],
  'an app of Typer': [
    'import typer\n\napp = typer.Typer()\n\n\n@app.command()\ndef main(width: int = 8):',
    guard('app()'),
  ],
  Click: [
    "import click\n\n\n@click.command()\n@click.option('--width', '-w', default=8)\n@click.option('--name', required=True)\ndef main(width, name):",
    guard('main()'),
  ],
  'Click with text that a type turns into a number': [
    "import click\n\n\n@click.command()\n@click.option('--width', default='8', type=int)\ndef main(width):",
    guard('main()'),
  ],
  'Click with another name': [
    "import click\n\n\n@click.command\n@click.option('--net-width', 'width', default=8)\n@click.argument('data')\ndef main(data, width):",
    guard('main()'),
  ],
};

test.for(Object.entries(starters))('%s: the model has what the options come to', ([, [head, end]]) => {
  const reading = work(head, end);
  expect(reading.problems.filter(({ severity }) => severity === 'error' || severity === 'warning')).toEqual([]);
  expect(widthOf(reading)).toBe(8);
});

test.for([
  ['Fire', 'import fire\n\n\ndef main(width):', guard('fire.Fire(main)')],
  ['Typer', 'import typer\n\n\ndef main(width: int = typer.Argument(...)):', guard('typer.run(main)')],
  [
    'Click',
    "import click\n\n\n@click.command()\n@click.option('--width', required=True)\ndef main(width):",
    guard('main()'),
  ],
])('%s: what has no default has to be given', ([, head = '', end = '']) => {
  const reading = work(head, end);
  expect(widthOf(reading)).not.toEqual(expect.any(Number));
  expect(reading.graph?.unknowns.map(({ reason }) => reason).join()).toContain('has to be given on the command line');
});

test('the version of Python is known, the machine is not', () => {
  const reading = work(
    'import platform\n\n\ndef main(width=5 + len(platform.python_version_tuple())):',
    guard('main()'),
  );
  expect(widthOf(reading)).toBe(8);
  const other = work(
    "import platform\n\n\ndef main(width=4 if platform.system() == 'Windows' else 8):",
    guard('main()'),
  );
  expect(widthOf(other)).not.toEqual(expect.any(Number));
});
