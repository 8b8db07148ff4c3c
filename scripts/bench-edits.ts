// `npm run bench:edits`: how long the quick-fixes of a proposal take, in the analysis as the server runs it: the list on a
// layer's line, one that was chosen proven, and all of the proposal. torchvision's own files with all their other models, and
// a line that makes 504 layers. Each row is a session of its own in which the models were read and nothing else was asked.
//
//   npm run bench:edits [-- --only REGEXP] [--rounds 3]
//
// Exit status: 0 all limits hold, 1 one is missed.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import { askedProposal } from '../server/src/analysis/asked-widths.ts';
import { codeActions, resolveAction } from '../server/src/analysis/code-actions.ts';
import { hover } from '../server/src/analysis/hover.ts';
import type { ProposedWidths } from '../server/src/analysis/proposal-plans.ts';
import type { Op } from '../server/src/network/op.ts';
import type { ChannelGrouping } from '../server/src/structure/channel-grouping.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import { widthChange } from '../server/src/analysis/width-change.ts';
import { standardSettings } from '../test/support/analysis-session.ts';
import { fetchPackages, site } from './corpus/packages.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '3' },
    verbose: { type: 'boolean', default: false },
  },
});

/** What may take so long at most, in ms. */
interface Limits {
  readonly hover: number;
  /** The list of actions on a layer's line. */
  readonly list: number;
  /** A layer's own width, proven. */
  readonly resolve: number;
  /** All of the proposal, proven. */
  readonly all: number;
}

interface Case {
  readonly name: string;
  readonly text: string;
  readonly document: string;
  readonly entry: string;
  readonly limits: Limits;
}

fetchPackages();
const folder = pathToFileURL(site).href;
const largest: Limits = { hover: 100, list: 500, resolve: 1000, all: 1000 };

function ofTorchvision(file: string, builder: string, limits: Limits = largest): Case {
  const path = join(site, 'torchvision/models', file);
  return {
    name: builder,
    text: readFileSync(path, 'utf8'),
    document: pathToFileURL(path).href,
    entry: `${builder}()`,
    limits,
  };
}

/** A residual network whose one line makes 504 layers. */
const longLine = `import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.conv1 = nn.Conv2d(width, inner, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x):
        return torch.relu(x + self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))


class Net(nn.Module):
    def __init__(self, depth=504):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.blocks = nn.Sequential(*[Block(16, 16) for _ in range(depth)])
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        return self.fc(self.blocks(self.stem(x)).mean((2, 3)))
`;

const cases: readonly Case[] = [
  ofTorchvision('resnet.py', 'resnet50', { hover: 100, list: 150, resolve: 300, all: 1000 }),
  ofTorchvision('densenet.py', 'densenet201'),
  ofTorchvision('efficientnet.py', 'efficientnet_v2_l'),
  ofTorchvision('regnet.py', 'regnet_y_32gf'),
  ofTorchvision('convnext.py', 'convnext_large'),
  ofTorchvision('swin_transformer.py', 'swin_v2_b'),
  ofTorchvision('maxvit.py', 'maxvit_t'),
  ofTorchvision('inception.py', 'inception_v3'),
  ofTorchvision('mobilenetv3.py', 'mobilenet_v3_large'),
  {
    name: '504 layers a line',
    text: longLine,
    document: `${folder}/long_line.py`,
    entry: 'Net()',
    limits: { hover: 100, list: 100, resolve: 300, all: 1000 },
  },
];

/** Every group that can be narrowed at three quarters, and every third at half, so that layers differ. */
function proposalFor(grouping: ChannelGrouping): ProposedWidths {
  const asked = askedProposal(grouping, { layers: new Map(), scale: 0.75 });
  if (!asked.ok) throw new Error(asked.error);
  const groups = (asked.value.groups ?? []).map(({ name, layers, width }, index) => ({
    name,
    layers,
    width: index % 3 > 0 ? width : { before: width.before, after: Math.max(1, width.before >> 1) },
  }));
  return {
    step: 0,
    groups,
    layers: groups.flatMap(({ name, layers, width }) => layers.map((layer) => ({ name: layer, group: name, width }))),
  };
}

type Times = Record<keyof Limits, number>;

const frontends = await createFrontends();

/** One session: the model is read, the other models too (the server reads them when it has listed actions), then each question. */
function measure(one: Case): Times {
  const disk = new DiskReader({ workspace: [folder], libraries: [] });
  const session = new AnalysisSession({ frontends, disk, workspaceRoots: [folder] });
  session.setDocument(one.document, one.text, 1);
  session.requestEntry(one.document, { entry: one.entry, input: [[3, 224, 224]], from: 'request' });
  const before = session.model(one.document);
  if (before === undefined) throw new Error(`There is no ${one.entry} in ${one.document}`);
  const proposal = proposalFor(session.grouping(before.graph));
  session.attachProposal(one.document, { runId: 'bench', entry: one.entry, proposal });
  // Another text: which channels go together is worked out again, as part of what is measured.
  session.setDocument(one.document, `${one.text}\n`, 2);
  const model = session.model(one.document);
  // The line at which most groups differ.
  const groups = new Map(proposal.layers.map(({ name, group }) => [name, group]));
  const lines = new Map<number, { readonly op: Op; readonly groups: Set<string> }>();
  for (const op of model?.graph.ops ?? []) {
    const group = groups.get(op.name);
    if (group === undefined || op.site?.span.document !== one.document) continue;
    const line = lines.get(op.site.span.start) ?? { op, groups: new Set() };
    line.groups.add(group);
    lines.set(op.site.span.start, line);
  }
  const chosen = [...lines.values()].sort((left, right) => right.groups.size - left.groups.size)[0]?.op;
  if (model === undefined) throw new Error(`${one.entry} could not be read again`);
  // Where layers are made by a library's own class, the line of the model.
  const { start, end } = chosen?.site?.span ?? model.entry.span;
  const times: Times = { hover: 0, list: 0, resolve: 0, all: 0 };
  const timed = <Value>(what: keyof Limits, work: () => Value): Value => {
    const begun = process.cpuUsage();
    const value = work();
    times[what] = process.cpuUsage(begun).user / 1000;
    return value;
  };
  const actions = timed('list', () => codeActions(session, one.document, { start, end }));
  timed('hover', () => hover(session, one.document, start, standardSettings));
  for (const sibling of session.siblings.of(model.graph.entry, [one.document])) sibling.present();
  const single = actions.find((action) => action.kind === 'set-width');
  const resolved = single?.kind === 'set-width' ? timed('resolve', () => resolveAction(session, single)) : undefined;
  const change = timed('all', () => widthChange(session, model, proposal, { refactor: true }));
  if (values.verbose) {
    console.log(actions.map(({ title }) => title));
    console.log(single?.title, resolved?.ok === true ? 'proven' : resolved?.error);
    console.log(
      change.plan.refactoring,
      change.plan.refused[0],
      change.plan.widths.length,
      change.wanted,
      change.after,
    );
  }
  return times;
}

const median = (all: readonly number[]): number => all.toSorted((one, other) => one - other)[all.length >> 1] ?? NaN;
const words: Readonly<Record<keyof Limits, string>> = {
  list: 'list of actions',
  hover: 'hover',
  resolve: "a layer's own width",
  all: 'apply all',
};
console.log(`| CPU time in ms (limit) | ${Object.values(words).join(' | ')} |`);
console.log('| --- | --: | --: | --: | --: |');
for (const one of cases) {
  if (!new RegExp(values.only).test(one.name)) continue;
  const rounds = Array.from({ length: Number(values.rounds) }, () => measure(one));
  const cells = (['list', 'hover', 'resolve', 'all'] satisfies (keyof Limits)[]).map((what) => {
    const time = median(rounds.map((round) => round[what]));
    if (time > one.limits[what]) process.exitCode = 1;
    return `${time > one.limits[what] ? '**' : ''}${time.toFixed(0)}${time > one.limits[what] ? '**' : ''} (${String(one.limits[what])})`;
  });
  console.log(`| ${one.name} | ${cells.join(' | ')} |`);
}
