// Protocol buffers read from a file without its large parts: a field is told by where it stands, and only what is asked for
// is read. Knows the wire format alone (protobuf.dev/programming-guides/encoding).

import type { FileBytes } from '../shared/frontend.ts';

/** A file that breaks the wire format, in words for the user. */
export class MalformedMessage extends Error {}

/**
 * One field of a message. `value` is that of a whole number, signed (beyond 2^53 it is rounded); `start` and `end` are the place
 * of anything longer.
 */
export interface Field {
  readonly number: number;
  readonly wire: 'varint' | 'fixed64' | 'bytes' | 'fixed32';
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

/** As much as is read at once: most messages between two weights are smaller. */
const chunkLength = 65_536;
/** Longer names and texts are none that a model has. */
const longestText = 65_536;

/** By the number that a field's tag ends in. */
const wires: readonly (Field['wire'] | undefined)[] = ['varint', 'fixed64', 'bytes', undefined, undefined, 'fixed32'];

export class MessageReader {
  readonly #bytes: FileBytes;
  #chunk = new Uint8Array(0);
  #chunkStart = 0;
  #at = 0;

  constructor(bytes: FileBytes) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.size;
  }

  /** The fields of the message from `start` to `end`. What stands inside a field may be read before the next is asked for. */
  *fields(start: number, end: number): Generator<Field> {
    let at = start;
    while (at < end) {
      this.#at = at;
      const tag = this.#varint(end);
      const wire = tag < 0 ? undefined : wires[tag % 8];
      const number = Math.floor(tag / 8);
      if (wire === undefined || number < 1 || number > 536_870_911) throw malformed(at, 'is no field of a message');
      const value = wire === 'varint' || wire === 'bytes' ? this.#varint(end) : 0;
      const from = this.#at;
      const length = wire === 'fixed64' ? 8 : wire === 'fixed32' ? 4 : wire === 'bytes' ? value : 0;
      if (length < 0 || length > end - from) {
        const claimed = length < 0 ? 'more bytes than any file has' : `${length.toLocaleString('en')} bytes`;
        throw malformed(at, `claims ${claimed}, but only ${(end - from).toLocaleString('en')} follow`);
      }
      at = from + length;
      yield { number, wire, value, start: from, end: at };
    }
  }

  text({ start, end }: Field): string {
    if (end - start > longestText) throw malformed(start, `has a name of ${(end - start).toLocaleString('en')} bytes`);
    return utf8(this.slice(start, end));
  }

  /** A copy of the bytes of a place; the caller sees to it that they are few. */
  slice(start: number, end: number): Uint8Array {
    const isAtHand = start >= this.#chunkStart && end <= this.#chunkStart + this.#chunk.length;
    // Names stand close together: one look at the file serves hundreds.
    if (!isAtHand && end - start <= chunkLength) this.#load(start);
    const isLoaded = start >= this.#chunkStart && end <= this.#chunkStart + this.#chunk.length;
    const bytes = isLoaded
      ? this.#chunk.slice(start - this.#chunkStart, end - this.#chunkStart)
      : Uint8Array.from(this.#bytes.read(start, end - start));
    if (bytes.length < end - start) throw malformed(start, 'ends before its time');
    return bytes;
  }

  /** The whole numbers of a repeated field, of which one occurrence holds one or, packed, any number; `most` bounds them. */
  integers({ wire, value, start, end }: Field, most: number): readonly number[] {
    if (wire === 'varint') return [value];
    const found: number[] = [];
    for (this.#at = start; this.#at < end;) {
      if (found.length >= most) throw malformed(start, `lists more than ${most.toLocaleString('en')} numbers`);
      found.push(this.#varint(end));
    }
    return found;
  }

  /** The 32-bit floats of a repeated field; see `integers`. */
  floats({ start, end }: Field, most: number): readonly number[] {
    if (end - start > 4 * most) throw malformed(start, `lists more than ${most.toLocaleString('en')} numbers`);
    const bytes = this.slice(start, end);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => view.getFloat32(4 * i, true));
  }

  #varint(end: number): number {
    let value = 0;
    // Nearly all are short: whole numbers as far as they are exact.
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = this.#byte(end);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    let long = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#byte(end);
      long |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, long));
    }
    throw malformed(this.#at, 'has a number of more than 64 bits');
  }

  #byte(end: number): number {
    const at = this.#at++;
    if (at >= end) throw malformed(at, 'ends in the middle of a number');
    const known = this.#chunk[at - this.#chunkStart];
    if (known !== undefined && at >= this.#chunkStart) return known;
    this.#load(at);
    const byte = this.#chunk[0];
    if (byte === undefined) throw malformed(at, 'ends before its time');
    return byte;
  }

  #load(start: number): void {
    this.#chunk = Uint8Array.from(this.#bytes.read(start, chunkLength));
    this.#chunkStart = start;
  }
}

/** Bytes as text; what is no UTF-8 is taken byte by byte. */
function utf8(bytes: Uint8Array): string {
  const plain = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  if (bytes.every((byte) => byte < 0x80)) return plain;
  try {
    return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  } catch {
    return plain;
  }
}

function malformed(at: number, what: string): MalformedMessage {
  return new MalformedMessage(`what stands at byte ${at.toLocaleString('en')} ${what}`);
}
