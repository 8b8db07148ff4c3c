// The blocked layout is used only where the runtime shows it and its kernels agree with the standard ones.

import { describe, expect, it } from 'vitest';
import { findChannelBlock, type ProbeRunner } from '../../../../server/src/training/engines/onnx/channel-block.ts';

/** A runtime with blocks of a size, whose kernels differ from the standard ones by so much. */
function runtime(block: number, difference: number): ProbeRunner {
  return (_, input, shape) => {
    if (shape.length === 1) return Promise.resolve(Float32Array.of(difference));
    const [, channels = 0, , width = 0] = shape;
    const reordered = Array.from({ length: channels * width }, (__, index) => {
      const within = index % (block * width);
      const channel = Math.floor(index / (block * width)) * block + (within % block);
      return input[channel * width + Math.floor(within / block)] ?? NaN;
    });
    return Promise.resolve(Float32Array.from(reordered));
  };
}

describe('findChannelBlock', () => {
  it.each([16, 8, 4])('finds blocks of %i', async (block) => {
    expect(await findChannelBlock(runtime(block, 0))).toBe(block);
  });
  it('takes none where reordering changes nothing', async () => {
    expect(await findChannelBlock(runtime(1, 0))).toBe(1);
  });
  it('takes none where kernels differ, or fail to be numbers', async () => {
    expect(await findChannelBlock(runtime(16, 0.5))).toBe(1);
    expect(await findChannelBlock(runtime(16, NaN))).toBe(1);
  });
  it('takes none where the runtime does not know the operators', async () => {
    expect(await findChannelBlock(() => Promise.reject(new Error('unknown domain')))).toBe(1);
  });
});
