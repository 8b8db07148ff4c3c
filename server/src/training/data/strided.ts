// Numbers that lie in memory with steps of their own.

/** Elements by rows, however they lie. `at` reads the one at an offset, counted in elements. */
export function inOrder(
  shape: readonly number[],
  strides: readonly number[],
  at: (offset: number) => number,
): Float32Array {
  const count = shape.reduce((product, length) => product * length, 1);
  return Float32Array.from({ length: count }, (_, index) => {
    let rest = index;
    let offset = 0;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const length = shape[axis] ?? 1;
      offset += (rest % length) * (strides[axis] ?? 1);
      rest = Math.floor(rest / length);
    }
    return at(offset);
  });
}
