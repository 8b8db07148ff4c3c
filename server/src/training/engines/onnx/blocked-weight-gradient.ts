// The weight's gradient of a dense convolution as a convolution of its own, in blocks of columns instead of channels.
//
// The sum over images, rows and columns becomes a convolution's sum over input channels and taps: its "input" is the
// gradient, its "filter" the layer's input. Of a block's b "channels" each is one column, so b neighbouring columns of
// the gradient (plain layout) meet b columns of the input (blocked layout, so that b input channels become the
// "output" channels). Rows are taps and slide, which gives the kernel's rows; for each column of the kernel the input
// is shifted. The output's positions are the gradient's channels: long rows of work for the convolution kernel.

import { type Blocked, emitBlockedConvolution, toPlain } from './blocked-layout.ts';
import type { GraphEmitter, Tensor } from './graph-emitter.ts';
import { concat, pad, reduceSum, reshape, sizeAt, slice, transpose } from './operators.ts';
import type { Window } from './plain-convolution.ts';

/**
 * The images are summed in parts where there would otherwise be less work to share out than this many pieces: a piece
 * is one row of the result for up to four blocks of input channels. Small parts also stay in the cache.
 */
const FEWEST_PIECES = 12;
const MOST_PARTS = 4;

interface Plan {
  /** Columns of the gradient, filled up so that whole rows or whole images make blocks. */
  readonly width: number;
  /** Images that share a block; 1 when rows are at least as wide as a block. */
  readonly imagesPerBlock: number;
  readonly parts: number;
  /** Padding of the gradient's rows with which sliding gives just the kernel's rows; undefined: each row by itself. */
  readonly sliding: { readonly before: number; readonly after: number } | undefined;
}

/** [O, C, kh, kw]; undefined where images do not fill blocks. */
export function blockedWeightGradient(
  graph: GraphEmitter,
  x: Blocked,
  gradient: Tensor,
  window: Window,
): Tensor | undefined {
  const plan = planOf(graph, x, gradient, window);
  if (plan === undefined) return undefined;
  const [kh = 1, kw = 1] = window.kernel;
  const columns = gradientColumns(graph, gradient, plan);
  const rows = plan.sliding === undefined ? Array.from({ length: kh }, (_, row) => row) : [undefined];
  // Each [kw, C/b, rows, O, b].
  const byRow = rows.map((row) => {
    const taps = Array.from({ length: kw }, (_, column) =>
      tapGradient(graph, columns, seenInput(graph, x, gradient, row, column, plan, window), plan, x, gradient, window),
    );
    return concat(graph, taps, 0);
  });
  const found = concat(graph, byRow, 2);
  // Sliding finds the kernel's last row first.
  const all =
    plan.sliding === undefined || kh === 1
      ? found
      : slice(graph, found, [{ axis: 2, start: kh - 1, size: kh, step: -1 }]);
  // [O, C/b, rows, columns, b] is a blocked image of the kernel's size for every output channel.
  const image = reshape(graph, transpose(graph, all, [3, 1, 2, 0, 4]), [
    sizeAt(gradient, 1),
    sizeAt(x.tensor, 1),
    kh,
    kw,
  ]);
  return toPlain(graph, { tensor: image, channels: x.channels });
}

function planOf(graph: GraphEmitter, x: Blocked, gradient: Tensor, window: Window): Plan | undefined {
  const b = graph.channelBlock;
  const [batch = 1, , height = 1, columns = 1] = gradient.shape;
  const width = columns < b ? 2 ** Math.ceil(Math.log2(columns)) : Math.ceil(columns / b) * b;
  const imagesPerBlock = columns < b ? b / width : 1;
  if (batch % imagesPerBlock !== 0) return undefined;
  const blocks = batch / imagesPerBlock;
  const pieces = Math.ceil(sizeAt(x.tensor, 1) / (4 * b)) * (window.stride[0] === 1 ? (window.kernel[0] ?? 1) : 1);
  const wanted = Math.min(MOST_PARTS, Math.ceil(FEWEST_PIECES / pieces));
  const parts = Array.from({ length: wanted }, (_, index) => wanted - index).find((count) => blocks % count === 0) ?? 1;
  const top = window.padding[0]?.before ?? 0;
  const before = (window.dilation[0] ?? 1) * ((window.kernel[0] ?? 1) - 1) - top;
  const after = sizeAt(x.tensor, 2) - height + top;
  const slides = window.stride[0] === 1 && before >= 0 && after >= 0;
  return { width, imagesPerBlock, parts, sliding: slides ? { before, after } : undefined };
}

/** The gradient as the convolution's input: [1, blocks of columns, rows, O·blocks a row], written with blocks of b. */
function gradientColumns(graph: GraphEmitter, gradient: Tensor, { width, imagesPerBlock }: Plan): Tensor {
  const b = graph.channelBlock;
  const [batch = 1, out = 1, height = 1, columns = 1] = gradient.shape;
  const full = pad(graph, gradient, [0, 0, 0, 0], [0, 0, 0, width - columns]);
  if (imagesPerBlock === 1) {
    return reshape(graph, transpose(graph, full, [0, 2, 1, 3]), [1, batch * b, height, (out * width) / b]);
  }
  const blocks = batch / imagesPerBlock;
  const images = reshape(graph, full, [blocks, imagesPerBlock, out, height, width]);
  return reshape(graph, transpose(graph, images, [0, 3, 2, 1, 4]), [1, blocks * b, height, out]);
}

/**
 * The input as the convolution's filter: what column `column` of the kernel sees, and of the rows all, or only what
 * row `row` of the kernel sees. [parts·C, blocks of columns a part, rows, blocks a row], written with blocks of b.
 */
function seenInput(
  graph: GraphEmitter,
  x: Blocked,
  gradient: Tensor,
  row: number | undefined,
  column: number,
  plan: Plan,
  window: Window,
): Tensor {
  const b = graph.channelBlock;
  const [batch = 1, channels = 1] = x.tensor.shape;
  const { width, imagesPerBlock, parts } = plan;
  const seen = picked(
    graph,
    x.tensor,
    [row === undefined ? undefined : { tap: row, count: sizeAt(gradient, 2) }, { tap: column, count: width }],
    window,
  );
  const rows = sizeAt(seen, 2);
  if (imagesPerBlock === 1) {
    const images = reshape(graph, seen, [parts, batch / parts, channels / b, rows * width * b]);
    const ordered = transpose(graph, images, [0, 2, 1, 3]);
    return reshape(graph, ordered, [parts * channels, (batch / parts) * b, rows, width / b]);
  }
  const blocks = batch / imagesPerBlock / parts;
  const images = reshape(graph, seen, [parts, blocks, imagesPerBlock, channels / b, rows, width * b]);
  return reshape(graph, transpose(graph, images, [0, 3, 1, 4, 2, 5]), [parts * channels, blocks * b, rows, 1]);
}

/** One tap of the kernel along an axis, and for how many positions of the output. */
interface PickedTap {
  readonly tap: number;
  readonly count: number;
}

/**
 * What one tap of the kernel sees of blocked data (`undefined`: all rows), with zeros outside. A depthwise convolution
 * whose filter is 1 at that tap and 0 elsewhere picks it, which is several times faster than padding and slicing.
 */
function picked(graph: GraphEmitter, x: Tensor, taps: readonly (PickedTap | undefined)[], window: Window): Tensor {
  const channels = sizeAt(x, 1);
  const axes = taps.map((picks, axis) => {
    const size = sizeAt(x, axis + 2);
    if (picks === undefined)
      return { tap: 0, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0, found: size, count: size };
    const [kernel, stride, dilation] = [window.kernel[axis] ?? 1, window.stride[axis] ?? 1, window.dilation[axis] ?? 1];
    const before = window.padding[axis]?.before ?? 0;
    const span = (kernel - 1) * dilation + 1;
    const after = Math.max(0, (picks.count - 1) * stride + span - size - before);
    return {
      ...picks,
      kernel,
      stride,
      dilation,
      before,
      after,
      found: Math.floor((size + before + after - span) / stride) + 1,
    };
  });
  const [rows, columns] = axes;
  if (rows === undefined || columns === undefined) throw new Error('Blocked data has two spatial axes');
  const isWhole = axes.every(
    (axis, index) =>
      axis.tap * axis.dilation === axis.before && axis.stride === 1 && axis.count === sizeAt(x, index + 2),
  );
  if (isWhole) return x;
  const taken = rows.tap * columns.kernel + columns.tap;
  const b = graph.channelBlock;
  const area = rows.kernel * columns.kernel;
  const filter = new Float32Array(channels * area).map((_, index) => (Math.floor(index / b) % area === taken ? 1 : 0));
  const field = emitBlockedConvolution(
    graph,
    { x, filter: graph.constant('float32', [channels, 1, rows.kernel, columns.kernel], filter) },
    {
      kernel: [rows.kernel, columns.kernel],
      strides: [rows.stride, columns.stride],
      dilations: [rows.dilation, columns.dilation],
      pads: [rows.before, columns.before, rows.after, columns.after],
      groups: channels,
    },
    [sizeAt(x, 0), channels, rows.found, columns.found],
  );
  if (rows.found === rows.count && columns.found === columns.count) return field;
  // More positions than the output has: the data goes on behind the last window.
  const cells = reshape(graph, field, [(sizeAt(x, 0) * channels) / b, rows.found, columns.found, b]);
  const used = slice(
    graph,
    cells,
    axes.map((axis, index) => ({ axis: index + 1, start: 0, size: axis.count, step: 1 })),
  );
  return reshape(graph, used, [sizeAt(x, 0), channels, rows.count, columns.count]);
}

/** The gradient of the taps in one column of the kernel, [1, C/b, rows, O, b]. */
function tapGradient(
  graph: GraphEmitter,
  columns: Tensor,
  seen: Tensor,
  { parts, sliding }: Plan,
  x: Blocked,
  gradient: Tensor,
  window: Window,
): Tensor {
  const b = graph.channelBlock;
  const blocksPerRow = sizeAt(seen, 3);
  const channels = sizeAt(x.tensor, 1);
  const out = sizeAt(gradient, 1);
  const rows = sliding === undefined ? 1 : (window.kernel[0] ?? 1);
  const sums = emitBlockedConvolution(
    graph,
    { x: columns, filter: seen },
    {
      kernel: [sizeAt(seen, 2), blocksPerRow],
      strides: [window.dilation[0] ?? 1, blocksPerRow],
      dilations: [1, 1],
      pads: [sliding?.before ?? 0, 0, sliding?.after ?? 0, 0],
      groups: parts,
    },
    [1, parts * channels, rows, out],
  );
  return reduceSum(graph, reshape(graph, sums, [parts, channels / b, rows, out, b]), [0]);
}
