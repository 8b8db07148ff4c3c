// What a program reads when it is started: files of the workspace in the formats that settings are kept in, and its arguments.

import { expect, test } from 'vitest';
import { readProject, type PythonReading } from '../../../support/python-model.ts';

const head = `import argparse, ast, configparser, csv, json, os, tomllib, yaml
from pathlib import Path
import torch
from torch import nn

`;

const model = '\nnet = nn.Sequential(nn.Conv2d(3, width, 3))\n';

const files = {
  'settings/net.json': '{"width": 32, "ratio": 1.0, "none": null, "parts": [8, {"x": true}]}',
  'net.yaml': 'base: &base\n  depth: 2\nnet:\n  <<: *base\n  widths: [8, 32]\n  rate: 1e-3\n  norm: yes\n',
  'net.toml': '[net]\nwidth = 32\nscale = 2.0\n',
  'net.ini': '[DEFAULT]\ndepth = 2\n[net]\nwidth = 32\nshort = yes\n',
  'net.csv': 'name,width\n"first, one",32\n',
};

const read = (text: string, entry = 'net'): PythonReading =>
  readProject({ files: { ...files, 'main.py': head + text + model }, request: { entry, from: 'request' } });

const widthOf = ({ graph, problems }: PythonReading): number | undefined => {
  expect(problems).toEqual([]);
  expect(graph?.unknowns).toEqual([]);
  const shape = graph?.ops.find(({ parameters }) => parameters.length > 0)?.parameters[0]?.shape[0];
  return typeof shape === 'number' ? shape : undefined;
};

test.each([
  ['JSON', 'width = json.load(open("settings/net.json"))["width"]'],
  [
    'JSON beside the file',
    'width = json.load(open(os.path.join(os.path.dirname(__file__), "settings", "net.json")))["width"]',
  ],
  ['JSON of a string', 'width = json.loads(\'{"a": [1, 32]}\')["a"][1]'],
  ['a float stays one', 'width = 32 if isinstance(json.load(open("settings/net.json"))["ratio"], float) else 8'],
  ['YAML', 'with open("net.yaml") as f:\n    width = yaml.safe_load(f)["net"]["widths"][-1]'],
  [
    'YAML that takes over from a base',
    'width = 16 * yaml.load(open("net.yaml"), Loader=yaml.SafeLoader)["net"]["depth"]',
  ],
  [
    'YAML 1.1 without a point is text',
    'width = 32 if yaml.safe_load(open("net.yaml"))["net"]["rate"] == "1e-3" else 8',
  ],
  ['YAML 1.1 knows yes', 'width = 32 if yaml.safe_load(open("net.yaml"))["net"]["norm"] is True else 8'],
  ['TOML', 'width = tomllib.load(open("net.toml", "rb"))["net"]["width"]'],
  ['a path', 'width = json.loads((Path(__file__).parent / "settings" / "net.json").read_text())["width"]'],
  ['a path that is opened', 'with Path("settings/net.json").open() as f:\n    width = json.load(f)["width"]'],
  ['a configuration', 'c = configparser.ConfigParser()\nc.read("net.ini")\nwidth = c.getint("net", "width")'],
  [
    'a section',
    'c = configparser.ConfigParser()\nc.read("net.ini")\nwidth = int(c["net"]["width"]) if c["net"].getboolean("short") else 8',
  ],
  ['a table', 'width = int(list(csv.DictReader(open("net.csv")))[0]["width"])'],
  ['lines', 'lines = open("net.csv").readlines()\nwidth = int(lines[1].split(",")[-1])'],
  ['a literal', 'width = ast.literal_eval("{\'w\': [8, 32]}")["w"][1]'],
  [
    'arguments that are given',
    'p = argparse.ArgumentParser()\np.add_argument("--width", type=int)\nwidth = p.parse_args(["--width", "32"]).width',
  ],
  [
    'a positional one, a switch and a list',
    `p = argparse.ArgumentParser()
p.add_argument("name")
p.add_argument("-w", "--widths", nargs="+", type=int, default=[1])
p.add_argument("--twice", action="store_true")
args, rest = p.parse_known_args(["small", "--wid", "8", "16", "--twice", "--other=3"])
width = args.widths[1] * (2 if args.twice and args.name == "small" and rest == ["--other=3"] else 1)`,
  ],
  [
    'a command',
    `p = argparse.ArgumentParser()
commands = p.add_subparsers(dest="command")
train = commands.add_parser("train")
train.add_argument("--width", type=int, default=32)
args = p.parse_args(["train"])
width = args.width if args.command == "train" else 8`,
  ],
])('%s', (_, text) => {
  expect(widthOf(read(text))).toBe(32);
});

test('the words of an entry are what the program is given', () => {
  const text =
    'p = argparse.ArgumentParser()\np.add_argument("--width", type=int, required=True)\nwidth = p.parse_args().width';
  expect(widthOf(read(text, 'net(--width 48)'))).toBe(48);
  const { graph } = read(text);
  expect(graph?.unknowns.map(({ reason }) => reason).join()).toMatch('--width has to be given on the command line');
});

test.each([
  [
    'a file that is missing',
    'width = json.load(open("absent.json")).get("width", 8)',
    'absent.json is not in the workspace',
  ],
  ['a file outside', 'width = json.load(open("/etc/net.json"))["width"]', '/etc/net.json is not in the workspace'],
  [
    'a command that is not given',
    `p = argparse.ArgumentParser()
c = p.add_subparsers(dest="command").add_parser("train")
c.add_argument("--width", type=int, default=8)
width = p.parse_args().width`,
    'Which command this program is given is not known',
  ],
])('%s is unknown, and said', (_, text, reason) => {
  const { graph, problems } = read(text);
  expect(
    [...(graph?.unknowns ?? []).map((part) => part.reason), ...problems.map(({ message }) => message)].join('\n'),
  ).toMatch(reason);
});

test('a number of a file leads back to its place there, and the file is a dependency', () => {
  const reading = read('width = json.load(open("settings/net.json"))["width"]');
  const width = reading.graph?.ops.find(({ parameters }) => parameters.length > 0)?.outWidth;
  expect(width?.kind === 'config' && [width.key, reading.textAt(width.span)]).toEqual([
    'width',
    'settings/net.json: 32',
  ]);
  expect(reading.dependencies).toContain('file:///project/settings/net.json');
});
