// NumPy's files as the documents of their format describe them (numpy.lib.format, and PKWARE's APPNOTE for the archive).

import { crc32, deflateRawSync } from 'node:zlib';

/** A way to write one element of a type. */
const writers: Readonly<
  Record<string, readonly [size: number, write: (view: DataView, at: number, value: number) => void]>
> = {
  '|u1': [1, (view, at, value) => view.setUint8(at, value)],
  '|i1': [1, (view, at, value) => view.setInt8(at, value)],
  '|b1': [1, (view, at, value) => view.setUint8(at, value)],
  '<u2': [2, (view, at, value) => view.setUint16(at, value, true)],
  '>u2': [2, (view, at, value) => view.setUint16(at, value)],
  '<i2': [2, (view, at, value) => view.setInt16(at, value, true)],
  '<i4': [4, (view, at, value) => view.setInt32(at, value, true)],
  '>i4': [4, (view, at, value) => view.setInt32(at, value)],
  '<u4': [4, (view, at, value) => view.setUint32(at, value, true)],
  '<i8': [8, (view, at, value) => view.setBigInt64(at, BigInt(value), true)],
  '>i8': [8, (view, at, value) => view.setBigInt64(at, BigInt(value))],
  '<u8': [8, (view, at, value) => view.setBigUint64(at, BigInt(value), true)],
  '<f4': [4, (view, at, value) => view.setFloat32(at, value, true)],
  '>f4': [4, (view, at, value) => view.setFloat32(at, value)],
  '<f8': [8, (view, at, value) => view.setFloat64(at, value, true)],
  '>f8': [8, (view, at, value) => view.setFloat64(at, value)],
};

export const npyTypes = Object.keys(writers);

export interface NpyOptions {
  readonly type?: string;
  readonly isFortran?: boolean;
  readonly version?: 1 | 2 | 3;
}

/** An array file; `values` are in the order in which they are to stand in the file. */
export function npy(shape: readonly number[], values: readonly number[], options: NpyOptions = {}): Buffer {
  const { type = '|u1', isFortran = false, version = 1 } = options;
  const [size, write] = writers[type] ?? [1, () => undefined];
  const sizes = shape.length === 1 ? `${String(shape[0])},` : shape.join(', ');
  const order = isFortran ? 'True' : 'False';
  const dictionary = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${sizes}), }`;
  const prefix = version === 1 ? 10 : 12;
  // The header is filled up with spaces so that the data begin at a multiple of 64, and ends in a new line.
  const header = dictionary.padEnd(64 * Math.ceil((prefix + dictionary.length + 1) / 64) - prefix - 1) + '\n';
  const start = Buffer.alloc(prefix);
  start.write('\x93NUMPY', 'latin1');
  start[6] = version;
  if (version === 1) start.writeUInt16LE(header.length, 8);
  else start.writeUInt32LE(header.length, 8);
  const data = new DataView(new ArrayBuffer(size * values.length));
  values.forEach((value, index) => write(data, index * size, value));
  return Buffer.concat([start, Buffer.from(header, 'latin1'), new Uint8Array(data.buffer)]);
}

/** An archive of arrays by name, stored as numpy.savez does or deflated as numpy.savez_compressed. */
export function npz(arrays: Readonly<Record<string, Buffer>>, isDeflated = false): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(arrays)) {
    const file = Buffer.from(`${name}.npy`);
    const data = isDeflated ? deflateRawSync(content) : content;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    const shared = Buffer.alloc(24);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(isDeflated ? 8 : 0, 4);
    shared.writeUInt32LE(crc32(content), 10);
    shared.writeUInt32LE(data.length, 14);
    shared.writeUInt32LE(content.length, 18);
    shared.writeUInt16LE(file.length, 22);
    shared.copy(local, 4);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    shared.copy(entry, 6);
    entry.writeUInt32LE(offset, 42);
    locals.push(local, file, data);
    directory.push(entry, file);
    offset += local.length + file.length + data.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length / 2, 8);
  end.writeUInt16LE(directory.length / 2, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, listed, end]);
}
