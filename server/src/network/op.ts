// The kinds of operations a network is made of, with their attributes: data only.
// Shapes follow the PyTorch reading: batch first; `channelAxis` says where channels stand (1, or -1 for channels-last).

import type { SourceSpan } from '../common/source-span.ts';
import type { Shape } from './shape.ts';
import type { WidthOrigin } from './width-origin.ts';

/** Index into `NetworkGraph.ops`. */
export type OpId = number;
/** Index into `NetworkGraph.values`. */
export type ValueId = number;

/** The source text that creates ops, and the calls that led to it, outermost first. One site, many ops. */
export interface LayerSite {
  readonly span: SourceSpan;
  readonly callChain: readonly SourceSpan[];
}

/** What a parameter tensor does in its op. Running statistics are buffers, not trained and not counted as params. */
export type ParameterRole =
  'weight' | 'bias' | 'scale' | 'shift' | 'slope' | 'running-mean' | 'running-variance' | 'other';

/** How training starts a parameter: a rule, so that a narrower copy of a layer starts by the same one, with other numbers. */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly deviation: number }
  /** Evenly from `-bound` to `bound`. */
  | { readonly kind: 'uniform'; readonly bound: number }
  /**
   * Of mean 0 and variance `scale` / fan, where the fan is that of the layer's weight, also for its bias. PyTorch's default for
   * layers is a scale of 1/3, evenly, by what comes in; He's is 2 by what comes in; Glorot's is 1 by the average.
   */
  | {
      readonly kind: 'variance-scaling';
      readonly scale: number;
      readonly fan: 'in' | 'out' | 'average';
      readonly distribution: 'normal' | 'uniform';
    };

/**
 * A tensor that belongs to a layer. `id` is its identity: two ops that share a layer list the same id.
 * Layouts: convolution weight [out, in/groups, ...kernel]; transposed [in, out/groups, ...kernel]; dense [out, in];
 * normalisation scale and shift [channels]; embedding [count, width].
 */
export interface Parameter {
  readonly id: string;
  readonly role: ParameterRole;
  readonly shape: Shape;
  /** How training starts it where that differs from `usualInitializer`. */
  readonly initializer?: Initializer;
}

export interface Padding {
  readonly before: number;
  readonly after: number;
}

/**
 * How a framework was told to pad, where it was told by a word: `same` as far as the output is ceil(input / stride) long (the
 * odd one behind), `valid` not at all. The amounts stand beside it, at the sizes that the graph was read at.
 */
export type PaddingRule = 'same' | 'valid';

export type ActivationFunction =
  | 'relu'
  | 'relu6'
  | 'leaky-relu'
  | 'prelu'
  | 'elu'
  | 'selu'
  | 'celu'
  | 'gelu'
  | 'gelu-tanh'
  | 'silu'
  | 'mish'
  | 'sigmoid'
  | 'hard-sigmoid'
  | 'hard-swish'
  | 'hard-tanh'
  | 'tanh'
  | 'softplus'
  | 'softsign'
  | 'log-sigmoid'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'rsqrt'
  | 'abs'
  | 'negative'
  | 'square'
  | 'sine'
  | 'cosine'
  | 'other';

/** One attribute record per kind. Per-axis lists have one entry per spatial axis. */
export type OpAttributes =
  /** `channelAxis` is there where the source says where an input's channels stand; otherwise the layer that reads it tells. */
  | { readonly kind: 'input'; readonly shape: Shape; readonly channelAxis?: number }
  | {
      readonly kind: 'convolution';
      readonly inChannels: number;
      readonly outChannels: number;
      readonly kernel: readonly number[];
      readonly stride: readonly number[];
      readonly padding: readonly Padding[];
      readonly paddingRule?: PaddingRule;
      readonly paddingMode: 'zeros' | 'reflect' | 'replicate' | 'circular';
      readonly dilation: readonly number[];
      readonly groups: number;
      readonly channelAxis: number;
    }
  | {
      readonly kind: 'transposed-convolution';
      readonly inChannels: number;
      readonly outChannels: number;
      readonly kernel: readonly number[];
      readonly stride: readonly number[];
      readonly padding: readonly Padding[];
      readonly paddingRule?: PaddingRule;
      readonly outputPadding: readonly number[];
      readonly dilation: readonly number[];
      readonly groups: number;
      readonly channelAxis: number;
    }
  /** Acts on the last axis; earlier axes are positions. */
  | { readonly kind: 'dense'; readonly inFeatures: number; readonly outFeatures: number }
  | {
      readonly kind: 'batch-norm';
      readonly channels: number;
      readonly epsilon: number;
      /** Weight of the new batch in the running statistics (PyTorch's sense); undefined is a cumulative average. */
      readonly momentum: number | undefined;
      /** Whether there is a learnable scale (gamma); `parameters` then has a `scale`. */
      readonly hasScale: boolean;
      readonly hasShift: boolean;
      readonly channelAxis: number;
    }
  | { readonly kind: 'layer-norm'; readonly normalizedAxes: readonly number[]; readonly epsilon: number }
  | {
      readonly kind: 'group-norm';
      readonly groups: number;
      readonly channels: number;
      readonly epsilon: number;
      readonly channelAxis: number;
    }
  | { readonly kind: 'local-response-norm'; readonly size: number }
  /** `slope` is the leak of leaky-relu or the alpha of elu. */
  | {
      readonly kind: 'activation';
      readonly function: ActivationFunction;
      readonly slope?: number;
      readonly channelAxis: number;
    }
  | {
      readonly kind: 'pool';
      readonly mode: 'max' | 'average';
      readonly kernel: readonly number[];
      readonly stride: readonly number[];
      readonly padding: readonly Padding[];
      readonly paddingRule?: PaddingRule;
      readonly dilation: readonly number[];
      readonly ceilMode: boolean;
      readonly countIncludePad: boolean;
      readonly channelAxis: number;
    }
  | {
      readonly kind: 'adaptive-pool';
      readonly mode: 'max' | 'average';
      readonly outputSize: readonly (number | undefined)[];
      readonly channelAxis: number;
    }
  | {
      readonly kind: 'reduce';
      readonly reducer: 'mean' | 'sum' | 'max' | 'min' | 'product' | 'variance' | 'norm';
      readonly axes: readonly number[];
      readonly keepDimensions: boolean;
    }
  /** Two or more inputs with broadcasting; scalars that the source writes are `constant` ops. */
  | {
      readonly kind: 'elementwise';
      readonly operator:
        'add' | 'subtract' | 'multiply' | 'divide' | 'maximum' | 'minimum' | 'power' | 'compare' | 'where';
    }
  | { readonly kind: 'concat'; readonly axis: number }
  /** `size` elements from `start` with `step` on one axis; a split is several of these. */
  | {
      readonly kind: 'slice';
      readonly axis: number;
      readonly start: number;
      readonly size: number;
      readonly step: number;
    }
  /** Also flatten, squeeze and unsqueeze. At most one dimension of `shape` is -1 and is worked out. */
  | { readonly kind: 'reshape'; readonly shape: readonly Dimensionlike[] }
  | { readonly kind: 'permute'; readonly order: readonly number[] }
  | { readonly kind: 'expand'; readonly shape: readonly Dimensionlike[] }
  /** One entry per axis of the input. Negative amounts crop. */
  | {
      readonly kind: 'pad';
      readonly padding: readonly Padding[];
      readonly mode: 'constant' | 'reflect' | 'replicate' | 'circular';
      readonly value: number;
    }
  | {
      readonly kind: 'resize';
      readonly mode: 'nearest' | 'linear' | 'cubic' | 'area';
      readonly outputSize: readonly number[];
      /** How the source says it, one number standing for all axes: sizes, or factors. */
      readonly written?: { readonly as: 'sizes' | 'factors'; readonly numbers: readonly number[] };
      readonly alignCorners: boolean;
      readonly channelAxis: number;
    }
  /** Product of two activations (or of one and a free parameter), batched over leading axes. */
  | { readonly kind: 'matmul' }
  | { readonly kind: 'softmax'; readonly axis: number; readonly log: boolean }
  | { readonly kind: 'embedding'; readonly count: number; readonly width: number }
  /** out channel j·groups + i is in channel i·(C/groups) + j. */
  | { readonly kind: 'channel-shuffle'; readonly groups: number; readonly channelAxis: number }
  /** `crd`: in = c·block² + offset (PyTorch's pixel shuffle); `dcr`: in = offset·C_out + c (TensorFlow). */
  | {
      readonly kind: 'depth-to-space';
      readonly block: number;
      readonly order: 'crd' | 'dcr';
      readonly channelAxis: number;
    }
  | {
      readonly kind: 'space-to-depth';
      readonly block: number;
      readonly order: 'crd' | 'dcr';
      readonly channelAxis: number;
    }
  | { readonly kind: 'dropout'; readonly rate: number }
  | { readonly kind: 'identity' }
  /** A tensor that no input feeds: a scalar, a buffer, a free parameter. `value` is set when all elements are alike. */
  | { readonly kind: 'constant'; readonly shape: Shape; readonly value?: number }
  /** Shape-only effects that move elements about: roll, flip, gather; not modelled further. `shape` is the output's. */
  | { readonly kind: 'rearrange'; readonly operation: string; readonly shape: Shape }
  /** Something we do not understand. `shapes` are the outputs' as far as known. */
  | { readonly kind: 'opaque'; readonly operation: string; readonly reason: string; readonly shapes: readonly Shape[] };

/** A dimension in a target shape: a number, -1 for "the rest", or unknown. */
export type Dimensionlike = Shape[number];

export type OpKind = OpAttributes['kind'];

/** Where the amounts of padding on a channel axis come from. */
export interface PaddedWidths {
  readonly axis: number;
  readonly before?: WidthOrigin | undefined;
  readonly after?: WidthOrigin | undefined;
}

/** One executed operation. */
export interface Op {
  readonly id: OpId;
  /** The qualified name that the framework would print (`layer1.0.conv1`); functional ops get the enclosing module's name and their own (`layer1.0.relu`). Unique in the graph. */
  readonly name: string;
  /** The framework's word for it (`Conv2d`, `convolutional`, `F.relu`). */
  readonly label: string;
  readonly attributes: OpAttributes;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  readonly parameters: readonly Parameter[];
  /** Absent in a graph that was not read from a text. */
  readonly site?: LayerSite;
  /** The trail of the op's output width; absent where the op has no width of its own. */
  readonly outWidth?: WidthOrigin;
  /** The trail of `groups` as it is written: a depthwise layer's follows its width. */
  readonly groupsWidth?: WidthOrigin;
  /** The trails of how many channels an op puts before and behind those of its input, on which axis. */
  readonly paddedWidths?: PaddedWidths;
  /** The trail of the input width as it is written (PyTorch names both); absent where the framework infers it. */
  readonly inWidth?: WidthOrigin;
}

/** An op of one kind, with its attributes narrowed. */
export type OpOf<K extends OpKind> = Op & { readonly attributes: Extract<OpAttributes, { readonly kind: K }> };

/** Narrows an op by kind. */
export function isKind<K extends OpKind>(op: Op, kind: K): op is OpOf<K> {
  return op.attributes.kind === kind;
}
