// Networks whose sizes stand in settings that a package keeps: OmegaConf, Hydra, yacs, ML Collections, MMEngine, EasyDict. Nothing of
// these packages is installed here; what a program does with them is what their documentation says.

import { expect, test } from 'vitest';
import { readProject, type PythonReading } from '../../../support/python-model.ts';

const network = `import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width, classes=10):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 1)
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x):
        return self.head(self.conv(x))
`;

const read = (main: string, files: Readonly<Record<string, string>> = {}): PythonReading =>
  readProject({ files: { 'main.py': `${network}\n\n${main}\n`, ...files } });

/** The widths of both convolutions; a text tells why one is not known. */
function widths({ graph }: PythonReading): readonly unknown[] {
  const layers = (graph?.ops ?? []).flatMap(({ attributes }) =>
    attributes.kind === 'convolution' ? [attributes.outChannels] : [],
  );
  return layers.length > 0 ? layers : [(graph?.unknowns ?? []).map(({ reason }) => reason).join()];
}

const base = 'model:\n  width: 8\n  sizes: [12, 20]\nclasses: 7\n';

test.for([
  ['a file', "cfg = OmegaConf.load('base.yaml')", 'cfg.model.width, cfg.classes', [8, 7]],
  [
    'merged with another',
    "cfg = OmegaConf.merge(OmegaConf.load('base.yaml'), {'model': {'width': 16}}, OmegaConf.from_dotlist(['classes=5']))",
    'cfg.model.width, cfg.classes',
    [16, 5],
  ],
  [
    'values from elsewhere in it',
    "cfg = OmegaConf.merge(OmegaConf.load('base.yaml'), OmegaConf.create('head:\\n  width: ${model.width}\\n  same: ${.width}\\n  list: [\"${classes}\"]'))\ncfg.model.width = 24",
    "cfg.head.same, cfg['head']['list'][0]",
    [24, 7],
  ],
  [
    'lists',
    "cfg = OmegaConf.load('base.yaml')\ncfg.model.sizes.append(6)\nassert len(cfg.model.sizes) == 3",
    'cfg.model.sizes[0], [*cfg.model.sizes][-1]',
    [12, 6],
  ],
  ['keywords', "cfg = OmegaConf.create({'width': 9, 'classes': '${width}'})", '**cfg', [9, 9]],
  [
    'a dataclass',
    'from dataclasses import dataclass\n\n\n@dataclass\nclass Sizes:\n    width: int = 11\n    classes: int = 3\n\n\ncfg = OmegaConf.structured(Sizes)',
    'cfg.width, cfg.classes',
    [11, 3],
  ],
  [
    'plain containers',
    "cfg = OmegaConf.to_container(OmegaConf.load('base.yaml'), resolve=True)\nassert isinstance(cfg, dict)",
    "cfg['model']['width'], cfg.get('other', 4)",
    [8, 4],
  ],
  [
    'no dictionary of Python',
    "cfg = OmegaConf.load('base.yaml')\nisPlain = isinstance(cfg, dict) or isinstance(cfg.model.sizes, list)",
    'cfg.model.width, 5 if isPlain else 6',
    [8, 6],
  ],
] as const)('OmegaConf: %s', ([, make, given, expected]) => {
  const reading = read(`from omegaconf import OmegaConf\n\n${make}\nmodel = Net(${given})`, { 'base.yaml': base });
  expect(reading.problems).toEqual([]);
  expect(widths(reading)).toEqual(expected);
});

test('OmegaConf: what has to be given, and what a resolver gives that is not there, is not known', () => {
  const reading = read(
    "from omegaconf import OmegaConf\n\ncfg = OmegaConf.create({'width': '???', 'classes': '${oc.env:CLASSES}'})\nmodel = Net(cfg.width, cfg.classes)",
  );
  expect(widths(reading)[0]).toContain('has to be given (???)');
  expect(reading.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
});

test('a number of a YAML file leads back to where it stands', () => {
  const { graph, dependencies } = read(
    "from omegaconf import OmegaConf\n\ncfg = OmegaConf.load('base.yaml')\nmodel = Net(cfg.model.width)",
    { 'base.yaml': base },
  );
  const conv = graph?.ops.find(({ name }) => name === 'conv');
  expect(JSON.stringify(conv)).toContain('base.yaml');
  expect(dependencies).toContain('file:///project/base.yaml');
});

const configurations = {
  'conf/config.yaml': 'defaults:\n  - model: small\n  - data: digits\n  - _self_\nmodel:\n  classes: ${data.classes}\n',
  'conf/model/small.yaml': '_target_: main.Net\nwidth: 8\nclasses: 2\n',
  'conf/model/large.yaml': 'defaults:\n  - small\nwidth: 32\n',
  'conf/data/digits.yaml': 'classes: 10\n',
  'conf/data/letters.yaml': '# @package _global_\ndata:\n  classes: 26\n',
};

test.for([
  ['the program', '', 'Net(cfg.model.width, cfg.model.classes)', [8, 10]],
  ['an object made of settings', '', 'hydra.utils.instantiate(cfg.model)', [8, 10]],
  ['an object with an argument of its own', '', 'hydra.utils.instantiate(cfg.model, width=5)', [5, 10]],
  ['a part that is made later', '', 'hydra.utils.instantiate(cfg.model, _partial_=True)(width=6)', [6, 10]],
] as const)('Hydra composes the settings of %s', ([, head, make, expected]) => {
  const reading = read(
    `import hydra\n${head}\n\n@hydra.main(version_base=None, config_path='conf', config_name='config')\ndef main(cfg):\n    model = ${make}\n    model.train()\n\n\nif __name__ == '__main__':\n    main()`,
    configurations,
  );
  expect(reading.problems.filter(({ severity }) => severity !== 'information')).toEqual([]);
  expect(widths(reading)).toEqual(expected);
});

test.for([
  ['another of a group', "['model=large', 'data=letters']", [32, 26]],
  ['a value', "['model.width=3']", [3, 10]],
] as const)('Hydra is told of %s in the program', ([, overrides, expected]) => {
  const reading = read(
    `from hydra import compose, initialize\n\nwith initialize(config_path='conf', version_base=None):\n    cfg = compose(config_name='config', overrides=${overrides})\nmodel = Net(cfg.model.width, cfg.model.classes)`,
    configurations,
  );
  expect(widths(reading)).toEqual(expected);
});

test('Hydra: settings that are not in the workspace are not known', () => {
  const reading = read(
    `import hydra\n\n\n@hydra.main(config_path='conf', config_name='config')\ndef main(cfg):\n    model = Net(cfg.model.width)\n    model.train()\n\n\nif __name__ == '__main__':\n    main()`,
    { 'conf/config.yaml': 'defaults:\n  - model: small\n' },
  );
  expect(widths(reading)[0]).toContain('model/small is not in the workspace');
});

test('yacs: defaults, a file on top of them, and a list on top of that', () => {
  const reading = read(
    "from yacs.config import CfgNode as CN\n\n_C = CN()\n_C.MODEL = CN()\n_C.MODEL.WIDTH = 8\n_C.MODEL.SIZES = (1, 2)\n_C.CLASSES = 10\n\ncfg = _C.clone()\ncfg.merge_from_file('net.yaml')\ncfg.merge_from_list(['CLASSES', '5'])\ncfg.freeze()\nassert isinstance(cfg.MODEL.SIZES, tuple)\nassert _C.MODEL.WIDTH == 8\nmodel = Net(cfg.MODEL.WIDTH + cfg.MODEL.SIZES[0], cfg.CLASSES)",
    { 'net.yaml': 'MODEL:\n  WIDTH: 16\n  SIZES: [3, 4]\n' },
  );
  expect(reading.problems).toEqual([]);
  expect(widths(reading)).toEqual([19, 5]);
});

test('ML Collections: a function of a module gives the settings', () => {
  const reading = read(
    'from config import get_config\n\nconfig = get_config()\nconfig.model.width *= 2\nmodel = Net(config.model.width, config.classes)',
    {
      'config.py':
        "import ml_collections\n\n\ndef get_config():\n    config = ml_collections.ConfigDict()\n    config.model = ml_collections.ConfigDict({'width': 6})\n    config.classes = 4\n    return config\n",
    },
  );
  expect(reading.problems).toEqual([]);
  expect(widths(reading)).toEqual([12, 4]);
});

test('EasyDict: dictionaries inside it have attributes too', () => {
  const reading = read(
    "from easydict import EasyDict as edict\n\ncfg = edict({'net': {'width': 6}})\ncfg.net.classes = 3\nmodel = Net(cfg.net.width, **{'classes': cfg['net'].classes})",
  );
  expect(widths(reading)).toEqual([6, 3]);
});

const registered = network.replace('class Net', '@MODELS.register_module()\nclass Net');
const openFiles = {
  'configs/_base_/model.py': "model = dict(type='Net', width=8, classes=10)\nextra = dict(a=1)\n",
  'configs/net.py':
    "_base_ = ['./_base_/model.py']\nmodel = dict(width=16)\nextra = dict(_delete_=True, b={{_base_.model.width}})\n",
};

test('MMEngine: a registry builds what a configuration on top of another names', () => {
  const reading = readProject({
    files: {
      'main.py': `from mmengine.config import Config\nfrom mmengine.registry import MODELS\n${registered}\n\ncfg = Config.fromfile('configs/net.py')\nassert 'a' not in cfg.extra\ncfg.merge_from_dict({'model.classes': cfg.extra.b})\nmodel = MODELS.build(cfg.model)\n`,
      ...openFiles,
    },
  });
  expect(reading.problems).toEqual([]);
  expect(widths(reading)).toEqual([16, 8]);
  expect(reading.dependencies).toContain('file:///project/configs/_base_/model.py');
});

test('MMEngine: what a module registers that a way of the program imports first is there in all ways', () => {
  const reading = readProject({
    files: {
      'main.py':
        "import outside\nfrom mmengine.registry import MODELS\nif outside.has_extras:\n    import extras\nelse:\n    MODELS.register_module(name='Extra', module=outside.refuse)\nimport nets\n\nmodel = MODELS.build(dict(type='Net', width=16))\n",
      'extras.py': 'import nets\n',
      'nets.py': `from mmengine.registry import MODELS\n${registered}`,
    },
  });
  expect(reading.problems).toEqual([]);
  expect(widths(reading)).toEqual([16, 10]);
});

test('MMEngine: what is registered otherwise in each way is not known', () => {
  const reading = readProject({
    files: {
      'main.py':
        "import outside\nfrom torch import nn\nfrom mmengine.registry import MODELS\nif outside.flag:\n    MODELS.register_module('Layer', module=nn.Conv2d)\nelse:\n    MODELS.register_module('Layer', module=nn.Linear)\n\nmodel = nn.Sequential(MODELS.build(dict(type='Layer', in_channels=3, out_channels=4, kernel_size=1)))\n",
    },
  });
  expect(widths(reading)).not.toEqual([4]);
});

test('MMEngine: what nothing registers is not known', () => {
  const reading = readProject({
    files: {
      'main.py': `from mmengine.registry import MODELS\n${registered}\n\nmodel = Net(MODELS.build(dict(type='Other')).width)\n`,
    },
  });
  expect(widths(reading)[0]).toContain('Other is registered by nothing that is read');
});

test.for([
  ['a norm that is written on top of one of PyTorch', 'class Norm(nn.SyncBatchNorm):\n    pass', 8],
  ['an abstract block', 'from abc import ABCMeta\n\n\nclass Norm(nn.Module, metaclass=ABCMeta):\n    pass', 8],
  ['PyTorch’s own', 'Norm = nn.BatchNorm2d', 8],
  ['one that says it', "class Norm(nn.BatchNorm2d):\n    _abbr_ = 'bn'", 4],
] as const)('MMCV asks a class whether it has a short name: %s', ([, written, expected]) => {
  const reading = read(
    `${written}\n\n\nmodel = Net(4 if hasattr(Norm, '_abbr_') or issubclass(Norm, nn.Conv2d) else 8)`,
  );
  expect(widths(reading)).toEqual([expected, 10]);
});

test('a class of which a metaclass makes more may have any name', () => {
  const reading = read(
    "class Meta(type):\n    pass\n\n\nclass Norm(nn.Module, metaclass=Meta):\n    pass\n\n\nmodel = Net(4 if hasattr(Norm, '_abbr_') else 8)",
  );
  expect(widths(reading)).not.toEqual([8, 10]);
});
