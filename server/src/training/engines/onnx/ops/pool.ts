// Pools: maximum, average, adaptive, and resizing (which is pooling's relative: fixed shares of input positions).

import { adaptiveAverage, adaptiveRange, averageWindow, type AxisMap, interpolation } from '../../axis-maps.ts';
import { emitImageMean, knownBlocked, toPlain } from '../blocked-layout.ts';
import { withChannelsFirst } from '../channels-first.ts';
import { type GraphEmitter, ints, text, type Tensor } from '../graph-emitter.ts';
import { applyMaps } from '../linear-maps.ts';
import { type Emitted, inputOf, type OpRule } from '../op-rule.ts';
import { sizeOf } from '../../shape-arithmetic.ts';
import { affine, concat, emit, expand, pad, reduce, reshape, sizeAt, slice, sumOf } from '../operators.ts';
import { placed } from './reshape.ts';

function emitMaps(graph: GraphEmitter, x: Tensor, maps: readonly AxisMap[]): Emitted {
  return {
    output: applyMaps(graph, x, maps, false),
    pullback: (gradient) => ({ inputs: [applyMaps(graph, gradient, maps, true)] }),
  };
}

interface MaximumWindow {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly before: readonly number[];
}

/** Of 32-bit floats. */
const lowest = -3.4028234663852886e38;

/** The maximum of each window; the gradient goes to the first position that has it. */
function emitMaximum(graph: GraphEmitter, x: Tensor, window: MaximumWindow, outputShape: readonly number[]): Emitted {
  // The padding behind is worked out from the output's size: it says what ceiling mode came to.
  const after = window.kernel.map((size, index) => {
    const reach = (window.dilation[index] ?? 1) * (size - 1) + 1;
    const last = (sizeAt({ shape: outputShape }, index + 2) - 1) * (window.stride[index] ?? 1);
    return Math.max(0, last + reach - sizeAt(x, index + 2) - (window.before[index] ?? 0));
  });
  // The operator refuses padding of a whole kernel, which a dilated window may have: such padding is laid around beforehand.
  if (window.kernel.some((size, axis) => (window.before[axis] ?? 0) >= size || (after[axis] ?? 0) >= size)) {
    const around = [0, 0, ...window.before];
    const behind = [0, 0, ...after];
    const padded = pad(graph, x, around, behind, 'constant', lowest);
    const inner = emitMaximum(graph, padded, { ...window, before: window.before.map(() => 0) }, outputShape);
    return {
      output: inner.output,
      pullback: (gradient, wanted) => {
        const [ofPadded] = inner.pullback?.(gradient, wanted).inputs ?? [];
        const negative = (amounts: readonly number[]): readonly number[] => amounts.map((amount) => -amount);
        return { inputs: [ofPadded && pad(graph, ofPadded, negative(around), negative(behind))] };
      },
    };
  }
  const [output, indices] = graph.node({
    operator: 'MaxPool',
    inputs: [x],
    outputs: [
      { type: 'float32', shape: outputShape },
      { type: 'int64', shape: outputShape },
    ],
    attributes: {
      kernel_shape: ints(window.kernel),
      strides: ints(window.stride),
      dilations: ints(window.dilation),
      pads: ints([...window.before, ...after]),
    },
  });
  if (output === undefined || indices === undefined) throw new Error('A max pool has two outputs');
  return {
    output,
    pullback: (gradient) => {
      const count = [sizeOf(x.shape)];
      const zeros = expand(graph, graph.constant('float32', [1], Float32Array.of(0)), count);
      const flat = sizeOf(outputShape);
      const inputs = [zeros, reshape(graph, indices, [flat]), reshape(graph, gradient, [flat])];
      const scattered = emit(
        graph,
        { operator: 'ScatterElements', inputs, attributes: { reduction: text('add') } },
        count,
      );
      return { inputs: [reshape(graph, scattered, x.shape)] };
    },
  };
}

export const poolRule: OpRule<'pool'> = {
  emit: (context) =>
    withChannelsFirst(
      context.graph,
      context.attributes.channelAxis,
      inputOf(context),
      context.outputShape,
      (x, outputShape) => {
        const { graph, attributes } = context;
        const { kernel, stride, dilation, padding, countIncludePad } = attributes;
        if (attributes.mode === 'max') {
          return emitMaximum(
            graph,
            x,
            { kernel, stride, dilation, before: padding.map((side) => side.before) },
            outputShape,
          );
        }
        const maps = kernel.map((size, index) =>
          averageWindow(sizeAt(x, index + 2), sizeAt({ shape: outputShape }, index + 2), {
            kernel: size,
            stride: stride[index] ?? size,
            before: padding[index]?.before ?? 0,
            after: padding[index]?.after ?? 0,
            countIncludePad,
          }),
        );
        return emitMaps(graph, x, maps);
      },
    ),
};

/** The mean over all positions, kept as size 1. */
export function emitGlobalAverage(graph: GraphEmitter, x: Tensor): Emitted {
  const [batch = 1, channels = 1] = x.shape;
  const spatial = x.shape.slice(2);
  const count = sizeOf(spatial);
  const blocked = knownBlocked(graph, x);
  if (blocked === undefined) {
    const axes = x.shape.map((_, axis) => axis).slice(2);
    return {
      output: reduce(graph, 'ReduceMean', x, axes),
      pullback: (gradient) => ({ inputs: [expand(graph, affine(graph, gradient, 1 / count, 0), x.shape)] }),
    };
  }
  // With one position, blocked and plain order are the same.
  const b = graph.channelBlock;
  const filled = sizeAt(blocked.tensor, 1);
  return {
    output: slice(graph, emitImageMean(graph, blocked.tensor), [{ axis: 1, start: 0, size: channels, step: 1 }]),
    pullback: (gradient) => {
      const each = pad(graph, affine(graph, gradient, 1 / count, 0), [0, 0, 0, 0], [0, filled - channels, 0, 0]);
      const spread = expand(graph, reshape(graph, each, [batch, filled / b, 1, b]), [batch, filled / b, count, b]);
      return { inputs: [toPlain(graph, { tensor: reshape(graph, spread, blocked.tensor.shape), channels })] };
    },
  };
}

/** The maximum over nearly equal parts. Where the parts are equal it is a plain pool; else each part is pooled alone. */
function emitAdaptiveMaximum(graph: GraphEmitter, x: Tensor, outputShape: readonly number[]): Emitted {
  const axis = x.shape.findIndex((size, index) => index >= 2 && size % (outputShape[index] ?? 1) !== 0);
  if (axis === -1) {
    const kernel = x.shape.slice(2).map((size, index) => size / (outputShape[index + 2] ?? 1));
    const none = kernel.map(() => 0);
    return emitMaximum(graph, x, { kernel, stride: kernel, dilation: kernel.map(() => 1), before: none }, outputShape);
  }
  const size = sizeAt(x, axis);
  const parts = Array.from({ length: outputShape[axis] ?? 1 }, (_, row) => {
    const columns = adaptiveRange(size, outputShape[axis] ?? 1, row);
    return { axis, start: columns[0] ?? 0, size: columns.length, step: 1 };
  });
  const pooled = parts.map((part) =>
    emitAdaptiveMaximum(
      graph,
      slice(graph, x, [part]),
      outputShape.map((own, index) => (index === axis ? 1 : own)),
    ),
  );
  return {
    output: concat(
      graph,
      pooled.map((part) => part.output),
      axis,
    ),
    pullback: (gradient, wanted) => {
      const gradients = parts.map((part, row) => {
        const own = slice(graph, gradient, [{ axis, start: row, size: 1, step: 1 }]);
        const inner = pooled[row]?.pullback?.(own, wanted).inputs[0];
        return inner && placed(graph, inner, x, axis, part.start);
      });
      return {
        inputs: [
          sumOf(
            graph,
            gradients.filter((part) => part !== undefined),
          ),
        ],
      };
    },
  };
}

export const adaptivePoolRule: OpRule<'adaptive-pool'> = {
  emit: (context) =>
    withChannelsFirst(
      context.graph,
      context.attributes.channelAxis,
      inputOf(context),
      context.outputShape,
      (x, outputShape) => {
        const { graph } = context;
        if (context.attributes.mode === 'max') return emitAdaptiveMaximum(graph, x, outputShape);
        if (outputShape.slice(2).every((size) => size === 1)) return emitGlobalAverage(graph, x);
        return emitMaps(
          graph,
          x,
          x.shape.slice(2).map((size, index) => adaptiveAverage(size, outputShape[index + 2] ?? 1)),
        );
      },
    ),
};

export const resizeRule: OpRule<'resize'> = {
  emit: (context) =>
    withChannelsFirst(
      context.graph,
      context.attributes.channelAxis,
      inputOf(context),
      context.outputShape,
      (x, outputShape) => {
        const { mode, alignCorners } = context.attributes;
        const maps = x.shape
          .slice(2)
          .map((size, index) => interpolation(size, outputShape[index + 2] ?? 1, mode, alignCorners));
        return emitMaps(context.graph, x, maps);
      },
    ),
};
