// Hand-built networks for engine tests: a builder that names parameters as PyTorch would and fails loudly.

import { GraphBuilder } from '../../../../server/src/network/graph-builder.ts';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import type { OpAttributes, Padding, Parameter, ValueId } from '../../../../server/src/network/op.ts';

const span = { document: 'test:///network', start: 0, end: 0 };

export class SmallNetwork {
  readonly #builder = new GraphBuilder();
  readonly input: ValueId;

  /** `inputShape` is without the batch. */
  constructor(inputShape: readonly number[]) {
    this.input = this.add('input', { kind: 'input', shape: [1, ...inputShape] }, []);
  }

  add(
    name: string,
    attributes: OpAttributes,
    inputs: readonly ValueId[],
    parameters: readonly Parameter[] = [],
  ): ValueId {
    const added = this.#builder.add({
      name,
      label: attributes.kind,
      attributes,
      inputs,
      parameters,
      site: { span, callChain: [] },
    });
    if (!added.ok) throw new Error(added.error);
    const [output] = added.value;
    if (output === undefined) throw new Error(`${name} has no output`);
    return output;
  }

  shape(value: ValueId): readonly number[] {
    return this.#builder.shapeOf(value).map(Number);
  }

  convolution(
    name: string,
    x: ValueId,
    outChannels: number,
    kernel: number,
    options: ConvolutionOptions = {},
  ): ValueId {
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = false } = options;
    const [, inChannels = 0, ...spatial] = this.shape(x);
    const sides: Padding = typeof padding === 'number' ? { before: padding, after: padding } : padding;
    const each = <T>(value: T): readonly T[] => spatial.map(() => value);
    const weight: Parameter = {
      id: `${name}.weight`,
      role: 'weight',
      shape: [outChannels, inChannels / groups, ...each(kernel)],
    };
    return this.add(
      name,
      {
        kind: 'convolution',
        inChannels,
        outChannels,
        kernel: each(kernel),
        stride: each(stride),
        padding: each(sides),
        paddingMode: options.paddingMode ?? 'zeros',
        dilation: each(dilation),
        groups,
        channelAxis: 1,
      },
      [x],
      [weight, ...(bias ? [{ id: `${name}.bias`, role: 'bias' as const, shape: [outChannels] }] : [])],
    );
  }

  batchNorm(
    name: string,
    x: ValueId,
    options: { readonly momentum?: number | undefined; readonly hasScale?: boolean } = {},
  ): ValueId {
    const [, channels = 0] = this.shape(x);
    const { hasScale = true } = options;
    const momentum = 'momentum' in options ? options.momentum : 0.1;
    const parameter = (suffix: string, role: Parameter['role']): Parameter => ({
      id: `${name}.${suffix}`,
      role,
      shape: [channels],
    });
    return this.add(
      name,
      { kind: 'batch-norm', channels, epsilon: 1e-5, momentum, hasScale, hasShift: true, channelAxis: 1 },
      [x],
      [
        ...(hasScale ? [parameter('weight', 'scale')] : []),
        parameter('bias', 'shift'),
        parameter('running_mean', 'running-mean'),
        parameter('running_var', 'running-variance'),
      ],
    );
  }

  activation(
    name: string,
    x: ValueId,
    activation: Extract<OpAttributes, { kind: 'activation' }>['function'],
    slope?: number,
  ): ValueId {
    return this.add(
      name,
      { kind: 'activation', function: activation, channelAxis: 1, ...(slope !== undefined && { slope }) },
      [x],
    );
  }

  dense(name: string, x: ValueId, outFeatures: number): ValueId {
    const inFeatures = this.shape(x).at(-1) ?? 0;
    return this.add(
      name,
      { kind: 'dense', inFeatures, outFeatures },
      [x],
      [
        { id: `${name}.weight`, role: 'weight', shape: [outFeatures, inFeatures] },
        { id: `${name}.bias`, role: 'bias', shape: [outFeatures] },
      ],
    );
  }

  sum(name: string, a: ValueId, b: ValueId): ValueId {
    return this.add(name, { kind: 'elementwise', operator: 'add' }, [a, b]);
  }

  maxPool(name: string, x: ValueId, kernel: number): ValueId {
    const each = <T>(value: T): readonly T[] =>
      this.shape(x)
        .slice(2)
        .map(() => value);
    return this.add(
      name,
      {
        kind: 'pool',
        mode: 'max',
        kernel: each(kernel),
        stride: each(kernel),
        padding: each({ before: 0, after: 0 }),
        dilation: each(1),
        ceilMode: false,
        countIncludePad: true,
        channelAxis: 1,
      },
      [x],
    );
  }

  /** Mean over all positions, one vector an image. */
  globalMean(name: string, x: ValueId): ValueId {
    return this.add(
      name,
      {
        kind: 'reduce',
        reducer: 'mean',
        axes: this.shape(x)
          .slice(2)
          .map((_, index) => index + 2),
        keepDimensions: false,
      },
      [x],
    );
  }

  flatten(name: string, x: ValueId): ValueId {
    return this.add(name, { kind: 'reshape', shape: [1, -1] }, [x]);
  }

  build(...outputs: readonly ValueId[]): NetworkGraph {
    const entry = {
      document: span.document,
      name: 'Small',
      from: 'default' as const,
      span,
      input: { shapes: [], from: 'default' as const },
    };
    return this.#builder.build('pytorch', entry, outputs);
  }
}

export interface ConvolutionOptions {
  readonly stride?: number;
  readonly padding?: number | Padding;
  readonly dilation?: number;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly paddingMode?: 'zeros' | 'reflect' | 'replicate' | 'circular';
}
