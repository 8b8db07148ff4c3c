// The shapes of a network's values at the real batch size. The graph is drawn for a batch of 1, so each value's batch
// axis is traced from the input on, and that axis grows.

import type { NetworkGraph } from '../../network/network-graph.ts';
import { valueOf } from '../../network/network-graph.ts';
import type { Op, OpId, ValueId } from '../../network/op.ts';
import { isKnownShape } from '../../network/shape.ts';

/** A value at the real batch size; `batchAxis` is undefined for values that no image feeds. */
interface BatchedShape {
  readonly shape: readonly number[];
  readonly batchAxis: number | undefined;
}

export type BatchShapes =
  | { readonly ok: true; readonly shapes: ReadonlyMap<ValueId, BatchedShape> }
  | { readonly ok: false; readonly op: OpId; readonly reason: string };

/** Thrown within this file only: the batch axis can't be followed through an op. */
class LostBatch extends Error {}

/** The shapes of all values of a graph whose shapes are known, or the first op where images would be mixed. */
export function batchShapes(graph: NetworkGraph, batchSize: number): BatchShapes {
  const shapes = new Map<ValueId, BatchedShape>();
  for (const op of graph.ops) {
    const inputs = op.inputs.map((id) => ({ single: valueOf(graph, id).shape.map(Number), batched: shapes.get(id) }));
    for (const output of op.outputs) {
      const { shape } = valueOf(graph, output);
      if (!isKnownShape(shape)) return { ok: false, op: op.id, reason: 'its output shape is not known' };
      try {
        const batchAxis = batchAxisOf(
          op,
          inputs.map(({ single, batched }) => ({ shape: single, axis: batched?.batchAxis })),
          shape,
        );
        shapes.set(output, {
          batchAxis,
          shape: shape.map((size, axis) => (axis === batchAxis ? size * batchSize : size)),
        });
      } catch (error) {
        if (!(error instanceof LostBatch)) throw error;
        return { ok: false, op: op.id, reason: error.message };
      }
    }
  }
  return { ok: true, shapes };
}

interface TracedInput {
  /** At batch 1. */
  readonly shape: readonly number[];
  readonly axis: number | undefined;
}

function batchAxisOf(op: Op, inputs: readonly TracedInput[], output: readonly number[]): number | undefined {
  const { attributes } = op;
  if (attributes.kind === 'input') return 0;
  const [first] = inputs;
  if (first === undefined || inputs.every((input) => input.axis === undefined)) return undefined;
  switch (attributes.kind) {
    case 'elementwise':
    case 'matmul':
    case 'concat':
      return commonAxis(inputs, output.length);
    case 'permute':
      return first.axis === undefined
        ? undefined
        : attributes.order.map((axis) => positive(axis, first.shape.length)).indexOf(first.axis);
    case 'expand':
      return first.axis === undefined ? undefined : first.axis + output.length - first.shape.length;
    case 'reshape':
      return first.axis === undefined ? undefined : axisAfterReshape(first.shape, first.axis, output);
    case 'reduce':
      return first.axis === undefined
        ? undefined
        : axisAfterReduction(first, attributes.axes, attributes.keepDimensions);
    case 'slice':
      if (
        first.axis !== undefined &&
        positive(attributes.axis, first.shape.length) === first.axis &&
        output[first.axis] !== first.shape[first.axis]
      ) {
        throw new LostBatch('it takes only some of the images of a batch');
      }
      return first.axis;
    case 'softmax':
      if (first.axis === positive(attributes.axis, first.shape.length))
        throw new LostBatch('it mixes the images of a batch');
      return first.axis;
    default:
      return first.axis;
  }
}

function positive(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** The axis that all inputs with a batch agree on, aligned from the right as broadcasting does. */
function commonAxis(inputs: readonly TracedInput[], rank: number): number {
  const axes = new Set(inputs.flatMap(({ shape, axis }) => (axis === undefined ? [] : [axis + rank - shape.length])));
  const [axis] = axes;
  if (axis === undefined || axes.size > 1) throw new LostBatch('its inputs have the batch on different axes');
  return axis;
}

/** The batch stays the outermost of what it was merged with: the output axis that begins where the batch axis began. */
function axisAfterReshape(shape: readonly number[], axis: number, output: readonly number[]): number {
  const before = shape.slice(0, axis).reduce((product, size) => product * size, 1);
  let product = 1;
  for (const [index, size] of output.entries()) {
    // Several axes of size 1 may begin there; the first one at or behind the batch's old place is the batch.
    if (product === before && (size !== 1 || index >= Math.min(axis, output.length - 1) || before !== 1)) return index;
    product *= size;
  }
  throw new LostBatch('it folds the batch into other axes');
}

function axisAfterReduction(input: TracedInput, axes: readonly number[], keep: boolean): number {
  const { shape, axis = 0 } = input;
  const reduced = new Set(axes.length === 0 ? shape.keys() : axes.map((each) => positive(each, shape.length)));
  if (reduced.has(axis)) throw new LostBatch('it mixes the images of a batch');
  return keep ? axis : axis - [...reduced].filter((each) => each < axis).length;
}
