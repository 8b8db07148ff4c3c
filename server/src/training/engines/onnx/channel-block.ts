// Finds out how the runtime's blocked layout looks on this processor: it is 16 channels with AVX-512, 8 without, and
// some builds have none. The runtime does not say, so a tensor of known numbers is reordered and looked at.

import { GraphEmitter } from './graph-emitter.ts';
import { toBlocked } from './blocked-layout.ts';
import { encodeModel } from './onnx-model.ts';

/** Sizes that are looked for; the probe has as many channels as the largest. */
const CANDIDATES = [16, 8, 4];
const CHANNELS = 16;

/** Runs a model on its input `x` and gives its one output; rejects when the runtime can't. */
export type ProbeRunner = (model: Uint8Array, input: Float32Array, shape: readonly number[]) => Promise<Float32Array>;

/** The number of channels in a block; 1 when the runtime has no blocked layout here. */
export async function findChannelBlock(run: ProbeRunner): Promise<number> {
  const shape = [1, CHANNELS, 1, 2];
  // Any block size will do here: the channels are whole blocks of all candidates.
  const emitter = new GraphEmitter(CHANNELS);
  const reordered = toBlocked(emitter, emitter.input('x', 'float32', shape)).tensor;
  const { model } = emitter.finish(new Map([['y', reordered]]));
  // Element (c, w) holds 2c + w: the first odd number stands where the first block of channels ends.
  const input = Float32Array.from({ length: 2 * CHANNELS }, (_, index) => index);
  try {
    const output = await run(encodeModel(model), input, shape);
    const block = output.findIndex((value) => value % 2 === 1);
    return CANDIDATES.includes(block) ? block : 1;
  } catch {
    return 1;
  }
}
