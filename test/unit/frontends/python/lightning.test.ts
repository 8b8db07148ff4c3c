// Lightning's modules are PyTorch's, with the arguments they were made with at hand.

import { expect, test } from 'vitest';
import { readPython } from '../../../support/python-model.ts';

const modelOf = (keeping: string, hparams: string): string => `# morphnet: entry=Lit(6, depth=2) input=3x8x8
import pytorch_lightning as pl
from torch import nn, optim
from torchmetrics import Accuracy


class Lit(pl.LightningModule):
    def __init__(self, width, depth=1, *, classes=4, rate=0.1, **more):
        super().__init__()
        ${keeping}
        self.stem = nn.Conv2d(3, ${hparams}.width, 1)
        self.blocks = nn.ModuleList(nn.Conv2d(width, width, 1) for _ in range(depth))
        self.head = nn.Linear(width, ${hparams}["classes"])
        self.accuracy = Accuracy(task="multiclass", num_classes=classes)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        self.log("mean", x.mean())
        return self.head(x.mean((2, 3)))

    def training_step(self, batch, index):
        return self(batch[0]).sum()

    def configure_optimizers(self):
        return optim.Adam(self.parameters(), lr=self.hparams.rate)
`;

test.each([
  ['self.save_hyperparameters()', 'self.hparams'],
  ['self.save_hyperparameters("width", "classes")', 'self.hparams'],
  ['self.save_hyperparameters(ignore=["rate"])', 'self.hparams'],
  ['self.save_hyperparameters({"width": width, "classes": classes})', 'self.hparams'],
])('%s', (keeping, hparams) => {
  const { graph, problems } = readPython(modelOf(keeping, hparams));
  expect(problems).toEqual([]);
  expect(graph?.unknowns).toEqual([]);
  expect(
    graph?.ops.filter(({ parameters }) => parameters.length > 0).map(({ name, outWidth }) => [name, outWidth?.value]),
  ).toEqual([
    ['stem', 6],
    ['blocks.0', 6],
    ['blocks.1', 6],
    ['head', 4],
  ]);
});

test('an argument that is not kept is not there', () => {
  const { problems } = readPython(modelOf('self.save_hyperparameters(ignore=["width"])', 'self.hparams'));
  expect(problems).toMatchObject([{ code: 'python-raises', severity: 'error' }]);
});

test('what only the library gives a class is not known, and no mistake', () => {
  const { problems } = readPython(`import pytorch_lightning as pl
from torch import nn


class Lit(pl.LightningModule):
    def __init__(self, width):
        super().__init__()
        self.layer = nn.Linear(3, width)


def main(path):
    model = Lit.load_from_checkpoint(path)
    model.eval()


main("weights.ckpt")
`);
  expect(problems.map(({ severity, message }) => [severity, message])).toEqual([
    ['information', 'load_from_checkpoint of LightningModule is not modelled'],
  ]);
});
