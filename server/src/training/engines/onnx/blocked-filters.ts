// Filters for blocked convolutions: from a layer's weight [O, C/groups, kh, kw] to the order in which the kernels read
// them. Shapes of the results are written as the convolution expects them, with filled-up channels.

import { filledUp, reorderBlocks } from './blocked-layout.ts';
import type { GraphEmitter, Tensor } from './graph-emitter.ts';
import { pad, reshape, slice, transpose } from './operators.ts';

/** Zeros where out or in channels are filled up. */
function filled(graph: GraphEmitter, weight: Tensor, out: number, into: number): Tensor {
  return pad(graph, weight, [0, 0, 0, 0], [out - (weight.shape[0] ?? 0), into - (weight.shape[1] ?? 0), 0, 0]);
}

/**
 * For blocked input: [O/b, C/b, taps, b in, b out], with `groups` filters of that kind one after the other. It is made
 * by the runtime's fast reordering, which turns [n, b, m] into [n, m, b]: once for the in channels, once for the out ones.
 */
export function denseFilter(graph: GraphEmitter, weight: Tensor): Tensor {
  const b = graph.channelBlock;
  const [out = 1, into = 1, kh = 1, kw = 1] = weight.shape;
  const [outFull, inFull] = [filledUp(graph, out), filledUp(graph, into)];
  const inBlocks = reorderBlocks(
    graph,
    reshape(graph, filled(graph, weight, outFull, inFull), [(outFull * inFull) / b, b, kh * kw]),
  );
  const outBlocks = reorderBlocks(graph, reshape(graph, inBlocks, [outFull / b, b, inFull * kh * kw]));
  return reshape(graph, outBlocks, [outFull, inFull, kh, kw]);
}

/** The dense filter that pulls a gradient back: in and out swapped, taps in reverse order. */
export function mirroredDenseFilter(graph: GraphEmitter, weight: Tensor, groups: number): Tensor {
  if (groups !== 1) return denseFilter(graph, mirroredWeight(graph, weight, groups));
  const b = graph.channelBlock;
  const [out = 1, into = 1, kh = 1, kw = 1] = weight.shape;
  const [outFull, inFull] = [filledUp(graph, out), filledUp(graph, into)];
  const [outBlocks, inBlocks, taps] = [outFull / b, inFull / b, kh * kw];
  const byOut = reorderBlocks(
    graph,
    reshape(graph, filled(graph, weight, outFull, inFull), [outBlocks, b, inFull * taps]),
  );
  const byBoth = reorderBlocks(graph, reshape(graph, byOut, [outBlocks * inBlocks, b, taps * b]));
  const blocks = reshape(graph, byBoth, [outBlocks, inBlocks, taps, b * b]);
  const reversed = taps === 1 ? blocks : slice(graph, blocks, [{ axis: 2, start: taps - 1, size: taps, step: -1 }]);
  return reshape(graph, transpose(graph, reversed, [1, 0, 2, 3]), [inFull, outFull, kh, kw]);
}

/** For plain input of fewer channels than a block: [O/b, C, kh, kw, b out]. */
export function plainInputFilter(graph: GraphEmitter, weight: Tensor): Tensor {
  const b = graph.channelBlock;
  const [out = 1, into = 1, kh = 1, kw = 1] = weight.shape;
  const outFull = filledUp(graph, out);
  const blocks = reshape(graph, filled(graph, weight, outFull, into), [outFull / b, b, into, kh, kw]);
  return reshape(graph, transpose(graph, blocks, [0, 2, 3, 4, 1]), [outFull, into, kh, kw]);
}

/** For depthwise convolutions: [C/b, kh, kw, b]. */
export function depthwiseFilter(graph: GraphEmitter, weight: Tensor): Tensor {
  const b = graph.channelBlock;
  const [out = 1, , kh = 1, kw = 1] = weight.shape;
  const outFull = filledUp(graph, out);
  const blocks = reshape(graph, filled(graph, weight, outFull, 1), [outFull / b, b, kh, kw]);
  return reshape(graph, transpose(graph, blocks, [0, 2, 3, 1]), [outFull, 1, kh, kw]);
}

/** The weight with its taps in reverse order. */
export function reversedTaps(graph: GraphEmitter, weight: Tensor): Tensor {
  return slice(
    graph,
    weight,
    weight.shape.flatMap((size, axis) => (axis < 2 || size === 1 ? [] : [{ axis, start: size - 1, size, step: -1 }])),
  );
}

/** The filter that pulls a gradient back: in and out swapped within each group, taps reversed. */
export function mirroredWeight(graph: GraphEmitter, weight: Tensor, groups: number): Tensor {
  const [out = 1, into = 1, ...kernel] = weight.shape;
  const grouped = reshape(graph, reversedTaps(graph, weight), [groups, out / groups, into, ...kernel]);
  const swapped = transpose(graph, grouped, [0, 2, 1, ...kernel.map((_, axis) => axis + 3)]);
  return reshape(graph, swapped, [groups * into, out / groups, ...kernel]);
}
