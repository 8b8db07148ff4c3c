// What each op kind is: where its channels stand, which widths it has, which of its parameters' axes follow them, and what of
// it is counted. One row a kind; everything that asks "is this a layer with a width of its own?" asks here.

import { resolveAxis } from './dimensions.ts';
import type { Op, OpAttributes, OpKind, Parameter, ParameterRole } from './op.ts';

/** One of an op's two widths. */
export type WidthEnd = 'in' | 'out';

/** An axis of a parameter that is as long as a width: all of it, or one group's share of it. */
export interface ParameterAxis {
  readonly axis: number;
  readonly end: WidthEnd;
  readonly groups: number;
}

/** Widths of an op; undefined where it has none of its own or its framework infers it. */
export interface Widths {
  readonly in: number | undefined;
  readonly out: number | undefined;
}

/** New widths for an op; what is left out stays. */
export interface NewWidths {
  readonly in?: number | undefined;
  readonly out?: number | undefined;
}

type Attributes<K extends OpKind> = Extract<OpAttributes, { readonly kind: K }>;

interface Traits<A> {
  /**
   * What becomes of channels: `made` anew from all that the op reads (of one group), by weights; `kept`, each from the one in
   * its place alone, whatever the others are; `other`: the rule of the kind in `structure/op-rules` says.
   */
  readonly channels: 'made' | 'kept' | 'other';
  /** Whether multiply-adds are counted of it: it multiplies by weights, or two activations with one another. */
  readonly multiplies?: true;
  /** Whether what it reads and writes counts as memory traffic (spec 3.5). */
  readonly movesBytes?: true | ((attributes: A) => boolean);
  readonly widths?: (attributes: A) => Widths;
  /** The attributes at other widths. The number of groups of a depthwise convolution follows its input. */
  readonly withWidths?: (attributes: A, widths: NewWidths) => A;
  /** The axis of the channels, counted from the front or (negative) from the end. */
  readonly channelAxis?: (attributes: A) => number | undefined;
  /** The axes of a parameter of this role that follow a width. Without it: the only axis of a vector follows the output. */
  readonly parameterAxes?: (attributes: A, role: ParameterRole) => readonly ParameterAxis[];
}

const along = (axis: number, end: WidthEnd, groups = 1): ParameterAxis => ({ axis, end, groups });

const namedAxis = (attributes: { readonly channelAxis: number }): number => attributes.channelAxis;
const lastAxis = (): number => -1;

interface Convolution {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
}

const convolutionWidths = ({ inChannels, outChannels }: Convolution): Widths => ({ in: inChannels, out: outChannels });

const withConvolutionWidths = <A extends Convolution>(attributes: A, widths: NewWidths): A => {
  const inChannels = widths.in ?? attributes.inChannels;
  const outChannels = widths.out ?? attributes.outChannels;
  return {
    ...attributes,
    inChannels,
    outChannels,
    groups: isDepthwiseLike(attributes) ? inChannels : attributes.groups,
  };
};

interface Norm {
  readonly channels: number;
}

const normWidths = ({ channels }: Norm): Widths => ({ in: channels, out: channels });

/** A weight-norm's lengths (`other`) stand along the same axes as the weight. */
const isWeight = (role: ParameterRole): boolean => role === 'weight' || role === 'other';

const onOutput = [along(0, 'out')] as const;

const traits: { readonly [K in OpKind]: Traits<Attributes<K>> } = {
  input: { channels: 'other', channelAxis: ({ channelAxis }) => channelAxis },
  convolution: {
    channels: 'made',
    multiplies: true,
    movesBytes: true,
    widths: convolutionWidths,
    withWidths: withConvolutionWidths,
    channelAxis: namedAxis,
    parameterAxes: ({ groups }, role) => (isWeight(role) ? [along(0, 'out'), along(1, 'in', groups)] : onOutput),
  },
  'transposed-convolution': {
    channels: 'made',
    multiplies: true,
    movesBytes: true,
    widths: convolutionWidths,
    withWidths: withConvolutionWidths,
    channelAxis: namedAxis,
    parameterAxes: ({ groups }, role) => (isWeight(role) ? [along(0, 'in'), along(1, 'out', groups)] : onOutput),
  },
  dense: {
    channels: 'made',
    multiplies: true,
    movesBytes: true,
    widths: ({ inFeatures, outFeatures }) => ({ in: inFeatures, out: outFeatures }),
    withWidths: (attributes, widths) => ({
      ...attributes,
      inFeatures: widths.in ?? attributes.inFeatures,
      outFeatures: widths.out ?? attributes.outFeatures,
    }),
    channelAxis: lastAxis,
    parameterAxes: (_, role) => (isWeight(role) ? [along(0, 'out'), along(1, 'in')] : onOutput),
  },
  embedding: {
    channels: 'made',
    widths: ({ width }) => ({ in: undefined, out: width }),
    withWidths: (attributes, widths) => ({ ...attributes, width: widths.out ?? attributes.width }),
    channelAxis: lastAxis,
    parameterAxes: () => [along(1, 'out')],
  },
  'batch-norm': {
    channels: 'kept',
    movesBytes: true,
    widths: normWidths,
    withWidths: (attributes, widths) => ({ ...attributes, channels: widths.in ?? attributes.channels }),
    channelAxis: namedAxis,
  },
  'group-norm': {
    channels: 'other',
    widths: normWidths,
    withWidths: (attributes, widths) => {
      const channels = widths.in ?? attributes.channels;
      return {
        ...attributes,
        channels,
        groups: attributes.groups === attributes.channels ? channels : attributes.groups,
      };
    },
    channelAxis: namedAxis,
  },
  'layer-norm': { channels: 'other', channelAxis: ({ normalizedAxes }) => normalizedAxes.at(-1) ?? -1 },
  'local-response-norm': { channels: 'other' },
  activation: { channels: 'kept', movesBytes: true, channelAxis: namedAxis },
  pool: { channels: 'kept', channelAxis: namedAxis },
  'adaptive-pool': { channels: 'kept', channelAxis: namedAxis },
  reduce: { channels: 'other', movesBytes: ({ reducer }) => reducer === 'sum' },
  elementwise: { channels: 'other', movesBytes: true },
  concat: { channels: 'other', movesBytes: true },
  slice: { channels: 'other' },
  reshape: { channels: 'other' },
  permute: { channels: 'other' },
  expand: { channels: 'other' },
  pad: { channels: 'other' },
  resize: { channels: 'kept', channelAxis: namedAxis },
  matmul: { channels: 'other', multiplies: true, movesBytes: true, channelAxis: lastAxis },
  softmax: { channels: 'other' },
  'channel-shuffle': { channels: 'other', channelAxis: namedAxis },
  'depth-to-space': { channels: 'other', channelAxis: namedAxis },
  'space-to-depth': { channels: 'other', channelAxis: namedAxis },
  dropout: { channels: 'kept' },
  identity: { channels: 'kept' },
  constant: { channels: 'other' },
  rearrange: { channels: 'other' },
  opaque: { channels: 'other' },
};

/** The row of a kind, for attributes of that kind. The cast is the table's promise: row K takes attributes of kind K. */
function rowOf(attributes: OpAttributes): Traits<OpAttributes> {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion
  return traits[attributes.kind] as unknown as Traits<OpAttributes>;
}

/** Whether each output channel reads one input channel only. */
export function isDepthwiseLike(attributes: { readonly groups: number; readonly inChannels: number }): boolean {
  return attributes.groups > 1 && attributes.groups === attributes.inChannels;
}

/** Whether the op has a width that its own weights give it: convolutions of all kinds, dense layers, embeddings. */
export function hasOwnWidth({ attributes }: Op): boolean {
  return rowOf(attributes).channels === 'made';
}

/** Whether the op's weights mix channels, so that its width is free of its input's. Depthwise convolutions hand channels on. */
export function isWeighted(op: Op): boolean {
  const { attributes } = op;
  return hasOwnWidth(op) && !('groups' in attributes && 'inChannels' in attributes && isDepthwiseLike(attributes));
}

/** Whether multiply-adds are counted of the op. */
export function multiplies(attributes: OpAttributes): boolean {
  return rowOf(attributes).multiplies === true;
}

/** Whether what the op reads and writes counts as memory traffic. */
export function movesBytes(attributes: OpAttributes): boolean {
  const { movesBytes: moves = false } = rowOf(attributes);
  return typeof moves === 'function' ? moves(attributes) : moves;
}

/** Whether each output channel is made of the input channel in its place alone. */
export function keepsChannels(attributes: OpAttributes): boolean {
  return rowOf(attributes).channels === 'kept';
}

/** The widths that an op has of its own, by weights or by the parameters of a norm. */
export function widthsOf(attributes: OpAttributes): Widths {
  return rowOf(attributes).widths?.(attributes) ?? { in: undefined, out: undefined };
}

/** The width that a layer's own weights give it; 0 for ops without one, and for no op at all. */
export function ownWidthOf(op: Op | undefined): number {
  return op === undefined || !hasOwnWidth(op) ? 0 : (widthsOf(op.attributes).out ?? 0);
}

/** The attributes at other widths; attributes without widths as they are. */
export function withWidths(attributes: OpAttributes, widths: NewWidths): OpAttributes {
  return rowOf(attributes).withWidths?.(attributes, widths) ?? attributes;
}

/** The axis of an op's channels in a shape of this rank, for ops that say it. */
export function channelAxisOf({ attributes }: Op, rank: number): number | undefined {
  const axis = rowOf(attributes).channelAxis?.(attributes);
  return axis === undefined ? undefined : resolveAxis(axis, rank);
}

/** The axes of a parameter that are as long as one of its op's widths. */
export function parameterAxesOf(
  { attributes }: Op,
  { role, shape }: Pick<Parameter, 'role' | 'shape'>,
): readonly ParameterAxis[] {
  const axes = rowOf(attributes).parameterAxes?.(attributes, role);
  return axes ?? (shape.length === 1 ? onOutput : []);
}
