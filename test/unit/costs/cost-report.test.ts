// What belongs to a network's totals: shared layers once, idle layers by their parameters, unknown parts as lower bounds.

import { expect, test } from 'vitest';
import { exactly } from '../../../server/src/common/count.ts';
import { reportCosts } from '../../../server/src/costs/cost-report.ts';
import { builtInDevices } from '../../../server/src/costs/device-profile.ts';
import { NetworkDrawing } from '../../support/network-drawing.ts';

const device = builtInDevices[0]!;
const site = { span: { document: 'test:drawing', start: 0, end: 0 }, callChain: [] };

test('a layer called twice has its parameters once and its operations twice', () => {
  const net = new NetworkDrawing();
  const first = net.convolution('shared', net.input([1, 8, 4, 4]), 8, 1);
  const shared = { id: 'shared.weight', role: 'weight', shape: [8, 8, 1, 1] } as const;
  const { attributes } = net.builder.build('pytorch', net.finish().entry, []).ops[1]!;
  const second = net.add('shared', attributes, [first], [shared]);
  const graph = net.finish(second);
  expect(graph.ops.map((op) => op.name)).toEqual(['input', 'shared', 'shared_1']);
  const report = reportCosts(graph, device);
  expect(report.ops.map((cost) => cost.params)).toEqual([0, 64, 0].map(exactly));
  expect(report.ops.map((cost) => cost.macs)).toEqual([0, 1024, 1024].map(exactly));
  expect(report.total.params).toEqual(exactly(64));
  expect(report.total.macs).toEqual(exactly(2048));
  expect(report.total.activations).toEqual(exactly(256));
});

test('running statistics are no parameters', () => {
  const net = new NetworkDrawing();
  const graph = net.finish(net.batchNorm('bn', net.input([1, 8, 4, 4])));
  expect(reportCosts(graph, device).total.params).toEqual(exactly(16));
});

test('a layer that is never called counts by its parameters only', () => {
  const net = new NetworkDrawing();
  net.builder.addIdle({
    name: 'aux',
    label: 'Linear',
    site,
    parameters: [{ id: 'aux.weight', role: 'weight', shape: [10, 5] }],
  });
  const report = reportCosts(net.finish(net.input([1, 8])), device);
  expect(report.idleParams).toEqual([exactly(50)]);
  expect(report.total).toMatchObject({ params: exactly(50), macs: exactly(0) });
});

test('an opaque op or an unknown part turns the totals into lower bounds that say why', () => {
  const net = new NetworkDrawing();
  const first = net.convolution('conv', net.input([1, 8, 4, 4]), 8, 1);
  net.add('odd', { kind: 'opaque', operation: 'odd', reason: 'odd is not modelled', shapes: [[1, 8, 4, 4]] }, [first]);
  expect(reportCosts(net.finish(first), device).total).toMatchObject({
    params: { kind: 'at-least', value: 64, reason: 'odd is not modelled' },
    macs: { kind: 'at-least', value: 1024, reason: 'odd is not modelled' },
    latencyMs: { kind: 'at-least', reason: 'odd is not modelled' },
  });

  const partial = new NetworkDrawing();
  const value = partial.convolution('conv', partial.input([1, 8, 4, 4]), 8, 1);
  partial.builder.addUnknown({ reason: 'a loop without end', span: site.span });
  expect(reportCosts(partial.finish(value), device).total.params).toEqual({
    kind: 'at-least',
    value: 64,
    reason: 'a loop without end',
  });
});
