// Resampling as matrices: average pools and resizes are the same small matrix applied along each spatial axis, so plain
// arithmetic gives every one of them its value and its exact gradient.

/** rows × columns, row by row: output position from input positions. */
export interface AxisMap {
  readonly rows: number;
  readonly columns: number;
  readonly weights: Float32Array;
}

/** A map from a function that lists, for an output position, the input positions it is made of and their shares. */
function axisMap(
  rows: number,
  columns: number,
  shares: (row: number) => readonly (readonly [column: number, share: number])[],
): AxisMap {
  const weights = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    for (const [column, share] of shares(row)) {
      const index = row * columns + column;
      weights[index] = (weights[index] ?? 0) + share;
    }
  }
  return { rows, columns, weights };
}

export interface AxisWindow {
  readonly kernel: number;
  readonly stride: number;
  readonly before: number;
  readonly after: number;
  readonly countIncludePad: boolean;
}

/** Average over a sliding window. Windows that ceiling mode lets run over the padded end count only what is inside of it. */
export function averageWindow(inputSize: number, outputSize: number, window: AxisWindow): AxisMap {
  return axisMap(outputSize, inputSize, (row) => {
    const start = row * window.stride - window.before;
    const end = Math.min(start + window.kernel, inputSize + window.after);
    const columns = range(Math.max(0, start), Math.min(end, inputSize));
    const count = window.countIncludePad ? end - start : columns.length;
    return columns.map((column) => [column, 1 / count]);
  });
}

/** Average over as many nearly equal parts as there are output positions. */
export function adaptiveAverage(inputSize: number, outputSize: number): AxisMap {
  return axisMap(outputSize, inputSize, (row) => {
    const columns = adaptiveRange(inputSize, outputSize, row);
    return columns.map((column) => [column, 1 / columns.length]);
  });
}

/** The input positions that output position `row` of an adaptive pool looks at. */
export function adaptiveRange(inputSize: number, outputSize: number, row: number): readonly number[] {
  return range(Math.floor((row * inputSize) / outputSize), Math.ceil(((row + 1) * inputSize) / outputSize));
}

function range(start: number, end: number): readonly number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index);
}

/** Interpolation as PyTorch does it: half-pixel centres, or the corners aligned; borders repeated; cubic with a = -0.75. */
export function interpolation(
  inputSize: number,
  outputSize: number,
  mode: 'nearest' | 'linear' | 'cubic' | 'area',
  alignCorners: boolean,
): AxisMap {
  const clamp = (column: number): number => Math.min(inputSize - 1, Math.max(0, column));
  const position = (row: number): number =>
    alignCorners
      ? outputSize === 1
        ? 0
        : (row * (inputSize - 1)) / (outputSize - 1)
      : ((row + 0.5) * inputSize) / outputSize - 0.5;
  switch (mode) {
    case 'nearest':
      return axisMap(outputSize, inputSize, (row) => [[clamp(Math.floor((row * inputSize) / outputSize)), 1]]);
    case 'area':
      return adaptiveAverage(inputSize, outputSize);
    case 'linear':
      return axisMap(outputSize, inputSize, (row) => {
        const at = Math.max(0, position(row));
        const left = Math.floor(at);
        return [
          [clamp(left), 1 - (at - left)],
          [clamp(left + 1), at - left],
        ];
      });
    case 'cubic':
      return axisMap(outputSize, inputSize, (row) => {
        const at = position(row);
        const left = Math.floor(at);
        return [-1, 0, 1, 2].map((offset) => [clamp(left + offset), cubicShare(Math.abs(at - left - offset))]);
      });
  }
}

function cubicShare(distance: number): number {
  const a = -0.75;
  if (distance <= 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a;
}

/** A border that repeats the content: each output position is one input position. Negative amounts crop. */
export function fillAxis(
  inputSize: number,
  { before, after }: { readonly before: number; readonly after: number },
  mode: 'reflect' | 'replicate' | 'circular',
): AxisMap {
  return axisMap(inputSize + before + after, inputSize, (row) => {
    const at = row - before;
    switch (mode) {
      case 'replicate':
        return [[Math.min(inputSize - 1, Math.max(0, at)), 1]];
      case 'circular':
        return [[(at + inputSize) % inputSize, 1]];
      case 'reflect': {
        const last = inputSize - 1;
        return [[last - Math.abs(last - Math.abs(at)), 1]];
      }
    }
  });
}
