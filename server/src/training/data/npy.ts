// NumPy's array files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), versions 1 to 3: a header
// that is a Python dictionary as text, then the elements. Only plain numbers; nothing that would need Python to read.

import { endianness } from 'node:os';
import type { Result } from '../../common/problem.ts';

export interface NpyArray {
  readonly shape: readonly number[];
  /** NumPy's name of the element type without its byte order: `u1`, `f8`. */
  readonly type: string;
  /** The distance of neighbours along each dimension, in elements; says whether the array is in C or Fortran order. */
  readonly strides: readonly number[];
  readonly elements: ArrayLike<number | bigint>;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Element types by NumPy's names, with the bytes of one element. */
const readers: Readonly<Record<string, readonly [size: number, read: (bytes: Bytes) => ArrayLike<number | bigint>]>> = {
  b1: [1, (bytes) => bytes],
  u1: [1, (bytes) => bytes],
  i1: [1, ({ buffer }) => new Int8Array(buffer)],
  u2: [2, ({ buffer }) => new Uint16Array(buffer)],
  i2: [2, ({ buffer }) => new Int16Array(buffer)],
  u4: [4, ({ buffer }) => new Uint32Array(buffer)],
  i4: [4, ({ buffer }) => new Int32Array(buffer)],
  u8: [8, ({ buffer }) => new BigUint64Array(buffer)],
  i8: [8, ({ buffer }) => new BigInt64Array(buffer)],
  f4: [4, ({ buffer }) => new Float32Array(buffer)],
  f8: [8, ({ buffer }) => new Float64Array(buffer)],
};

const magic = Buffer.from('\x93NUMPY', 'latin1');

/** Reads an array; the error says what is wrong with the file, as a sentence without a subject. */
export function readNpy(bytes: Buffer): Result<NpyArray> {
  const fail = (error: string): Result<never> => ({ ok: false, error });
  if (bytes.length < 10 || !bytes.subarray(0, 6).equals(magic)) return fail('does not begin like a NumPy array');
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) return fail(`is of version ${String(version)} of NumPy’s format; 1 to 3 are known`);
  const headerStart = version === 1 ? 10 : 12;
  if (bytes.length < headerStart) return fail('is cut off within its header');
  const start = headerStart + (version === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  if (bytes.length < start) return fail('is cut off within its header');
  const header = bytes.toString(version === 3 ? 'utf8' : 'latin1', headerStart, start);
  const descriptor = /['"]descr['"]\s*:\s*['"]([<>=|])([a-zA-Z]\d*)['"]/.exec(header);
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(header);
  const sizes = /['"]shape['"]\s*:\s*\(([\d\sL,]*)\)/.exec(header);
  if (order === null || sizes === null) return fail('has a header without order and shape');
  const [, byteOrder, type = ''] = descriptor ?? [];
  const reader = Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (reader === undefined) {
    const said = /['"]descr['"]\s*:\s*('[^']*'|"[^"]*"|\[.*\])/.exec(header)?.[1] ?? 'no type that is known';
    return fail(`has elements of the type ${said}; integers of 8 to 64 bits and floats of 32 or 64 bits can be read`);
  }
  const shape = (sizes[1] ?? '')
    .split(',')
    .map((text) => text.trim().replace(/L$/, ''))
    .filter((text) => text !== '')
    .map(Number);
  const [size, read] = reader;
  const count = shape.reduce((product, length) => product * length, 1);
  const needed = count * size;
  if (!Number.isSafeInteger(needed) || bytes.length - start < needed) {
    return fail(
      `is cut off: its shape ${formatArrayShape(shape)} needs ${String(needed)} bytes, but there are ${String(bytes.length - start)}`,
    );
  }
  // A copy: the elements must be aligned, and perhaps turned around.
  const content = Buffer.from(new Uint8Array(bytes.subarray(start, start + needed)).buffer);
  const isSwapped = byteOrder === (endianness() === 'LE' ? '>' : '<');
  if (isSwapped && size === 2) content.swap16();
  if (isSwapped && size === 4) content.swap32();
  if (isSwapped && size === 8) content.swap64();
  const strides = stridesOf(shape, order[1] === 'True');
  return { ok: true, value: { shape, type, strides, elements: read(content) } };
}

/** `(100, 28, 28)`, as Python shows it. */
export function formatArrayShape(shape: readonly number[]): string {
  return `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
}

function stridesOf(shape: readonly number[], isFortran: boolean): readonly number[] {
  const strides = new Array<number>(shape.length).fill(1);
  let stride = 1;
  for (let step = 0; step < shape.length; step++) {
    const dimension = isFortran ? step : shape.length - 1 - step;
    strides[dimension] = stride;
    stride *= shape[dimension] ?? 1;
  }
  return strides;
}
