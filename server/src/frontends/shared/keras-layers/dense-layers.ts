// Layers of the Keras family that multiply by a matrix, or look one up: Dense, EinsumDense, Embedding.

import { elementCount, type Dimension } from '../../../network/shape.ts';
import { knownSize, onlyInput, type LayerCall, type LayerRow } from './keras-layer.ts';

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

const dense: LayerRow = {
  name: 'Dense',
  parameters:
    'units activation=None use_bias=True kernel_initializer=glorot_uniform bias_initializer=zeros kernel_regularizer=None bias_regularizer=None activity_regularizer=None kernel_constraint=None bias_constraint=None lora_rank=None lora_alpha=None quantization_config=None',
  run: (call) => {
    const given = onlyInput(call);
    const outFeatures = call.settings.integer('units');
    if (given === undefined) return undefined;
    if (outFeatures === undefined) return call.refuse('The number of units is not known');
    const inFeatures = knownSize(call, given.shape, -1);
    if (inFeatures === undefined) return undefined;
    const made = call.emit({
      attributes: { kind: 'dense', inFeatures, outFeatures },
      inputs: [given.input],
      weights: [
        call.weight('kernel', [outFeatures, inFeatures], 'weight'),
        call.settings.flag('use_bias') ? call.weight('bias', [outFeatures], 'bias') : undefined,
      ],
      outWidth: call.settings.origin('units'),
    });
    return made === undefined ? undefined : call.activate(made, 'activation');
  },
};

/** One projection by an equation like `abc,cde->abde`. */
interface Projection {
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
}

function projectionOf(equation: string, rank: number): Projection | undefined {
  const match = /^(\.{3})?([a-zA-Z]*)(\.{3})?,([a-zA-Z]+)->(\.{3})?([a-zA-Z]*)(\.{3})?$/.exec(
    equation.replace(/\s/g, ''),
  );
  if (match === null) return undefined;
  const [, before, input = '', after, kernel = '', , output = ''] = match;
  if (after !== undefined) return undefined;
  if (before === undefined) return { input, kernel, output };
  const rest = Array.from({ length: Math.max(0, rank - input.length) }, (_, i) => String(i)).join('');
  return { input: rest + input, kernel, output: rest + output };
}

const einsumDense: LayerRow = {
  name: 'EinsumDense',
  parameters:
    'equation output_shape activation=None bias_axes=None kernel_initializer=glorot_uniform bias_initializer=zeros kernel_regularizer=None bias_regularizer=None kernel_constraint=None bias_constraint=None lora_rank=None lora_alpha=None gptq_unpacked_column_size=None quantization_config=None',
  run: (call) => {
    const given = onlyInput(call);
    if (given === undefined) return undefined;
    const projection = projectionOf(call.settings.text('equation') ?? '', given.shape.length);
    const written = call.settings.sizes('output_shape');
    if (!projection) return call.refuse('The equation of this layer is not known');
    const { input, kernel, output } = projection;
    if (input.length !== given.shape.length) return call.refuse('The equation of this layer does not fit its input');
    const sizes = new Map<string, Dimension>(Array.from(input).map((letter, i) => [letter, given.shape[i] ?? 1]));
    // `output_shape` is without the batch; sizes that it leaves open are the input's.
    const named = Array.from(output).slice(output.length - (written?.length ?? 0));
    for (const [i, letter] of named.entries()) {
      const size = written?.[i];
      if (!sizes.has(letter) && size !== undefined) sizes.set(letter, size);
    }
    const contracted = Array.from(kernel).filter((letter) => input.includes(letter) && !output.includes(letter));
    const made = Array.from(kernel).filter((letter) => !input.includes(letter) && output.includes(letter));
    if (contracted.length + made.length !== kernel.length)
      return call.refuse('An equation whose kernel is applied place by place is not modelled');
    const [inSizes, outSizes] = [contracted, made].map((letters) =>
      letters.flatMap((letter) => {
        const size = sizes.get(letter);
        return typeof size === 'number' ? [size] : [];
      }),
    );
    if (inSizes?.length !== contracted.length || outSizes?.length !== made.length)
      return call.refuse('The sizes of this layer are not all known');
    const kept = Array.from(input).filter((letter) => !contracted.includes(letter));
    const [inFeatures, outFeatures] = [product(inSizes), product(outSizes)];
    const bias = call.settings.text('bias_axes');
    const biasShape = Array.from(bias ?? '')
      .map((letter) => sizes.get(letter))
      .filter((size) => typeof size === 'number');
    const arranged = arrange(
      call,
      given.input,
      Array.from(input),
      [...kept, ...contracted],
      [...kept.map((letter) => sizes.get(letter) ?? 1), inFeatures],
    );
    if (arranged === undefined) return undefined;
    const multiplied = call.emit({
      attributes: { kind: 'dense', inFeatures, outFeatures },
      inputs: [arranged],
      weights: [
        call.weight('kernel', [outFeatures, inFeatures], 'weight'),
        bias === undefined ? undefined : call.weight('bias', biasShape, 'bias'),
      ],
    });
    if (multiplied === undefined) return undefined;
    const apart = reshaped(
      call,
      multiplied,
      [...kept, ...made].map((letter) => sizes.get(letter) ?? 1),
    );
    if (apart === undefined) return undefined;
    const result = permuted(call, apart, [...kept, ...made], Array.from(output));
    return result === undefined ? undefined : call.activate(result, 'activation');
  },
};

function permuted<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
  tensor: Tensor,
  from: readonly string[],
  to: readonly string[],
): Tensor | undefined {
  const order = to.map((letter) => from.indexOf(letter));
  if (order.includes(-1) || order.length !== from.length) return call.refuse('The equation of this layer is not known');
  if (order.every((axis, i) => axis === i)) return tensor;
  return call.emit({ attributes: { kind: 'permute', order }, inputs: [tensor], part: 'permute' });
}

function reshaped<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
  tensor: Tensor,
  shape: readonly Dimension[],
): Tensor | undefined {
  const own = call.shapeOf(tensor);
  if (own.length === shape.length && own.every((size, i) => size === shape[i])) return tensor;
  return call.emit({ attributes: { kind: 'reshape', shape }, inputs: [tensor], part: 'reshape' });
}

function arrange<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
  tensor: Tensor,
  from: readonly string[],
  to: readonly string[],
  shape: readonly Dimension[],
): Tensor | undefined {
  const moved = permuted(call, tensor, from, to);
  return moved === undefined ? undefined : reshaped(call, moved, shape);
}

const embedding: LayerRow = {
  name: 'Embedding',
  parameters:
    'input_dim output_dim embeddings_initializer=uniform embeddings_regularizer=None embeddings_constraint=None mask_zero=False weights=None lora_rank=None lora_alpha=None quantization_config=None input_length=None',
  run: (call) => {
    const given = onlyInput(call);
    const [count, width] = [call.settings.integer('input_dim'), call.settings.integer('output_dim')];
    if (given === undefined) return undefined;
    if (count === undefined || width === undefined) return call.refuse('The size of this table is not known');
    return call.emit({
      attributes: { kind: 'embedding', count, width },
      inputs: [given.input],
      weights: [call.weight('embeddings', [count, width], 'weight')],
      outWidth: call.settings.origin('output_dim'),
    });
  },
};

/** All elements behind the batch in one axis. */
const flatten: LayerRow = {
  name: 'Flatten',
  parameters: 'data_format=None',
  run: (call) => {
    const given = onlyInput(call);
    if (given === undefined) return undefined;
    const [batch = 1, ...rest] = given.shape;
    if (rest.length === 0)
      return call.emit({ attributes: { kind: 'reshape', shape: [batch, 1] }, inputs: [given.input] });
    const isFirst = call.settings.text('data_format') === 'channels_first' && rest.length > 1;
    const order = [0, ...rest.slice(1).map((_, i) => i + 2), 1];
    const input = isFirst
      ? call.emit({ attributes: { kind: 'permute', order }, inputs: [given.input], part: 'permute' })
      : given.input;
    if (input === undefined) return undefined;
    const count = elementCount(rest);
    const lost = rest.find((size) => typeof size !== 'number');
    return call.emit({ attributes: { kind: 'reshape', shape: [batch, count ?? lost ?? 1] }, inputs: [input] });
  },
};

export const denseLayers: readonly LayerRow[] = [dense, einsumDense, embedding, flatten];
