// Counters that hook modules and replace functions of PyTorch while a model runs: what they count goes by the name under which a
// model calls something, so the same sum counts as `torch.add` and not as `+`. Their faults are part of the rule.

import { scaleCount, sumCounts, type Count } from '../common/count.ts';
import type { OpAttributes } from '../network/op.ts';
import { nothing, type CountedOp, type Rule } from './counted-op.ts';
import { countRecurrent, isRecurrent } from './recurrent-calls.ts';

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
/** Computed in one call, whose inside these counters see or don't see by what PyTorch chooses. */
const wholeModule = 'MultiheadAttention';
/** Sums and products of states a step, in hidden sizes, by the number of gates. */
const states = { 4: 10, 3: 7, 1: 1 };

const withBias = (counted: CountedOp, product: Count): Count =>
  counted.has('bias') ? sumCounts([product, counted.written()]) : product;

const notReproduced = (label: string): Count => ({
  kind: 'unknown',
  reason: `what this counter makes of ${label} depends on how PyTorch runs it`,
});

/** The places alone where the source gives a size, one number where it gives one; the whole output where it gives a factor. */
function resized(counted: CountedOp, { written, outputSize }: Extract<OpAttributes, { kind: 'resize' }>): Count {
  if (!counted.isCalledAs('Upsample', 'UpsamplingBilinear2d', 'UpsamplingNearest2d', 'F.interpolate', 'F.upsample'))
    return nothing;
  if (written === undefined) return { kind: 'unknown', reason: 'whether a size or a factor was given is not known' };
  const product = (numbers: readonly number[]): number => numbers.reduce((left, right) => left * right, 1);
  if (written.as === 'sizes') return { kind: 'exact', value: product(written.numbers) };
  const [only = 1] = written.numbers;
  const factor = written.numbers.length === 1 ? only ** outputSize.length : product(written.numbers);
  const whole = counted.read(factor);
  return whole.kind === 'exact' ? { kind: 'exact', value: Math.trunc(whole.value) } : whole;
}

/**
 * deepspeed 0.19, profiling/flops_profiler/profiler.py, its FLOPs: functions of `torch.nn.functional` and some of `torch` and of
 * tensors. A bias counts in convolutions only.
 */
export const deepspeed: Rule = (counted) => {
  const { op, macs, isPartOfCall } = counted;
  const { attributes, label } = op;
  if (label === wholeModule) return notReproduced(label);
  // A product of so many numbers has one sum less.
  if (isRecurrent(counted)) return countRecurrent(counted, 2, states, true);
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
      return resized(counted, attributes);
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
  if (label === wholeModule) return notReproduced(label);
  if (isRecurrent(counted)) return countRecurrent(counted, 1, states);
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
