// Pools of the Keras family: with windows, over everything, and to a given size.

import { channelAxisOf, onlyInput, spatialAxesOf, type LayerRow } from './keras-layer.ts';
import { ruleOf, windowPadding } from './windows.ts';

type Mode = 'max' | 'average';
const word = (mode: Mode): string => (mode === 'max' ? 'Max' : 'Average');

function pool(mode: Mode, rank: number): LayerRow {
  return {
    name: `${word(mode)}Pooling${String(rank)}D`,
    parameters: 'pool_size=2 strides=None padding=valid data_format=None',
    run: (call) => {
      const given = onlyInput(call);
      const kernel = call.settings.integers('pool_size', rank);
      const stride = call.settings.isNone('strides') ? kernel : call.settings.integers('strides', rank);
      if (given === undefined) return undefined;
      if (!kernel || !stride) return call.refuse('The window of this pool is not known');
      const channelAxis = channelAxisOf(call);
      const dilation = kernel.map(() => 1);
      const sizes = spatialAxesOf(given.shape.length, channelAxis).map((axis) => given.shape[axis] ?? 1);
      const rule = call.settings.text('padding')?.toLowerCase() ?? 'valid';
      return call.emit({
        attributes: {
          kind: 'pool',
          mode,
          kernel,
          stride,
          ...ruleOf(rule),
          padding: windowPadding(rule, sizes, { kernel, stride, dilation }),
          dilation,
          ceilMode: false,
          countIncludePad: false,
          channelAxis,
        },
        inputs: [given.input],
      });
    },
  };
}

function globalPool(mode: Mode, rank: number): LayerRow {
  return {
    name: `Global${word(mode)}Pooling${String(rank)}D`,
    parameters: 'data_format=None keepdims=False',
    run: (call) => {
      const given = onlyInput(call);
      if (given === undefined) return undefined;
      if (given.shape.length !== rank + 2)
        return call.refuse(`This pool wants an input of ${String(rank)} spatial axes`);
      return call.emit({
        attributes: {
          kind: 'reduce',
          reducer: mode === 'max' ? 'max' : 'mean',
          axes: spatialAxesOf(given.shape.length, channelAxisOf(call)),
          keepDimensions: call.settings.flag('keepdims'),
        },
        inputs: [given.input],
      });
    },
  };
}

function adaptivePool(mode: Mode, rank: number): LayerRow {
  return {
    name: `Adaptive${word(mode)}Pooling${String(rank)}D`,
    parameters: 'output_size data_format=None',
    run: (call) => {
      const given = onlyInput(call);
      const outputSize = call.settings.integers('output_size', rank);
      if (given === undefined) return undefined;
      if (!outputSize) return call.refuse('The size that this pool gives is not known');
      const channelAxis = channelAxisOf(call);
      return call.emit({ attributes: { kind: 'adaptive-pool', mode, outputSize, channelAxis }, inputs: [given.input] });
    },
  };
}

const modes: readonly Mode[] = ['max', 'average'];

export const poolingLayers: readonly LayerRow[] = modes.flatMap((mode) =>
  [1, 2, 3].flatMap((rank) => [pool(mode, rank), globalPool(mode, rank), adaptivePool(mode, rank)]),
);
