// The lines that a training script gets: each case is a script with its lines, marked by `#+` where they are whole lines; the script
// without them is what is given. What the rules can't tell apart is refused with the place.

import { expect, test } from 'vitest';
import { pythonFrontend } from '../../../support/python-frontend.ts';

const document = 'file:///train.py';

function written(script: string): string {
  const reader = { roots: [], read: (name: string) => (name === document ? script : undefined) };
  const lines = pythonFrontend.trainingLines?.({ document, structure: 'structure.json' }, reader);
  if (lines === undefined) throw new Error('The frontend writes no lines');
  if (!lines.ok) return lines.error;
  return lines.value.edits.reduceRight(
    (rest, { start, newText }) => rest.slice(0, start) + newText + rest.slice(start),
    script,
  );
}

/** The script that is given: without marked lines, and without what stands in «…». */
function given(expected: string): string {
  return withLines(expected.replaceAll(/^.* #\+\n/gm, '').replaceAll(/«[^»]*»/g, ''));
}

/** The script with what is marked, without the marks. */
const withLines = (expected: string): string => expected.replaceAll(/«([^»]*)»| #\+$/gm, '$1');

const cases: Readonly<Record<string, string>> = {
  'a loop at the top': `
import torch
from net import Net
from morphnet_torch import MorphNet #+

model = Net().cuda()
morphnet = MorphNet.attach(model, "structure.json") #+
optimizer = torch.optim.SGD(model.parameters(), 0.1)
for x, y in loader:
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    «(»loss« + morphnet.loss())».backward()
    optimizer.step()
    morphnet.step(loss=loss) #+
`,
  'a function that trains gets it passed': `
import torch
from torch import optim
from morphnet_torch import MorphNet #+

def train(args, model, device, loader, optimizer, epoch«, morphnet»):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.nll_loss(model(x), y)
        «(»loss« + morphnet.loss())».backward()
        optimizer.step()
        morphnet.step(loss=loss) #+
        if epoch % 10 == 0:
            print(loss.item())

def main():
    model = Net().to(device)
    morphnet = MorphNet.attach(model, "structure.json") #+
    optimizer = optim.Adadelta(model.parameters(), lr=1)
    for epoch in range(1, 15):
        train(args, model, device, loader, optimizer, epoch«, morphnet=morphnet»)

if __name__ == '__main__':
    main()
`,
  'through two functions, with defaults in between': `
import torch
from morphnet_torch import MorphNet #+

def step(optimizer, loss, clip=None«, *, morphnet»):
    «(»loss« + morphnet.loss())».backward()
    optimizer.step()
    morphnet.step(loss=loss) #+

def epoch(model, opt«, morphnet», **options):
    for x, y in loader:
        step(opt, criterion(model(x), y)«, morphnet=morphnet»)

def main():
    net = Net()
    morphnet = MorphNet.attach(net, "structure.json") #+
    optimizer = torch.optim.Adam(net.parameters())
    epoch(net, optimizer«, morphnet=morphnet», **options)
`,
  'mixed precision or not, and steps of one way each': `
import torch
from morphnet_torch import MorphNet #+

def main(args):
    model = create(args)
    morphnet = MorphNet.attach(model, "structure.json") #+
    if args.distributed:
        model = torch.nn.parallel.DistributedDataParallel(model)
    if args.opt == 'sgd':
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
    else:
        optimizer = torch.optim.AdamW(model.parameters(), 0.1)
    scheduler = make(optimizer)
    for image, target in loader:
        with torch.cuda.amp.autocast(enabled=scaler is not None):
            loss = criterion(model(image), target)
        if scaler is not None:
            scaler.scale(loss« + morphnet.loss()»).backward()
            scaler.step(optimizer)
            morphnet.step(loss=loss) #+
            scaler.update()
        else:
            «(»loss« + morphnet.loss())».backward()
            optimizer.step()
            morphnet.step(loss=loss) #+
        scheduler.step()
`,
  'parts of accumulated gradients': `
import torch
from morphnet_torch import MorphNet #+

model = Net()
morphnet = MorphNet.attach(model, "structure.json") #+
optimizer = torch.optim.SGD(model.parameters(), 0.1)
for i, (x, y) in enumerate(loader):
    loss = criterion(model(x), y)
    loss = loss + morphnet.loss() #+
    loss = loss / parts
    loss.backward()
    if (i + 1) % parts == 0:
        optimizer.step()
        morphnet.step(loss=loss) #+
        optimizer.zero_grad()
`,
  'a class that trains': `
import torch
from morphnet_torch import MorphNet #+

class Trainer:
    def __init__(self, args):
        self.model = Net()
        self.morphnet = MorphNet.attach(self.model, "structure.json") #+
        self.optimizer = torch.optim.SGD(self.model.parameters(), 0.1)

    def train_epoch(self):
        for x, y in self.loader:
            loss = self.criterion(self.model(x), y)
            self.optimizer.zero_grad()
            «(»loss« + self.morphnet.loss())».backward()
            self.optimizer.step()
            self.morphnet.step(loss=loss) #+
`,
  'parameters that are chosen first, losses of a detector': `
import torch
from morphnet_torch import MorphNet #+

model = fasterrcnn_resnet50_fpn()
morphnet = MorphNet.attach(model, "structure.json") #+
params = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.SGD(params, lr=0.02)
for images, targets in loader:
    losses = model(images, targets)
    optimizer.zero_grad()
    accelerator.backward(sum(losses.values())« + morphnet.loss()»)
    optimizer.step()
    morphnet.step() #+
`,
  'groups of parameters, and a closure': `
import torch
from morphnet_torch import MorphNet #+

net = Net()
morphnet = MorphNet.attach(net, "structure.json") #+
optimizer = torch.optim.LBFGS([{"params": net.stem.parameters()}, {"params": net.head.parameters()}])
for x, y in loader:
    def closure():
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        «(»loss« + morphnet.loss())».backward()
        return loss
    optimizer.step(closure)
    morphnet.step() #+
`,
};

for (const [name, expected] of Object.entries(cases))
  test(name, () => {
    const script = given(expected);
    expect(script).not.toContain('morphnet');
    expect(written(script)).toBe(withLines(expected));
  });

test('a divided loss takes the term into what is divided', () => {
  const script = cases['a loop at the top'] ?? '';
  expect(written(given(script).replace('    loss.backward', '    (loss / 4).backward'))).toContain(
    '    ((loss + morphnet.loss()) / 4).backward()',
  );
  expect(written(given(script).replace('    loss.backward', '    (first + 2 * second).backward'))).toContain(
    '    (first + 2 * second + morphnet.loss()).backward()',
  );
  expect(written(given(script).replace('    loss.backward', '    (a if b else c).backward'))).toContain(
    '    ((a if b else c) + morphnet.loss()).backward()',
  );
});

test('lines end as the file ends them', () => {
  const script = given(cases['a loop at the top'] ?? '').replaceAll('\n', '\r\n');
  expect(written(script).replaceAll('\r\n', '')).not.toContain('\n');
});

const plain = given(cases['a loop at the top'] ?? '');
test.each([
  [
    'two networks that train each other',
    `${plain}    loss2.backward()\n`,
    'line 10 and line 12 both take gradients or steps',
  ],
  ['no gradients', plain.replace('loss.backward()', 'engine(loss)'), 'no call of backward() was found'],
  ['no steps', plain.replace('optimizer.step()', 'engine()'), 'no step of an optimizer was found'],
  [
    'an optimizer from elsewhere',
    plain.replace('torch.optim.SGD(model.parameters(), 0.1)', 'make()'),
    'it is not seen where the optimizer of line 11 is made',
  ],
  ['a second time', written(plain), 'it has MorphNet’s lines already'],
  [
    'its name in use',
    plain.replace('model = Net', 'morphnet = 3\nmodel = Net'),
    'it has a variable of the name morphnet already',
  ],
  [
    'two statements a line',
    plain.replace('    optimizer.step()', '    optimizer.step(); count()'),
    'line 11 has several statements',
  ],
  [
    'a function that others call',
    `${given(cases['a function that trains gets it passed'] ?? '')}    spawn(train, 3)\n`,
    'train is called in a way that can not be followed',
  ],
] as const)('refused: %s', (_, script, reason) => {
  expect(written(script)).toContain(reason);
});
