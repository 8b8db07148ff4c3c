// A file of records as TensorFlow writes them (tensorflow/core/lib/io/record_writer.h): length, checksum of the length,
// content, checksum of the content. Only ever appended to.

import { closeSync, openSync, writeSync } from 'node:fs';

/** CRC-32C (RFC 3720, appendix B.4: the polynomial 0x1EDC6F41, bits reflected), by bytes. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** The checksum of some bytes. */
export function crc32c(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (table[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** Records hold checksums turned by 15 bits and shifted, so that a checksum of checksums is no checksum of zeros. */
function masked(checksum: number): number {
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}

/** One record as it stands in the file. */
export function framed(content: Uint8Array): Buffer {
  const frame = Buffer.alloc(content.length + 16);
  frame.writeBigUInt64LE(BigInt(content.length), 0);
  frame.writeUInt32LE(masked(crc32c(frame.subarray(0, 8))), 8);
  frame.set(content, 12);
  frame.writeUInt32LE(masked(crc32c(content)), 12 + content.length);
  return frame;
}

/** Appends records to a new file; each is there whole when `append` returns. */
export class RecordFile {
  readonly #file: number;

  /** Throws when the file is there already. */
  constructor(path: string) {
    this.#file = openSync(path, 'ax');
  }

  append(content: Uint8Array): void {
    writeSync(this.#file, framed(content));
  }

  close(): void {
    closeSync(this.#file);
  }
}
