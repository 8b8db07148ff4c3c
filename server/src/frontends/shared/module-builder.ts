// What modules that a config file names are built of: convolutions with norm and activation, sums, concatenations, pools,
// products, in PyTorch's layouts. Each belongs to the place that is being read; a part that does not fit ends it with a sentence.

import type { SourceSpan } from '../../common/source-span.ts';
import type { GraphBuilder, NewOp } from '../../network/graph-builder.ts';
import type { ActivationFunction, OpAttributes, Padding, Parameter, ValueId } from '../../network/op.ts';
import type { Shape } from '../../network/shape.ts';
import type { WidthOrigin } from '../../network/width-origin.ts';
import type { Width } from './traced-width.ts';

/** Says why a module can't be read further; it becomes one that is not understood. */
export class Misfit extends Error {}

export interface ConvolutionSettings {
  readonly kernel?: number | readonly [number, number];
  readonly stride?: number | readonly [number, number];
  /** On each side; half the kernel where it is not said. */
  readonly padding?: number | undefined;
  readonly groups?: number;
  readonly dilation?: number;
  /** True is the model's own, false none. */
  readonly activation?: boolean | ActivationFunction;
}

/** A convolution alone; the trails of other numbers than its width are given where the file writes them. */
interface PlainConvolution extends ConvolutionSettings {
  readonly bias?: boolean;
  readonly groupsWidth?: WidthOrigin;
  readonly inWidth?: WidthOrigin | undefined;
}

/** How a batch norm is made; `momentum` is the weight of the new batch. */
export interface NormSettings {
  readonly epsilon: number;
  readonly momentum: number;
}

/** What all modules of a model have in common. */
export interface ModuleHabits {
  readonly activation: ActivationFunction;
  readonly norm: NormSettings;
}

export class ModuleBuilder {
  readonly #graph: GraphBuilder;
  readonly #name: string;
  readonly span: SourceSpan;
  readonly #habits: ModuleHabits;

  /** Ops are named after `name` and stand at `span`. */
  constructor(graph: GraphBuilder, name: string, span: SourceSpan, habits: ModuleHabits) {
    this.#graph = graph;
    this.#name = name;
    this.span = span;
    this.#habits = habits;
  }

  shapeOf(value: ValueId): Shape {
    return this.#graph.shapeOf(value);
  }

  channelsOf(value: ValueId): number {
    const channels = this.shapeOf(value)[1];
    if (typeof channels === 'number') return channels;
    throw new Misfit(channels === undefined ? 'the input has no channels' : channels.reason);
  }

  /** Height and width of an image. */
  spaceOf(value: ValueId): readonly [number, number] {
    const [, , height, width] = this.shapeOf(value);
    if (typeof height === 'number' && typeof width === 'number') return [height, width];
    throw new Misfit('the size of the input is not known');
  }

  /** Adds an op; `part` follows the module's name. */
  op(
    part: string,
    label: string,
    attributes: OpAttributes,
    inputs: readonly ValueId[],
    more: Pick<NewOp, 'outWidth' | 'groupsWidth' | 'inWidth'> & {
      /** A third item names a parameter in place of its role. */
      readonly parameters?: readonly (readonly [role: Parameter['role'], shape: Shape, name?: string])[];
    } = {},
  ): ValueId {
    const name = [this.#name, part].filter((each) => each !== '').join('.');
    const { parameters = [], ...widths } = more;
    const added = this.#graph.add({
      name,
      label,
      attributes,
      inputs,
      ...widths,
      parameters: parameters.map(([role, shape, own = role]) => ({ id: `${name}.${own}`, role, shape })),
      site: { span: this.span, callChain: [] },
    });
    if (!added.ok) throw new Misfit(added.error);
    const [value] = added.value;
    if (value === undefined) throw new Misfit('the layer gives nothing');
    return value;
  }

  /** A convolution alone; see `convolution` for one with norm and activation. */
  plainConvolution(part: string, input: ValueId, out: Width, settings: PlainConvolution = {}): ValueId {
    const { kernel = 1, stride = 1, dilation = 1, groups = 1, padding, bias = true, groupsWidth, inWidth } = settings;
    const sizes = typeof kernel === 'number' ? [kernel, kernel] : kernel;
    const inChannels = this.channelsOf(input);
    const outChannels = out.value;
    const amounts = sizes.map((size) => padding ?? Math.floor((dilation * (size - 1) + 1) / 2));
    return this.op(
      part,
      'Conv2d',
      {
        kind: 'convolution',
        inChannels,
        outChannels,
        kernel: sizes,
        stride: typeof stride === 'number' ? [stride, stride] : stride,
        padding: amounts.map((amount) => ({ before: amount, after: amount })),
        paddingMode: 'zeros',
        dilation: [dilation, dilation],
        groups,
        channelAxis: 1,
      },
      [input],
      {
        outWidth: out.origin,
        groupsWidth,
        inWidth,
        parameters: [
          ['weight', [outChannels, inChannels / groups, ...sizes]],
          ...(bias ? [['bias', [outChannels]] as const] : []),
        ],
      },
    );
  }

  /** A convolution over pieces of an image that do not overlap: kernel and stride are height and width of one. */
  patches(part: string, input: ValueId, out: Width, size: readonly [number, number]): ValueId {
    return this.plainConvolution(part, input, out, { kernel: size, stride: size, padding: 0 });
  }

  /** Convolution, batch norm, activation. */
  convolution(part: string, input: ValueId, out: Width, settings: ConvolutionSettings = {}): ValueId {
    const inside = part === '' ? '' : `${part}.`;
    const made = this.plainConvolution(`${inside}conv`, input, out, { ...settings, bias: false });
    return this.activated(`${inside}act`, this.batchNorm(`${inside}bn`, made), settings.activation ?? true);
  }

  /** A convolution whose every output reads as few inputs as it can. */
  depthwise(part: string, input: ValueId, out: Width, settings: ConvolutionSettings = {}): ValueId {
    return this.convolution(part, input, out, {
      ...settings,
      groups: commonDivisor(this.channelsOf(input), out.value),
    });
  }

  batchNorm(part: string, input: ValueId, { epsilon, momentum } = this.#habits.norm): ValueId {
    const channels = this.channelsOf(input);
    return this.op(
      part,
      'BatchNorm2d',
      { kind: 'batch-norm', channels, epsilon, momentum, hasScale: true, hasShift: true, channelAxis: 1 },
      [input],
      {
        parameters: (['scale', 'shift', 'running-mean', 'running-variance'] as const).map((role) => [role, [channels]]),
      },
    );
  }

  activated(part: string, input: ValueId, wanted: boolean | ActivationFunction, channelAxis = 1): ValueId {
    if (wanted === false) return input;
    const name = wanted === true ? this.#habits.activation : wanted;
    return this.op(part, name, { kind: 'activation', function: name, channelAxis }, [input]);
  }

  transposed(
    part: string,
    input: ValueId,
    out: Width,
    kernel: number,
    stride: number,
    padding: number,
    bias: boolean,
  ): ValueId {
    const inChannels = this.channelsOf(input);
    const both = <T>(value: T): readonly T[] => [value, value];
    return this.op(
      part,
      'ConvTranspose2d',
      {
        kind: 'transposed-convolution',
        inChannels,
        outChannels: out.value,
        kernel: both(kernel),
        stride: both(stride),
        padding: both({ before: padding, after: padding }),
        outputPadding: [0, 0],
        dilation: [1, 1],
        groups: 1,
        channelAxis: 1,
      },
      [input],
      {
        outWidth: out.origin,
        parameters: [
          ['weight', [inChannels, out.value, kernel, kernel]],
          ...(bias ? [['bias', [out.value]] as const] : []),
        ],
      },
    );
  }

  add(part: string, left: ValueId, right: ValueId): ValueId {
    return this.op(part, 'add', { kind: 'elementwise', operator: 'add' }, [left, right]);
  }

  multiply(part: string, left: ValueId, right: ValueId): ValueId {
    return this.op(part, 'mul', { kind: 'elementwise', operator: 'multiply' }, [left, right]);
  }

  /** A tensor of the model's own, of this shape. */
  parameter(part: string, shape: Shape): ValueId {
    return this.op(part, 'Parameter', { kind: 'constant', shape }, [], { parameters: [['other', shape]] });
  }

  /** The means of all places of an image, with height and width of 1. */
  globalPool(part: string, input: ValueId): ValueId {
    const attributes = { kind: 'adaptive-pool', mode: 'average', outputSize: [1, 1], channelAxis: 1 } as const;
    return this.op(part, 'AdaptiveAvgPool2d', attributes, [input]);
  }

  /** Zeros around an image. */
  pad(part: string, input: ValueId, height: Padding, width: Padding): ValueId {
    const none = { before: 0, after: 0 };
    const attributes = { kind: 'pad', padding: [none, none, height, width], mode: 'constant', value: 0 } as const;
    return this.op(part, 'pad', attributes, [input]);
  }

  mean(part: string, input: ValueId, axes: readonly number[]): ValueId {
    return this.op(part, 'mean', { kind: 'reduce', reducer: 'mean', axes, keepDimensions: false }, [input]);
  }

  concat(part: string, inputs: readonly ValueId[], axis = 1): ValueId {
    const [only] = inputs;
    if (inputs.length === 1 && only !== undefined) return only;
    return this.op(part, 'Concat', { kind: 'concat', axis }, inputs);
  }

  /** Channels from `start` on. */
  slice(part: string, input: ValueId, start: number, size: number, axis = 1): ValueId {
    return this.op(part, 'chunk', { kind: 'slice', axis, start, size, step: 1 }, [input]);
  }

  /** Both halves of the channels. */
  halves(input: ValueId): readonly [ValueId, ValueId] {
    const half = Math.floor(this.channelsOf(input) / 2);
    return [this.slice('chunk', input, 0, half), this.slice('chunk', input, half, half)];
  }

  pool(
    part: string,
    input: ValueId,
    mode: 'max' | 'average',
    kernel: number,
    stride: number,
    padding: number,
    ceilMode = false,
  ): ValueId {
    const both = <T>(value: T): readonly T[] => [value, value];
    return this.op(
      part,
      mode === 'max' ? 'MaxPool2d' : 'AvgPool2d',
      {
        kind: 'pool',
        mode,
        kernel: both(kernel),
        stride: both(stride),
        padding: both({ before: padding, after: padding }),
        dilation: [1, 1],
        ceilMode,
        countIncludePad: true,
        channelAxis: 1,
      },
      [input],
    );
  }

  resize(part: string, input: ValueId, outputSize: readonly number[], mode: 'nearest' | 'linear' = 'nearest'): ValueId {
    return this.op(part, 'Upsample', { kind: 'resize', mode, outputSize, alignCorners: false, channelAxis: 1 }, [
      input,
    ]);
  }

  reshape(part: string, input: ValueId, shape: readonly number[]): ValueId {
    return this.op(part, 'view', { kind: 'reshape', shape }, [input]);
  }

  permute(part: string, input: ValueId, order: readonly number[]): ValueId {
    return this.op(part, 'permute', { kind: 'permute', order }, [input]);
  }

  product(part: string, left: ValueId, right: ValueId): ValueId {
    return this.op(part, 'matmul', { kind: 'matmul' }, [left, right]);
  }

  softmax(part: string, input: ValueId, axis = -1): ValueId {
    return this.op(part, 'softmax', { kind: 'softmax', axis, log: false }, [input]);
  }

  dense(part: string, input: ValueId, out: Width, bias = true): ValueId {
    const inFeatures = this.shapeOf(input).at(-1);
    if (typeof inFeatures !== 'number') throw new Misfit('the number of features is not known');
    return this.op(part, 'Linear', { kind: 'dense', inFeatures, outFeatures: out.value }, [input], {
      outWidth: out.origin,
      parameters: [['weight', [out.value, inFeatures]], ...(bias ? [['bias', [out.value]] as const] : [])],
    });
  }

  /** Parameters that are there but not used when the model is applied: a branch that only training has. */
  idle(part: string, shapes: readonly Shape[]): void {
    const name = `${this.#name}.${part}`;
    this.#graph.addIdle({
      name,
      label: 'training only',
      parameters: shapes.map((shape, i) => ({ id: `${name}.${String(i)}`, role: 'weight', shape })),
      site: { span: this.span, callChain: [] },
    });
  }

  /** Over the last axis. */
  layerNorm(part: string, input: ValueId, epsilon = 1e-5): ValueId {
    const width = this.shapeOf(input).at(-1) ?? 1;
    return this.op(part, 'LayerNorm', { kind: 'layer-norm', normalizedAxes: [-1], epsilon }, [input], {
      parameters: [
        ['scale', [width]],
        ['shift', [width]],
      ],
    });
  }
}

function commonDivisor(left: number, right: number): number {
  return right === 0 ? left : commonDivisor(right, left % right);
}
