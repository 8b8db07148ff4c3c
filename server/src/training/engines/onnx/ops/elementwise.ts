// Ops on corresponding elements with broadcasting, reductions, softmax, embedding and dropout.

import { assertUnreachable } from '../../../../common/assert.ts';
import { emitSum } from '../blocked-layout.ts';
import { type GraphEmitter, int, text, type Tensor } from '../graph-emitter.ts';
import { emitGlobalAverage } from './pool.ts';
import { type Emitted, inputOf, type OpRule, requiredTensorOf } from '../op-rule.ts';
import { sizeOf } from '../../shape-arithmetic.ts';
import {
  affine,
  divide,
  emit,
  equal,
  expand,
  gather,
  greater,
  maximum,
  minimum,
  multiply,
  power,
  reduce,
  reduceSum,
  reshape,
  sizeAt,
  softmax,
  subtract,
  sumTo,
  toFloat,
  unary,
  where,
} from '../operators.ts';

type Operator = 'add' | 'subtract' | 'multiply' | 'divide' | 'maximum' | 'minimum' | 'power';

/** A binary operator: its output and the gradients of both operands before broadcasting is undone. */
interface Binary {
  readonly output: Tensor;
  readonly ofLeft: (gradient: Tensor) => Tensor;
  readonly ofRight: (gradient: Tensor) => Tensor;
}

function emitBinary(
  graph: GraphEmitter,
  operator: Operator,
  a: Tensor,
  b: Tensor,
  mayJoin: readonly [boolean, boolean],
): Binary {
  switch (operator) {
    case 'add':
      return { output: emitSum(graph, a, b, mayJoin), ofLeft: (dy) => dy, ofRight: (dy) => dy };
    case 'subtract':
      return { output: subtract(graph, a, b), ofLeft: (dy) => dy, ofRight: (dy) => unary(graph, 'Neg', dy) };
    case 'multiply':
      return {
        output: multiply(graph, a, b),
        ofLeft: (dy) => multiply(graph, dy, b),
        ofRight: (dy) => multiply(graph, dy, a),
      };
    case 'divide': {
      const output = divide(graph, a, b);
      return {
        output,
        ofLeft: (dy) => divide(graph, dy, b),
        ofRight: (dy) => unary(graph, 'Neg', divide(graph, multiply(graph, dy, output), b)),
      };
    }
    case 'maximum':
      return choice(graph, maximum(graph, a, b), a, b, (x, y) => greater(graph, x, y));
    case 'minimum':
      return choice(graph, minimum(graph, a, b), a, b, (x, y) => greater(graph, y, x));
    case 'power': {
      const output = power(graph, a, b);
      const zero = graph.scalar(0);
      return {
        output,
        ofLeft: (dy) => multiply(graph, dy, multiply(graph, b, power(graph, a, affine(graph, b, 1, -1)))),
        ofRight: (dy) =>
          multiply(
            graph,
            dy,
            where(graph, equal(graph, a, zero), zero, multiply(graph, output, unary(graph, 'Log', a))),
          ),
      };
    }
    default:
      return assertUnreachable(operator);
  }
}

/** The operand that wins gets the gradient; equal operands share it, as in PyTorch. */
function choice(
  graph: GraphEmitter,
  output: Tensor,
  a: Tensor,
  b: Tensor,
  wins: (x: Tensor, y: Tensor) => Tensor,
): Binary {
  const share = (x: Tensor, y: Tensor): Tensor =>
    affine(graph, subtract(graph, toFloat(graph, wins(x, y)), toFloat(graph, wins(y, x))), 0.5, 0.5);
  return {
    output,
    ofLeft: (dy) => multiply(graph, dy, share(a, b)),
    ofRight: (dy) => multiply(graph, dy, share(b, a)),
  };
}

export const elementwiseRule: OpRule<'elementwise'> = {
  emit: (context) => {
    const { graph, inputs, isOnlyReader } = context;
    const { operator } = context.attributes;
    if (operator === 'compare' || operator === 'where') throw new Error(`${context.op.name} should have been refused`);
    const [first, ...rest] = inputs;
    if (first === undefined) throw new Error(`${context.op.name} has no inputs`);
    let output = first;
    const steps = rest.map((right, index) => {
      const mayJoin = [index > 0 || isOnlyReader[0] === true, isOnlyReader[index + 1] === true] as const;
      const step = emitBinary(graph, operator, output, right, mayJoin);
      const left = output;
      output = step.output;
      return { step, left, right };
    });
    return {
      output,
      pullback: (gradient, wanted) => {
        let current = gradient;
        const gradients: (Tensor | undefined)[] = [];
        for (const [index, { step, left, right }] of [...steps.entries()].toReversed()) {
          gradients[index + 1] =
            wanted[index + 1] === true ? sumTo(graph, step.ofRight(current), right.shape) : undefined;
          // Left of the last operand that is wanted, nothing more has to flow.
          if (wanted.slice(0, index + 1).includes(true)) current = sumTo(graph, step.ofLeft(current), left.shape);
        }
        gradients[0] = wanted[0] === true ? current : undefined;
        return { inputs: gradients };
      },
    };
  },
};

export const reduceRule: OpRule<'reduce'> = {
  emit: (context) => {
    const { graph, attributes } = context;
    const x = inputOf(context);
    const every = x.shape.map((_, axis) => axis);
    // No axes means all of them, as in PyTorch.
    const axes =
      attributes.axes.length === 0 ? every : attributes.axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
    const isGlobalMean = attributes.reducer === 'mean' && x.shape.length === 4 && axes.toSorted().join() === '2,3';
    if (isGlobalMean) {
      const average = emitGlobalAverage(graph, x);
      return {
        output: reshape(graph, average.output, context.outputShape),
        pullback: (gradient, wanted) =>
          average.pullback?.(reshape(graph, gradient, average.output.shape), wanted) ?? { inputs: [] },
      };
    }
    const { kept, pullback } = emitReduction(graph, x, axes, attributes.reducer);
    return {
      output: reshape(graph, kept, context.outputShape),
      pullback: (gradient) => ({ inputs: [pullback(reshape(graph, gradient, kept.shape))] }),
    };
  },
};

function emitReduction(graph: GraphEmitter, x: Tensor, axes: readonly number[], reducer: OpReducer) {
  switch (reducer) {
    case 'sum':
      return { kept: reduceSum(graph, x, axes), pullback: (gradient: Tensor) => expand(graph, gradient, x.shape) };
    case 'mean': {
      const count = sizeOf(axes.map((axis) => sizeAt(x, axis)));
      return {
        kept: reduce(graph, 'ReduceMean', x, axes),
        pullback: (gradient: Tensor) => expand(graph, affine(graph, gradient, 1 / count, 0), x.shape),
      };
    }
    case 'max':
    case 'min': {
      const kept = reduce(graph, reducer === 'max' ? 'ReduceMax' : 'ReduceMin', x, axes);
      return {
        kept,
        // Elements that share the extreme share the gradient, as in PyTorch's amax.
        pullback: (gradient: Tensor) => {
          const isExtreme = toFloat(graph, equal(graph, x, kept));
          return multiply(graph, isExtreme, divide(graph, gradient, reduceSum(graph, isExtreme, axes)));
        },
      };
    }
    case 'product':
    case 'variance':
    case 'norm':
      throw new Error(`A reduction by ${reducer} should have been refused`);
    default:
      return assertUnreachable(reducer);
  }
}

type OpReducer = 'mean' | 'sum' | 'max' | 'min' | 'product' | 'variance' | 'norm';

export const softmaxRule: OpRule<'softmax'> = {
  emit: (context): Emitted => {
    const { graph, attributes } = context;
    const x = inputOf(context);
    const axis = attributes.axis < 0 ? attributes.axis + x.shape.length : attributes.axis;
    const output = softmax(graph, x, axis, attributes.log);
    return {
      output,
      pullback: (gradient) => {
        if (attributes.log) {
          const share = unary(graph, 'Exp', output);
          return { inputs: [subtract(graph, gradient, multiply(graph, share, reduceSum(graph, gradient, [axis])))] };
        }
        const product = multiply(graph, gradient, output);
        return { inputs: [subtract(graph, product, multiply(graph, output, reduceSum(graph, product, [axis])))] };
      },
    };
  },
};

export const embeddingRule: OpRule<'embedding'> = {
  emit: (context) => {
    const { graph, attributes } = context;
    const table = requiredTensorOf(context, 'weight');
    const input = inputOf(context);
    const indices = emit(
      graph,
      { operator: 'Cast', inputs: [input], attributes: { to: int(7) } },
      input.shape,
      'int64',
    );
    return {
      output: gather(graph, table.tensor, indices),
      pullback: (gradient) => {
        const count = sizeOf(input.shape);
        const zeros = expand(graph, graph.scalar(0), [attributes.count, attributes.width]);
        const inputs = [
          zeros,
          reshape(graph, indices, [count, 1]),
          reshape(graph, gradient, [count, attributes.width]),
        ];
        const scattered = emit(
          graph,
          { operator: 'ScatterND', inputs, attributes: { reduction: text('add') } },
          zeros.shape,
        );
        return { inputs: [undefined], parameters: [[table.parameter, scattered]] };
      },
    };
  },
};

export const dropoutRule: OpRule<'dropout'> = {
  emit: (context) => {
    const { graph, op, mode, dropoutMasks } = context;
    const { rate } = context.attributes;
    const x = inputOf(context);
    if (mode === 'inference' || rate === 0) return { output: x, pullback: (gradient) => ({ inputs: [gradient] }) };
    const mask = graph.input(`dropout/${op.name}`, 'float32', x.shape);
    dropoutMasks.push({ op, rate, tensor: mask });
    return {
      output: multiply(graph, x, mask),
      pullback: (gradient) => ({ inputs: [multiply(graph, gradient, mask)] }),
    };
  },
};
