// Layer and group norm: statistics of each image alone, the same in training and inference.

import type { Parameter } from '../../../../network/op.ts';
import { withChannelsFirst } from '../channels-first.ts';
import type { GraphEmitter, Tensor } from '../graph-emitter.ts';
import { type Emitted, inputOf, type OpRule, tensorOf } from '../op-rule.ts';
import { add, affine, multiply, reduce, reshape, sizeAt, square, subtract, sumTo, unary } from '../operators.ts';

/** x̂ over `axes`, and how a gradient of x̂ becomes one of x. */
function emitNormalized(graph: GraphEmitter, x: Tensor, axes: readonly number[], epsilon: number) {
  const centered = subtract(graph, x, reduce(graph, 'ReduceMean', x, axes));
  const variance = reduce(graph, 'ReduceMean', square(graph, centered), axes);
  const inverse = unary(graph, 'Reciprocal', unary(graph, 'Sqrt', affine(graph, variance, 1, epsilon)));
  const normalized = multiply(graph, centered, inverse);
  const pullback = (gradient: Tensor): Tensor => {
    const mean = reduce(graph, 'ReduceMean', gradient, axes);
    const meanProduct = reduce(graph, 'ReduceMean', multiply(graph, gradient, normalized), axes);
    return multiply(
      graph,
      inverse,
      subtract(graph, subtract(graph, gradient, mean), multiply(graph, normalized, meanProduct)),
    );
  };
  return { normalized, pullback };
}

interface AffineParameter {
  readonly parameter: Parameter;
  readonly tensor: Tensor;
}

/** x̂·scale + shift, where both have been given shapes that broadcast over x. */
function emitAffine(
  graph: GraphEmitter,
  normalized: Tensor,
  scale: AffineParameter | undefined,
  shift: AffineParameter | undefined,
  inner: (gradient: Tensor) => Tensor,
): Emitted {
  const scaled = scale === undefined ? normalized : multiply(graph, normalized, scale.tensor);
  /** A parameter's gradient in the parameter's own shape. */
  const own = ({ parameter, tensor }: AffineParameter, gradient: Tensor): readonly [Parameter, Tensor] => [
    parameter,
    reshape(graph, sumTo(graph, gradient, tensor.shape), parameter.shape.map(Number)),
  ];
  return {
    output: shift === undefined ? scaled : add(graph, scaled, shift.tensor),
    pullback: (gradient, wanted) => ({
      inputs: [
        wanted[0] === true
          ? inner(scale === undefined ? gradient : multiply(graph, gradient, scale.tensor))
          : undefined,
      ],
      parameters: [
        ...(scale === undefined ? [] : [own(scale, multiply(graph, gradient, normalized))]),
        ...(shift === undefined ? [] : [own(shift, gradient)]),
      ],
    }),
  };
}

export const layerNormRule: OpRule<'layer-norm'> = {
  emit: (context) => {
    const { graph, attributes } = context;
    const x = inputOf(context);
    const axes = attributes.normalizedAxes.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
    const shape = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1));
    const spread = (found: AffineParameter | undefined): AffineParameter | undefined =>
      found && { parameter: found.parameter, tensor: reshape(graph, found.tensor, shape) };
    const { normalized, pullback } = emitNormalized(graph, x, axes, attributes.epsilon);
    return emitAffine(
      graph,
      normalized,
      spread(tensorOf(context, 'scale')),
      spread(tensorOf(context, 'shift')),
      pullback,
    );
  },
};

export const groupNormRule: OpRule<'group-norm'> = {
  emit: (context) =>
    withChannelsFirst(context.graph, context.attributes.channelAxis, inputOf(context), context.outputShape, (x) => {
      const { graph, attributes } = context;
      const grouped = reshape(graph, x, [
        sizeAt(x, 0),
        attributes.groups,
        x.shape.slice(1).reduce((a, b) => a * b, 1) / attributes.groups,
      ]);
      const { normalized, pullback } = emitNormalized(graph, grouped, [2], attributes.epsilon);
      const spread = (found: AffineParameter | undefined): AffineParameter | undefined =>
        found && {
          parameter: found.parameter,
          tensor: reshape(graph, found.tensor, [1, attributes.channels, ...x.shape.slice(2).map(() => 1)]),
        };
      return emitAffine(
        graph,
        reshape(graph, normalized, x.shape),
        spread(tensorOf(context, 'scale')),
        spread(tensorOf(context, 'shift')),
        (gradient) => reshape(graph, pullback(reshape(graph, gradient, grouped.shape)), x.shape),
      );
    }),
};
