// Counters that hook modules and replace functions of PyTorch while a model runs: what they count goes by the name under which a
// model calls something, so the same sum counts as `torch.add` and not as `+`. Their faults are part of the rule.

import { scaleCount, sumCounts, type Count } from '../common/count.ts';
import { nothing, type CountedOp, type Rule } from './counted-op.ts';

const sizes = ['1d', '2d', '3d'] as const;
const ofEverySize = (...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => sizes.map((size) => `${name}${size}`));

const convolutions = ofEverySize('Conv');
const transposedConvolutions = ofEverySize('ConvTranspose');
const poolModules = ofEverySize('MaxPool', 'AvgPool', 'AdaptiveMaxPool', 'AdaptiveAvgPool');
const poolFunctions = ofEverySize('F.max_pool', 'F.avg_pool', 'F.adaptive_max_pool', 'F.adaptive_avg_pool');
const batchNorms = ofEverySize('BatchNorm');
const products = ['torch.matmul', 'matmul', 'torch.mm', 'mm', 'torch.bmm', 'bmm', 'addmm', 'torch.baddbmm'];
const sums = ['torch.add', 'add', 'torch.mul', 'mul'];
/** Modules that are computed in one call, whose inside these counters see or don't see by what PyTorch chooses. */
const wholeModules = ['LSTM', 'GRU', 'RNN', 'LSTMCell', 'GRUCell', 'RNNCell', 'MultiheadAttention'];

const withBias = (counted: CountedOp, product: Count): Count =>
  counted.has('bias') ? sumCounts([product, counted.written()]) : product;

const notReproduced = (label: string): Count => ({
  kind: 'unknown',
  reason: `what this counter makes of ${label} depends on how PyTorch runs it`,
});

/**
 * deepspeed 0.19, profiling/flops_profiler/profiler.py, its FLOPs: functions of `torch.nn.functional` and some of `torch` and of
 * tensors. A bias counts in convolutions only.
 */
export const deepspeed: Rule = (counted) => {
  const { op, macs, isPartOfCall } = counted;
  const { attributes, label } = op;
  if (wholeModules.includes(label)) return notReproduced(label);
  const products2 = scaleCount(macs, 2);
  switch (attributes.kind) {
    case 'convolution':
    case 'transposed-convolution':
      return label.startsWith('torch.') ? nothing : withBias(counted, products2);
    case 'dense':
      return products2;
    case 'matmul':
      if (isPartOfCall || label === '@' || products.includes(label)) return products2;
      // NumPy's own count of the contraction, which it prints with four digits.
      return label === 'torch.einsum' && macs.kind === 'exact'
        ? { kind: 'exact', value: Math.trunc(Number((2 * macs.value + 1).toExponential(3))) }
        : nothing;
    case 'batch-norm':
      return counted.isCalledAs(...batchNorms, 'SyncBatchNorm', 'F.batch_norm')
        ? counted.read(counted.has('scale') ? 2 : 1)
        : nothing;
    case 'layer-norm':
    case 'group-norm':
      return counted.read(counted.has('scale') ? 5 : 4);
    case 'pool':
    case 'adaptive-pool':
      return counted.isCalledAs(...poolModules, ...poolFunctions) ? counted.read() : nothing;
    case 'activation':
      return counted.isCalledAs(
        ...['ReLU', 'PReLU', 'ELU', 'LeakyReLU', 'SiLU', 'GELU'],
        ...['F.relu', 'F.prelu', 'F.elu', 'F.leaky_relu', 'F.relu6', 'F.silu', 'F.gelu'],
      )
        ? counted.read()
        : nothing;
    case 'softmax':
      return counted.isCalledAs('Softmax', 'F.softmax') ? counted.read() : nothing;
    case 'resize':
      return { kind: 'unknown', reason: 'this counter leaves out the channels where a size was given, not a factor' };
    case 'elementwise':
      return sums.includes(label) ? counted.written() : nothing;
    case 'opaque':
      return macs;
    default:
      return nothing;
  }
};

/**
 * ptflops 0.7.5 with its PyTorch back end, pytorch_ops.py: modules by hooks, and functions that it replaces. A module that calls
 * such a function counts twice. Without the hooks that it adds where timm and torchvision are installed.
 */
export const ptflopsModules: Rule = (counted) => {
  const { op, macs, isPartOfCall } = counted;
  const { attributes, label } = op;
  if (wholeModules.includes(label)) return notReproduced(label);
  switch (attributes.kind) {
    case 'convolution':
      return counted.isCalledAs(...convolutions) ? withBias(counted, macs) : nothing;
    case 'transposed-convolution':
      return counted.isCalledAs(...transposedConvolutions) ? withBias(counted, macs) : nothing;
    case 'dense':
      return counted.isCalledAs('Linear') ? withBias(counted, macs) : nothing;
    case 'matmul':
      return !isPartOfCall && products.includes(label) ? macs : nothing;
    case 'batch-norm':
    case 'group-norm': {
      const isCounted = counted.isCalledAs(...batchNorms, ...ofEverySize('InstanceNorm'), 'GroupNorm');
      return isCounted ? counted.read(counted.has('scale') ? 2 : 1) : nothing;
    }
    case 'layer-norm':
      return counted.isCalledAs('LayerNorm') ? counted.read() : nothing;
    case 'pool':
    case 'adaptive-pool':
      return counted.isCalledAs(...poolModules)
        ? counted.read(2)
        : counted.isCalledAs(...poolFunctions)
          ? counted.read()
          : nothing;
    case 'activation':
      if (counted.isCalledAs('ReLU', 'PReLU', 'ELU', 'GELU')) return counted.read(2);
      return counted.isCalledAs(
        ...['LeakyReLU', 'ReLU6', 'SiLU'],
        ...['F.relu', 'F.prelu', 'F.elu', 'F.relu6', 'F.gelu', 'F.silu'],
      )
        ? counted.read()
        : nothing;
    case 'softmax':
      return counted.isCalledAs('Softmax', 'F.softmax') ? counted.read() : nothing;
    case 'resize':
      return counted.isCalledAs('Upsample', 'UpsamplingBilinear2d', 'UpsamplingNearest2d')
        ? counted.written(label === 'Upsample' ? 2 : 1)
        : counted.isCalledAs('F.interpolate')
          ? counted.written()
          : nothing;
    case 'elementwise':
      return sums.includes(label) ? counted.written() : nothing;
    case 'opaque':
      return macs;
    default:
      return nothing;
  }
};
