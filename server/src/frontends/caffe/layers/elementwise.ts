// Layers that change each element by itself, or combine inputs of one shape element by element.

import type { ValueId } from '../../../network/op.ts';
import type { LayerContext } from '../layer-context.ts';

export function relu(context: LayerContext): ValueId {
  const slope = context.settings.decimal('relu_param', 'negative_slope', 0);
  return slope === 0 ? context.activation('relu') : context.activation('leaky-relu', slope);
}

export function prelu(context: LayerContext): ValueId {
  const { settings, input } = context;
  const channels = settings.flag('prelu_param', 'channel_shared', false) ? 1 : context.channelsOf(input);
  return context.add({
    attributes: { kind: 'activation', function: 'prelu', channelAxis: 1 },
    inputs: [input],
    parameters: [context.parameter('slope', [channels], settings.filler('prelu_param', 'filler'))],
  });
}

export const elu = (context: LayerContext): ValueId =>
  context.activation('elu', context.settings.decimal('elu_param', 'alpha', 1));
export const relu6 = (context: LayerContext): ValueId => context.activation('relu6');
export const sigmoid = (context: LayerContext): ValueId => context.activation('sigmoid');
export const tanh = (context: LayerContext): ValueId => context.activation('tanh');
export const swish = (context: LayerContext): ValueId => context.activation('silu');
export const absolute = (context: LayerContext): ValueId => context.activation('abs');
export const softplus = (context: LayerContext): ValueId => context.activation('softplus');
/** Functions of one number without a name of their own here: `Power`, `Exp`, `Log`, `Threshold`, `Clip`, `MVN`. */
export const otherFunction = (context: LayerContext): ValueId => context.activation('other');

export const dropout = (context: LayerContext): ValueId => {
  const rate = context.settings.decimal('dropout_param', 'dropout_ratio', 0.5);
  return context.add({ attributes: { kind: 'dropout', rate }, inputs: [context.input] });
};

/** Sum, product or maximum of inputs of one shape; a sum may weigh them. */
export function combine(context: LayerContext): ValueId {
  const { settings, inputs } = context;
  const group = 'eltwise_param';
  const operation = settings.word(group, 'operation', ['PROD', 'SUM', 'MAX']);
  const isWritten = settings.has(group, 'operation');
  const [first] = inputs.map((input) => context.shapeOf(input));
  const misfit = inputs.find((input) => differs(first, context.shapeOf(input)));
  if (misfit !== undefined) {
    const shapes = inputs.map((input) => imageText(context, input));
    return context.misfit(
      `it combines blobs of ${shapes.join(' and ')} element by element; give the layers that write them the same num_output and stride`,
    );
  }
  // SUM is the default, though PROD comes first in the list of words.
  const operator = !isWritten || operation === 'SUM' ? 'add' : operation === 'MAX' ? 'maximum' : 'multiply';
  const coefficients = settings.values(group, 'coeff');
  if (operator === 'add' && coefficients.length > 0) {
    const isPlain = coefficients.every((value) => value.kind === 'scalar' && value.value === 1);
    if (!isPlain)
      return weighed(
        context,
        coefficients.map((value) => (value.kind === 'scalar' ? Number(value.value) : 1)),
      );
  }
  return context.add({ attributes: { kind: 'elementwise', operator }, inputs });
}

/** Each term times a number, one after the other. */
function weighed(context: LayerContext, coefficients: readonly number[]): ValueId {
  const terms = context.inputs.map((input, index) => {
    const factor = coefficients[index] ?? 1;
    if (factor === 1 || !Number.isFinite(factor)) return input;
    const part = `coeff_${String(index)}`;
    const constant = context.add({ part, attributes: { kind: 'constant', shape: [], value: factor }, inputs: [] });
    return context.add({
      part: `${part}.multiply`,
      attributes: { kind: 'elementwise', operator: 'multiply' },
      inputs: [input, constant],
    });
  });
  return context.add({ attributes: { kind: 'elementwise', operator: 'add' }, inputs: terms });
}

function differs(left: readonly unknown[] | undefined, right: readonly unknown[]): boolean {
  if (left === undefined) return false;
  return (
    left.length !== right.length ||
    left.some((size, axis) => typeof size === 'number' && typeof right[axis] === 'number' && size !== right[axis])
  );
}

const imageText = (context: LayerContext, value: ValueId): string =>
  context
    .shapeOf(value)
    .slice(1)
    .map((size) => (typeof size === 'number' ? String(size) : '?'))
    .join('×');

/** `Axpy` of SENet: the second input times a factor a channel, plus the third. */
export function scaledSum(context: LayerContext): ValueId {
  const [factor, input, added] = context.inputs;
  if (factor === undefined || input === undefined || added === undefined)
    return context.misfit('it wants three inputs: the factors, what they scale, and what is added');
  const product = context.add({
    part: 'multiply',
    attributes: { kind: 'elementwise', operator: 'multiply' },
    inputs: [input, factor],
  });
  return context.add({ attributes: { kind: 'elementwise', operator: 'add' }, inputs: [product, added] });
}
