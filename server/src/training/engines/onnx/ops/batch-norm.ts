// Batch norm: batch statistics in training, running statistics in inference, both as PyTorch keeps them.

import { fillVector, joined, knownBlocked } from '../blocked-layout.ts';
import { channelKernels, type ChannelKernels } from '../channel-kernels.ts';
import { withChannelsFirst } from '../channels-first.ts';
import type { GraphEmitter, Tensor } from '../graph-emitter.ts';
import { type Emission, type Emitted, inputOf, type OpRule, type RuleContext, tensorOf } from '../op-rule.ts';
import { parameterOf, runningStatisticsOf } from '../../training-state.ts';
import { sizeOf } from '../../shape-arithmetic.ts';
import { add, affine, maximum, multiply, sizeAt, subtract, unary } from '../operators.ts';

export const batchNormRule: OpRule<'batch-norm'> = {
  emit: (context) =>
    withChannelsFirst(context.graph, context.attributes.channelAxis, inputOf(context), context.outputShape, (x) =>
      context.mode === 'training' ? emitTraining(context, x) : emitInference(context, x),
    ),
};

function buffer(context: Emission, id: string): Tensor {
  const tensor = context.buffers.get(id);
  if (tensor === undefined) throw new Error(`No running statistics ${id}`);
  return tensor;
}

/** 1 / √(variance + ε). */
function inverseDeviation(graph: GraphEmitter, variance: Tensor, epsilon: number): Tensor {
  return unary(graph, 'Reciprocal', unary(graph, 'Sqrt', affine(graph, variance, 1, epsilon)));
}

function constantVector(graph: GraphEmitter, length: number, value: number): Tensor {
  return graph.constant('float32', [length], new Float32Array(length).fill(value));
}

/** γ and β in the layout's vectors; ones and zeros where they are not learnt. */
function scaleAndShift(context: RuleContext<'batch-norm'>, kernels: ChannelKernels) {
  const { graph, attributes } = context;
  const learnt = (role: 'scale' | 'shift', otherwise: number): Tensor =>
    kernels.vector(tensorOf(context, role)?.tensor ?? constantVector(graph, attributes.channels, otherwise));
  return { scale: learnt('scale', 1), shift: learnt('shift', 0) };
}

function emitInference(context: RuleContext<'batch-norm'>, x: Tensor): Emitted {
  const { graph, op, attributes } = context;
  const names = runningStatisticsOf(op);
  const kernels = channelKernels(graph, x);
  const { scale, shift } = scaleAndShift(context, kernels);
  const variance = kernels.vector(buffer(context, names.variance));
  const factor = multiply(graph, scale, inverseDeviation(graph, variance, attributes.epsilon));
  const offset = subtract(graph, shift, multiply(graph, factor, kernels.vector(buffer(context, names.mean))));
  return { output: kernels.store(kernels.affine(kernels.data, factor, offset)) };
}

function emitTraining(context: RuleContext<'batch-norm'>, input: Tensor): Emitted {
  const { graph, attributes } = context;
  const { kernels, data, mean, variance, meanFromRunning } = emitStatistics(context, input);
  const { scale, shift } = scaleAndShift(context, kernels);
  updateRunningStatistics(
    context,
    kernels.real(meanFromRunning),
    kernels.real(variance),
    sizeOf(input.shape) / attributes.channels,
  );

  const inverse = inverseDeviation(graph, variance, attributes.epsilon);
  const factor = multiply(graph, scale, inverse);
  const offset = subtract(graph, shift, multiply(graph, factor, mean));
  return {
    output: kernels.store(kernels.affine(data, factor, offset)),
    pullback: (gradient, wanted) => {
      const dy = kernels.load(gradient);
      const meanGradient = kernels.mean(dy);
      // mean(dy·x̂)
      const centeredProduct = subtract(graph, kernels.productMean(dy, data), multiply(graph, mean, meanGradient));
      const meanProduct = multiply(graph, inverse, centeredProduct);
      // dx = γ/σ · (dy - mean(dy) - x̂·mean(dy·x̂)), gathered to factor·dy + slope·x + constant.
      const slope = unary(graph, 'Neg', multiply(graph, factor, multiply(graph, inverse, meanProduct)));
      const constant = unary(
        graph,
        'Neg',
        add(graph, multiply(graph, factor, meanGradient), multiply(graph, slope, mean)),
      );
      const ofInput = (): Tensor =>
        kernels.store(kernels.affine(dy, factor, undefined, kernels.affine(data, slope, constant)));
      const sum = (meanValue: Tensor): Tensor =>
        affine(graph, kernels.real(meanValue), sizeOf(input.shape) / attributes.channels, 0);
      const scaleParameter = parameterOf(context.op, 'scale');
      const shiftParameter = parameterOf(context.op, 'shift');
      return {
        inputs: [wanted[0] === true ? ofInput() : undefined],
        parameters: [
          ...(scaleParameter === undefined ? [] : [[scaleParameter, sum(meanProduct)] as const]),
          ...(shiftParameter === undefined ? [] : [[shiftParameter, sum(meanGradient)] as const]),
        ],
      };
    },
  };
}

interface Statistics {
  readonly kernels: ChannelKernels;
  /** The input, or the input less something constant by channel, which makes no difference to a batch norm. */
  readonly data: Tensor;
  /** Of `data`. */
  readonly mean: Tensor;
  /** Biased. */
  readonly variance: Tensor;
  /** The batch's mean less the running mean. */
  readonly meanFromRunning: Tensor;
}

/**
 * Mean of squares less square of mean would lose digits where the mean is large, so the data is centred first. Behind
 * a convolution that costs nothing: its bias takes the running mean off, which is near enough to the batch's mean.
 */
function emitStatistics(context: RuleContext<'batch-norm'>, input: Tensor): Statistics {
  const { graph, isOnlyReader } = context;
  const running = buffer(context, runningStatisticsOf(context.op).mean);
  const kernels = channelKernels(graph, input);
  const zero = graph.scalar(0);
  const moved = isOnlyReader[0] === true ? lessRunningMean(graph, input, running) : undefined;
  if (moved !== undefined) {
    const mean = kernels.mean(moved);
    const squares = kernels.productMean(moved, moved);
    const variance = maximum(graph, subtract(graph, squares, multiply(graph, mean, mean)), zero);
    return { kernels, data: moved, mean, variance, meanFromRunning: mean };
  }
  const mean = kernels.mean(kernels.data);
  const one = kernels.vector(constantVector(graph, sizeAt(input, 1), 1));
  const centered = kernels.affine(kernels.data, one, unary(graph, 'Neg', mean));
  const variance = kernels.productMean(centered, centered);
  const meanFromRunning = subtract(graph, mean, kernels.vector(running));
  return { kernels, data: centered, mean: constantVector(graph, sizeAt(mean, 0), 0), variance, meanFromRunning };
}

/** The blocked form of a convolution's result with the running mean taken off by the convolution's bias. */
function lessRunningMean(graph: GraphEmitter, x: Tensor, running: Tensor): Tensor | undefined {
  const blocked = knownBlocked(graph, x);
  if (blocked === undefined) return undefined;
  const negative = unary(graph, 'Neg', fillVector(graph, running));
  return joined(graph, blocked.tensor, { bias: (own) => (own === undefined ? negative : add(graph, own, negative)) });
}

/** running ← (1 - momentum)·running + momentum·batch, the variance unbiased; without a momentum, the average of all batches. */
function updateRunningStatistics(
  context: RuleContext<'batch-norm'>,
  meanFromRunning: Tensor,
  variance: Tensor,
  count: number,
): void {
  const { graph, attributes, buffers, stepCount } = context;
  const names = runningStatisticsOf(context.op);
  const momentum =
    attributes.momentum === undefined ? unary(graph, 'Reciprocal', stepCount) : graph.scalar(attributes.momentum);
  const runningMean = buffer(context, names.mean);
  buffers.set(names.mean, add(graph, runningMean, multiply(graph, meanFromRunning, momentum)));
  const unbiased = count > 1 ? affine(graph, variance, count / (count - 1), 0) : variance;
  const runningVariance = buffer(context, names.variance);
  const change = multiply(graph, subtract(graph, unbiased, runningVariance), momentum);
  buffers.set(names.variance, add(graph, runningVariance, change));
}
