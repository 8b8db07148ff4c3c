// The networks that a machine is measured with: each kind of layer at shapes from small to large, and a few blocks as
// published networks are made of. None of them is a network that anybody uses.

import { GraphBuilder } from '../../network/graph-builder.ts';
import type { NetworkGraph } from '../../network/network-graph.ts';
import type { ActivationFunction, OpAttributes, Parameter, ValueId } from '../../network/op.ts';

const site = { span: { document: '', start: 0, end: 0 }, callChain: [] };

/** PyTorch's names, by which its modules are written. */
const activationLabels: Partial<Record<ActivationFunction, string>> = {
  relu: 'ReLU',
  relu6: 'ReLU6',
  silu: 'SiLU',
  sigmoid: 'Sigmoid',
  gelu: 'gelu',
  'hard-swish': 'Hardswish',
};

function labelOf(attributes: OpAttributes): string {
  switch (attributes.kind) {
    case 'activation':
      return activationLabels[attributes.function] ?? attributes.function;
    case 'layer-norm':
      return 'LayerNorm';
    case 'softmax':
      return 'Softmax';
    case 'elementwise':
      return attributes.operator === 'add' ? '+' : '*';
    case 'pool':
      return attributes.mode === 'max' ? 'MaxPool2d' : 'AvgPool2d';
    case 'adaptive-pool':
      return 'AdaptiveAvgPool2d';
    default:
      return attributes.kind;
  }
}

/** A network grown by chaining layers onto its last value. */
class Chain {
  readonly #builder = new GraphBuilder();
  readonly #input: readonly number[];
  last: ValueId;

  constructor(...input: readonly number[]) {
    this.#input = input;
    this.last = this.#add({ kind: 'input', shape: [1, ...input] }, []);
  }

  #add(attributes: OpAttributes, inputs: readonly ValueId[], parameters: readonly Parameter[] = []): ValueId {
    const added = this.#builder.add({
      name: attributes.kind,
      label: labelOf(attributes),
      attributes,
      inputs,
      parameters,
      site,
    });
    const [output] = added.ok ? added.value : [];
    if (output === undefined) throw new Error(added.ok ? 'A layer without output' : added.error);
    return output;
  }

  #size(axis: number): number {
    return Number(this.#builder.shapeOf(this.last).at(axis));
  }

  #parameter(role: Parameter['role'], shape: readonly number[]): Parameter {
    return { id: `${role} ${String(this.last)}`, role, shape };
  }

  then(attributes: OpAttributes, others: readonly ValueId[] = []): this {
    this.last = this.#add(attributes, [this.last, ...others]);
    return this;
  }

  convolution(outChannels: number, kernel = 3, stride = 1, groups = 1): this {
    const inChannels = this.#size(1);
    const weight = this.#parameter('weight', [outChannels, inChannels / groups, kernel, kernel]);
    const bias = this.#parameter('bias', [outChannels]);
    const side = (kernel - 1) >> 1;
    this.last = this.#add(
      {
        kind: 'convolution',
        inChannels,
        outChannels,
        kernel: [kernel, kernel],
        stride: [stride, stride],
        padding: [
          { before: side, after: side },
          { before: side, after: side },
        ],
        paddingMode: 'zeros',
        dilation: [1, 1],
        groups,
        channelAxis: 1,
      },
      [this.last],
      [weight, bias],
    );
    return this;
  }

  depthwise(kernel = 3, stride = 1): this {
    const channels = this.#size(1);
    return this.convolution(channels, kernel, stride, channels);
  }

  dense(outFeatures: number): this {
    const inFeatures = this.#size(-1);
    const weight = this.#parameter('weight', [outFeatures, inFeatures]);
    this.last = this.#add({ kind: 'dense', inFeatures, outFeatures }, [this.last], [weight]);
    return this;
  }

  batchNorm(): this {
    const channels = this.#size(1);
    const roles = ['scale', 'shift', 'running-mean', 'running-variance'] as const;
    this.last = this.#add(
      { kind: 'batch-norm', channels, epsilon: 1e-5, momentum: 0.1, hasScale: true, hasShift: true, channelAxis: 1 },
      [this.last],
      roles.map((role) => this.#parameter(role, [channels])),
    );
    return this;
  }

  layerNorm(): this {
    const width = this.#size(-1);
    this.last = this.#add(
      { kind: 'layer-norm', normalizedAxes: [2], epsilon: 1e-5 },
      [this.last],
      (['scale', 'shift'] as const).map((role) => this.#parameter(role, [width])),
    );
    return this;
  }

  activation(name: ActivationFunction): this {
    return this.then({ kind: 'activation', function: name, channelAxis: 1 });
  }

  plus(other: ValueId): this {
    return this.then({ kind: 'elementwise', operator: 'add' }, [other]);
  }

  pool(mode: 'max' | 'average', kernel: number, stride: number): this {
    const side = kernel >> 1;
    const padding = { before: kernel % 2 === 0 ? 0 : side, after: kernel % 2 === 0 ? 0 : side };
    return this.then({
      kind: 'pool',
      mode,
      kernel: [kernel, kernel],
      stride: [stride, stride],
      padding: [padding, padding],
      dilation: [1, 1],
      ceilMode: false,
      countIncludePad: true,
      channelAxis: 1,
    });
  }

  globalPool(): this {
    return this.then({ kind: 'adaptive-pool', mode: 'average', outputSize: [1, 1], channelAxis: 1 });
  }

  build(): NetworkGraph {
    const span = { document: '', start: 0, end: 0 };
    const input = { shapes: [this.#input], from: 'request' } as const;
    return this.#builder.build('pytorch', { document: '', name: '', from: 'request', span, input }, [this.last]);
  }
}

const image = (channels: number, side: number): Chain => new Chain(channels, side, side);

function bottleneck(width: number, side: number): NetworkGraph {
  const chain = image(4 * width, side);
  const before = chain.last;
  chain
    .convolution(width, 1)
    .activation('relu')
    .convolution(width)
    .activation('relu')
    .convolution(4 * width, 1);
  return chain.plus(before).activation('relu').build();
}

function invertedResidual(width: number, side: number, name: ActivationFunction): NetworkGraph {
  const chain = image(width, side);
  const before = chain.last;
  chain
    .convolution(6 * width, 1)
    .activation(name)
    .depthwise()
    .activation(name)
    .convolution(width, 1);
  return chain.plus(before).build();
}

function squeezeAndExcite(width: number, side: number): NetworkGraph {
  const chain = image(width, side);
  const before = chain.last;
  chain
    .globalPool()
    .convolution(width / 4, 1)
    .activation('relu')
    .convolution(width, 1)
    .activation('sigmoid');
  return chain.then({ kind: 'elementwise', operator: 'multiply' }, [before]).build();
}

function attention(tokens: number, width: number): NetworkGraph {
  const chain = new Chain(tokens, width);
  const tensor = chain.last;
  chain.dense(width);
  const queries = chain.last;
  chain.last = tensor;
  chain.dense(width).then({ kind: 'permute', order: [0, 2, 1] });
  const keys = chain.last;
  chain.last = queries;
  chain
    .then({ kind: 'matmul' }, [keys])
    .then({ kind: 'softmax', axis: 2, log: false })
    .then({ kind: 'matmul' }, [queries]);
  return chain.dense(width).plus(tensor).layerNorm().build();
}

/** All of them. Those of one line differ in size only. */
export function calibrationNetworks(): readonly NetworkGraph[] {
  const chains: Chain[] = [];
  // Products, from stems with few channels to deep layers with few places.
  for (const [channels, side] of [
    [16, 112],
    [32, 56],
    [64, 56],
    [64, 28],
    [128, 28],
    [128, 14],
    [256, 14],
    [512, 7],
    [24, 20],
    [48, 10],
  ] as const) {
    chains.push(image(channels, side).convolution(channels));
    chains.push(
      image(channels, side)
        .convolution(2 * channels, 1)
        .activation('relu'),
    );
    chains.push(image(4 * channels, side).convolution(channels, 1));
    chains.push(
      image(2 * channels, side)
        .depthwise(3)
        .activation('relu'),
    );
  }
  for (const [channels, side] of [
    [3, 224],
    [3, 96],
    [3, 32],
    [1, 28],
  ] as const) {
    chains.push(
      image(channels, side)
        .convolution(32, 3, channels === 3 && side > 32 ? 2 : 1)
        .activation('relu'),
    );
    chains.push(image(channels, side).convolution(64, 7, 2));
  }
  for (const [channels, side] of [
    [96, 56],
    [240, 28],
    [480, 14],
    [960, 7],
  ] as const) {
    chains.push(
      image(channels, side).depthwise(5),
      image(channels, side).depthwise(3, 2),
      image(channels, side).depthwise(7),
    );
    chains.push(image(channels, side).convolution(channels, 3, 1, channels / 16));
  }
  chains.push(
    image(64, 56).convolution(128, 3, 2),
    image(128, 28).convolution(256, 3, 2),
    image(100, 30).convolution(70),
    image(33, 40).convolution(77, 1),
  );
  for (const [read, made] of [
    [64, 10],
    [256, 128],
    [1024, 1000],
    [2048, 1000],
    [4096, 1024],
    [9216, 512],
  ] as const)
    chains.push(new Chain(read).dense(made));
  for (const [tokens, width] of [
    [49, 768],
    [196, 192],
    [196, 384],
    [1024, 96],
  ] as const) {
    chains.push(new Chain(tokens, width).dense(4 * width), new Chain(tokens, 4 * width).dense(width));
    chains.push(new Chain(tokens, width).layerNorm());
    chains.push(
      new Chain(tokens, 4 * width).activation('gelu'),
      new Chain(tokens, tokens).then({ kind: 'softmax', axis: 2, log: false }),
    );
  }
  // What moves memory, at sizes for each level of cache.
  for (const [channels, side] of [
    [32, 14],
    [64, 28],
    [64, 56],
    [64, 112],
    [256, 56],
  ] as const) {
    for (const name of ['relu', 'sigmoid', 'silu', 'hard-swish'] as const)
      chains.push(image(channels, side).activation(name));
    const sum = image(channels, side);
    chains.push(sum.plus(sum.last));
    chains.push(
      image(channels, side).pool('max', 3, 2),
      image(channels, side).pool('average', 2, 2),
      image(channels, side).globalPool(),
    );
    const pair = image(channels, side);
    chains.push(pair.then({ kind: 'concat', axis: 1 }, [pair.last]));
    chains.push(image(channels, side).batchNorm());
    chains.push(
      image(channels, side)
        .then({ kind: 'permute', order: [0, 2, 3, 1] })
        .then({ kind: 'reshape', shape: [-1, side * side * channels] }),
    );
  }
  return [
    ...chains.map((chain) => chain.build()),
    ...(
      [
        [32, 56],
        [64, 28],
        [128, 14],
        [256, 7],
      ] as const
    ).map(([width, side]) => bottleneck(width, side)),
    ...(
      [
        [16, 56],
        [32, 28],
        [96, 14],
        [160, 7],
      ] as const
    ).flatMap(([width, side]) => [
      invertedResidual(width, side, 'relu6'),
      invertedResidual(width, side, 'silu'),
      squeezeAndExcite(4 * width, side),
    ]),
    ...(
      [
        [49, 384],
        [196, 192],
        [196, 384],
      ] as const
    ).map(([tokens, width]) => attention(tokens, width)),
  ];
}
