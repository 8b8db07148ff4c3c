// Configurations of OpenMMLab as files of their own: which model they offer, where its layers stand, what an edit changes. The library is
// a small one of ours that registers its models as OpenMMLab's do; `npm run check:openmmlab` holds MMPretrain's against the real one.

import { expect, test } from 'vitest';
import { askedProposal } from '../../../../server/src/analysis/asked-widths.ts';
import { editedTexts } from '../../../../server/src/analysis/edited-texts.ts';
import { inlayHints } from '../../../../server/src/analysis/inlay-hints.ts';
import { editsOfPlan } from '../../../../server/src/analysis/proposal-edits.ts';
import { widthChange } from '../../../../server/src/analysis/width-change.ts';
import { sessionOver, standardSettings, uriOf } from '../../../support/analysis-session.ts';
import { readProject, type PythonReading } from '../../../support/python-model.ts';

const library = {
  'mmtoy/__init__.py': '',
  'mmtoy/registry.py': `from mmengine.registry import MODELS as ROOT, Registry

MODELS = Registry('model', parent=ROOT, locations=['mmtoy.models'])
`,
  'mmtoy/models/__init__.py': 'from .missing_extras import *\nfrom .nets import *\n',
  'mmtoy/models/missing_extras.py': "import extras\nif extras.there:\n    raise RuntimeError('never')\n__all__ = []\n",
  'mmtoy/models/nets/__init__.py': "from .chain import Chain, Head, Whole\n\n__all__ = ['Chain', 'Head', 'Whole']\n",
  'mmtoy/models/nets/chain.py': `import torch
from mmengine.model import BaseModule
from torch import nn

from mmtoy.registry import MODELS


@MODELS.register_module()
class Chain(BaseModule):
    def __init__(self, widths, in_channels=3, init_cfg=None):
        super().__init__(init_cfg)
        for i, width in enumerate(widths):
            self.add_module(f'conv{i}', nn.Conv2d(in_channels, width, 3, padding=1))
            in_channels = width
        self.count = len(widths)

    def forward(self, x):
        for i in range(self.count):
            x = getattr(self, f'conv{i}')(x)
        return x


@MODELS.register_module()
class Head(BaseModule):
    def __init__(self, in_channels, num_classes):
        super().__init__()
        self.fc = nn.Linear(in_channels, num_classes)

    def forward(self, x):
        return self.fc(x.mean((2, 3)))


@MODELS.register_module()
class Whole(BaseModule):
    def __init__(self, backbone, head, half=None):
        super().__init__()
        self.backbone = MODELS.build(backbone)
        self.head = MODELS.build(head)

    def forward(self, x):
        return self.head(self.backbone(x))

    def train(self, mode=True):
        super().train(mode)
        if not mode:
            self.backbone.used = True
`,
};

const base = `model = dict(
    type='Whole',
    backbone=dict(type='Chain', widths=[8, 12]),
    head=dict(type='Head', in_channels=12, num_classes=10))
`;
const runtime = "default_scope = 'mmtoy'\nlog_level = 'INFO'\n";
const data = "dataset_type = 'CIFAR10'\ntrain_pipeline = [dict(type='RandomCrop', crop_size=32, padding=4)]\n";
const files = {
  ...library,
  'configs/_base_/net.py': base,
  'configs/_base_/runtime.py': runtime,
  'configs/_base_/data.py': data,
};
const bases = "_base_ = ['_base_/net.py', '_base_/data.py', '_base_/runtime.py']\n";

const readConfiguration = (text: string, more: Readonly<Record<string, string>> = {}): PythonReading =>
  readProject({ files: { ...files, ...more, 'configs/net.py': text }, main: 'configs/net.py' });

const widths = ({ graph }: PythonReading): readonly (readonly [string, unknown])[] =>
  (graph?.ops ?? []).flatMap(({ name, attributes }) => {
    if (attributes.kind === 'convolution') return [[name, attributes.outChannels] as const];
    return attributes.kind === 'dense' ? [[name, attributes.outFeatures] as const] : [];
  });

test.for([
  ['what its base says', bases, [8, 12, 10]],
  ['settings of its own on top', `${bases}model = dict(head=dict(num_classes=100))\n`, [8, 12, 100]],
  [
    'a part in the place of another',
    `${bases}model = dict(backbone=dict(_delete_=True, type='Chain', widths=[5, 6, 12]))\n`,
    [5, 6, 12, 10],
  ],
  [
    'what it takes of its base',
    `${bases}model = dict(backbone=dict(widths=[4, {{_base_.model.head.in_channels}}]))\n`,
    [4, 12, 10],
  ],
  [
    'a comment in its model',
    `${bases}model = dict(  # of ours\n    # two\n    head=dict(num_classes=7))\n`,
    [8, 12, 7],
  ],
] as const)('the model of a configuration: %s', ([, text, expected]) => {
  const reading = readConfiguration(text);
  expect(reading.problems).toEqual([]);
  expect(reading.graph?.unknowns).toEqual([]);
  expect(widths(reading).map(([, width]) => width)).toEqual(expected);
  expect(reading.entry?.name).toBe('model');
  // The size of the images is that of the data set, and assumed.
  expect(reading.graph?.entry.input).toMatchObject({ shapes: [[3, 32, 32]], from: 'default' });
  expect(reading.dependencies).toEqual(
    expect.arrayContaining(['file:///project/configs/_base_/net.py', 'file:///project/mmtoy/models/nets/chain.py']),
  );
});

test.for([
  ['a crop', 'crop_size = (48, 64)', [3, 48, 64]],
  [
    'the size of inputs',
    "input_size = 40\npipeline = [dict(type='Resize', scale=(input_size, input_size))]",
    [3, 40, 40],
  ],
  ['a scale, width first', "pipeline = [dict(type='Resize', scale=(64, 40), keep_ratio=True)]", [3, 40, 64]],
  [
    'a scale that is padded',
    "data_preprocessor = dict(type='P', pad_size_divisor=32)\npipeline = [dict(type='Resize', scale=(70, 40))]",
    [3, 64, 96],
  ],
  ['a comment that says another', '# crop_size = (8, 8)\nimg_scale = (24, 16)', [3, 16, 24]],
] as const)('the image is told by how data are prepared: %s', ([, text, shape]) => {
  const { entry } = readConfiguration(`${bases}${text}\n`);
  expect(entry?.input).toMatchObject({ shapes: [shape], from: 'default' });
});

test('layers stand at the settings that they are made of, else at what the file builds on', () => {
  const own = readConfiguration(`${bases}model = dict(\n    backbone=dict(type='Chain', widths=[4, 12]))\n`);
  const places = (reading: PythonReading): readonly string[] =>
    (reading.graph?.ops ?? [])
      .filter(({ parameters }) => parameters.length > 0)
      .map(({ site }) => reading.textAt(site?.span));
  expect(places(own)).toEqual([
    "'Chain'",
    "'Chain'",
    "dict(\n    backbone=dict(type='Chain', widths=[4, 12]))".slice(0, 1),
  ]);
  expect(places(readConfiguration(bases))).toEqual(['_base_', '_base_', '_base_']);
});

test('hints stand behind these lines, and nowhere in settings of data', () => {
  const session = sessionOver(
    new Map(
      Object.entries({ ...files, 'configs/net.py': `${bases}model = dict(\n    backbone=dict(type='Chain'),\n)\n` }),
    ),
  );
  const lines = session.linesOf(uriOf('configs/net.py'))!;
  const hints = inlayHints(session, uriOf('configs/net.py'), standardSettings);
  expect(hints.map(({ offset }) => lines.positionAt(offset).line)).toEqual([1, 2]);
  expect(inlayHints(session, uriOf('configs/_base_/data.py'), standardSettings)).toEqual([]);
});

test.for([
  ['a circle', "_base_ = './net.py'\n", 'build on each other in a circle: net.py → net.py'],
  ['a longer circle', "_base_ = ['other.py']\n", 'in a circle: net.py → other.py → net.py'],
  [
    'a base that is not there',
    "_base_ = ['_base_/missing.py']\nmodel = dict(type='Whole')\n",
    '_base_/missing.py is not in the workspace',
  ],
] as const)('%s is told at the line that names it', ([, text, message]) => {
  const reading = readConfiguration(text, { 'configs/other.py': "_base_ = ['net.py']\n" });
  const [first] = reading.problems;
  expect(first?.message).toContain(message);
  expect(reading.textAt(first?.span)).toMatch(/^'.*\.py'$/);
});

test.for([
  ['settings of data on top of others', "_base_ = ['_base_/data.py']\ndata = dict(batch=3)\n"],
  ['a program that keeps a model in a dictionary', "model = dict(\n    type='x')\nclass Net:\n    pass\n"],
  ['another tool’s settings', "_base_model = 'x'\nmodel = 'resnet50'\n"],
] as const)('%s offers no model and says nothing', ([, text]) => {
  const session = sessionOver(new Map(Object.entries({ ...files, 'configs/net.py': text })));
  const analysis = session.analyze(uriOf('configs/net.py'));
  expect(analysis.models).toEqual([]);
  expect(analysis.problems).toEqual([]);
});

test('a model that wants more than an image is no mistake', () => {
  const pairs = library['mmtoy/models/nets/chain.py'].replace(
    'def forward(self, x):\n        return self.fc',
    'def forward(self, x, names=None):\n        for name in names:\n            pass\n        return self.fc',
  );
  const { problems, graph } = readConfiguration(bases, { 'mmtoy/models/nets/chain.py': pairs });
  expect(graph?.unknowns).not.toEqual([]);
  expect(problems.map(({ severity }) => severity)).toEqual(['information']);
});

test('a library that is not there is named', () => {
  const { graph, problems } = readProject({
    files: { 'net.py': "default_scope = 'mmother'\nmodel = dict(type='Whole', backbone=dict(type='Chain'))\n" },
    main: 'net.py',
  });
  expect(graph).toBeUndefined();
  expect(problems.map(({ message }) => message).join()).toContain(
    'Whole is of mmother, which is neither in the workspace',
  );
});

/** The files that an edit changes, with their new text. */
function edited(text: string, layers: Readonly<Record<string, number>>): Readonly<Record<string, string>> {
  const session = sessionOver(
    new Map(Object.entries({ ...files, 'configs/net.py': text, 'configs/sister.py': bases })),
    undefined,
    undefined,
    () => ['configs/net.py', 'configs/sister.py', 'configs/_base_/net.py'].map(uriOf),
  );
  const document = uriOf('configs/net.py');
  const model = session.model(document)!;
  const asked = askedProposal(session.grouping(model.graph), {
    layers: new Map(Object.entries(layers).map(([name, width]) => [name, { kind: 'width', width }])),
  });
  if (!asked.ok) throw new Error(asked.error);
  const { plan } = widthChange(session, model, asked.value, { refactor: false });
  expect(plan.refused).toEqual([]);
  expect(plan.alsoChanges).toEqual([]);
  expect(plan.widths.map(({ after }) => after)).toEqual(Object.values(layers));
  const texts = editedTexts(session, editsOfPlan(session, plan));
  return Object.fromEntries(texts.map(({ document: each, after }) => [each.replace('file:///project/', ''), after]));
}

test.for([
  [
    'a file without a model of its own',
    bases,
    { 'backbone.conv0': 5 },
    `${bases}model = dict(backbone=dict(widths=[5, 12]))\n`,
  ],
  [
    'both ends of a width',
    bases,
    { 'backbone.conv1': 9 },
    `${bases}model = dict(backbone=dict(widths=[8, 9]), head=dict(in_channels=9))\n`,
  ],
  [
    'settings that the file has in part',
    `${bases}model = dict(\n    head=dict(\n        num_classes=7,\n    ),\n)\n`,
    { 'backbone.conv1': 9 },
    `${bases}model = dict(\n    head=dict(\n        num_classes=7, in_channels=9,\n    ), backbone=dict(widths=[8, 9]),\n)\n`,
  ],
  [
    'a width that the file writes itself',
    `${bases}model = dict(backbone=dict(widths=[4, 12]))\n`,
    { 'backbone.conv0': 3 },
    `${bases}model = dict(backbone=dict(widths=[3, 12]))\n`,
  ],
] as const)('an edit changes the entry in the configuration, not in its base: %s', ([, text, layers, after]) => {
  expect(edited(text, layers)).toEqual({ 'configs/net.py': after });
});

test('an edit of the base itself names what builds on it', () => {
  const session = sessionOver(
    new Map(
      Object.entries({
        ...files,
        'configs/sister.py': bases,
        'configs/_base_/net.py': `${base}default_scope = 'mmtoy'\n`,
      }),
    ),
    undefined,
    undefined,
    () => ['configs/sister.py', 'configs/_base_/net.py'].map(uriOf),
  );
  const model = session.model(uriOf('configs/_base_/net.py'))!;
  const asked = askedProposal(session.grouping(model.graph), {
    layers: new Map([['backbone.conv0', { kind: 'width', width: 5 }]]),
  });
  if (!asked.ok) throw new Error(asked.error);
  const { plan } = widthChange(session, model, asked.value, { refactor: false });
  expect(plan.widths.map(({ after }) => after)).toEqual([5]);
  expect(plan.alsoChanges).toEqual(['model of sister.py']);
});
