// Activation functions, each with its derivative. Formulas are those of PyTorch's documentation.

import type { ActivationFunction } from '../../../../network/op.ts';
import { assertUnreachable } from '../../../../common/assert.ts';
import { joined, knownBlocked, toBlocked, toPlain } from '../blocked-layout.ts';
import { float, type GraphEmitter, type Tensor } from '../graph-emitter.ts';
import { type Emitted, inputOf, type OpRule, requiredTensorOf, type RuleContext } from '../op-rule.ts';
import {
  add,
  affine,
  divide,
  emit,
  greater,
  minimum,
  multiply,
  reshape,
  sizeAt,
  square,
  sumTo,
  unary,
  where,
} from '../operators.ts';

/** A function of single elements: its value, and its gradient from the output's gradient. */
interface Elementwise {
  readonly output: Tensor;
  readonly gradient: (outputGradient: Tensor) => Tensor;
}

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/**
 * 1 where slope·x > threshold·slope, else 0, in one pass: a hard sigmoid so steep that it is a step. Powers of 2 keep the
 * threshold exact.
 */
function step(graph: GraphEmitter, x: Tensor, threshold: number, sign: 1 | -1): Tensor {
  const steepness = sign * 2 ** (threshold === 0 ? 127 : 120);
  const attributes = { alpha: float(steepness), beta: float(-steepness * threshold) };
  return emit(graph, { operator: 'HardSigmoid', inputs: [x], attributes }, x.shape);
}

/** `gradient` where low < x < high, else 0. */
function inside(graph: GraphEmitter, x: Tensor, low: number, high: number, gradient: Tensor): Tensor {
  const above = multiply(graph, gradient, step(graph, x, low, 1));
  return high === Infinity ? above : multiply(graph, above, step(graph, x, high, -1));
}

/** The functions that only cut off, by where they do. */
const clips = {
  relu: { low: 0, high: Infinity },
  relu6: { low: 0, high: 6 },
  'hard-tanh': { low: -1, high: 1 },
} as const;

/** The gradient is found from the output, so that the input need not be kept. `join` puts the cut into what computes x. */
function clipped(
  graph: GraphEmitter,
  x: Tensor,
  { low, high }: { low: number; high: number },
  join: boolean,
): Elementwise {
  const activation = high === Infinity ? ({ kind: 'relu' } as const) : ({ kind: 'clip', low, high } as const);
  const fused = join ? joined(graph, x, { activation }) : undefined;
  const output = fused ?? (high === Infinity ? unary(graph, 'Relu', x) : clamp(graph, x, low, high));
  return { output, gradient: (dy) => inside(graph, output, low, high, dy) };
}

function clamp(graph: GraphEmitter, x: Tensor, low: number, high: number): Tensor {
  return emit(graph, { operator: 'Clip', inputs: [x, graph.scalar(low), graph.scalar(high)] }, x.shape);
}

/** scale·x above 0, scale·alpha·(e^(x/width) - 1) below. */
function exponentialUnit(graph: GraphEmitter, x: Tensor, alpha: number, scale: number, width = 1): Elementwise {
  const zero = graph.scalar(0);
  const decayed = affine(
    graph,
    unary(graph, 'Exp', minimum(graph, affine(graph, x, 1 / width, 0), zero)),
    scale * alpha,
    0,
  );
  const output = add(
    graph,
    affine(graph, unary(graph, 'Relu', x), scale, 0),
    affine(graph, decayed, 1, -scale * alpha),
  );
  const derivative = (): Tensor =>
    where(graph, greater(graph, x, zero), graph.scalar(scale), affine(graph, decayed, 1 / width, 0));
  return { output, gradient: (dy) => multiply(graph, dy, derivative()) };
}

/** A product of x with a gate of x: y = x·g, y' = g + x·g'. */
function gated(graph: GraphEmitter, x: Tensor, gate: Tensor, gateDerivative: () => Tensor): Elementwise {
  return {
    output: multiply(graph, x, gate),
    gradient: (dy) => multiply(graph, dy, add(graph, gate, multiply(graph, x, gateDerivative()))),
  };
}

/** g·(1 - g), the derivative of the logistic function from its value. */
function logisticDerivative(graph: GraphEmitter, value: Tensor): Tensor {
  return multiply(graph, value, affine(graph, value, -1, 1));
}

/** 1 - t², the derivative of tanh from its value. */
function tanhDerivative(graph: GraphEmitter, value: Tensor): Tensor {
  return affine(graph, square(graph, value), -1, 1);
}

/** log(1 + e^x) without overflow. */
function softplus(graph: GraphEmitter, x: Tensor): Tensor {
  return unary(graph, 'Softplus', x);
}

function emitFunction(
  graph: GraphEmitter,
  name: Exclude<ActivationFunction, 'prelu' | 'other'>,
  x: Tensor,
  slope: number | undefined,
  join: boolean,
): Elementwise {
  const direct = (output: Tensor, derivative: () => Tensor): Elementwise => ({
    output,
    gradient: (dy) => multiply(graph, dy, derivative()),
  });
  switch (name) {
    case 'relu':
    case 'relu6':
    case 'hard-tanh':
      return clipped(graph, x, clips[name], join);
    case 'leaky-relu': {
      const leak = graph.scalar(slope ?? 0.01);
      const positive = (whenTrue: Tensor, whenFalse: Tensor): Tensor =>
        where(graph, greater(graph, x, graph.scalar(0)), whenTrue, whenFalse);
      return {
        output: positive(x, multiply(graph, x, leak)),
        gradient: (dy) => positive(dy, multiply(graph, dy, leak)),
      };
    }
    case 'elu':
      return exponentialUnit(graph, x, slope ?? 1, 1);
    case 'celu':
      return exponentialUnit(graph, x, slope ?? 1, 1, slope ?? 1);
    case 'selu':
      return exponentialUnit(graph, x, SELU_ALPHA, SELU_SCALE);
    case 'gelu': {
      const share = affine(graph, unary(graph, 'Erf', affine(graph, x, Math.SQRT1_2, 0)), 0.5, 0.5);
      const density = (): Tensor =>
        affine(graph, unary(graph, 'Exp', affine(graph, square(graph, x), -0.5, 0)), 1 / Math.sqrt(2 * Math.PI), 0);
      return gated(graph, x, share, density);
    }
    case 'gelu-tanh': {
      const factor = Math.sqrt(2 / Math.PI);
      const t = unary(
        graph,
        'Tanh',
        affine(graph, multiply(graph, x, affine(graph, square(graph, x), 0.044715, 1)), factor, 0),
      );
      const inner = (): Tensor => affine(graph, square(graph, x), 3 * 0.044715 * factor, factor);
      return gated(graph, x, affine(graph, t, 0.5, 0.5), () =>
        affine(graph, multiply(graph, tanhDerivative(graph, t), inner()), 0.5, 0),
      );
    }
    case 'silu': {
      const gate = unary(graph, 'Sigmoid', x);
      return gated(graph, x, gate, () => logisticDerivative(graph, gate));
    }
    case 'mish': {
      const gate = unary(graph, 'Tanh', softplus(graph, x));
      return gated(graph, x, gate, () => multiply(graph, tanhDerivative(graph, gate), unary(graph, 'Sigmoid', x)));
    }
    case 'sigmoid': {
      const output = unary(graph, 'Sigmoid', x);
      return direct(output, () => logisticDerivative(graph, output));
    }
    case 'hard-sigmoid':
      return {
        output: affine(graph, clamp(graph, affine(graph, x, 1, 3), 0, 6), 1 / 6, 0),
        gradient: (dy) => inside(graph, x, -3, 3, affine(graph, dy, 1 / 6, 0)),
      };
    case 'hard-swish': {
      const gate = affine(graph, clamp(graph, affine(graph, x, 1, 3), 0, 6), 1 / 6, 0);
      return gated(graph, x, gate, () => inside(graph, x, -3, 3, graph.scalar(1 / 6)));
    }
    case 'tanh': {
      const output = unary(graph, 'Tanh', x);
      return direct(output, () => tanhDerivative(graph, output));
    }
    case 'softplus':
      return direct(softplus(graph, x), () => unary(graph, 'Sigmoid', x));
    case 'log-sigmoid':
      return direct(unary(graph, 'Neg', softplus(graph, unary(graph, 'Neg', x))), () =>
        unary(graph, 'Sigmoid', unary(graph, 'Neg', x)),
      );
    case 'softsign': {
      const reach = affine(graph, unary(graph, 'Abs', x), 1, 1);
      return { output: divide(graph, x, reach), gradient: (dy) => divide(graph, dy, square(graph, reach)) };
    }
    case 'exp': {
      const output = unary(graph, 'Exp', x);
      return direct(output, () => output);
    }
    case 'log':
      return { output: unary(graph, 'Log', x), gradient: (dy) => divide(graph, dy, x) };
    case 'sqrt': {
      const output = unary(graph, 'Sqrt', x);
      return { output, gradient: (dy) => divide(graph, affine(graph, dy, 0.5, 0), output) };
    }
    case 'rsqrt': {
      const output = unary(graph, 'Reciprocal', unary(graph, 'Sqrt', x));
      return { output, gradient: (dy) => divide(graph, affine(graph, multiply(graph, dy, output), -0.5, 0), x) };
    }
    case 'abs':
      return direct(unary(graph, 'Abs', x), () => unary(graph, 'Sign', x));
    case 'negative':
      return { output: unary(graph, 'Neg', x), gradient: (dy) => unary(graph, 'Neg', dy) };
    case 'square':
      return direct(square(graph, x), () => affine(graph, x, 2, 0));
    case 'sine':
      return direct(unary(graph, 'Sin', x), () => unary(graph, 'Cos', x));
    case 'cosine':
      return direct(unary(graph, 'Cos', x), () => unary(graph, 'Neg', unary(graph, 'Sin', x)));
    default:
      return assertUnreachable(name);
  }
}

/** A leak that is learnt: one slope for all, or one a channel. */
function emitParametricRelu(context: RuleContext<'activation'>, x: Tensor): Emitted {
  const { graph, attributes } = context;
  const slope = requiredTensorOf(context, 'slope');
  const axis = attributes.channelAxis < 0 ? attributes.channelAxis + x.shape.length : attributes.channelAxis;
  const count = sizeAt(slope.tensor, 0);
  const spread = reshape(
    graph,
    slope.tensor,
    x.shape.map((_, index) => (index === axis ? count : 1)),
  );
  const zero = graph.scalar(0);
  const output = add(graph, unary(graph, 'Relu', x), multiply(graph, minimum(graph, x, zero), spread));
  return {
    output,
    pullback: (gradient) => {
      const isPositive = greater(graph, x, zero);
      return {
        inputs: [where(graph, isPositive, gradient, multiply(graph, gradient, spread))],
        parameters: [
          [
            slope.parameter,
            reshape(
              graph,
              sumTo(graph, multiply(graph, gradient, minimum(graph, x, zero)), spread.shape),
              slope.tensor.shape,
            ),
          ],
        ],
      };
    },
  };
}

export const activationRule: OpRule<'activation'> = {
  emit: (context) => {
    const x = inputOf(context);
    const { function: name, slope } = context.attributes;
    if (name === 'other') throw new Error(`${context.op.name} should have been refused`);
    if (name === 'prelu') return emitParametricRelu(context, x);
    const { graph } = context;
    const blocked = knownBlocked(graph, x);
    if (blocked === undefined) {
      const { output, gradient } = emitFunction(graph, name, x, slope, false);
      return { output, pullback: (outputGradient) => ({ inputs: [gradient(outputGradient)] }) };
    }
    const { tensor, channels } = blocked;
    const { output, gradient } = emitFunction(graph, name, tensor, slope, context.isOnlyReader[0] === true);
    return {
      output: toPlain(graph, { tensor: output, channels }),
      pullback: (outputGradient) => {
        const inner = gradient(toBlocked(graph, outputGradient).tensor);
        return { inputs: [toPlain(graph, { tensor: inner, channels })] };
      },
    };
  },
};
