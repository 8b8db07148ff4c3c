// Whole networks against published totals: torchvision's model cards (parameters and operations, which it counts as
// MACs), and the reference implementation's own run on Inception V2 (vector 57 of the method's specification).

import { expect, test } from 'vitest';
import { reportCosts } from '../../../server/src/costs/cost-report.ts';
import { findDevice, type DeviceProfile } from '../../../server/src/costs/device-profile.ts';
import type { NetworkGraph } from '../../../server/src/network/network-graph.ts';
import type { ValueId } from '../../../server/src/network/op.ts';
import { NetworkDrawing } from '../../support/network-drawing.ts';

function device(name: string): DeviceProfile {
  const found = findDevice(name);
  if (!found.ok) throw new Error(found.error);
  return found.value;
}

function vgg16(): NetworkGraph {
  const net = new NetworkDrawing();
  let value = net.input([1, 3, 224, 224]);
  [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0].forEach((width, index) => {
    const name = `features.${String(index)}`;
    value =
      width === 0
        ? net.maxPool(name, value, 2, 2)
        : net.relu(`${name}.relu`, net.convolution(name, value, width, 3, { padding: 1, bias: true }));
  });
  value = net.flatten('flatten', value);
  for (const [index, width] of [4096, 4096, 1000].entries())
    value = net.dense(`classifier.${String(index)}`, value, width);
  return net.finish(value);
}

function resnet18(): NetworkGraph {
  const net = new NetworkDrawing();
  let value = net.relu(
    'relu',
    net.batchNorm('bn1', net.convolution('conv1', net.input([1, 3, 224, 224]), 64, 7, { stride: 2, padding: 3 })),
  );
  value = net.maxPool('maxpool', value, 3, 2, 1);
  for (const [stage, width] of [64, 128, 256, 512].entries()) {
    for (const block of [0, 1]) {
      const name = `layer${String(stage + 1)}.${String(block)}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const first = net.relu(
        `${name}.relu`,
        net.batchNorm(`${name}.bn1`, net.convolution(`${name}.conv1`, value, width, 3, { stride, padding: 1 })),
      );
      const second = net.batchNorm(`${name}.bn2`, net.convolution(`${name}.conv2`, first, width, 3, { padding: 1 }));
      const shortcut =
        stride === 1
          ? value
          : net.batchNorm(`${name}.downsample.1`, net.convolution(`${name}.downsample.0`, value, width, 1, { stride }));
      value = net.relu(`${name}.relu2`, net.addition(`${name}.add`, second, shortcut));
    }
  }
  return net.finish(net.dense('fc', net.flatten('flatten', net.globalAverage('avgpool', value)), 1000));
}

/** `[1×1]`, `[1×1, 3×3]`, `[1×1, 3×3, 3×3]`, `[1×1 after the pool]`; a stride of 2 falls on the last 3×3 and the pool. */
interface Mixed {
  readonly single?: number;
  readonly double: readonly [number, number];
  readonly triple: readonly [number, number];
  readonly pooled?: number;
}

function inceptionV2(): NetworkGraph {
  const net = new NetworkDrawing();
  const unit = (name: string, from: ValueId, width: number, kernel: number, stride = 1): ValueId => {
    const out = net.convolution(name, from, width, kernel, { stride, padding: (kernel - 1) / 2 });
    return net.relu(`${name}/Relu`, net.batchNorm(`${name}/BatchNorm`, out));
  };
  let value = net.convolution('Conv2d_1a_7x7/depthwise', net.input([1, 3, 224, 224]), 24, 7, {
    stride: 2,
    padding: 3,
    groups: 3,
  });
  value = net.maxPool('MaxPool_2a_3x3', unit('Conv2d_1a_7x7', value, 64, 1), 3, 2, 1);
  value = unit('Conv2d_2c_3x3', unit('Conv2d_2b_1x1', value, 64, 1), 192, 3);
  value = net.maxPool('MaxPool_3a_3x3', value, 3, 2, 1);
  const mixed = (name: string, { single, double, triple, pooled }: Mixed): void => {
    const stride = single === undefined ? 2 : 1;
    const branches = single === undefined ? [] : [unit(`${name}/0a`, value, single, 1)];
    branches.push(unit(`${name}/1b`, unit(`${name}/1a`, value, double[0], 1), double[1], 3, stride));
    const inner = unit(`${name}/2b`, unit(`${name}/2a`, value, triple[0], 1), triple[1], 3);
    branches.push(unit(`${name}/2c`, inner, triple[1], 3, stride));
    const pool = net.maxPool(`${name}/3a`, value, 3, stride, 1);
    branches.push(pooled === undefined ? pool : unit(`${name}/3b`, pool, pooled, 1));
    value = net.concat(`${name}/concat`, ...branches);
  };
  mixed('Mixed_3b', { single: 64, double: [64, 64], triple: [64, 96], pooled: 32 });
  mixed('Mixed_3c', { single: 64, double: [64, 96], triple: [64, 96], pooled: 64 });
  mixed('Mixed_4a', { double: [128, 160], triple: [64, 96] });
  mixed('Mixed_4b', { single: 224, double: [64, 96], triple: [96, 128], pooled: 128 });
  mixed('Mixed_4c', { single: 192, double: [96, 128], triple: [96, 128], pooled: 128 });
  mixed('Mixed_4d', { single: 160, double: [128, 160], triple: [128, 160], pooled: 96 });
  mixed('Mixed_4e', { single: 96, double: [128, 192], triple: [160, 192], pooled: 96 });
  mixed('Mixed_5a', { double: [128, 192], triple: [192, 256] });
  mixed('Mixed_5b', { single: 352, double: [192, 320], triple: [160, 224], pooled: 128 });
  mixed('Mixed_5c', { single: 352, double: [192, 320], triple: [192, 224], pooled: 128 });
  return net.finish(net.convolution('Logits', value, 1001, 1));
}

test('VGG-16 has the parameters and MACs that torchvision prints', () => {
  const { total } = reportCosts(vgg16(), device('V100'));
  expect(total.params).toEqual({ kind: 'exact', value: 138_357_544 });
  expect(total.macs).toEqual({ kind: 'exact', value: 15_470_264_320 });
});

test('ResNet-18 has the parameters and MACs that torchvision prints', () => {
  const { total } = reportCosts(resnet18(), device('V100'));
  expect(total.params).toEqual({ kind: 'exact', value: 11_689_512 });
  expect(total.macs).toEqual({ kind: 'exact', value: 1_814_073_344 });
});

test('Inception V2 has the FLOPs, weights and latencies of the reference implementation', () => {
  const graph = inceptionV2();
  const { total } = reportCosts(graph, device('P100'));
  const onV100 = reportCosts(graph, device('V100')).total.latencyMs;
  const weights = graph.ops.flatMap((op) => op.parameters).filter((parameter) => parameter.role === 'weight');
  const weightCount = weights.reduce(
    (sum, { shape }) => sum + shape.reduce<number>((left, size) => left * Number(size), 1),
    0,
  );
  if (total.macs.kind !== 'exact' || total.latencyMs.kind !== 'exact' || onV100.kind !== 'exact')
    throw new Error('Expected exact totals');

  // The reference leaves out that the last layer runs at 7×7 positions: it counts one of 49, in operations and in bytes.
  const oneByOne = 1024 * 1001;
  expect(2 * total.macs.value - 48 * 2 * oneByOne).toBeCloseTo(3.86972e9, -4);
  // So it takes that layer to be bound by memory on a P100; with all positions it is bound by compute.
  const itsBytes = 4 * (1024 + 1001 + oneByOne);
  const bytes = 4 * (49 * (1024 + 1001) + oneByOne);
  expect(total.latencyMs.value * 1e6 - (49 * 2 * oneByOne) / 9_300 + itsBytes / 732).toBeCloseTo(517_536, 0);
  // It also charges depthwise weights for all pairs of channels, 3·24 kernels of 7×7 in place of 24.
  const depthwiseExcess = 4 * 49 * (3 * 24 - 24);
  expect(onV100.value * 1e6 - (bytes - itsBytes) / 900 + depthwiseExcess / 900).toBeCloseTo(173_330.45, 1);
  expect(weightCount).toBeCloseTo(1.11684e7, -3);
});
