// A network as an ONNX model for inference, with weights that are no one's: for its time only the shapes matter.

import { knownPadding } from './padding.ts';
import { valueOf, type NetworkGraph } from '../../network/network-graph.ts';
import type { ActivationFunction, Op, OpOf, ValueId } from '../../network/op.ts';
import { isKnownShape } from '../../network/shape.ts';
import type { Result } from '../../common/problem.ts';
import { withChannelsFirst } from '../engines/onnx/channels-first.ts';
import { GraphEmitter, float, int, ints, text, type Tensor } from '../engines/onnx/graph-emitter.ts';
import {
  add,
  affine,
  divide,
  emit,
  multiply,
  power,
  reshape,
  subtract,
  transpose,
  unary,
} from '../engines/onnx/operators.ts';
import { encodeModel, type OnnxAttribute, type OnnxValue } from '../engines/onnx/onnx-model.ts';

export interface InferenceModel {
  readonly bytes: Uint8Array;
  /** What is fed at each run. */
  readonly inputs: readonly OnnxValue[];
}

/** The model for a batch, or the first op that ONNX is not written for here. */
export function inferenceModel(network: NetworkGraph, batch: number): Result<InferenceModel> {
  const writer = new InferenceWriter(network, batch);
  for (const op of network.ops) {
    const problem = writer.write(op);
    if (problem !== undefined) return { ok: false, error: problem };
  }
  return { ok: true, value: writer.finish() };
}

class InferenceWriter {
  readonly #network: NetworkGraph;
  readonly #batch: number;
  readonly #graph = new GraphEmitter(1);
  readonly #tensors = new Map<ValueId, Tensor>();
  #seed = 1;

  constructor(network: NetworkGraph, batch: number) {
    this.#network = network;
    this.#batch = batch;
  }

  /** Adds an op; a sentence where that can't be. */
  write(op: Op): string | undefined {
    const [output] = op.outputs;
    if (output === undefined) return undefined;
    if (![...op.inputs, ...op.outputs].every((id) => isKnownShape(valueOf(this.#network, id).shape)))
      return `The shape of ${op.name} is not known`;
    const made = this.#make(op);
    if (made === undefined) return `${op.label} (${op.name}) can’t be measured: there is no ONNX for it here`;
    this.#tensors.set(output, made);
    return undefined;
  }

  finish(): InferenceModel {
    const outputs = this.#network.outputs.map((id, index): [string, Tensor] => [
      `output ${String(index)}`,
      this.#tensor(id),
    ]);
    const { model } = this.#graph.finish(new Map(outputs));
    return { bytes: encodeModel(model), inputs: model.inputs };
  }

  #tensor(id: ValueId | undefined): Tensor {
    const tensor = id === undefined ? undefined : this.#tensors.get(id);
    if (tensor === undefined) throw new Error(`No tensor for value ${String(id)}`);
    return tensor;
  }

  /** An op's output shape with the batch in place of 1; a folded batch (windows of images) grows by it. */
  #shape(op: Op): readonly number[] {
    const { shape } = valueOf(this.#network, op.outputs[0] ?? -1);
    const known = shape.map(Number);
    return this.#isBatched(op) ? known.map((size, axis) => (axis === 0 ? size * this.#batch : size)) : known;
  }

  #isBatched({ attributes, inputs }: Op): boolean {
    return attributes.kind === 'input' || inputs.some((id) => this.#batchedValues.has(id));
  }

  get #batchedValues(): ReadonlySet<ValueId> {
    return this.#batched;
  }

  readonly #batched = new Set<ValueId>();

  #weights(shape: readonly number[]): Tensor {
    const data = new Float32Array(shape.reduce((left, right) => left * right, 1));
    const fan = data.length / (shape[0] ?? 1) || 1;
    // Small numbers that are no zeros and don't grow: denormals and infinities would change the time.
    for (let at = 0; at < data.length; at++) {
      this.#seed = (this.#seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      data[at] = (this.#seed / 1_073_741_824 - 1) / Math.sqrt(fan);
    }
    return this.#graph.constant('float32', shape, data);
  }

  #constants(count: number, value: number): Tensor {
    return this.#graph.constant('float32', [count], new Float32Array(count).fill(value));
  }

  #make(op: Op): Tensor | undefined {
    if (this.#isBatched(op)) for (const id of op.outputs) this.#batched.add(id);
    const graph = this.#graph;
    const shape = this.#shape(op);
    const { attributes } = op;
    const input = (index = 0): Tensor => this.#tensor(op.inputs[index]);
    switch (attributes.kind) {
      case 'input':
        return graph.input(`input ${String(op.id)}`, 'float32', shape);
      case 'constant':
        return attributes.value === undefined ? this.#weights(shape) : this.#filled(shape, attributes.value);
      case 'identity':
      case 'dropout':
        return input();
      case 'convolution':
      case 'transposed-convolution':
        return this.#channelsFirst(attributes.channelAxis, input(), shape, (x, out) =>
          this.#convolution(attributes, op.parameters, x, out),
        );
      case 'dense': {
        const weights = this.#weights([attributes.inFeatures, attributes.outFeatures]);
        const product = emit(graph, { operator: 'MatMul', inputs: [input(), weights] }, shape);
        return op.parameters.some(({ role }) => role === 'bias')
          ? add(graph, product, this.#weights([attributes.outFeatures]))
          : product;
      }
      case 'batch-norm': {
        const { channels, channelAxis, epsilon } = attributes;
        const [one, zero] = [this.#constants(channels, 1.01), this.#constants(channels, 0.01)];
        return this.#channelsFirst(channelAxis, input(), shape, (x, out) =>
          emit(
            graph,
            {
              operator: 'BatchNormalization',
              inputs: [x, one, zero, zero, one],
              attributes: { epsilon: float(epsilon) },
            },
            out,
          ),
        );
      }
      case 'layer-norm': {
        const axis = Math.min(...attributes.normalizedAxes.map((one) => (one < 0 ? one + shape.length : one)));
        const sizes = shape.slice(axis);
        const inputs = [input(), this.#filled(sizes, 1.01), this.#filled(sizes, 0.01)];
        return emit(
          graph,
          {
            operator: 'LayerNormalization',
            inputs,
            attributes: { axis: int(axis), epsilon: float(attributes.epsilon) },
          },
          shape,
        );
      }
      case 'activation':
        return this.#activation(attributes.function, input(), attributes.slope);
      case 'pool':
        return this.#channelsFirst(attributes.channelAxis, input(), shape, (x, out) => this.#pool(attributes, x, out));
      case 'adaptive-pool': {
        const operator = attributes.mode === 'max' ? 'GlobalMaxPool' : 'GlobalAveragePool';
        return attributes.outputSize.every((size) => size === 1)
          ? this.#channelsFirst(attributes.channelAxis, input(), shape, (x, out) =>
              emit(graph, { operator, inputs: [x] }, out),
            )
          : undefined;
      }
      case 'reduce': {
        const operator = reductions[attributes.reducer];
        if (operator === undefined) return undefined;
        const keepdims = int(attributes.keepDimensions ? 1 : 0);
        if (operator === 'ReduceSum') {
          return emit(
            graph,
            { operator, inputs: [input(), graph.integers(attributes.axes)], attributes: { keepdims } },
            shape,
          );
        }
        return emit(
          graph,
          { operator, inputs: [input()], attributes: { axes: ints(attributes.axes), keepdims } },
          shape,
        );
      }
      case 'elementwise':
        return this.#elementwise(op, attributes.operator);
      case 'concat':
        return emit(
          graph,
          {
            operator: 'Concat',
            inputs: op.inputs.map((id) => this.#tensor(id)),
            attributes: { axis: int(attributes.axis) },
          },
          shape,
        );
      case 'slice': {
        const { axis, start, size, step } = attributes;
        const bounds = [start, start + size * step, axis, step].map((value) => graph.integers([value]));
        const [from, to, along, by] = bounds;
        return emit(graph, { operator: 'Slice', inputs: [input(), from, to, along, by] }, shape);
      }
      case 'reshape':
        return reshape(graph, input(), shape);
      case 'permute':
        return transpose(graph, input(), attributes.order);
      case 'matmul':
        return emit(graph, { operator: 'MatMul', inputs: [input(0), input(1)] }, shape);
      case 'softmax':
        return emit(
          graph,
          {
            operator: attributes.log ? 'LogSoftmax' : 'Softmax',
            inputs: [input()],
            attributes: { axis: int(attributes.axis) },
          },
          shape,
        );
      case 'pad': {
        if (attributes.mode !== 'constant') return undefined;
        const amounts = [
          ...attributes.padding.map(({ before }) => before),
          ...attributes.padding.map(({ after }) => after),
        ];
        return emit(
          graph,
          { operator: 'Pad', inputs: [input(), graph.integers(amounts), graph.scalar(attributes.value)] },
          shape,
        );
      }
      case 'resize': {
        if (attributes.mode === 'area') return undefined;
        const mode = text(attributes.mode);
        return emit(
          graph,
          { operator: 'Resize', inputs: [input(), undefined, undefined, graph.integers(shape)], attributes: { mode } },
          shape,
        );
      }
      case 'channel-shuffle': {
        const [batch = 1, channels = 1, ...places] = shape;
        const { groups, channelAxis } = attributes;
        if (channelAxis !== 1) return undefined;
        const split = reshape(graph, input(), [batch, groups, channels / groups, ...places]);
        return reshape(graph, transpose(graph, split, [0, 2, 1, ...places.map((_, index) => index + 3)]), shape);
      }
      default:
        return undefined;
    }
  }

  /** A rule for channels at axis 1, for channels elsewhere. */
  #channelsFirst(
    channelAxis: number,
    input: Tensor,
    shape: readonly number[],
    rule: (input: Tensor, shape: readonly number[]) => Tensor,
  ): Tensor {
    const emitted = withChannelsFirst(this.#graph, channelAxis, input, shape, (x, out) => ({ output: rule(x, out) }));
    return emitted.output;
  }

  #filled(shape: readonly number[], value: number): Tensor {
    return this.#graph.constant(
      'float32',
      shape,
      new Float32Array(shape.reduce((left, right) => left * right, 1)).fill(value),
    );
  }

  #convolution(
    attributes: OpOf<'convolution' | 'transposed-convolution'>['attributes'],
    parameters: Op['parameters'],
    input: Tensor,
    shape: readonly number[],
  ): Tensor {
    const { kernel, stride, dilation, groups, inChannels, outChannels, padding } = attributes;
    const isPlain = attributes.kind === 'convolution';
    const weights = this.#weights(
      isPlain ? [outChannels, inChannels / groups, ...kernel] : [inChannels, outChannels / groups, ...kernel],
    );
    const hasBias = parameters.some(({ role }) => role === 'bias');
    const options: Record<string, OnnxAttribute> = {
      kernel_shape: ints(kernel),
      strides: ints(stride),
      dilations: ints(dilation),
      group: int(groups),
      pads: knownPadding(padding),
    };
    if (attributes.kind === 'transposed-convolution') options['output_padding'] = ints(attributes.outputPadding);
    return emit(
      this.#graph,
      {
        operator: isPlain ? 'Conv' : 'ConvTranspose',
        inputs: [input, weights, ...(hasBias ? [this.#constants(outChannels, 0.01)] : [])],
        attributes: options,
      },
      shape,
    );
  }

  #pool(
    { kernel, stride, padding, mode, ceilMode, countIncludePad, dilation }: OpOf<'pool'>['attributes'],
    input: Tensor,
    shape: readonly number[],
  ): Tensor {
    return emit(
      this.#graph,
      {
        operator: mode === 'max' ? 'MaxPool' : 'AveragePool',
        inputs: [input],
        attributes: {
          kernel_shape: ints(kernel),
          strides: ints(stride),
          pads: knownPadding(padding),
          ceil_mode: int(ceilMode ? 1 : 0),
          ...(mode === 'max' ? { dilations: ints(dilation) } : { count_include_pad: int(countIncludePad ? 1 : 0) }),
        },
      },
      shape,
    );
  }

  #elementwise(op: OpOf<'elementwise'> | Op, operator: string): Tensor | undefined {
    const graph = this.#graph;
    const [first, second] = op.inputs.map((id) => this.#tensor(id));
    if (first === undefined || second === undefined || op.inputs.length !== 2) return undefined;
    switch (operator) {
      case 'add':
        return add(graph, first, second);
      case 'subtract':
        return subtract(graph, first, second);
      case 'multiply':
        return multiply(graph, first, second);
      case 'divide':
        return divide(graph, first, second);
      case 'power':
        return power(graph, first, second);
      default:
        return undefined;
    }
  }

  #activation(name: ActivationFunction, x: Tensor, slope: number | undefined): Tensor | undefined {
    const graph = this.#graph;
    const one = (operator: string, attributes: Readonly<Record<string, OnnxAttribute>> = {}): Tensor =>
      emit(graph, { operator, inputs: [x], attributes }, x.shape);
    switch (name) {
      case 'relu':
        return unary(graph, 'Relu', x);
      case 'relu6':
        return emit(graph, { operator: 'Clip', inputs: [x, graph.scalar(0), graph.scalar(6)] }, x.shape);
      case 'leaky-relu':
        return one('LeakyRelu', { alpha: float(slope ?? 0.01) });
      case 'elu':
        return one('Elu');
      case 'selu':
        return one('Selu');
      case 'sigmoid':
        return unary(graph, 'Sigmoid', x);
      case 'hard-sigmoid':
        return one('HardSigmoid', { alpha: float(1 / 6), beta: float(0.5) });
      case 'hard-swish':
        return one('HardSwish');
      case 'tanh':
        return unary(graph, 'Tanh', x);
      case 'silu':
        return multiply(graph, x, unary(graph, 'Sigmoid', x));
      case 'mish':
        return multiply(graph, x, unary(graph, 'Tanh', unary(graph, 'Softplus', x)));
      case 'gelu':
      case 'gelu-tanh': {
        // As exporters write it; the runtime finds the pattern and has a kernel for it.
        const error = affine(graph, unary(graph, 'Erf', divide(graph, x, graph.scalar(Math.SQRT2))), 1, 1);
        return multiply(graph, multiply(graph, x, error), graph.scalar(0.5));
      }
      case 'softplus':
        return unary(graph, 'Softplus', x);
      case 'exp':
        return unary(graph, 'Exp', x);
      case 'sqrt':
        return unary(graph, 'Sqrt', x);
      case 'abs':
        return unary(graph, 'Abs', x);
      case 'negative':
        return unary(graph, 'Neg', x);
      case 'square':
        return multiply(graph, x, x);
      default:
        return undefined;
    }
  }
}

const reductions: Readonly<Partial<Record<string, string>>> = {
  mean: 'ReduceMean',
  sum: 'ReduceSum',
  max: 'ReduceMax',
  min: 'ReduceMin',
};
