// What a layer of the Keras family is, whoever describes it: Keras source, its JSON, TensorFlow.js. A row reads its
// settings, asks for its weights and emits ops over tensors of which it only knows the shapes.

import type { OpAttributes, ParameterRole } from '../../../network/op.ts';
import type { Dimension, Shape } from '../../../network/shape.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';

/** The settings of one layer by Keras's names, read as what the row wants them to be. */
export interface LayerSettings {
  isNone(name: string): boolean;
  integer(name: string): number | undefined;
  /** One integer for every axis, or one an axis; undefined when they are not known. */
  integers(name: string, count: number): readonly number[] | undefined;
  /** Sizes of a shape; those that it leaves open are undefined. */
  sizes(name: string): readonly (number | undefined)[] | undefined;
  number(name: string): number | undefined;
  text(name: string): string | undefined;
  flag(name: string): boolean;
  /** Amounts before and after each of so many axes: one number, one an axis, or pairs. */
  pairs(name: string, count: number): readonly (readonly [number, number])[] | undefined;
  /** The trail of a width. */
  origin(name: string): WidthOrigin | undefined;
}

/** One op of a layer. */
export interface LayerEmission<Tensor, Weight> {
  readonly attributes: OpAttributes;
  readonly inputs: readonly Tensor[];
  readonly weights?: readonly (Weight | undefined)[];
  /** Its own part of the name, where the layer runs several ops: `depthwise`. */
  readonly part?: string;
  readonly outWidth?: WidthOrigin | undefined;
}

/** A call of one layer under way. */
export interface LayerCall<Tensor, Weight> {
  readonly settings: LayerSettings;
  readonly inputs: readonly Tensor[];
  /** What the program sets for layers that do not say where channels stand. */
  readonly usualDataFormat: 'channels_last' | 'channels_first';
  shapeOf(tensor: Tensor): Shape;
  /** A weight of the layer: made at its first call, the same one from then on. Its name tells what setting starts it. */
  weight(name: string, shape: readonly number[], role: ParameterRole): Weight;
  emit(emission: LayerEmission<Tensor, Weight>): Tensor | undefined;
  /** A number as a tensor. */
  constant(value: number): Tensor;
  /** What the activation of that setting makes of a tensor; the tensor itself where there is none. */
  activate(tensor: Tensor, setting: string): Tensor | undefined;
  /** Says that something could not be followed; there is then no tensor to give. */
  refuse(reason: string): Tensor | undefined;
}

export interface LayerRow {
  readonly name: string;
  /** Settings in the order in which they are written, with their defaults: `filters strides=1`. */
  readonly parameters: string;
  readonly run: <Tensor, Weight>(call: LayerCall<Tensor, Weight>) => Tensor | undefined;
}

/** The input of a layer that has one, with its shape. */
export function onlyInput<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
): { readonly input: Tensor; readonly shape: Shape } | undefined {
  const [input] = call.inputs;
  if (input !== undefined) return { input, shape: call.shapeOf(input) };
  call.refuse('This layer is given no tensor');
  return undefined;
}

/** Where channels stand: 1 or -1. */
export function channelAxisOf<Tensor, Weight>({ settings, usualDataFormat }: LayerCall<Tensor, Weight>): 1 | -1 {
  return (settings.text('data_format') ?? usualDataFormat) === 'channels_first' ? 1 : -1;
}

/** The spatial axes of an input of that rank, in order. */
export function spatialAxesOf(rank: number, channelAxis: 1 | -1): readonly number[] {
  return Array.from({ length: Math.max(0, rank - 2) }, (_, i) => i + (channelAxis === 1 ? 2 : 1));
}

/** A known dimension, or a refusal that says what is not known. */
export function knownSize<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
  shape: Shape,
  axis: number,
): number | undefined {
  const size = shape.at(axis);
  if (typeof size === 'number') return size;
  call.refuse(size === undefined ? 'The input has too few axes' : `The input's width is not known: ${size.reason}`);
  return undefined;
}

/** A size of which nothing is known but why. */
export const unknownSize = (reason: string): Dimension => ({ kind: 'unknown', reason });
