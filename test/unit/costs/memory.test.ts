// Bytes of small networks, added up by hand; `npm run check:costs` holds what is kept against PyTorch for the examples, and
// `npm run check:memory` all of it against PyTorch's memory tracker for torchvision's networks.

import { expect, test } from 'vitest';
import { exactly } from '../../../server/src/common/count.ts';
import { inferenceMemory, weightBytes } from '../../../server/src/costs/memory.ts';
import { trainingMemory } from '../../../server/src/costs/training-memory.ts';
import { NetworkDrawing } from '../../support/network-drawing.ts';

/** 3×8×8 → 4×8×8 three times → 4×4×4; a float has four bytes. */
function smallNetwork() {
  const net = new NetworkDrawing();
  const convolved = net.convolution('conv', net.input([1, 3, 8, 8]), 4, 3, { padding: 1 });
  return net.finish(net.maxPool('pool', net.relu('relu', net.batchNorm('bn', convolved)), 2, 2));
}

const [image, wide, pooled] = [4 * 3 * 64, 4 * 4 * 64, 4 * 4 * 16];

test('at inference a tensor lives until the last that reads it', () => {
  expect(inferenceMemory(smallNetwork(), 1)).toEqual({
    peak: exactly(2 * wide),
    peakAt: 2,
    alive: [image, image + wide, 2 * wide, 2 * wide, wide + pooled],
  });
});

test('activations grow with the batch, and are half as large in 16 bits', () => {
  expect(inferenceMemory(smallNetwork(), 8).peak).toEqual(exactly(16 * wide));
  expect(inferenceMemory(smallNetwork(), 8, 'fp16').peak).toEqual(exactly(8 * wide));
});

test('a shortcut keeps its tensor alive meanwhile', () => {
  const net = new NetworkDrawing();
  const start = net.convolution('start', net.input([1, 3, 8, 8]), 4, 3, { padding: 1 });
  const left = net.convolution('right', net.convolution('left', start, 4, 3, { padding: 1 }), 4, 3, { padding: 1 });
  const { alive, peak } = inferenceMemory(net.finish(net.addition('add', left, start)), 1);
  expect(alive).toEqual([image, image + wide, 2 * wide, 3 * wide, 3 * wide]);
  expect(peak).toEqual(exactly(3 * wide));
});

test('weights as a file have running statistics, each tensor once', () => {
  const weights = 4 * 3 * 9 + 4 * 4;
  expect(weightBytes(smallNetwork(), 'fp32')).toEqual(exactly(4 * weights));
  expect(weightBytes(smallNetwork(), 'int8')).toEqual(exactly(weights));
});

test('training keeps what derivatives read again', () => {
  const { keptBy, kept } = trainingMemory(smallNetwork(), 1);
  // The convolution its input; the norm its input, with means and deviations; the ReLU its result, which the pool keeps, too,
  // with places of eight bytes.
  expect(keptBy).toEqual([0, image, wide + 2 * 4 * 4, wide, 8 * 4 * 16]);
  expect(kept).toEqual(exactly(image + 2 * wide + 32 + 512));
});

test('a step holds weights, gradients and the gradients of two tensors at a time', () => {
  const { peak, kept, weights } = trainingMemory(smallNetwork(), 1);
  expect(weights).toEqual(exactly(4 * (4 * 3 * 9 + 8)));
  if (peak.kind !== 'exact' || kept.kind !== 'exact' || weights.kind !== 'exact') throw new Error('not exact');
  // Where the ReLU's derivative is taken: the result and its gradient, the gradient that arrived and the one that leaves.
  expect(peak.value).toBeGreaterThanOrEqual(weights.value + kept.value + pooled);
  expect(peak.value).toBeLessThanOrEqual(2 * weights.value + kept.value + pooled + 3 * wide);
});

test('nothing is kept of what no trained weight precedes', () => {
  const net = new NetworkDrawing();
  const { keptBy } = trainingMemory(
    net.finish(net.dense('fc', net.flatten('flatten', net.relu('relu', net.input([1, 3, 8, 8]))), 2)),
    1,
  );
  // The flattened result of the ReLU is kept by the dense layer alone.
  expect(keptBy).toEqual([0, 0, 0, image]);
});
