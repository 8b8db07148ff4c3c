// Convolutions and pools of random shapes, strides, paddings, dilations and groups: the engines against each other at
// every element, and each against finite differences at some.

import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { OpAttributes, Padding } from '../../../../server/src/network/op.ts';
import { checkGradients } from './gradient-check.ts';
import { SmallNetwork } from './small-network.ts';
import { isNative } from './tfjs-backend.ts';

/** Plain JavaScript and a compiled graph a case take their time; with TensorFlow's library there is room for more. */
const numRuns = isNative ? 60 : 12;
const seed = 20_240_501;

const padding = (most: number): fc.Arbitrary<Padding> =>
  fc.record({ before: fc.nat({ max: most }), after: fc.nat({ max: most }) });

/** One spatial axis of a window, and a size of input that the window fits into. */
const windowAxis = (mostPadding: number, mostDilation: number) =>
  fc
    .record({
      kernel: fc.integer({ min: 1, max: 3 }),
      stride: fc.integer({ min: 1, max: 3 }),
      dilation: fc.integer({ min: 1, max: mostDilation }),
      padding: padding(mostPadding),
      extra: fc.nat({ max: 4 }),
    })
    .map(({ extra, ...axis }) => {
      const reach = axis.dilation * (axis.kernel - 1) + 1;
      const size = Math.max(1, reach - axis.padding.before - axis.padding.after) + extra;
      return { ...axis, size };
    });

type WindowAxis = ReturnType<typeof windowAxis> extends fc.Arbitrary<infer Axis> ? Axis : never;

/** The attributes of a window, an entry an axis. */
function windowOf(axes: readonly WindowAxis[]) {
  return {
    kernel: axes.map((axis) => axis.kernel),
    stride: axes.map((axis) => axis.stride),
    padding: axes.map((axis) => axis.padding),
    dilation: axes.map((axis) => axis.dilation),
  };
}

const sizesOf = (axes: readonly WindowAxis[]): number[] => axes.map(({ size }) => size);

describe('random shapes', () => {
  it('convolutions', async () => {
    const cases = fc.record({
      axes: fc.array(windowAxis(2, 2), { minLength: 1, maxLength: 3 }),
      groups: fc.integer({ min: 1, max: 3 }),
      inPerGroup: fc.integer({ min: 1, max: 2 }),
      outPerGroup: fc.integer({ min: 1, max: 2 }),
      hasBias: fc.boolean(),
      channelsLast: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ axes, groups, inPerGroup, outPerGroup, hasBias, channelsLast }) => {
        const [inChannels, outChannels] = [groups * inPerGroup, groups * outPerGroup];
        const network = new SmallNetwork(
          channelsLast ? [...sizesOf(axes), inChannels] : [inChannels, ...sizesOf(axes)],
        );
        const window = windowOf(axes);
        const attributes: OpAttributes = {
          kind: 'convolution',
          inChannels,
          outChannels,
          ...window,
          paddingMode: 'zeros',
          groups,
          channelAxis: channelsLast ? -1 : 1,
        };
        const output = network.add(
          'conv',
          attributes,
          [network.input],
          [
            { id: 'w', role: 'weight', shape: [outChannels, inPerGroup, ...window.kernel] },
            ...(hasBias ? [{ id: 'b', role: 'bias' as const, shape: [outChannels] }] : []),
          ],
        );
        await checkGradients(network.build(output), { distance: 0.5, samples: 2 });
      }),
      { numRuns, seed },
    );
  });

  it('transposed convolutions', async () => {
    const cases = fc.record({
      axes: fc.array(
        windowAxis(1, 2).filter(({ kernel, dilation, padding: sides }) => {
          const reach = dilation * (kernel - 1) + 1;
          return sides.before < reach && sides.after < reach;
        }),
        { minLength: 1, maxLength: 2 },
      ),
      groups: fc.integer({ min: 1, max: 2 }),
      inPerGroup: fc.integer({ min: 1, max: 2 }),
      outPerGroup: fc.integer({ min: 1, max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ axes, groups, inPerGroup, outPerGroup }) => {
        const [inChannels, outChannels] = [groups * inPerGroup, groups * outPerGroup];
        const window = windowOf(axes);
        // At least two positions: with one, padding could leave nothing.
        const network = new SmallNetwork([inChannels, ...sizesOf(axes).map((size) => Math.min(size + 1, 5))]);
        const attributes: OpAttributes = {
          kind: 'transposed-convolution',
          inChannels,
          outChannels,
          ...window,
          outputPadding: window.stride.map((stride) => (stride > 1 ? 1 : 0)),
          groups,
          channelAxis: 1,
        };
        const output = network.add(
          'up',
          attributes,
          [network.input],
          [{ id: 'w', role: 'weight', shape: [inChannels, outPerGroup, ...window.kernel] }],
        );
        await checkGradients(network.build(output), { distance: 0.5, samples: 2 });
      }),
      { numRuns, seed },
    );
  });

  it('pools', async () => {
    const cases = fc.record({
      axes: fc.array(
        windowAxis(1, 2).filter(
          // No more padding than half a window, as PyTorch demands: no window is of padding alone.
          ({ kernel, padding: sides }) => sides.before <= kernel / 2 && sides.after <= kernel / 2,
        ),
        { minLength: 1, maxLength: 3 },
      ),
      mode: fc.constantFrom('max' as const, 'average' as const),
      ceilMode: fc.boolean(),
      countIncludePad: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ axes, mode, ceilMode, countIncludePad }) => {
        const window = windowOf(axes);
        const isMaximum = mode === 'max';
        // Only maxima are dilated, and PyTorch pads both sides alike.
        const even = { before: 0, after: 0 };
        const attributes: OpAttributes = {
          kind: 'pool',
          mode,
          ...window,
          padding: window.padding.map(({ before, after }) => (before === after ? { before, after } : even)),
          dilation: isMaximum ? window.dilation : window.dilation.map(() => 1),
          ceilMode,
          countIncludePad,
          channelAxis: 1,
        };
        const reach = attributes.kernel.map((size, axis) => (attributes.dilation[axis] ?? 1) * (size - 1) + 1);
        const network = new SmallNetwork([2, ...sizesOf(axes).map((size, axis) => Math.max(size, reach[axis] ?? 1))]);
        // All values differ by more than the distance, so that no maximum changes its place.
        const distinct = { input: (index: number): number => ((index * 37) % 1009) / 10 - 50, distance: 0.02 };
        const options = isMaximum ? { ...distinct, batchSize: 1 } : { distance: 0.5 };
        const output = network.add('pool', attributes, [network.input]);
        await checkGradients(network.build(output), { ...options, samples: 2 });
      }),
      { numRuns, seed },
    );
  });
});
