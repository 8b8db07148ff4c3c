// What a net is fed, and what of that are images: the rest are labels, which only losses and measures read.

import type { SourceSpan } from '../../common/source-span.ts';
import { numberOf, textOf, valueAt, type ConfigValue } from '../config/config-tree.ts';
import { valuesAt } from '../config/protobuf-text.ts';
import { carriesLabels, findLayerModel, partOf, readsBeside } from './layers/layer-table.ts';
import type { LayerDefinition } from './layer-definition.ts';

export interface NetInput {
  readonly blob: string;
  /** Without the batch. */
  readonly shape: readonly number[];
  /** Whether the file does not say the size. */
  readonly isAssumed: boolean;
  /** Where it is fed. */
  readonly span: SourceSpan;
  /** The layer that gives it; undefined where the net itself names it. */
  readonly layer: LayerDefinition | undefined;
}

export interface NetSources {
  readonly inputs: readonly NetInput[];
  /** Blobs that hold labels and the like. */
  readonly beside: ReadonlySet<string>;
}

const usualSize = 224;

export function sourcesOf(root: ConfigValue, layers: readonly LayerDefinition[]): NetSources {
  const fed = [...namedInputs(root), ...layers.flatMap(inputsOfLayer)];
  const { read, maybeRead } = blobsOfImages(layers);
  const [images, beside]: [NetInput[], Set<string>] = [[], new Set()];
  for (const [i, input] of fed.entries()) {
    // What only a layer that is not understood reads is an image where it comes first, and else boxes, sizes and the like.
    const isImage = read.has(input.blob) || (i === 0 && maybeRead.has(input.blob));
    if (isImage && !images.some(({ blob }) => blob === input.blob)) images.push(asSliced(input, layers));
    else beside.add(input.blob);
  }
  // Where nothing computes, a net still hands on what it is fed first.
  const [first] = fed;
  if (images.length > 0 || first === undefined) return { inputs: images, beside };
  beside.delete(first.blob);
  return { inputs: [first], beside };
}

/** Pairs of images lie one behind the other, and are taken apart first: that tells how many channels there are. */
function asSliced(input: NetInput, layers: readonly LayerDefinition[]): NetInput {
  const first = layers.find(({ bottoms }) => bottoms[0] === input.blob);
  if (!input.isAssumed || first?.type !== 'Slice') return input;
  const points = valuesAt(valueAt(first.body, 'slice_param'), 'slice_point').map(numberOf);
  const [last = 0, before = 0] = [points.at(-1), points.at(-2)];
  return last > before ? { ...input, shape: [2 * last - before, ...input.shape.slice(1)] } : input;
}

interface ReadBlobs {
  readonly read: ReadonlySet<string>;
  /** By layers that are not understood. */
  readonly maybeRead: ReadonlySet<string>;
}

/** Blobs that a layer reads which computes: all but what only losses, measures and those who hand on to them read. */
function blobsOfImages(layers: readonly LayerDefinition[]): ReadBlobs {
  const [read, maybeRead] = [new Set<string>(), new Set<string>()];
  for (const layer of layers.toReversed()) {
    const { type, bottoms, tops } = layer;
    const part = partOf(layer);
    if (part === 'metric' || part === 'beside' || part === 'source') continue;
    if (part === 'loss') {
      const [first] = bottoms;
      if (first !== undefined) read.add(first);
    } else if (findLayerModel(type) === undefined) for (const bottom of bottoms) maybeRead.add(bottom);
    else if (readsBeside(type)) read.add(bottoms[0] ?? '');
    else if (!carriesLabels(type) || tops.some((top) => read.has(top))) for (const bottom of bottoms) read.add(bottom);
  }
  return { read, maybeRead };
}

/** `input: "data"` with `input_dim` four times, or with `input_shape`. */
function namedInputs(root: ConfigValue): readonly NetInput[] {
  const names = valuesAt(root, 'input');
  const shapes = valuesAt(root, 'input_shape').map((shape) => valuesAt(shape, 'dim').map(numberOf));
  const sizes = valuesAt(root, 'input_dim').map(numberOf);
  return names.flatMap((value, i): readonly NetInput[] => {
    const blob = textOf(value);
    if (blob === undefined) return [];
    const written = shapes[i] ?? (shapes.length === 0 ? sizes.slice(4 * i, 4 * i + 4) : []);
    return [{ blob, ...withoutBatch(written), span: value.span, layer: undefined }];
  });
}

function withoutBatch(written: readonly (number | undefined)[]): Pick<NetInput, 'shape' | 'isAssumed'> {
  const sizes = written.slice(1);
  const isWhole = sizes.length > 0 && sizes.every((size) => size !== undefined && Number.isInteger(size) && size > 0);
  return isWhole
    ? { shape: sizes.map(Number), isAssumed: false }
    : { shape: [3, usualSize, usualSize], isAssumed: true };
}

function inputsOfLayer(layer: LayerDefinition): readonly NetInput[] {
  const { tops, span } = layer;
  if (partOf(layer) !== 'source') return [];
  return tops.map((blob, i) => ({ blob, ...sizeOf(layer, i), span, layer }));
}

function sizeOf(layer: LayerDefinition, index: number): Pick<NetInput, 'shape' | 'isAssumed'> {
  const { type, body, oldest } = layer;
  const group = (name: string): ConfigValue | undefined => oldest ?? valueAt(body, name);
  switch (type) {
    case 'Input': {
      const shapes = valuesAt(group('input_param'), 'shape');
      return withoutBatch(valuesAt(shapes[index] ?? shapes[0], 'dim').map(numberOf));
    }
    case 'DummyData': {
      const settings = group('dummy_data_param');
      const shapes = valuesAt(settings, 'shape');
      const shape = shapes[index] ?? shapes[0];
      if (shape !== undefined) return withoutBatch(valuesAt(shape, 'dim').map(numberOf));
      const sizes = ['num', 'channels', 'height', 'width'].map((key) => {
        const values = valuesAt(settings, key);
        return numberOf(values[index] ?? values[0]);
      });
      return withoutBatch(sizes);
    }
    case 'MemoryData': {
      const settings = group('memory_data_param');
      return withoutBatch([1, ...['channels', 'height', 'width'].map((key) => numberOf(valueAt(settings, key)))]);
    }
    default:
      return imageSize(layer);
  }
}

/** What a layer that reads images says of their size: a crop, a size to bring them to, or the name of a well-known data set. */
function imageSize({ type, body, oldest }: LayerDefinition): Pick<NetInput, 'shape' | 'isAssumed'> {
  const transform = valueAt(body, 'transform_param');
  const parameters = [
    oldest,
    transform,
    ...['data_param', 'image_data_param', 'window_data_param'].map((name) => valueAt(body, name)),
  ];
  const written = (...keys: readonly string[]): number | undefined => {
    for (const group of parameters)
      for (const key of keys) {
        const size = numberOf(valueAt(group, key));
        if (size !== undefined && Number.isInteger(size) && size > 0) return size;
      }
    return undefined;
  };
  const isTrue = (key: string): boolean =>
    parameters.some((group) => {
      const value = valueAt(group, key);
      return value?.kind === 'scalar' && (value.value === true || value.value === 1);
    });
  const source = parameters
    .map((group) => textOf(valueAt(group, 'source')) ?? '')
    .join(' ')
    .toLowerCase();
  const known = dataSets.find(({ name }) => source.includes(name));
  const isGray = isTrue('force_gray') || valuesAt(transform, 'mean_value').length === 1;
  const isColor =
    type === 'ImageData' &&
    !parameters.some((group) => {
      const value = valueAt(group, 'is_color');
      return value?.kind === 'scalar' && value.value === false;
    });
  const channels = isColor ? 3 : (known?.channels ?? (isGray ? 1 : 3));
  const resize = valueAt(transform, 'resize_param');
  const side = written('crop_size', 'cropsize', 'crop_h');
  const sides = [
    side ?? numberOf(valueAt(resize, 'height')) ?? written('new_height'),
    written('crop_w') ?? side ?? numberOf(valueAt(resize, 'width')) ?? written('new_width'),
  ];
  const usual = known?.size ?? usualSize;
  // How many channels images have is nowhere written.
  return { shape: [channels, ...sides.map((size) => size ?? usual)], isAssumed: true };
}

const dataSets: readonly { readonly name: string; readonly channels: number; readonly size: number }[] = [
  { name: 'mnist', channels: 1, size: 28 },
  { name: 'cifar', channels: 3, size: 32 },
  { name: 'svhn', channels: 3, size: 32 },
];
