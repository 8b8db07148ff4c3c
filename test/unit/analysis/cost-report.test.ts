// The report for `morphnet cost --json` fits the wire's schema, and its numbers are those of the formulas.

import * as v from 'valibot';
import { expect, test } from 'vitest';
import { costReport, type ModelCostReport } from '../../../server/src/analysis/cost-report.ts';
import { costJsonSchema } from '../../../server/src/protocol/cost-json.ts';
import { sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';
import { exampleText } from '../../support/fixtures.ts';

function reportOf(name: string, text: string): ModelCostReport {
  const session = sessionOver(new Map([[name, text]]));
  const model = session.model(uriOf(name))!;
  return costReport(session, model, standardSettings, (document) => document.slice(uriOf('').length));
}

const text = `[net]
width=8
height=6
channels=3
[convolutional]
batch_normalize=1
filters=4
size=3
stride=2
pad=1
activation=relu
[wormhole]
`;

test.for(['darknet-tiny.cfg', 'lenet.py', 'vgg.py', 'resnet20.py', 'mobilenetv2.py'])('%s fits the schema', (name) => {
  const report = reportOf(name, exampleText(name));
  expect(v.parse(v.strictObject(costJsonSchema.entries), report)).toEqual(report);
});

test('a layer is told with its window, its place and its width', () => {
  const [layer] = reportOf('a.cfg', text).layers;
  expect(layer).toMatchObject({
    name: 'convolutional_0',
    kernel: [3, 3],
    stride: [2, 2],
    padding: [1, 1],
    dilation: [1, 1],
    groups: 1,
    inChannels: 3,
    outChannels: 4,
    outputShape: [4, 3, 4],
    params: 4 * 3 * 3 * 3,
    macs: 4 * 3 * 4 * 3 * 3 * 3,
    origin: { file: 'a.cfg', line: 5, column: 1, endLine: 5, endColumn: 16, callChain: [] },
    width: {
      value: 4,
      sources: [{ file: 'a.cfg', line: 7, column: 9, endLine: 7, endColumn: 10, text: '4' }],
      editable: true,
      reason: null,
    },
  });
});

test('totals above something unknown are lower bounds, and say why', () => {
  const { totals, unknowns } = reportOf('a.cfg', text);
  expect(totals.macs).toEqual({ value: 1296, atLeast: true });
  expect(totals.flops).toEqual({ value: 2592, atLeast: true });
  // Weights, and the scale and shift of the batch norm.
  expect(totals.params).toEqual({ value: 108 + 8, atLeast: true });
  expect(unknowns.map(({ origin }) => origin!.line)).toEqual([12]);
});

test('a width outside the workspace is told as one that can not be edited', () => {
  const session = sessionOver(new Map([['a.cfg', text]]));
  session.setWorkspaceRoots(['file:///elsewhere']);
  const report = costReport(session, session.model(uriOf('a.cfg'))!, standardSettings, (document) => document);
  expect(report.layers[0]?.width).toMatchObject({
    editable: false,
    reason: 'it is written in a.cfg:7, outside the workspace',
  });
});
