// Least squares with weights that are 0 or more, after Lawson and Hanson (Solving Least Squares Problems, 1974, chapter 23),
// on the normal equations: there are few unknowns and many observations.

/** Minimizes x·A·x − 2·b·x over x ≥ 0, for a symmetric positive definite A. */
export function solveNonnegative(matrix: readonly Float64Array[], vector: Float64Array): Float64Array {
  const size = vector.length;
  const solution = new Float64Array(size);
  const free: number[] = [];
  for (let round = 0; round < 6 * size; round++) {
    const next = mostPromising(matrix, vector, solution, free);
    if (next === undefined) break;
    free.push(next);
    settle(matrix, vector, solution, free);
  }
  return solution;
}

/** The bound unknown whose growth lowers the error fastest. */
function mostPromising(
  matrix: readonly Float64Array[],
  vector: Float64Array,
  solution: Float64Array,
  free: readonly number[],
): number | undefined {
  let best: number | undefined;
  let slope = 1e-10 * Math.max(...vector.map(Math.abs));
  for (const [index, row] of matrix.entries()) {
    if (free.includes(index)) continue;
    let gradient = vector[index] ?? 0;
    for (const at of free) gradient -= (row[at] ?? 0) * (solution[at] ?? 0);
    if (gradient > slope) [best, slope] = [index, gradient];
  }
  return best;
}

/** Solves for the free unknowns; those that would fall below 0 are bound again, the first to get there first. */
function settle(matrix: readonly Float64Array[], vector: Float64Array, solution: Float64Array, free: number[]): void {
  for (;;) {
    const wanted = solveSymmetric(
      free.map((row) => free.map((column) => matrix[row]?.[column] ?? 0)),
      free.map((row) => vector[row] ?? 0),
    );
    let share = 1;
    for (const [place, index] of free.entries()) {
      const to = wanted[place] ?? 0;
      const from = solution[index] ?? 0;
      if (to <= 0) share = Math.min(share, from / (from - to || Number.MIN_VALUE));
    }
    for (const [place, index] of free.entries()) {
      const from = solution[index] ?? 0;
      solution[index] = from + share * ((wanted[place] ?? 0) - from);
    }
    if (share === 1) return;
    for (let place = free.length - 1; place >= 0; place--) {
      const index = free[place] ?? 0;
      if ((solution[index] ?? 0) > 1e-14 || (wanted[place] ?? 0) > 0) continue;
      solution[index] = 0;
      free.splice(place, 1);
    }
    if (free.length === 0) return;
  }
}

/** Solves A·x = b by Cholesky's factors. Changes what it is given. */
function solveSymmetric(matrix: number[][], vector: number[]): readonly number[] {
  const size = vector.length;
  for (let column = 0; column < size; column++) {
    for (let row = column; row < size; row++) {
      let rest = matrix[row]?.[column] ?? 0;
      for (let at = 0; at < column; at++) rest -= (matrix[row]?.[at] ?? 0) * (matrix[column]?.[at] ?? 0);
      const line = matrix[row];
      if (line === undefined) continue;
      line[column] =
        row === column ? Math.sqrt(Math.max(rest, Number.MIN_VALUE)) : rest / (matrix[column]?.[column] ?? 1);
    }
  }
  const solution = [...vector];
  for (let row = 0; row < size; row++) {
    for (let at = 0; at < row; at++)
      solution[row] = (solution[row] ?? 0) - (matrix[row]?.[at] ?? 0) * (solution[at] ?? 0);
    solution[row] = (solution[row] ?? 0) / (matrix[row]?.[row] ?? 1);
  }
  for (let row = size - 1; row >= 0; row--) {
    for (let at = row + 1; at < size; at++)
      solution[row] = (solution[row] ?? 0) - (matrix[at]?.[row] ?? 0) * (solution[at] ?? 0);
    solution[row] = (solution[row] ?? 0) / (matrix[row]?.[row] ?? 1);
  }
  return solution;
}
