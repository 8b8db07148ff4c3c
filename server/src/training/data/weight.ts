// One weight of a file, and how floating point numbers of each type lie in files.

export interface NamedWeight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Bytes and reader by the name that safetensors has for a type; what is no floating point number is no weight. */
export const floatReaders = {
  F64: [8, (view: DataView, at: number) => view.getFloat64(at, true)],
  F32: [4, (view: DataView, at: number) => view.getFloat32(at, true)],
  F16: [2, (view: DataView, at: number) => halfFloat(view.getUint16(at, true))],
  BF16: [2, (view: DataView, at: number) => upperHalf(view.getUint16(at, true))],
} as const;

function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * 2 ** -24 * fraction : sign * 2 ** (exponent - 25) * (1024 + fraction);
}

/** bfloat16 is the first half of a float32. */
function upperHalf(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits * 65536);
  return view.getFloat32(0);
}
