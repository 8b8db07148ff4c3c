// Tensors come back bit by bit; a file that is cut off or altered anywhere is never taken for whole.

import { describe, expect, it } from 'vitest';
import { decodeTensors, encodeTensors, type TensorFile } from '../../../server/src/runs/safetensors.ts';

const file: TensorFile = {
  tensors: new Map([
    ['conv.weight', { shape: [2, 1, 2], data: Float32Array.of(1.5, -0, 1e-45, Infinity) }],
    ['step-count', { shape: [], data: Float32Array.of(16_777_216) }],
    ['7', { shape: [1], data: Float32Array.of(0.1) }],
    ['nothing', { shape: [0, 3], data: new Float32Array(0) }],
  ]),
  metadata: { controller: '{"strength":0.1}', note: 'ä "quoted"\nline' },
};

/** Bits, so that −0 and NaN count. */
function bits({ tensors, metadata }: TensorFile): unknown {
  const entries = [...tensors].map(([name, { shape, data }]) => [
    name,
    shape,
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
  ]);
  return { metadata, entries: entries.sort() };
}

describe('a tensor file', () => {
  it('comes back bit by bit, from any kind of byte array', () => {
    const bytes = encodeTensors(file);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    for (const form of [Buffer.from(bytes), Uint8Array.from(bytes), shifted.subarray(1)]) {
      const read = decodeTensors(form);
      if (!read.ok) throw new Error(read.error);
      expect(bits(read.value)).toEqual(bits(file));
    }
  });

  it('holds part of a larger buffer without the rest of it', () => {
    const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    const read = decodeTensors(encodeTensors({ tensors: new Map([['x', { shape: [2], data }]]), metadata: {} }));
    expect(read).toMatchObject({ ok: true });
    expect(read.ok && [...(read.value.tensors.get('x')?.data ?? [])]).toEqual([1, 2]);
  });

  it('follows the format: a little-endian length, a header that ends on eight bytes, the data', () => {
    for (const name of ['a', 'ab', 'abcdefgh', 'ä']) {
      const data = Float32Array.of(1, 2);
      const bytes = Buffer.from(encodeTensors({ tensors: new Map([[name, { shape: [2], data }]]), metadata: {} }));
      const length = Number(bytes.readBigUInt64LE(0));
      expect(length % 8).toBe(0);
      const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, unknown>;
      expect(header[name]).toEqual({ dtype: 'F32', shape: [2], data_offsets: [0, 8] });
      expect(bytes.subarray(8 + length).toString('hex')).toBe('0000803f00000040');
    }
  });

  it('is not whole at any shorter length', () => {
    const bytes = encodeTensors(file);
    for (let length = 0; length < bytes.length; length++)
      expect([length, decodeTensors(bytes.subarray(0, length)).ok]).toEqual([length, false]);
  });

  it('is not whole with a byte more', () => {
    expect(decodeTensors(Buffer.concat([encodeTensors(file), Buffer.of(0)])).ok).toBe(false);
  });

  it('is not whole with any bit flipped', () => {
    const bytes = encodeTensors(file);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const altered = Uint8Array.from(bytes);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect([bit, decodeTensors(altered).ok]).toEqual([bit, false]);
    }
  });
});
