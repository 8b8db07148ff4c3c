// Activation functions, each with its derivative. Formulas are those of PyTorch's documentation.

import type { ActivationFunction } from '../../../../network/op.ts';
import { affine, reshape, sumTo, toFloat } from '../arithmetic.ts';
import { type Applied, inputOf, type OpRule, requiredTensorOf, type RuleContext } from '../op-rule.ts';
import { axisIn, inOrder, type Placed } from '../placed.ts';
import type { Backend, Tensor, TensorFlow } from '../tensorflow.ts';

/** A function of single elements, and its gradient from the output's gradient and either its input or its output. */
type Elementwise = {
  readonly value: (tf: TensorFlow, x: Tensor) => Tensor;
} & (
  | { readonly fromInput: (tf: TensorFlow, dy: Tensor, x: Tensor, backend: Backend) => Tensor }
  | { readonly fromOutput: (tf: TensorFlow, dy: Tensor, y: Tensor, backend: Backend) => Tensor }
);

const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;
const tanhFactor = Math.sqrt(2 / Math.PI);
const tanhCubic = 0.044715;

/** `gradient` where low < x < high, else 0. */
function inside(tf: TensorFlow, x: Tensor, low: number, high: number, gradient: Tensor): Tensor {
  const above = tf.greater(x, low);
  return tf.mul(gradient, toFloat(tf, high === Infinity ? above : tf.logicalAnd(above, tf.less(x, high))));
}

/** A function that only cuts off. `nativeGradient` is TensorFlow's op for it, if there is one. */
function clip(low: number, high: number, nativeGradient?: string): Elementwise {
  return {
    value: (tf, x) => (high === Infinity ? tf.relu(x) : tf.clipByValue(x, low, high)),
    fromOutput: (tf, dy, y, { native }) => {
      const found =
        native === undefined || nativeGradient === undefined
          ? undefined
          : native.run(nativeGradient, ['T'], {}, [dy, y], 1)[0];
      return found ?? inside(tf, y, low, high, dy);
    },
  };
}

/** scale·x above 0, scale·alpha·(e^(x/width) - 1) below. */
function exponentialUnit(alpha: number, scale: number, width = 1): Elementwise {
  const decayed = (tf: TensorFlow, x: Tensor): Tensor =>
    affine(tf, tf.exp(affine(tf, tf.minimum(x, 0), 1 / width, 0)), scale * alpha, 0);
  return {
    value: (tf, x) => tf.add(affine(tf, tf.relu(x), scale, 0), affine(tf, decayed(tf, x), 1, -scale * alpha)),
    fromInput: (tf, dy, x) => {
      const isPositive = toFloat(tf, tf.greater(x, 0));
      const below = tf.mul(affine(tf, decayed(tf, x), 1 / width, 0), affine(tf, isPositive, -1, 1));
      return tf.mul(dy, tf.add(affine(tf, isPositive, scale, 0), below));
    },
  };
}

/** A product of x with a gate of x: y = x·g, y' = g + x·g'. */
function gated(
  gate: (tf: TensorFlow, x: Tensor) => Tensor,
  gateDerivative: (tf: TensorFlow, x: Tensor, gate: Tensor) => Tensor,
): Elementwise {
  return {
    value: (tf, x) => tf.mul(x, gate(tf, x)),
    fromInput: (tf, dy, x) => {
      const g = gate(tf, x);
      return tf.mul(dy, tf.add(g, tf.mul(x, gateDerivative(tf, x, g))));
    },
  };
}

/** A function whose derivative is known from its input alone. */
function direct(
  value: (tf: TensorFlow, x: Tensor) => Tensor,
  derivative: (tf: TensorFlow, x: Tensor) => Tensor,
): Elementwise {
  return { value, fromInput: (tf, dy, x) => tf.mul(dy, derivative(tf, x)) };
}

/** (1 + tanh(√(2/π)·(x + 0.044715·x³)))/2, the gate of GELU's approximation. */
function tanhGate(tf: TensorFlow, x: Tensor): Tensor {
  const inner = affine(tf, tf.mul(x, affine(tf, tf.square(x), tanhCubic, 1)), tanhFactor, 0);
  return affine(tf, tf.tanh(inner), 0.5, 0.5);
}

const hardGate = (tf: TensorFlow, x: Tensor): Tensor => affine(tf, tf.clipByValue(affine(tf, x, 1, 3), 0, 6), 1 / 6, 0);

function functionOf(name: Exclude<ActivationFunction, 'prelu' | 'other'>, slope: number | undefined): Elementwise {
  switch (name) {
    case 'relu':
      return clip(0, Infinity, 'ReluGrad');
    case 'relu6':
      return clip(0, 6, 'Relu6Grad');
    case 'hard-tanh':
      return clip(-1, 1);
    case 'leaky-relu': {
      const leak = slope ?? 0.01;
      const factor = (tf: TensorFlow, x: Tensor): Tensor => affine(tf, toFloat(tf, tf.greater(x, 0)), 1 - leak, leak);
      return direct((tf, x) => tf.add(tf.relu(x), tf.mul(tf.minimum(x, 0), leak)), factor);
    }
    case 'elu':
      return exponentialUnit(slope ?? 1, 1);
    case 'celu':
      return exponentialUnit(slope ?? 1, 1, slope ?? 1);
    case 'selu':
      return exponentialUnit(seluAlpha, seluScale);
    case 'gelu':
      return gated(
        (tf, x) => affine(tf, tf.erf(affine(tf, x, Math.SQRT1_2, 0)), 0.5, 0.5),
        (tf, x) => affine(tf, tf.exp(affine(tf, tf.square(x), -0.5, 0)), 1 / Math.sqrt(2 * Math.PI), 0),
      );
    case 'gelu-tanh':
      // With g = (1 + t)/2: g' = (1 - t²)/2·inner' = 2·g·(1 - g)·inner'.
      return gated(tanhGate, (tf, x, gate) => {
        const inner = affine(tf, tf.square(x), 3 * tanhCubic * tanhFactor, tanhFactor);
        return affine(tf, tf.mul(tf.mul(gate, affine(tf, gate, -1, 1)), inner), 2, 0);
      });
    case 'silu':
      return gated(
        (tf, x) => tf.sigmoid(x),
        (tf, _, gate) => tf.mul(gate, affine(tf, gate, -1, 1)),
      );
    case 'mish':
      return gated(
        (tf, x) => tf.tanh(tf.softplus(x)),
        (tf, x, gate) => tf.mul(affine(tf, tf.square(gate), -1, 1), tf.sigmoid(x)),
      );
    case 'sigmoid':
      return {
        value: (tf, x) => tf.sigmoid(x),
        fromOutput: (tf, dy, y) => tf.mul(dy, tf.mul(y, affine(tf, y, -1, 1))),
      };
    case 'hard-sigmoid':
      return { value: hardGate, fromInput: (tf, dy, x) => inside(tf, x, -3, 3, affine(tf, dy, 1 / 6, 0)) };
    case 'hard-swish':
      return gated(hardGate, (tf, x) => inside(tf, x, -3, 3, tf.scalar(1 / 6)));
    case 'tanh':
      return {
        value: (tf, x) => tf.tanh(x),
        fromOutput: (tf, dy, y) => tf.mul(dy, affine(tf, tf.square(y), -1, 1)),
      };
    case 'softplus':
      return direct(
        (tf, x) => tf.softplus(x),
        (tf, x) => tf.sigmoid(x),
      );
    case 'log-sigmoid':
      return direct(
        (tf, x) => tf.neg(tf.softplus(tf.neg(x))),
        (tf, x) => tf.sigmoid(tf.neg(x)),
      );
    case 'softsign': {
      const reach = (tf: TensorFlow, x: Tensor): Tensor => affine(tf, tf.abs(x), 1, 1);
      return {
        value: (tf, x) => tf.div(x, reach(tf, x)),
        fromInput: (tf, dy, x) => tf.div(dy, tf.square(reach(tf, x))),
      };
    }
    case 'exp':
      return { value: (tf, x) => tf.exp(x), fromOutput: (tf, dy, y) => tf.mul(dy, y) };
    case 'log':
      return { value: (tf, x) => tf.log(x), fromInput: (tf, dy, x) => tf.div(dy, x) };
    case 'sqrt':
      return { value: (tf, x) => tf.sqrt(x), fromOutput: (tf, dy, y) => tf.div(affine(tf, dy, 0.5, 0), y) };
    case 'rsqrt':
      return {
        value: (tf, x) => tf.rsqrt(x),
        fromInput: (tf, dy, x) => tf.div(affine(tf, tf.mul(dy, tf.rsqrt(x)), -0.5, 0), x),
      };
    case 'abs':
      return direct(
        (tf, x) => tf.abs(x),
        (tf, x) => tf.sign(x),
      );
    case 'negative':
      return { value: (tf, x) => tf.neg(x), fromInput: (tf, dy) => tf.neg(dy) };
    case 'square':
      return direct(
        (tf, x) => tf.square(x),
        (tf, x) => affine(tf, x, 2, 0),
      );
    case 'sine':
      return direct(
        (tf, x) => tf.sin(x),
        (tf, x) => tf.cos(x),
      );
    case 'cosine':
      return direct(
        (tf, x) => tf.cos(x),
        (tf, x) => tf.neg(tf.sin(x)),
      );
  }
}

/** A leak that is learnt: one slope for all, or one a channel. */
function applyParametricRelu(context: RuleContext<'activation'>, input: Placed): Applied {
  const { tf } = context.backend;
  const slope = requiredTensorOf(context, 'slope');
  const x = input.tensor;
  const rank = x.shape.length;
  const networkAxis = context.attributes.channelAxis;
  const axis = axisIn(input, networkAxis < 0 ? networkAxis + rank : networkAxis);
  const count = slope.tensor.size;
  const spread = (): Tensor =>
    reshape(
      tf,
      slope.tensor,
      x.shape.map((_, index) => (index === axis ? count : 1)),
    );
  return {
    output: { ...input, tensor: tf.add(tf.relu(x), tf.mul(tf.minimum(x, 0), spread())) },
    needs: [x],
    pullback: (gradient) => {
      const dy = inOrder(tf, gradient, input.channelsLast);
      const isPositive = toFloat(tf, tf.greater(x, 0));
      const factor = tf.add(isPositive, tf.mul(affine(tf, isPositive, -1, 1), spread()));
      const ofSlope = sumTo(tf, tf.mul(dy, tf.minimum(x, 0)), spread().shape);
      return {
        inputs: [{ ...input, tensor: tf.mul(dy, factor) }],
        parameters: [[slope.parameter, reshape(tf, ofSlope, slope.tensor.shape)]],
      };
    },
  };
}

export const activationRule: OpRule<'activation'> = (context) => {
  const { backend, attributes } = context;
  const { tf } = backend;
  const input = inputOf(context);
  if (attributes.function === 'other') throw new Error(`${context.op.name} should have been refused`);
  if (attributes.function === 'prelu') return applyParametricRelu(context, input);
  const elementwise = functionOf(attributes.function, attributes.slope);
  const x = input.tensor;
  const y = elementwise.value(tf, x);
  return {
    output: { ...input, tensor: y },
    needs: ['fromInput' in elementwise ? x : y],
    pullback: (gradient) => {
      const dy = inOrder(tf, gradient, input.channelsLast);
      const tensor =
        'fromInput' in elementwise
          ? elementwise.fromInput(tf, dy, x, backend)
          : elementwise.fromOutput(tf, dy, y, backend);
      return { inputs: [{ ...input, tensor }] };
    },
  };
};
