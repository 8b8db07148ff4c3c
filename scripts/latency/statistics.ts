// How good predictions are, and the plain formulas that ours are held against.

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] ?? NaN) : ((sorted[half - 1] ?? NaN) + (sorted[half] ?? NaN)) / 2;
}

/** Ranks from 0; equal values share theirs. */
function ranks(values: readonly number[]): readonly number[] {
  const order = values.map((_, index) => index).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const found = values.map(() => 0);
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end + 1 < order.length && values[order[end + 1] ?? 0] === values[order[start] ?? 0]) end++;
    for (let at = start; at <= end; at++) found[order[at] ?? 0] = (start + end) / 2;
    start = end + 1;
  }
  return found;
}

/** Spearman's rank correlation. */
export function spearman(left: readonly number[], right: readonly number[]): number {
  const [a, b] = [ranks(left), ranks(right)];
  const mean = (left.length - 1) / 2;
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (const [index, rank] of a.entries()) {
    const [x, y] = [rank - mean, (b[index] ?? 0) - mean];
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return product / Math.sqrt(squaresA * squaresB);
}

/** Least squares of the targets over the features, by Gauss's elimination of the normal equations. */
export function linearFit(features: readonly (readonly number[])[], targets: readonly number[]): readonly number[] {
  const size = features[0]?.length ?? 0;
  const rows = Array.from({ length: size }, (_, row) => [
    ...Array.from({ length: size }, (_unused, column) =>
      features.reduce((sum, line) => sum + (line[row] ?? 0) * (line[column] ?? 0), row === column ? 1e-9 : 0),
    ),
    features.reduce((sum, line, index) => sum + (line[row] ?? 0) * (targets[index] ?? 0), 0),
  ]);
  for (let column = 0; column < size; column++) {
    const pivot = rows
      .slice(column)
      .reduce((best, row) => (Math.abs(row[column] ?? 0) > Math.abs(best[column] ?? 0) ? row : best));
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(column, 0, pivot);
    for (const row of rows) {
      if (row === pivot) continue;
      const factor = (row[column] ?? 0) / (pivot[column] ?? 1);
      for (let at = column; at <= size; at++) row[at] = (row[at] ?? 0) - factor * (pivot[at] ?? 0);
    }
  }
  return rows.map((row, index) => (row[size] ?? 0) / (row[index] ?? 1));
}

/** The value of a linear form. */
export function evaluate(coefficients: readonly number[], features: readonly number[]): number {
  return coefficients.reduce((sum, coefficient, index) => sum + coefficient * (features[index] ?? 0), 0);
}
