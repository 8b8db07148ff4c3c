// Batch norm: batch statistics in training, running statistics in inference, both as PyTorch keeps them. TensorFlow's
// library does it in one op each way; other backends by its formulas.

import { sizeOf } from '../../shape-arithmetic.ts';
import { parameterOf, runningStatisticsOf } from '../../training-state.ts';
import { affine, reshape } from '../arithmetic.ts';
import { type Applied, inputOf, type OpRule, type RuleContext, tensorOf } from '../op-rule.ts';
import { channelView } from '../placed.ts';
import { type Backend, type NativeOps, type Tensor, tensorAt, type TensorFlow } from '../tensorflow.ts';

/** cuDNN refuses less. */
const smallestEpsilonOnGpu = 1e-5;

/** What a batch norm finds on its way forwards; all vectors are over the channels. */
interface Normalized {
  readonly output: Tensor;
  readonly mean: Tensor;
  /** With n - 1 in the denominator. */
  readonly unbiasedVariance: Tensor;
  readonly needs: readonly Tensor[];
  readonly pullback: (dy: Tensor) => { readonly ofInput: Tensor; readonly ofScale: Tensor; readonly ofShift: Tensor };
}

export const batchNormRule: OpRule<'batch-norm'> = (context) =>
  context.mode === 'training' ? applyTraining(context) : applyInference(context);

function buffer(context: RuleContext<'batch-norm'>, id: string): Tensor {
  const tensor = context.buffers.get(id);
  if (tensor === undefined) throw new Error(`No running statistics ${id}`);
  return tensor;
}

/** γ and β; ones and zeros where they are not learnt. */
function scaleAndShift(context: RuleContext<'batch-norm'>) {
  const { tf } = context.backend;
  const { channels } = context.attributes;
  return {
    scale: tensorOf(context, 'scale')?.tensor ?? tf.ones([channels]),
    shift: tensorOf(context, 'shift')?.tensor ?? tf.zeros([channels]),
  };
}

function applyInference(context: RuleContext<'batch-norm'>): Applied {
  const { op, attributes, backend } = context;
  const { tf } = backend;
  const input = inputOf(context);
  const view = channelView(tf, context.outputShape.length, attributes.channelAxis);
  const names = runningStatisticsOf(op);
  const { scale, shift } = scaleAndShift(context);
  const factor = tf.mul(scale, tf.rsqrt(affine(tf, buffer(context, names.variance), 1, attributes.epsilon)));
  const offset = tf.sub(shift, tf.mul(factor, buffer(context, names.mean)));
  return { output: view.place(tf.add(tf.mul(view.load(input), factor), offset)) };
}

function applyTraining(context: RuleContext<'batch-norm'>): Applied {
  const { attributes, backend } = context;
  const { tf, native } = backend;
  const view = channelView(tf, context.outputShape.length, attributes.channelAxis);
  const x = view.load(inputOf(context));
  const { scale, shift } = scaleAndShift(context);
  const isNative = native !== undefined && !(native.isOnGpu && attributes.epsilon < smallestEpsilonOnGpu);
  const normalized = isNative
    ? normalizeNatively(tf, native, x, scale, shift, attributes.epsilon)
    : normalize(backend, x, scale, shift, attributes.epsilon);
  updateRunningStatistics(context, normalized);
  const scaleParameter = parameterOf(context.op, 'scale');
  const shiftParameter = parameterOf(context.op, 'shift');
  return {
    output: view.place(normalized.output),
    needs: normalized.needs,
    pullback: (gradient) => {
      const { ofInput, ofScale, ofShift } = normalized.pullback(view.load(gradient));
      return {
        inputs: [view.place(ofInput)],
        parameters: [
          ...(scaleParameter === undefined ? [] : [[scaleParameter, ofScale] as const]),
          ...(shiftParameter === undefined ? [] : [[shiftParameter, ofShift] as const]),
        ],
      };
    },
  };
}

function normalizeNatively(
  tf: TensorFlow,
  native: NativeOps,
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  epsilon: number,
): Normalized {
  const channels = x.shape.at(-1) ?? 1;
  // The op knows images only; for statistics by channel every other arrangement of positions is as good.
  const imageShape = x.shape.length === 4 ? x.shape : [sizeOf(x.shape) / channels, 1, 1, channels];
  const attributes = { epsilon, data_format: 'NHWC', is_training: true };
  const types = ['T', 'U'];
  const images = reshape(tf, x, imageShape);
  const none = tf.tensor1d([]);
  const outputs = native.run(
    'FusedBatchNormV3',
    types,
    { ...attributes, exponential_avg_factor: 1 },
    [images, scale, shift, none, none],
    6,
  );
  const reserved = outputs.slice(3);
  return {
    output: reshape(tf, tensorAt(outputs, 0), x.shape),
    mean: tensorAt(outputs, 1),
    unbiasedVariance: tensorAt(outputs, 2),
    needs: [images, scale, ...reserved],
    pullback: (dy) => {
      const gradients = native.run(
        'FusedBatchNormGradV3',
        types,
        attributes,
        [reshape(tf, dy, imageShape), images, scale, ...reserved],
        5,
      );
      return {
        ofInput: reshape(tf, tensorAt(gradients, 0), x.shape),
        ofScale: tensorAt(gradients, 1),
        ofShift: tensorAt(gradients, 2),
      };
    },
  };
}

function normalize({ tf }: Backend, x: Tensor, scale: Tensor, shift: Tensor, epsilon: number): Normalized {
  const axes = x.shape.map((_, axis) => axis).slice(0, -1);
  const count = sizeOf(x.shape.slice(0, -1));
  // Mean of squares less square of mean would lose digits where the mean is large, so the data is centred first.
  const mean = tf.mean(x, axes);
  const centered = tf.sub(x, mean);
  const variance = tf.mean(tf.square(centered), axes);
  const inverse = tf.rsqrt(affine(tf, variance, 1, epsilon));
  const factor = tf.mul(scale, inverse);
  return {
    output: tf.add(tf.mul(centered, factor), shift),
    mean,
    unbiasedVariance: affine(tf, variance, count > 1 ? count / (count - 1) : 1, 0),
    needs: [centered, inverse, factor],
    pullback: (dy) => {
      const ofShift = tf.sum(dy, axes);
      // Σ dy·x̂
      const ofScale = tf.mul(tf.sum(tf.mul(dy, centered), axes), inverse);
      // dx = γ/σ · (dy - mean(dy) - x̂·mean(dy·x̂))
      const meanPart = affine(tf, ofShift, 1 / count, 0);
      const slope = affine(tf, tf.mul(ofScale, inverse), 1 / count, 0);
      const ofInput = tf.mul(factor, tf.sub(tf.sub(dy, meanPart), tf.mul(centered, slope)));
      return { ofInput, ofScale, ofShift };
    },
  };
}

/** running ← (1 - momentum)·running + momentum·batch, the variance unbiased; without a momentum, the average of all batches. */
function updateRunningStatistics(context: RuleContext<'batch-norm'>, batch: Normalized): void {
  const { tf } = context.backend;
  const names = runningStatisticsOf(context.op);
  const momentum = context.attributes.momentum ?? 1 / context.stepCount;
  const update = (id: string, value: Tensor): void => {
    const old = buffer(context, id);
    context.updateBuffer(id, tf.keep(tf.add(old, tf.mul(tf.sub(value, old), momentum))));
  };
  update(names.mean, batch.mean);
  update(names.variance, batch.unbiasedVariance);
}
