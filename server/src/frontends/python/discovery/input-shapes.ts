// Which input shapes a file tells of: by tensors that it makes, by calls that print summaries, by its data sets; and which
// ones to try where it tells of none. Only the syntax is looked at.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { OpAttributes } from '../../../network/op.ts';
import { calledInputs } from './called-inputs.ts';
import type { InputShapes, WantedInput } from './fitting-input.ts';
import { callsIn, isKind, nodesIn } from './syntax-search.ts';
import { imageOfDataSet } from './vocabulary.ts';
import type { Expression, ExpressionOf, Statement } from '../syntax/ast.ts';

export interface SeenShapes {
  readonly shapes: InputShapes;
  readonly span: SourceSpan;
  /** Whether the text shows that the model is called with just these. */
  readonly isWhole?: boolean;
}

/** What is assumed before anything is known of a model: the images of ImageNet. */
const usualShape: readonly number[] = [3, 224, 224];

/** Which input a file tells of for each of its models. */
export interface ModelInputs {
  /** By the variables that keep a model, and by the name of what makes it; undefined where it is named after a variable. */
  readonly of: (holders: readonly string[], maker: string | undefined) => SeenShapes | undefined;
}

/** A model's own call comes first, then the first tensor or summary that the file makes for no other one. */
export function modelInputs(body: readonly Statement[], text: string): ModelInputs {
  const called = calledInputs(body, text);
  const seen = shapesSeen(body, text);
  return {
    of: (holders, maker) =>
      called.find(
        ({ makers, holder }) => holders.includes(holder) && (maker === undefined || makers.includes(maker)),
      ) ??
      called.find(({ makers }) => maker !== undefined && makers.includes(maker)) ??
      called.find(({ makers, holder }) => makers.length === 0 && holders.includes(holder)) ??
      (called.some(({ makers }) => makers.length > 0) ? undefined : loose(called[0] ?? seen)),
  };
}

/** Shapes that no call of the model is seen to be given. */
const loose = (seen: SeenShapes | undefined): SeenShapes | undefined => seen && { ...seen, isWhole: false };

/** The shapes of the first tensor or summary that the file makes, without the batch. */
function shapesSeen(body: readonly Statement[], text: string): SeenShapes | undefined {
  const withBatch = body.some((statement) => statement.kind === 'import-from' && statement.module === 'torchinfo');
  const shapeOf = (node: ExpressionOf<'call'>): readonly number[] | undefined =>
    tensorShape(node) ?? summaryShape(node, withBatch);
  const first = (statements: unknown): SeenShapes | undefined => {
    for (const node of callsIn(statements)) {
      const shape = shapeOf(node);
      if (shape !== undefined) return { shapes: [shape], span: node.span };
    }
    return undefined;
  };
  return (
    first(body.filter(({ kind }) => kind !== 'class' && kind !== 'function')) ??
    first(body.filter((statement) => statement.kind === 'function' && /test|main|demo/i.test(statement.name))) ??
    (text.includes(exampleName) ? exampleInput(body) : undefined)
  );
}

/** `torch.randn(1, 3, 32, 32)` and its kin. */
function tensorShape({ callee, arguments: given }: ExpressionOf<'call'>): readonly number[] | undefined {
  if (callee.kind !== 'attribute' || !/^(randn|rand|zeros|ones|empty)$/.test(callee.name)) return undefined;
  const sizes = given.flatMap(({ kind, value }) => (kind === 'positional' ? sizesIn(value) : []));
  return sizes.length >= 2 && sizes.every((size) => size > 0) ? sizes.slice(1) : undefined;
}

/** `summary(model, (3, 32, 32))` of torchsummary, with the batch where torchinfo prints it. */
function summaryShape(
  { callee, arguments: given }: ExpressionOf<'call'>,
  withBatch: boolean,
): readonly number[] | undefined {
  const name = callee.kind === 'name' || callee.kind === 'attribute' ? callee.name : '';
  if (!/^(summary|get_model_complexity_info)$/.test(name)) return undefined;
  const positional = given.filter(({ kind }) => kind === 'positional');
  const value =
    given.find((argument) => argument.name === 'input_size' || argument.name === 'input_res') ?? positional[1];
  const sizes = value === undefined ? [] : sizesIn(value.value);
  const shape = withBatch ? sizes.slice(1) : sizes;
  return shape.length >= 1 && shape.every((size) => size > 0) ? shape : undefined;
}

const exampleName = 'example_input_array';

/** `self.example_input_array = torch.zeros(1, 3, 32, 32)`, which Lightning asks for. */
function exampleInput(body: readonly Statement[]): SeenShapes | undefined {
  for (const node of nodesIn(body)) {
    if (!isKind<Statement & { kind: 'assignment' }>(node, 'assignment')) continue;
    const [target] = node.targets;
    if (target?.kind !== 'attribute' || target.name !== exampleName || node.value.kind !== 'call') continue;
    const shape = tensorShape(node.value);
    if (shape !== undefined) return { shapes: [shape], span: node.value.span };
  }
  return undefined;
}

const crops = /^(Resize|CenterCrop|RandomCrop|RandomResizedCrop)$/;
/** A text without one of these words needs no walk. None begins with what may be any letter: that is tried at each one. */
const preparesData = /mnist\b|crop\b|\b(cifar100?|svhn|stl10|resize|image_size|target_size)\b/i;

/** What data the file prepares: the shape of a known data set, and the sizes that it brings images to, last first. */
export interface PreparedData {
  readonly shape: readonly number[] | undefined;
  readonly sizes: readonly (readonly [number, number])[];
}

export function preparedData(body: readonly Statement[], text: string): PreparedData {
  if (!preparesData.test(text)) return { shape: undefined, sizes: [] };
  let shape: readonly number[] | undefined;
  const sizes: (readonly [number, number])[] = [];
  const addSize = (value: Expression): void => {
    const [height, width = height] = sizesIn(value);
    if (height !== undefined && width !== undefined && height > 0 && width > 0) sizes.unshift([height, width]);
  };
  // Each with what stands before it: decorators are outside a definition's own place.
  const preparing = body.filter(({ span }, i) => preparesData.test(text.slice(body[i - 1]?.span.end ?? 0, span.end)));
  for (const { callee, arguments: given } of callsIn(preparing)) {
    const name = callee.kind === 'name' || callee.kind === 'attribute' ? callee.name : '';
    shape ??= imageOfDataSet(loadedSet(name, callee, given));
    const side = given.find((argument) => /^(image_size|target_size)$/.test(argument.name ?? ''));
    if (side !== undefined) addSize(side.value);
    const size = given.find((argument) => argument.name === 'size') ?? given.find(({ kind }) => kind === 'positional');
    if (!crops.test(name) || size === undefined) continue;
    addSize(size.value);
  }
  return { shape, sizes };
}

/** `CIFAR10` of `CIFAR10(root)`, `cifar10` of `cifar10.load_data()` and of `tfds.load('cifar10')`. */
function loadedSet(name: string, callee: Expression, given: ExpressionOf<'call'>['arguments']): string {
  const [first] = given;
  if (name === 'load' && first?.value.kind === 'string') return first.value.value;
  if (name !== 'load_data' || callee.kind !== 'attribute') return name;
  return callee.object.kind === 'name' || callee.object.kind === 'attribute' ? callee.object.name : name;
}

/** With the size that an entry is assumed to take, to be tried with other channels too. */
export function withSize(data: PreparedData, shapes: InputShapes): PreparedData {
  const [, height, width] = shapes[0] ?? [];
  if (shapes[0]?.length !== 3 || height === undefined || width === undefined || isUsual(shapes)) return data;
  return { ...data, sizes: [[height, width], ...data.sizes] };
}

/** Whether a shape is what is assumed where nothing is known. */
export const isUsual = ([shape, ...others]: InputShapes): boolean =>
  others.length === 0 && shape?.length === 3 && usualShape.every((size, i) => size === shape[i]);

/** The shape to assume first. */
export function assumedShape({ shape, sizes: [size] }: PreparedData): readonly number[] {
  if (size === undefined) return shape ?? usualShape;
  return [shape?.[0] ?? 3, ...size];
}

/** Sides of square images that networks are made for, most usual first. */
const usualSizes = [224, 32, 28, 64, 96, 128, 256, 227, 299, 48, 84, 112, 160, 100, 150, 200, 512];
const usualLengths = [1024, 16000, 128, 256, 512, 2048, 4096, 1000, 100];
/** Words of a text, or steps of a series. */
const usualWords = 128;
const usualVolumes = [
  [16, 112, 112],
  [32, 32, 32],
  [64, 64, 64],
  [16, 224, 224],
] as const;

/** Inputs that are one number for each image: steps of a diffusion, classes. */
const oneNumber =
  /^(t|time\w*|steps?|timesteps?|sigmas?|noise_level\w*|y|labels?|class(es|_\w+)?|c|cls\w*|targets?|lens?|lengths?\w*)$/i;
const words = /^(text\w*|tokens?\w*|input_ids|\w*ids|captions?|words?|src|tgt|trg|seq\w*|sentences?|history|hist)$/i;
const masks = /^\w*masks?$/i;

/**
 * Inputs to try in turn where the assumed one does not fit. A model that takes several is tried with what their names tell, then
 * with equal ones, as of a pair of images that it compares.
 */
export function inputsToTry(wanted: WantedInput, data: PreparedData): readonly InputShapes[] {
  const { firstLayer, names, firstWeight, rank } = wanted;
  const byWeight = firstLayer === undefined ? shapesOfWeight(firstWeight, rank) : [];
  if (names.length < 2) return [...byWeight, ...shapesToTry(firstLayer, data)].map((shape) => [shape]);
  const labelled = names.length === 2 && labels.test(names[1] ?? '') ? withLabels(wanted) : [];
  const shapes = [assumedShape(data), ...byWeight, ...shapesToTry(firstLayer, data)].slice(0, mostPairs);
  const tried = shapes.flatMap((shape) => {
    const told = names.map((name) => shapeOfName(name, shape));
    const isEqual = told.every((each) => each === shape);
    return isEqual ? [told] : [told, names.map(() => shape)];
  });
  return [...labelled, ...tried];
}

const mostPairs = 24;

const labels = /^(y|labels?|class(es|_\w+)?|c|cls\w*|cond\w*|attr\w*)$/i;
/** How many classes labels name where nothing tells, most usual first. */
const usualClasses = [10, 100, 2];
const usualMaps = [32, 28, 64];

/**
 * Noise, features or an image with labels: the first weight takes both, one behind the other, or the labels are looked up in it.
 */
function withLabels({ firstWeight: first = [], secondWeight: second = [] }: WantedInput): readonly InputShapes[] {
  const [rows = 0, columns = 0] = first;
  if (first.length === 4) {
    // Of an image with one channel or three, the other channels are the labels', one for each class.
    return [1, 3].flatMap((channels) =>
      columns > channels
        ? usualMaps.map((side) => [
            [channels, side, side],
            [columns - channels, side, side],
          ])
        : [],
    );
  }
  if (first.length !== 2) return [];
  // Numbers of classes, each with its features, that the next layer takes beside the noise or in its place.
  const taken = second.length === 2 ? (second[1] ?? 0) - columns : 0;
  const lookedUp = [...(taken > 0 ? [taken] : []), columns].map((size) => [[size], []]);
  const sides = [1, 3].flatMap((channels) => {
    const side = Math.sqrt(taken / channels);
    return Number.isInteger(side) && side > 3 ? [[[channels, side, side], []]] : [];
  });
  const beside = usualClasses.filter((count) => count < columns).map((count) => [[columns - count], [count]]);
  return rows <= 1000 ? [...sides, ...lookedUp, ...beside] : [...beside, ...lookedUp];
}

function shapeOfName(name: string, shape: readonly number[]): readonly number[] {
  if (words.test(name)) return [usualWords];
  if (oneNumber.test(name)) return [];
  if (masks.test(name)) return shape.length === 3 ? [1, ...shape.slice(1)] : shape.slice(0, 1);
  return shape;
}

/**
 * What goes into the first weight that a model keeps, where the model ends before any layer is come to; `rank` counts the axes that
 * it takes its input apart into, with the batch.
 */
function shapesOfWeight(
  weight: readonly number[] | undefined,
  rank: number | undefined,
): readonly (readonly number[])[] {
  const [, channels = 3] = weight ?? [];
  const isDense = weight?.length === 2;
  const frames = channels <= 4 ? channels : 3;
  const byRank: Readonly<Record<number, readonly (readonly number[])[]>> = {
    2: [[isDense ? channels : usualWords]],
    3: isDense
      ? [[usualWords, channels]]
      : [...usualLengths.slice(0, 3).map((length) => [channels, length]), [usualWords, channels]],
    4: isDense
      ? [
          [channels, 14, 14],
          [14, 14, channels],
        ]
      : [[channels, 64, 64]],
    5: [
      [5, frames, 64, 64],
      [7, frames, 64, 64],
      [channels, 8, 64, 64],
      [channels, 16, 112, 112],
    ],
  };
  if (rank !== undefined) return byRank[rank] ?? [];
  return isDense ? [[usualWords, channels], [channels]] : [];
}

/** Given the first layer with weights as far as it is known: its channels are the image's, or its features the pixels. */
function shapesToTry(
  firstLayer: OpAttributes | undefined,
  { shape, sizes }: PreparedData,
): readonly (readonly number[])[] {
  const squares = usualSizes.map((size): readonly [number, number] => [size, size]);
  const images = (channels: number): readonly (readonly number[])[] => [
    ...(shape?.[0] === channels ? [shape] : []),
    ...[...sizes, ...squares].map((size) => [channels, ...size]),
  ];
  if (firstLayer?.kind === 'convolution' || firstLayer?.kind === 'transposed-convolution') {
    const { inChannels, kernel } = firstLayer;
    if (kernel.length === 1) return usualLengths.map((length) => [inChannels, length]);
    if (kernel.length === 3) return usualVolumes.map((volume) => [inChannels, ...volume]);
    const latent = firstLayer.kind === 'transposed-convolution' ? [[inChannels, 1, 1]] : [];
    return [...latent, ...images(inChannels)];
  }
  if (firstLayer?.kind === 'dense') {
    const { inFeatures } = firstLayer;
    const flat = [1, 3].flatMap((channels) => {
      const side = Math.sqrt(inFeatures / channels);
      return Number.isInteger(side) && side > 3 ? [[channels, side, side]] : [];
    });
    return [...flat, [inFeatures], [usualWords, inFeatures]];
  }
  if (firstLayer?.kind === 'embedding') return [[usualWords]];
  return [...images(3), ...images(1)];
}

function sizesIn(value: Expression): readonly number[] {
  const parts = value.kind === 'tuple' || value.kind === 'list' ? value.elements : [value];
  return parts.map((part) => (part.kind === 'number' && part.isInteger ? part.value : NaN));
}
