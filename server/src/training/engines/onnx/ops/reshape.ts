// Ops that move elements without computing: reshape, permute, expand, slice, concat, shuffles and blocks.

import type { GraphEmitter, Tensor } from '../graph-emitter.ts';
import { fromFront, inverseOrder } from '../../shape-arithmetic.ts';
import { withChannelsFirst } from '../channels-first.ts';
import { type Emitted, inputOf, type OpRule } from '../op-rule.ts';
import { concat, expand, pad, reshape, sizeAt, slice, sumTo, transpose } from '../operators.ts';

export const identityRule: OpRule<'identity'> = {
  emit: (context) => ({ output: inputOf(context), pullback: (gradient) => ({ inputs: [gradient] }) }),
};

export const reshapeRule: OpRule<'reshape'> = {
  emit: (context) => {
    const x = inputOf(context);
    return {
      output: reshape(context.graph, x, context.outputShape),
      pullback: (gradient) => ({ inputs: [reshape(context.graph, gradient, x.shape)] }),
    };
  },
};

export const permuteRule: OpRule<'permute'> = {
  emit: (context) => {
    const { graph } = context;
    const x = inputOf(context);
    const order = context.attributes.order.map((axis) => fromFront(axis, x.shape.length));
    return {
      output: transpose(graph, x, order),
      pullback: (gradient) => ({ inputs: [transpose(graph, gradient, inverseOrder(order))] }),
    };
  },
};

export const expandRule: OpRule<'expand'> = {
  emit: (context) => {
    const x = inputOf(context);
    return {
      output: expand(context.graph, x, context.outputShape),
      pullback: (gradient) => ({ inputs: [sumTo(context.graph, gradient, x.shape)] }),
    };
  },
};

export const sliceRule: OpRule<'slice'> = {
  emit: (context) => {
    const { graph } = context;
    const x = inputOf(context);
    const axis = fromFront(context.attributes.axis, x.shape.length);
    const size = sizeAt({ shape: context.outputShape }, axis);
    const { start: written, step } = context.attributes;
    const start = written < 0 ? written + sizeAt(x, axis) : written;
    return {
      output: slice(graph, x, [{ axis, start, size, step }]),
      pullback: (gradient) => ({
        inputs: [
          step === 1 ? placed(graph, gradient, x, axis, start) : spread(graph, gradient, x, { axis, start, step }),
        ],
      }),
    };
  },
};

/** Zeros of the shape of `like` with `part` laid in at `start` on one axis. */
export function placed(graph: GraphEmitter, part: Tensor, like: Tensor, axis: number, start: number): Tensor {
  const before = like.shape.map((_, index) => (index === axis ? start : 0));
  const after = like.shape.map((size, index) => (index === axis ? size - start - sizeAt(part, axis) : 0));
  return pad(graph, part, before, after);
}

/** As `placed`, with `step` positions from one element to the next: zeros are put in between by a pad of an axis of size 1. */
function spread(
  graph: GraphEmitter,
  part: Tensor,
  like: Tensor,
  { axis, start, step }: { axis: number; start: number; step: number },
): Tensor {
  const distance = Math.abs(step);
  const count = sizeAt(part, axis);
  const ordered = step > 0 ? part : slice(graph, part, [{ axis, start: count - 1, size: count, step: -1 }]);
  const apart = reshape(graph, ordered, [...part.shape.slice(0, axis + 1), 1, ...part.shape.slice(axis + 1)]);
  const gaps = pad(
    graph,
    apart,
    apart.shape.map(() => 0),
    apart.shape.map((_, index) => (index === axis + 1 ? distance - 1 : 0)),
  );
  const joined = reshape(
    graph,
    gaps,
    part.shape.map((size, index) => (index === axis ? size * distance : size)),
  );
  const dense = slice(graph, joined, [{ axis, start: 0, size: (count - 1) * distance + 1, step: 1 }]);
  return placed(graph, dense, like, axis, step > 0 ? start : start + (count - 1) * step);
}

export const concatRule: OpRule<'concat'> = {
  emit: (context) => {
    const { graph, inputs, outputShape } = context;
    const axis = fromFront(context.attributes.axis, outputShape.length);
    // A part that knows no batch (a learnt token) is repeated for every image.
    const parts = inputs.map((input) =>
      expand(
        graph,
        input,
        outputShape.map((size, index) => (index === axis ? sizeAt(input, axis) : size)),
      ),
    );
    return {
      output: concat(graph, parts, axis),
      pullback: (gradient, wanted) => {
        let start = 0;
        const gradients = parts.map((part, index) => {
          const size = sizeAt(part, axis);
          start += size;
          if (wanted[index] !== true) return undefined;
          const own = slice(graph, gradient, [{ axis, start: start - size, size, step: 1 }]);
          return sumTo(graph, own, inputs[index]?.shape ?? part.shape);
        });
        return { inputs: gradients };
      },
    };
  },
};

/** A permutation of elements: view under one shape, transpose, view under another. */
function emitMoved(
  graph: GraphEmitter,
  x: Tensor,
  view: readonly number[],
  order: readonly number[],
  outputShape: readonly number[],
): Emitted {
  const moved = transpose(graph, reshape(graph, x, view), order);
  return {
    output: reshape(graph, moved, outputShape),
    pullback: (gradient) => ({
      inputs: [reshape(graph, transpose(graph, reshape(graph, gradient, moved.shape), inverseOrder(order)), x.shape)],
    }),
  };
}

export const channelShuffleRule: OpRule<'channel-shuffle'> = {
  emit: (context) =>
    withChannelsFirst(
      context.graph,
      context.attributes.channelAxis,
      inputOf(context),
      context.outputShape,
      (x, outputShape) => {
        const [batch = 1, channels = 1, ...spatial] = x.shape;
        const { groups } = context.attributes;
        const view = [batch, groups, channels / groups, ...spatial];
        return emitMoved(context.graph, x, view, [0, 2, 1, ...spatial.map((_, index) => index + 3)], outputShape);
      },
    ),
};

export const depthToSpaceRule: OpRule<'depth-to-space'> = {
  emit: (context) =>
    withChannelsFirst(
      context.graph,
      context.attributes.channelAxis,
      inputOf(context),
      context.outputShape,
      (x, outputShape) => {
        const { block, order } = context.attributes;
        const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
        const out = channels / block ** 2;
        return order === 'crd'
          ? emitMoved(context.graph, x, [batch, out, block, block, height, width], [0, 1, 4, 2, 5, 3], outputShape)
          : emitMoved(context.graph, x, [batch, block, block, out, height, width], [0, 3, 4, 1, 5, 2], outputShape);
      },
    ),
};

export const spaceToDepthRule: OpRule<'space-to-depth'> = {
  emit: (context) =>
    withChannelsFirst(
      context.graph,
      context.attributes.channelAxis,
      inputOf(context),
      context.outputShape,
      (x, outputShape) => {
        const { block, order } = context.attributes;
        const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
        const view = [batch, channels, height / block, block, width / block, block];
        return emitMoved(
          context.graph,
          x,
          view,
          order === 'crd' ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4],
          outputShape,
        );
      },
    ),
};
