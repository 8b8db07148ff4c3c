// One op of a rebuilt network: its attributes and parameter shapes at the new widths.

import { resolveAxis } from '../network/dimensions.ts';
import { valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op, OpAttributes, Parameter } from '../network/op.ts';
import type { Shape } from '../network/shape.ts';
import type { ChannelGrouping } from './channel-grouping.ts';
import { channelAxisOf, parameterAxesOf, widthsOf, withWidths } from '../network/op-traits.ts';

/** Sizes around an op in the rebuilt network; `…Kept[k]` is how many channels stand for place k of the seed's channel axis. */
export interface NewWidths {
  readonly inputShapes: readonly Shape[];
  readonly inputKept: Int32Array | undefined;
  readonly outputKept: Int32Array | undefined;
}

const total = (counts: Int32Array): number => counts.reduce((sum, count) => sum + count, 0);

/** The attributes of a seed's op at new widths. */
export function rebuiltAttributes(
  graph: NetworkGraph,
  grouping: ChannelGrouping,
  op: Op,
  widths: NewWidths,
): OpAttributes {
  const { attributes } = op;
  const output = op.outputs[0] ?? -1;
  const outAxis = grouping.valueChannels[output]?.axis;
  const outWidth = widths.outputKept === undefined ? undefined : total(widths.outputKept);
  const inWidth = (): number | undefined => {
    const shape = widths.inputShapes[0] ?? [];
    const size = shape[channelAxisOf(op, shape.length) ?? -1];
    return typeof size === 'number' ? size : undefined;
  };
  const outShape = op.outputs.length === 0 ? [] : valueOf(graph, output).shape;
  const outWidthOnChannels = outAxis === channelAxisOf(op, outShape.length) ? outWidth : undefined;
  /** A target shape with the new width; a size that is worked out stays so. */
  const target = <T>(shape: readonly T[]): readonly (T | number)[] =>
    shape.map((size, axis) => (axis === outAxis && outWidth !== undefined && size !== -1 ? outWidth : size));
  switch (attributes.kind) {
    case 'input':
    case 'constant':
      return { ...attributes, shape: target(attributes.shape) };
    case 'rearrange':
      return { ...attributes, shape: target(attributes.shape) };
    case 'opaque': {
      const [first, ...others] = attributes.shapes;
      return first === undefined ? attributes : { ...attributes, shapes: [target(first), ...others] };
    }
    case 'reshape':
    case 'expand':
      return { ...attributes, shape: target(attributes.shape) };
    case 'pad':
      return outAxis === undefined ? attributes : { ...attributes, padding: paddingOn(attributes, outAxis, widths) };
    case 'slice':
      return sliceOf(graph, grouping, op, attributes, widths);
    default:
      return withWidths(attributes, { in: inWidth(), out: outWidthOnChannels });
  }
}

function paddingOn(
  attributes: Extract<OpAttributes, { readonly kind: 'pad' }>,
  axis: number,
  { inputKept, outputKept }: NewWidths,
): Extract<OpAttributes, { readonly kind: 'pad' }>['padding'] {
  if (inputKept === undefined || outputKept === undefined) return attributes.padding;
  return attributes.padding.map(({ before, after }, other) =>
    other !== axis
      ? { before, after }
      : {
          before: before > 0 ? total(outputKept.subarray(0, before)) : -total(inputKept.subarray(0, -before)),
          after:
            after > 0
              ? total(outputKept.subarray(outputKept.length - after))
              : -total(inputKept.subarray(inputKept.length + after)),
        },
  );
}

/** The same channels of what is left before and within the slice. */
function sliceOf(
  graph: NetworkGraph,
  grouping: ChannelGrouping,
  op: Op,
  attributes: Extract<OpAttributes, { readonly kind: 'slice' }>,
  { inputKept, outputKept }: NewWidths,
): OpAttributes {
  const input = op.inputs[0] ?? -1;
  const axis = resolveAxis(attributes.axis, valueOf(graph, input).shape.length);
  if (inputKept === undefined || outputKept === undefined || grouping.valueChannels[input]?.axis !== axis)
    return attributes;
  // A stepped slice picks one of each period, and periods are whole: only the places before its first period shift it.
  const offset = attributes.start % attributes.step;
  const start = total(inputKept.subarray(0, attributes.start - offset)) + offset;
  return { ...attributes, start, size: total(outputKept) };
}

/** The parameters of a seed's op with the shapes that they have in the rebuilt op. */
export function rebuiltParameters(
  seedGraph: NetworkGraph,
  seed: Op,
  graph: NetworkGraph,
  op: Op,
): readonly Parameter[] {
  return seed.parameters.map((parameter) => ({
    ...parameter,
    shape: parameterShape(seedGraph, seed, parameter, graph, op),
  }));
}

function parameterShape(seedGraph: NetworkGraph, seed: Op, parameter: Parameter, graph: NetworkGraph, op: Op): Shape {
  const { shape } = parameter;
  if (op.attributes.kind === 'opaque') return shape;
  const widths = widthsOf(op.attributes);
  if (widths.out === undefined) return alignedShape(seedGraph, seed, shape, graph, op);
  const sizes = [...shape];
  for (const { axis, end, groups } of parameterAxesOf(op, parameter)) {
    const width = widths[end];
    // Lengths that scale parts of a weight are single numbers along the axes that they are not told apart on.
    if (width !== undefined && (parameter.role !== 'other' || sizes[axis] !== 1)) sizes[axis] = width / groups;
  }
  return sizes;
}

/** A parameter along the axes of the op's output: of a layer norm's axes, a slope for each channel, a free tensor's own. */
function alignedShape(seedGraph: NetworkGraph, seed: Op, shape: Shape, graph: NetworkGraph, op: Op): Shape {
  const [before, after] = [valueOf(seedGraph, seed.outputs[0] ?? -1).shape, valueOf(graph, op.outputs[0] ?? -1).shape];
  const axes = axesOfAligned(op, before);
  if (axes.length !== shape.length) return shape;
  return shape.map((size, index) => {
    const axis = axes[index] ?? -1;
    return size === before[axis] ? (after[axis] ?? size) : size;
  });
}

/** The axes of the output that the parameters of an op without a width of its own lie along. */
export function axesOfAligned({ attributes }: Op, output: Shape): readonly number[] {
  switch (attributes.kind) {
    case 'layer-norm':
      return attributes.normalizedAxes.map((axis) => resolveAxis(axis, output.length) ?? 0);
    case 'activation':
      return [resolveAxis(attributes.channelAxis, output.length) ?? 0];
    default:
      return output.map((_, axis) => axis);
  }
}
