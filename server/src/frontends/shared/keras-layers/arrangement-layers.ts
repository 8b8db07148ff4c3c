// Layers of the Keras family that move elements about: reshape, permute, pad, crop, repeat, resize.

import { elementCount, type Dimension, type Shape } from '../../../network/shape.ts';
import { channelAxisOf, onlyInput, spatialAxesOf, unknownSize, type LayerCall, type LayerRow } from './keras-layer.ts';

const reshape: LayerRow = {
  name: 'Reshape',
  parameters: 'target_shape',
  run: (call) => {
    const given = onlyInput(call);
    const target = call.settings.integers('target_shape', 0);
    if (given === undefined) return undefined;
    if (!target) return call.refuse('The shape to reshape to is not known');
    const [batch = 1, ...rest] = given.shape;
    const all = elementCount(rest);
    const known = target.filter((size) => size !== -1).reduce((total, size) => total * size, 1);
    const shape = target.map((size): Dimension =>
      size !== -1 ? size : all === undefined ? (rest.find((each) => typeof each !== 'number') ?? 1) : all / known,
    );
    return call.emit({ attributes: { kind: 'reshape', shape: [batch, ...shape] }, inputs: [given.input] });
  },
};

const permute: LayerRow = {
  name: 'Permute',
  parameters: 'dims',
  run: (call) => {
    const given = onlyInput(call);
    const order = call.settings.integers('dims', 0);
    if (given === undefined) return undefined;
    if (!order) return call.refuse('The order of the axes is not known');
    return call.emit({ attributes: { kind: 'permute', order: [0, ...order] }, inputs: [given.input] });
  },
};

const repeatVector: LayerRow = {
  name: 'RepeatVector',
  parameters: 'n',
  run: (call) => {
    const given = onlyInput(call);
    const count = call.settings.integer('n');
    if (given === undefined) return undefined;
    if (count === undefined) return call.refuse('How often this layer repeats its input is not known');
    const [batch = 1, width = 1] = given.shape;
    const apart = call.emit({
      attributes: { kind: 'reshape', shape: [batch, 1, width] },
      inputs: [given.input],
      part: 'reshape',
    });
    if (apart === undefined) return undefined;
    return call.emit({ attributes: { kind: 'expand', shape: [batch, count, width] }, inputs: [apart] });
  },
};

/** Zeros around the spatial axes, or a cut of them where the sign is -1. */
function border(name: string, setting: string, rank: number, usual: number, sign: 1 | -1): LayerRow {
  return {
    name: `${name}${String(rank)}D`,
    parameters: `${setting}=${String(usual)} data_format=None`,
    run: (call) => {
      const given = onlyInput(call);
      const amounts = call.settings.pairs(setting, rank);
      if (given === undefined) return undefined;
      if (!amounts) return call.refuse(`The ${setting} of this layer is not known`);
      const axes = spatialAxesOf(given.shape.length, rank === 1 ? -1 : channelAxisOf(call));
      const padding = given.shape.map((_, axis) => {
        const [before = 0, after = 0] = amounts[axes.indexOf(axis)] ?? [];
        return { before: sign * before, after: sign * after };
      });
      return call.emit({ attributes: { kind: 'pad', padding, mode: 'constant', value: 0 }, inputs: [given.input] });
    },
  };
}

const interpolations: Readonly<Record<string, 'nearest' | 'linear' | 'cubic' | 'area'>> = {
  bilinear: 'linear',
  bicubic: 'cubic',
  area: 'area',
};

/** An image of another size. */
function resized<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
  input: Tensor,
  shape: Shape,
  channelAxis: 1 | -1,
  sizes: readonly Dimension[],
): Tensor | undefined {
  const known = sizes.filter((size) => typeof size === 'number');
  const axes = spatialAxesOf(shape.length, channelAxis);
  if (known.length !== sizes.length)
    return call.emit({
      attributes: {
        kind: 'rearrange',
        operation: 'resize',
        shape: shape.map((size, axis) => sizes[axes.indexOf(axis)] ?? size),
      },
      inputs: [input],
    });
  const mode = interpolations[call.settings.text('interpolation') ?? 'nearest'] ?? 'nearest';
  return call.emit({
    attributes: { kind: 'resize', mode, outputSize: known, alignCorners: false, channelAxis },
    inputs: [input],
  });
}

function upSampling(rank: number): LayerRow {
  return {
    name: `UpSampling${String(rank)}D`,
    parameters: rank === 2 ? 'size=2 data_format=None interpolation=nearest' : 'size=2 data_format=None',
    run: (call) => {
      const given = onlyInput(call);
      const factors = call.settings.integers('size', rank);
      if (given === undefined) return undefined;
      if (!factors) return call.refuse('The factor of this layer is not known');
      const channelAxis = rank === 1 ? -1 : channelAxisOf(call);
      const axes = spatialAxesOf(given.shape.length, channelAxis);
      const sizes = axes.map((axis, i): Dimension => {
        const size = given.shape[axis] ?? 1;
        return typeof size === 'number' ? size * (factors[i] ?? 1) : size;
      });
      return resized(call, given.input, given.shape, channelAxis, sizes);
    },
  };
}

const resizing: LayerRow = {
  name: 'Resizing',
  parameters:
    'height width interpolation=bilinear crop_to_aspect_ratio=False pad_to_aspect_ratio=False fill_mode=constant fill_value=0.0 antialias=False data_format=None',
  run: (call) => {
    const given = onlyInput(call);
    const [height, width] = [call.settings.integer('height'), call.settings.integer('width')];
    if (given === undefined) return undefined;
    if (height === undefined || width === undefined) return call.refuse('The size to resize to is not known');
    return resized(call, given.input, given.shape, channelAxisOf(call), [height, width]);
  },
};

/** Layers that give images of a given size, cut at a place that does not matter here. */
function cutting(name: string): LayerRow {
  return {
    name,
    parameters: 'height width seed=None data_format=None',
    run: (call) => {
      const given = onlyInput(call);
      const [height, width] = [call.settings.integer('height'), call.settings.integer('width')];
      if (given === undefined) return undefined;
      const axes = spatialAxesOf(given.shape.length, channelAxisOf(call));
      const sizes = [height ?? unknownSize('The height is not known'), width ?? unknownSize('The width is not known')];
      const shape = given.shape.map((size, axis) => sizes[axes.indexOf(axis)] ?? size);
      return call.emit({ attributes: { kind: 'rearrange', operation: name, shape }, inputs: [given.input] });
    },
  };
}

export const arrangementLayers: readonly LayerRow[] = [
  reshape,
  permute,
  repeatVector,
  ...[1, 2, 3].flatMap((rank) => [
    border('ZeroPadding', 'padding', rank, 1, 1),
    border('Cropping', 'cropping', rank, rank === 2 ? 0 : 1, -1),
    upSampling(rank),
  ]),
  resizing,
  ...['CenterCrop', 'RandomCrop'].map(cutting),
];
