// Ops on corresponding elements with broadcasting, dropout, and tensors that no image feeds.

import { assertUnreachable } from '../../../../common/assert.ts';
import { sizeOf } from '../../shape-arithmetic.ts';
import { affine, reshape, sumTo, toFloat } from '../arithmetic.ts';
import { inputOf, type OpRule, tensorOf } from '../op-rule.ts';
import { asPlain, inOrder, networkShape, plain } from '../placed.ts';
import type { Tensor, TensorFlow } from '../tensorflow.ts';

type Operator = 'add' | 'subtract' | 'multiply' | 'divide' | 'maximum' | 'minimum' | 'power';

/** A binary operator: its output and the gradients of both operands before broadcasting is undone. */
interface Binary {
  readonly output: Tensor;
  readonly ofLeft: (gradient: Tensor) => Tensor;
  readonly ofRight: (gradient: Tensor) => Tensor;
  /** Whether the gradients read the operands and the output. */
  readonly readsOperands: boolean;
}

function applyBinary(tf: TensorFlow, operator: Operator, a: Tensor, b: Tensor): Binary {
  switch (operator) {
    case 'add':
      return { output: tf.add(a, b), ofLeft: (dy) => dy, ofRight: (dy) => dy, readsOperands: false };
    case 'subtract':
      return { output: tf.sub(a, b), ofLeft: (dy) => dy, ofRight: (dy) => tf.neg(dy), readsOperands: false };
    case 'multiply':
      return {
        output: tf.mul(a, b),
        ofLeft: (dy) => tf.mul(dy, b),
        ofRight: (dy) => tf.mul(dy, a),
        readsOperands: true,
      };
    case 'divide': {
      const output = tf.div(a, b);
      return {
        output,
        ofLeft: (dy) => tf.div(dy, b),
        ofRight: (dy) => tf.neg(tf.div(tf.mul(dy, output), b)),
        readsOperands: true,
      };
    }
    case 'maximum':
      return choice(tf, tf.maximum(a, b), a, b, (x, y) => tf.greater(x, y));
    case 'minimum':
      return choice(tf, tf.minimum(a, b), a, b, (x, y) => tf.less(x, y));
    case 'power': {
      const output = tf.pow(a, b);
      return {
        output,
        ofLeft: (dy) => tf.mul(dy, tf.mul(b, tf.pow(a, affine(tf, b, 1, -1)))),
        ofRight: (dy) => {
          const slope = tf.mul(output, tf.log(a));
          return tf.mul(dy, tf.where(tf.equal(tf.add(a, tf.zerosLike(slope)), 0), tf.zerosLike(slope), slope));
        },
        readsOperands: true,
      };
    }
    default:
      return assertUnreachable(operator);
  }
}

/** The operand that wins gets the gradient; equal operands share it, as in PyTorch. */
function choice(tf: TensorFlow, output: Tensor, a: Tensor, b: Tensor, wins: (x: Tensor, y: Tensor) => Tensor): Binary {
  const share = (x: Tensor, y: Tensor): Tensor =>
    affine(tf, tf.sub(toFloat(tf, wins(x, y)), toFloat(tf, wins(y, x))), 0.5, 0.5);
  return {
    output,
    ofLeft: (dy) => tf.mul(dy, share(a, b)),
    ofRight: (dy) => tf.mul(dy, share(b, a)),
    readsOperands: true,
  };
}

export const elementwiseRule: OpRule<'elementwise'> = (context) => {
  const { tf } = context.backend;
  const { operator } = context.attributes;
  if (operator === 'compare' || operator === 'where') throw new Error(`${context.op.name} should have been refused`);
  // Channels stay last when they are in one of the operands, if all have the axes to put there.
  const rank = context.outputShape.length;
  const channelsLast =
    context.inputs.some((input) => input.channelsLast) &&
    context.inputs.every((input) => input.tensor.shape.length === rank);
  const [first, ...rest] = context.inputs.map((input) => inOrder(tf, input, channelsLast));
  if (first === undefined) throw new Error(`${context.op.name} has no inputs`);
  let output = first;
  const steps = rest.map((right) => {
    const left = output;
    const step = applyBinary(tf, operator, left, right);
    output = step.output;
    return { step, left, right };
  });
  return {
    output: { tensor: output, channelsLast },
    needs: steps.flatMap(({ step, left, right }) => (step.readsOperands ? [left, right, step.output] : [])),
    pullback: (gradient, wanted) => {
      let current = inOrder(tf, gradient, channelsLast);
      const gradients: (Tensor | undefined)[] = [];
      for (const [index, { step, left, right }] of [...steps.entries()].toReversed()) {
        gradients[index + 1] = wanted[index + 1] === true ? sumTo(tf, step.ofRight(current), right.shape) : undefined;
        // Left of the last operand that is wanted, nothing more has to flow.
        if (wanted.slice(0, index + 1).includes(true)) current = sumTo(tf, step.ofLeft(current), left.shape);
      }
      gradients[0] = wanted[0] === true ? current : undefined;
      return { inputs: gradients.map((tensor) => tensor && { tensor, channelsLast }) };
    },
  };
};

export const dropoutRule: OpRule<'dropout'> = (context) => {
  const { op, mode } = context;
  const { tf } = context.backend;
  const { rate } = context.attributes;
  const input = inputOf(context);
  if (mode === 'inference' || rate === 0) {
    return { output: input, pullback: (gradient) => ({ inputs: [gradient] }) };
  }
  const shape = networkShape(input);
  const drawn = plain(tf.tensor(context.dropoutMask(op, rate, sizeOf(shape)), [...shape]));
  const mask = inOrder(tf, drawn, input.channelsLast);
  return {
    output: { ...input, tensor: tf.mul(input.tensor, mask) },
    needs: [mask],
    pullback: (gradient) => ({
      inputs: [{ ...input, tensor: tf.mul(inOrder(tf, gradient, input.channelsLast), mask) }],
    }),
  };
};

export const constantRule: OpRule<'constant'> = (context) => {
  const { tf } = context.backend;
  const { attributes, outputShape } = context;
  const free = tensorOf(context, 'other');
  if (free === undefined) return { output: plain(tf.fill([...outputShape], attributes.value ?? 0)) };
  return {
    output: plain(reshape(tf, free.tensor, outputShape)),
    pullback: (gradient) => ({
      inputs: [],
      parameters: [[free.parameter, reshape(tf, asPlain(tf, gradient), free.tensor.shape)]],
    }),
  };
};
