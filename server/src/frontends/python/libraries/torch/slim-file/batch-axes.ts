// On which axis of each value the images of a batch stand. A network is read with one image, so its shapes don't tell: windows
// of attention multiply the first axis, permutations move it, and what comes from parameters alone has none.

import { valueOf, type NetworkGraph } from '../../../../../network/network-graph.ts';
import { isKind, type Op, type ValueId } from '../../../../../network/op.ts';
import { isKnownShape, type Shape } from '../../../../../network/shape.ts';

/** The batch's axis by value; a value that is the same for every image is left out. */
export type BatchAxes = ReadonlyMap<ValueId, number>;

/** The axes of all values of a network. */
export function batchAxes(graph: NetworkGraph): BatchAxes {
  const axes = new Map<ValueId, number>();
  for (const op of graph.ops) {
    for (const value of op.outputs) {
      const axis = axisAfter(graph, op, valueOf(graph, value).shape, axes);
      if (axis !== undefined) axes.set(value, axis);
    }
  }
  return axes;
}

function axisAfter(graph: NetworkGraph, op: Op, output: Shape, axes: BatchAxes): number | undefined {
  if (isKind(op, 'input')) return 0;
  const source = op.inputs.find((value) => axes.has(value));
  const axis = source === undefined ? undefined : axes.get(source);
  if (source === undefined) return isWidened(graph, op, output) ? 0 : undefined;
  if (axis === undefined) return undefined;
  const { shape } = valueOf(graph, source);
  if (isKind(op, 'permute')) return op.attributes.order.indexOf(axis);
  if (isKind(op, 'reshape')) return axisReshaped(axis, shape, output);
  if (isKind(op, 'reduce')) {
    const gone = op.attributes.keepDimensions ? 0 : op.attributes.axes.filter((one) => one < axis).length;
    return axis - gone;
  }
  // Axes of operands are aligned from the last.
  const isAligned = isKind(op, 'elementwise') || isKind(op, 'matmul') || isKind(op, 'expand');
  return isAligned ? axis + output.length - shape.length : axis;
}

/** A parameter that is repeated for each image: with one image nothing is to be seen of it. */
function isWidened(graph: NetworkGraph, op: Op, output: Shape): boolean {
  const [input] = op.inputs;
  if (!isKind(op, 'expand') || input === undefined) return false;
  const { shape } = valueOf(graph, input);
  return shape[0] === 1 && output[0] === 1 && shape.length === output.length;
}

/** The axis that begins where the batch's does, in row-major order; of several the one that is as long. */
function axisReshaped(axis: number, before: Shape, after: Shape): number {
  if (!isKnownShape(before) || !isKnownShape(after)) return axis;
  const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);
  const outer = product(before.slice(0, axis));
  const starts = after.flatMap((_, at) => (product(after.slice(0, at)) === outer ? [at] : []));
  return starts.find((at) => after[at] === before[axis]) ?? starts[0] ?? axis;
}
