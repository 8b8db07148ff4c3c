// Batch norm: batch statistics in training, running statistics in inference, both as PyTorch keeps them.

import type { Op } from '../../../../network/op.ts';
import { withChannelsFirst } from '../channels-first.ts';
import { float, type GraphEmitter, type Tensor } from '../graph-emitter.ts';
import {
  type Emission,
  type Emitted,
  inputOf,
  type OpRule,
  parameterOf,
  type RuleContext,
  tensorOf,
} from '../op-rule.ts';
import {
  add,
  affine,
  divide,
  emit,
  multiply,
  reduce,
  reduceSum,
  reshape,
  sizeAt,
  sizeOf,
  subtract,
  unary,
} from '../operators.ts';

/** Names under which a batch norm's running statistics are kept; a graph that does not list them gets names from the op. */
export function runningStatisticsOf(op: Op): { readonly mean: string; readonly variance: string } {
  return {
    mean: parameterOf(op, 'running-mean')?.id ?? `${op.name}.running_mean`,
    variance: parameterOf(op, 'running-variance')?.id ?? `${op.name}.running_var`,
  };
}

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

function emitInference(context: RuleContext<'batch-norm'>, x: Tensor): Emitted {
  const { graph, op, attributes } = context;
  const names = runningStatisticsOf(op);
  const scale = tensorOf(context, 'scale')?.tensor ?? constantVector(graph, attributes.channels, 1);
  const shift = tensorOf(context, 'shift')?.tensor ?? constantVector(graph, attributes.channels, 0);
  const inputs = [x, scale, shift, buffer(context, names.mean), buffer(context, names.variance)];
  return {
    output: emit(
      graph,
      { operator: 'BatchNormalization', inputs, attributes: { epsilon: float(attributes.epsilon) } },
      x.shape,
    ),
  };
}

function emitTraining(context: RuleContext<'batch-norm'>, x: Tensor): Emitted {
  const { graph, attributes } = context;
  const scale = tensorOf(context, 'scale');
  const shift = tensorOf(context, 'shift');
  const scaleTensor = scale?.tensor ?? constantVector(graph, attributes.channels, 1);
  const { output, mean, variance } = normalize(
    graph,
    x,
    scaleTensor,
    shift?.tensor ?? constantVector(graph, attributes.channels, 0),
    attributes.epsilon,
  );
  updateRunningStatistics(context, mean, variance, sizeOf(x.shape) / sizeAt(x, 1));

  return {
    output,
    pullback: (gradient, wanted) => {
      const inverse = inverseDeviation(graph, variance, attributes.epsilon);
      const sums = emitSums(graph, gradient, x, mean, inverse);
      return {
        inputs: [
          wanted[0] === true
            ? inputGradient(graph, gradient, x, { mean, inverse, scale: scaleTensor, ...sums })
            : undefined,
        ],
        parameters: [
          ...(scale === undefined ? [] : [[scale.parameter, sums.ofProduct] as const]),
          ...(shift === undefined ? [] : [[shift.parameter, sums.ofGradient] as const]),
        ],
      };
    },
  };
}

/**
 * The normalised output with the batch's mean and (biased) variance, each [C]. The operator's own training mode is no
 * help: it writes the statistics over its inputs, constants included.
 */
function normalize(graph: GraphEmitter, x: Tensor, scale: Tensor, shift: Tensor, epsilon: number) {
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const mean = reduce(graph, 'ReduceMean', x, axes, false);
  const centered = subtract(graph, x, perChannel(graph, mean, x));
  const squares = reduce(graph, 'ReduceSumSquare', centered, axes, false);
  const variance = affine(graph, squares, sizeAt(x, 1) / sizeOf(x.shape), 0);
  const inputs = [x, scale, shift, mean, variance];
  const output = emit(
    graph,
    { operator: 'BatchNormalization', inputs, attributes: { epsilon: float(epsilon) } },
    x.shape,
  );
  return { output, mean, variance };
}

/** running ← (1 - momentum)·running + momentum·batch, the variance unbiased; without a momentum, the average of all batches. */
function updateRunningStatistics(
  context: RuleContext<'batch-norm'>,
  mean: Tensor,
  variance: Tensor,
  count: number,
): void {
  const { graph, attributes, buffers, stepCount } = context;
  const names = runningStatisticsOf(context.op);
  const momentum =
    attributes.momentum === undefined ? unary(graph, 'Reciprocal', stepCount) : graph.scalar(attributes.momentum);
  const update = (name: string, batch: Tensor): void => {
    const running = buffer(context, name);
    buffers.set(name, add(graph, running, multiply(graph, subtract(graph, batch, running), momentum)));
  };
  update(names.mean, mean);
  update(names.variance, count > 1 ? affine(graph, variance, count / (count - 1), 0) : variance);
}

/** Per channel, the sums of the output's gradient and of its product with the normalised input. */
function emitSums(graph: GraphEmitter, gradient: Tensor, x: Tensor, mean: Tensor, inverse: Tensor) {
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const ofGradient = reduceSum(graph, gradient, axes, false);
  const centered = subtract(graph, x, perChannel(graph, mean, x));
  const ofCentered = reduceSum(graph, multiply(graph, gradient, centered), axes, false);
  return { ofGradient, ofProduct: multiply(graph, ofCentered, inverse) };
}

interface InputGradientTerms {
  readonly mean: Tensor;
  readonly inverse: Tensor;
  readonly scale: Tensor;
  readonly ofGradient: Tensor;
  readonly ofProduct: Tensor;
}

/** γ/σ · (dy - mean(dy) - x̂·mean(dy·x̂)), gathered to a·dy + b·x + c with one a, b, c a channel. */
function inputGradient(graph: GraphEmitter, gradient: Tensor, x: Tensor, terms: InputGradientTerms): Tensor {
  const count = graph.scalar(sizeOf(x.shape) / sizeAt(x, 1));
  const a = multiply(graph, terms.scale, terms.inverse);
  const b = unary(
    graph,
    'Neg',
    multiply(graph, multiply(graph, a, terms.inverse), divide(graph, terms.ofProduct, count)),
  );
  const c = unary(
    graph,
    'Neg',
    add(graph, multiply(graph, a, divide(graph, terms.ofGradient, count)), multiply(graph, b, terms.mean)),
  );
  const ofGradient = multiply(graph, gradient, perChannel(graph, a, x));
  return add(graph, add(graph, ofGradient, multiply(graph, x, perChannel(graph, b, x))), perChannel(graph, c, x));
}

/** [C] as [1, C, 1, …]. */
function perChannel(graph: GraphEmitter, values: Tensor, like: Tensor): Tensor {
  return reshape(graph, values, [1, sizeAt(values, 0), ...like.shape.slice(2).map(() => 1)]);
}
