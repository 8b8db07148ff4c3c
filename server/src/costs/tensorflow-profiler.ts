// How TensorFlow's profiler counts a Keras model: the operations of the graph that Keras makes of it, each by what TensorFlow has
// registered for its kind. What has nothing registered counts nothing, and is a fault of the counter where it is a product.

import { scaleCount, sumCounts, type Count } from '../common/count.ts';
import type { ActivationFunction, OpAttributes } from '../network/op.ts';
import { nothing, type CountedOp, type Rule } from './counted-op.ts';

/** FLOPs an element of each activation, as Keras 3 writes it in operations of TensorFlow; others are not reproduced. */
const activations: Readonly<Partial<Record<ActivationFunction, number>>> = {
  relu: 0,
  relu6: 0,
  'leaky-relu': 0,
  elu: 0,
  selu: 0,
  sigmoid: 0,
  tanh: 0,
  softplus: 0,
  softsign: 0,
  exp: 0,
  sqrt: 0,
  abs: 0,
  silu: 2,
  gelu: 4,
  'gelu-tanh': 8,
  'hard-sigmoid': 2,
  'hard-swish': 3,
  mish: 1,
  log: 1,
  negative: 1,
  square: 1,
  rsqrt: 2,
};

const product = (sizes: readonly number[]): number => sizes.reduce((left, right) => left * right, 1);

const withBias = (counted: CountedOp, count: Count): Count =>
  counted.has('bias') ? sumCounts([count, counted.written()]) : count;

/** Without what dividing and multiplying again leaves behind. */
const whole = (count: Count): Count =>
  count.kind === 'exact' ? { kind: 'exact', value: Math.round(count.value) } : count;

const notReproduced = (what: string): Count => ({
  kind: 'unknown',
  reason: `how this counter counts ${what} is not reproduced`,
});

/**
 * TensorFlow runs a dilated convolution on every so-many-th place, in as many images, and fills them up to equal sizes.
 */
function timesFilled(
  counted: CountedOp,
  { dilation, channelAxis }: Extract<OpAttributes, { kind: 'convolution' }>,
): number {
  return product(
    dilation.map((step, axis) => {
      const side = counted.outputSide(axis, channelAxis);
      return (step * Math.ceil(side / step)) / side;
    }),
  );
}

/**
 * tensorflow 2.21, python/profiler/internal/flops_registry.py and python/ops/nn_ops.py, on the graph of Keras 3. Grouped
 * convolutions that are no depthwise layers are compiled as a whole, and scores of attention are an `Einsum`: neither is seen.
 */
export const tensorFlowProfiler: Rule = (counted) => {
  const { op, macs, isPartOfCall } = counted;
  const { attributes, label } = op;
  const twice = scaleCount(macs, 2);
  if (/^(LSTM|GRU|SimpleRNN|RNN|ConvLSTM\dD|Bidirectional)/.test(label)) return notReproduced(label);
  switch (attributes.kind) {
    case 'convolution': {
      const isDepthwise = attributes.groups === attributes.inChannels && label !== 'Conv2D';
      if (attributes.groups > 1 && !isDepthwise) return withBias(counted, nothing);
      return withBias(counted, whole(scaleCount(twice, timesFilled(counted, attributes))));
    }
    case 'transposed-convolution': {
      if (attributes.kernel.length > 2 || attributes.groups > 1) return withBias(counted, nothing);
      const weights = product(attributes.kernel) * attributes.inChannels * attributes.outChannels;
      const places = counted.places(attributes.outChannels);
      return withBias(counted, whole(scaleCount(places, (2 * weights) / product(attributes.stride))));
    }
    case 'dense':
      return withBias(counted, twice);
    case 'matmul':
      return isPartOfCall ? nothing : twice;
    case 'batch-norm': {
      const { channels, hasScale } = attributes;
      return sumCounts([counted.read(2), { kind: 'exact', value: channels * (hasScale ? 6 : 5) }]);
    }
    case 'layer-norm': {
      const [hasScale, hasShift] = [counted.has('scale'), counted.has('shift')];
      const row = product(attributes.normalizedAxes.map((axis) => counted.size(axis)));
      const [elements, others] = hasScale ? [hasShift ? 9 : 8, 4] : [hasShift ? 7 : 6, 5];
      return whole(counted.read(elements + others / row));
    }
    case 'group-norm': {
      const { channels, groups } = attributes;
      const small = 4 * groups + (counted.has('scale') ? 2 * channels : groups) + (counted.has('shift') ? channels : 0);
      return sumCounts([counted.read(6), { kind: 'exact', value: small }]);
    }
    case 'activation': {
      if (attributes.function === 'prelu') return sumCounts([counted.read(3), counted.params]);
      const times = activations[attributes.function];
      return times === undefined ? notReproduced(`the activation ${attributes.function}`) : counted.read(times);
    }
    case 'softmax':
      // Attention scales its scores first.
      return attributes.log ? nothing : counted.read(isPartOfCall ? 6 : 5);
    case 'pool':
      return attributes.kernel.length > 2 ? nothing : counted.written(product(attributes.kernel));
    case 'adaptive-pool':
      if (attributes.mode === 'max') return nothing;
      return attributes.outputSize.every((size) => size === 1) ? counted.read() : notReproduced('pooling to a size');
    case 'reduce':
      if (attributes.reducer === 'mean') return counted.read();
      if (attributes.reducer === 'sum') return sumCounts([counted.read(), scaleCount(counted.written(), -1)]);
      return attributes.reducer === 'variance' ? counted.read(4) : nothing;
    case 'elementwise':
      return attributes.operator === 'where' ? nothing : counted.written(Math.max(1, op.inputs.length - 1));
    case 'resize':
      // Each axis of nearest neighbours is repeated, and its new size computed.
      return attributes.mode === 'nearest' ? { kind: 'exact', value: attributes.outputSize.length } : nothing;
    case 'opaque':
      return macs;
    default:
      return nothing;
  }
};
