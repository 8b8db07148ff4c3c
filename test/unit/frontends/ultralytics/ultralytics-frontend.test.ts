// Rows of model tables: what they become at each scale, where their widths are written, and what is no table at all.

import { expect, test } from 'vitest';
import { leastMs } from '../../../support/growth.ts';
import { AnalysisSession } from '../../../../server/src/analysis/analysis-session.ts';
import { inlayHints } from '../../../../server/src/analysis/inlay-hints.ts';
import { exactly } from '../../../../server/src/common/count.ts';
import { reportCosts, type Cost } from '../../../../server/src/costs/cost-report.ts';
import { builtInDevices } from '../../../../server/src/costs/device-profile.ts';
import { evaluateTrail, leafKey } from '../../../../server/src/edits/trail.ts';
import { ultralyticsFrontend } from '../../../../server/src/frontends/ultralytics/ultralytics-frontend.ts';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { editableLeaves } from '../../../../server/src/network/width-origin.ts';
import { defaultSettings } from '../../../../server/src/protocol/settings.ts';

const document = 'file:///tables/own.yaml';

interface Opened {
  readonly session: AnalysisSession;
  readonly graphs: readonly NetworkGraph[];
  readonly problems: readonly string[];
}

function open(text: string, name = document): Opened {
  const session = new AnalysisSession({
    frontends: [ultralyticsFrontend],
    disk: { roots: [], read: () => undefined },
    workspaceRoots: ['file:///tables'],
  });
  session.setDocument(name, text, 1);
  const { models, problems } = session.analyze(name);
  return { session, graphs: models.map(({ graph }) => graph), problems: problems.map(({ message }) => message) };
}

const totalOf = (graph: NetworkGraph | undefined): Cost => reportCosts(graph!, builtInDevices[0]!).total;

const table = (rows: string, head = '  - [-1, 1, Classify, [nc]]'): string => `\
# morphnet: input=3x32x32
nc: 10
scales:
  n: [0.5, 0.25, 1024]
  l: [1.0, 1.0, 96]
backbone:
${rows}
head:
${head}
`;

test('each scale is a model, with widths bounded, multiplied and rounded up to multiples of 8', () => {
  const { graphs } = open(table('  - [-1, 1, Conv, [72, 3, 2]]\n  - [-1, 1, Conv, [128, 3, 2]]'));
  expect(graphs.map(({ entry }) => entry.name)).toEqual(['n', 'l']);
  const widths = graphs.map(({ ops }) =>
    ops.flatMap(({ attributes }) => (attributes.kind === 'convolution' ? [attributes.outChannels] : [])),
  );
  // 72 × 0.25 = 18, rounded up; 128 × 0.25 = 32; at most 96 at the larger scale; the head's own 1280.
  expect(widths).toEqual([
    [24, 32, 1280],
    [72, 96, 1280],
  ]);
});

test('a row of blocks has the parameters of its convolutions and norms', () => {
  const { graphs, problems } = open(table('  - [-1, 1, Conv, [32, 3, 2]]\n  - [-1, 4, C2f, [32, True]]'));
  expect(problems).toEqual([]);
  // At scale n: widths of 8, hidden 4, and two of the four blocks.
  const conv = (input: number, output: number, kernel: number): number => input * output * kernel ** 2 + 2 * output;
  const stem = conv(3, 8, 3);
  const blocks = conv(8, 8, 1) + 2 * (2 * conv(4, 4, 3)) + conv(16, 8, 1);
  const head = conv(8, 1280, 1) + 1280 * 10 + 10;
  expect(totalOf(graphs[0]).params).toEqual(exactly(stem + blocks + head));
});

test('a width leads back to the number in its row', () => {
  const text = table('  - [-1, 1, Conv, [64, 3, 2]]');
  const { graphs } = open(text);
  const op = graphs[0]!.ops.find(({ name }) => name === 'model.0.conv')!;
  const [leaf] = editableLeaves(op.outWidth!);
  expect(text.slice(leaf!.span.start, leaf!.span.end)).toBe('64');
  // What another number would come to.
  expect(evaluateTrail(op.outWidth!, new Map([[leafKey(leaf!), 100]]), ultralyticsFrontend.numbers)).toBe(32);
});

test('hints stand behind rows', () => {
  const text = table('  - [-1, 1, Conv, [64, 3, 2]] # stem');
  const { session } = open(text);
  const hints = inlayHints(session, document, defaultSettings);
  const lines = hints.map(({ offset, label }) => `${String(text.slice(0, offset).split('\n').length)}: ${label}`);
  expect(lines[0]).toMatch(/^7: 111 kMACs · 464 params/);
  expect(lines).toHaveLength(2);
});

test('rows read others by number, and a row that is not there is told', () => {
  const rows = '  - [-1, 1, Conv, [64, 3, 2]]\n  - [-1, 1, Conv, [64, 3, 1]]\n  - [[-1, 0], 1, Concat, [1]]';
  expect(open(table(rows)).problems).toEqual([]);
  expect(open(table(rows.replace('[-1, 0]', '[-1, 7]'))).problems[0]).toBe(
    'Row 2 (Concat): row 2 reads row 7, which does not stand before it; its cost is not known',
  );
});

test('a module that is not modelled is unknown, and what follows a lower bound', () => {
  const { graphs, problems } = open(table('  - [-1, 1, Conv, [64, 3, 2]]\n  - [-1, 1, MyBlock, [64]]'));
  expect(problems[0]).toBe('Row 1 (MyBlock): the module MyBlock is not modelled; its cost is not known');
  expect(totalOf(graphs[0])).toMatchObject({ macs: { kind: 'at-least' }, params: { kind: 'at-least' } });
});

test('a detector has boxes and classes at each level, and a distribution over distances', () => {
  const rows = '  - [-1, 1, Conv, [64, 3, 2]]\n  - [-1, 1, Conv, [128, 3, 2]]';
  const { graphs, problems } = open(table(rows, '  - [[0, 1], 1, Detect, [nc]]'));
  expect(problems).toEqual([]);
  expect(graphs[0]!.outputs).toHaveLength(2);
  const distribution = graphs[0]!.ops.find(({ name }) => name === 'model.2.dfl.conv');
  expect(distribution?.attributes).toMatchObject({ kind: 'convolution', inChannels: 16, outChannels: 1 });
});

test('a number of blocks without end is told', () => {
  expect(open(table('  - [-1, 1000000, Conv, [64, 3, 1]]')).problems[0]).toContain('more than 1,000 times');
});

test('the name of a file tells its scale', () => {
  const { graphs } = open(table('  - [-1, 1, Conv, [64, 3, 2]]'), 'file:///tables/yolo11l.yaml');
  expect(graphs[0]!.entry.name).toBe('l');
});

test.for([
  ['a workflow', 'on: push\njobs:\n  build:\n    runs-on: x\n'],
  ['a config with a backbone by name', 'backbone: resnet50\nhead: fcn\nlr: 0.1\n'],
  ['a config with settings of a backbone', 'backbone:\n  type: ResNet\n  depth: 50\nhead:\n  type: Fc\n'],
  ['one that is being typed', 'backbone:\n  -\nhead:\n'],
])('%s is no table, and nothing is said of it', ([, text]) => {
  expect(open(text!)).toMatchObject({ graphs: [], problems: [] });
});

test('a large file of some other tool is told at once', () => {
  const text = `items:\n${'  - { name: some, value: 1 }\n'.repeat(190_000)}`;
  const accepts = (): boolean => ultralyticsFrontend.accepts('file:///data.yaml', text.slice(0, 100_000));
  expect(accepts()).toBe(false);
  expect(leastMs(accepts)).toBeLessThan(5);
});

/** A table of YOLOv5's own program, as its heads take anchors; figures are of the program itself, at one class. */
const version5 = (head: string): string => `\
# morphnet: input=3x64x64
nc: 1
depth_multiple: 1.0
width_multiple: 0.5
anchors:
  - [10, 13, 16, 30]
  - [30, 61, 62, 45]
backbone:
  - [-1, 1, Conv, [32, 3, 2]]
  - [-1, 1, Bottleneck, [32]]
  - [-1, 1, Conv, [64, 3, 2]]
  - [-1, 2, BottleneckCSP, [64]]
head:
  - [[1, 3], 1, ${head}]
`;

test.for([
  ['boxes', 'Detect, [nc, anchors]', ['model.4.m.0', 'model.4.m.1'], [12, 12]],
  [
    'masks',
    'Segment, [nc, anchors, 4, 32]',
    ['model.4.proto.cv1.conv', 'model.4.proto.cv2.conv', 'model.4.proto.cv3.conv', 'model.4.m.0', 'model.4.m.1'],
    [16, 16, 4, 20, 20],
  ],
] as const)('heads with anchors are those of YOLOv5, and so are its blocks: %s', ([, head, names, widths]) => {
  const { graphs, problems } = open(version5(head));
  expect(problems).toEqual([]);
  const layers = graphs[0]!.ops.flatMap(({ name, attributes }) =>
    attributes.kind === 'convolution' ? [{ name, width: attributes.outChannels, kernel: attributes.kernel }] : [],
  );
  const inHead = layers.filter(({ name }) => name.startsWith('model.4.'));
  expect(inHead.map(({ name }) => name)).toEqual(names);
  expect(inHead.map(({ width }) => width)).toEqual(widths);
  const firsts = layers.filter(({ name }) => /^model\.(1\.block|3\.m\.\d)\.cv1/.test(name));
  expect(firsts.map(({ kernel }) => kernel)).toEqual(Array.from({ length: 3 }, () => [1, 1]));
});

test('a head that takes no anchors where the table has some is of another project, and unknown', () => {
  const { graphs, problems } = open(version5('Segment, [nc, 4, 32]'));
  expect(problems.join()).toContain('of a project of its own');
  expect(totalOf(graphs[0]).params.kind).toBe('at-least');
});
