// Window formulas against counting: a window is there when it lies inside the padded input.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inferShapes } from '../../../server/src/network/infer-shapes.ts';
import type { OpAttributes } from '../../../server/src/network/op.ts';

const window = fc.record({
  size: fc.integer({ min: 1, max: 24 }),
  kernel: fc.integer({ min: 1, max: 5 }),
  stride: fc.integer({ min: 1, max: 4 }),
  before: fc.integer({ min: 0, max: 2 }),
  after: fc.integer({ min: 0, max: 2 }),
  dilation: fc.integer({ min: 1, max: 3 }),
});
type Window = typeof window extends fc.Arbitrary<infer T> ? T : never;

/** Starts of windows, in steps of the stride from the first padded position, that satisfy a condition. */
function countWindows({ stride }: Window, fits: (start: number) => boolean): number {
  let count = 0;
  while (fits(count * stride)) count++;
  return count;
}

const extentOf = ({ kernel, dilation }: Window): number => (kernel - 1) * dilation + 1;

function pool(window: Window, ceilMode: boolean): OpAttributes {
  const { kernel, stride, before, after, dilation } = window;
  return {
    kind: 'pool',
    mode: 'max',
    kernel: [kernel],
    stride: [stride],
    padding: [{ before, after }],
    dilation: [dilation],
    ceilMode,
    countIncludePad: true,
    channelAxis: 1,
  };
}

/** The size that comes out, or 0 when the kernel does not fit. */
function sizeOf(attributes: OpAttributes, size: number): unknown {
  const shapes = inferShapes(attributes, [[1, 2, size]]);
  return shapes.ok ? shapes.value[0]![2] : 0;
}

test('a convolution has as many positions as windows fit', () => {
  fc.assert(
    fc.property(window, (w) => {
      const attributes: OpAttributes = {
        kind: 'convolution',
        inChannels: 2,
        outChannels: 3,
        kernel: [w.kernel],
        stride: [w.stride],
        padding: [{ before: w.before, after: w.after }],
        paddingMode: 'zeros',
        dilation: [w.dilation],
        groups: 1,
        channelAxis: 1,
      };
      const expected = countWindows(w, (start) => start + extentOf(w) <= w.size + w.before + w.after);
      expect(sizeOf(attributes, w.size)).toBe(expected);
      expect(sizeOf(pool(w, false), w.size)).toBe(expected);
    }),
  );
});

test('with ceil_mode also the last window that overhangs, if it starts before the end of the input', () => {
  fc.assert(
    fc.property(
      window.filter((w) => extentOf(w) <= w.size + w.before + w.after),
      (w) => {
        const whole = countWindows(w, (start) => start + extentOf(w) <= w.size + w.before + w.after);
        const reached = (whole - 1) * w.stride + extentOf(w) >= w.size + w.before + w.after;
        const next = whole * w.stride;
        const overhanging = !reached && next < w.size + w.before;
        // PyTorch leaves out a window that starts behind the input even where it would fit into the padding.
        const last = (whole - 1) * w.stride;
        const tooFar = reached && last >= w.size + w.before;
        expect(sizeOf(pool(w, true), w.size)).toBe(whole + (overhanging ? 1 : 0) - (tooFar ? 1 : 0));
      },
    ),
  );
});

test('a transposed convolution undoes the shape of a convolution that leaves no rest', () => {
  fc.assert(
    fc.property(
      window.filter(
        (w) =>
          extentOf(w) <= w.size + w.before + w.after && (w.size + w.before + w.after - extentOf(w)) % w.stride === 0,
      ),
      (w) => {
        const small = countWindows(w, (start) => start + extentOf(w) <= w.size + w.before + w.after);
        const attributes: OpAttributes = {
          kind: 'transposed-convolution',
          inChannels: 2,
          outChannels: 3,
          kernel: [w.kernel],
          stride: [w.stride],
          padding: [{ before: w.before, after: w.after }],
          outputPadding: [0],
          dilation: [w.dilation],
          groups: 1,
          channelAxis: 1,
        };
        expect(sizeOf(attributes, small)).toBe(w.size);
      },
    ),
  );
});
