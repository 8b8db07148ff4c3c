// Finds out how the runtime's blocked layout looks on this processor: 16 channels side by side with AVX-512, 8 without,
// and some builds have none. The runtime does not say, so a tensor of known numbers is reordered and looked at. Then
// the kernels that training relies on are tried against the standard operators, and distrusted if they differ.

import {
  emitBlockedConvolution,
  emitChannelAffine,
  emitChannelMean,
  emitChannelProductMean,
  joined,
  toBlocked,
  toPlain,
} from './blocked-layout.ts';
import { denseFilter } from './blocked-filters.ts';
import { GraphEmitter, type Tensor } from './graph-emitter.ts';
import { encodeModel } from './onnx-model.ts';
import { add, multiply, reduce, reshape, slice, subtract, unary } from './operators.ts';
import { emitConvolution } from './plain-convolution.ts';

/** Sizes that are looked for; the probe has as many channels as the largest. */
const CANDIDATES = [16, 8, 4];
const CHANNELS = 16;
/** Greatest difference between the two ways of computing numbers of about 1. */
const TOLERANCE = 1e-3;

/** Runs a model on its input `x` and gives its one output; rejects when the runtime can't. */
export type ProbeRunner = (model: Uint8Array, input: Float32Array, shape: readonly number[]) => Promise<Float32Array>;

/** The number of channels in a block; 1 when the runtime has no blocked layout here, or not one to rely on. */
export async function findChannelBlock(run: ProbeRunner): Promise<number> {
  try {
    const block = await blockOfReordering(run);
    return CANDIDATES.includes(block) && (await agrees(block, run)) ? block : 1;
  } catch {
    return 1;
  }
}

/** Where the first block of channels ends. */
async function blockOfReordering(run: ProbeRunner): Promise<number> {
  const shape = [1, CHANNELS, 1, 2];
  // Any block size will do here: the channels are whole blocks of all candidates.
  const emitter = new GraphEmitter(CHANNELS);
  const reordered = toBlocked(emitter, emitter.input('x', 'float32', shape)).tensor;
  const { model } = emitter.finish(new Map([['y', reordered]]));
  // Element (c, w) holds 2c + w: the first odd number is the second column of the first channel.
  const input = Float32Array.from({ length: 2 * CHANNELS }, (_, index) => index);
  return (await run(encodeModel(model), input, shape)).findIndex((value) => value % 2 === 1);
}

/** Whether blocked convolutions, their joined sums and activations, and the reductions compute what they should. */
async function agrees(block: number, run: ProbeRunner): Promise<boolean> {
  const graph = new GraphEmitter(block);
  const channels = 2 * block;
  const imageShape = [2, channels, 5, 4];
  const weightShape = [channels, channels, 3, 3];
  const [imageSize, weightSize] = [imageShape, weightShape].map((shape) => shape.reduce((a, b) => a * b, 1));
  const [images = 0, weights = 0] = [imageSize, weightSize];
  const numbers = graph.input('x', 'float32', [images + weights]);
  const part = (start: number, size: number, shape: readonly number[]): Tensor =>
    reshape(graph, slice(graph, numbers, [{ axis: 0, start, size, step: 1 }]), shape);
  const x = part(0, images, imageShape);
  const weight = part(images, weights, weightShape);
  const bias = part(0, channels, [channels]);
  const spread = reshape(graph, bias, [1, channels, 1, 1]);

  const one = { before: 1, after: 1 };
  const window = { kernel: [3, 3], stride: [1, 1], padding: [one, one], dilation: [1, 1], groups: 1 };
  const plain = emitConvolution(graph, x, weight, undefined, window, imageShape);
  const plainResult = unary(graph, 'Relu', add(graph, add(graph, multiply(graph, plain, spread), spread), x));

  const blocked = toBlocked(graph, x).tensor;
  const filter = denseFilter(graph, weight);
  const pads = [1, 1, 1, 1];
  const geometry = { kernel: [3, 3], strides: [1, 1], dilations: [1, 1], pads, groups: 1 };
  const convolved = emitBlockedConvolution(graph, { x: blocked, filter }, geometry, imageShape);
  const moved = emitChannelAffine(graph, convolved, bias, bias, blocked);
  const result = joined(graph, moved, { activation: { kind: 'relu' } }) ?? moved;

  const differences = [
    subtract(graph, toPlain(graph, { tensor: result, channels }), plainResult),
    subtract(graph, emitChannelMean(graph, blocked), reduce(graph, 'ReduceMean', x, [0, 2, 3], false)),
    subtract(
      graph,
      emitChannelProductMean(graph, blocked, convolved),
      reduce(graph, 'ReduceMean', multiply(graph, x, plain), [0, 2, 3], false),
    ),
  ].map((difference) => {
    const axes = difference.shape.map((_, axis) => axis);
    return reduce(graph, 'ReduceMax', unary(graph, 'Abs', difference), axes, false);
  });
  const [first, ...rest] = differences;
  if (first === undefined) return false;
  const largest = rest.reduce((sum, difference) => add(graph, sum, difference), first);
  const { model } = graph.finish(new Map([['y', largest]]));
  // About as large as 1 over the root of the terms in a sum, and without a pattern in step with the layout.
  const scale = (index: number): number => (index < images ? 1 : 1 / Math.sqrt(9 * channels));
  const input = Float32Array.from(
    { length: images + weights },
    (_, index) => Math.sin(index * index * 0.37) * scale(index),
  );
  const [difference = NaN] = await run(encodeModel(model), input, [images + weights]);
  return difference < TOLERANCE;
}
