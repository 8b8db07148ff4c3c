// Named float tensors as a safetensors file (https://huggingface.co/docs/safetensors): eight bytes of header length, a JSON
// header, the data. Our metadata carries a checksum of everything else, so a torn or altered file is noticed.

import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { Result } from '../common/problem.ts';

export type Tensors = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

export interface TensorFile {
  readonly tensors: Tensors;
  /** Whatever else belongs to the tensors, as texts. */
  readonly metadata: Readonly<Record<string, string>>;
}

const entrySchema = v.object({
  dtype: v.literal('F32'),
  shape: v.array(v.number()),
  data_offsets: v.tuple([v.number(), v.number()]),
});
const metadataSchema = v.record(v.string(), v.string());

const alignment = 8;
const checksumKey = 'sha256';

/** Of the metadata but for the checksum itself, the tensors' descriptions, and the data. */
function checksum(
  bytes: Uint8Array,
  metadata: Readonly<Record<string, string>>,
  entries: Readonly<Record<string, unknown>>,
): string {
  return createHash('sha256')
    .update(JSON.stringify([metadata, entries]))
    .update(bytes)
    .digest('hex');
}

/** The bytes of a file. */
export function encodeTensors({ tensors, metadata }: TensorFile): Uint8Array {
  let size = 0;
  const entries: Record<string, unknown> = {};
  for (const [name, { shape, data }] of tensors) {
    entries[name] = { dtype: 'F32', shape, data_offsets: [size, size + data.byteLength] };
    size += data.byteLength;
  }
  const body = new Uint8Array(size);
  let offset = 0;
  for (const { data } of tensors.values()) {
    body.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  const header = JSON.stringify({
    __metadata__: { ...metadata, [checksumKey]: checksum(body, metadata, entries) },
    ...entries,
  });
  const bytes = Buffer.byteLength(header);
  const padded = Buffer.from(header + ' '.repeat(Math.ceil(bytes / alignment) * alignment - bytes));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, body]);
}

function shapeSize(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Reads a file's bytes; the failure says what is wrong with them. */
export function decodeTensors(bytes: Uint8Array): Result<TensorFile> {
  const failed = (error: string): Result<TensorFile> => ({ ok: false, error });
  if (bytes.length < 8) return failed('it is cut off before its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > bytes.length - 8) return failed('it is cut off inside its header');
  let header: unknown;
  try {
    header = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + 8, headerLength).toString('utf8'));
  } catch {
    return failed('its header is damaged');
  }
  if (typeof header !== 'object' || header === null || !('__metadata__' in header))
    return failed('its header is damaged');
  const { __metadata__: described, ...entries } = header;
  const parsed = v.safeParse(metadataSchema, described);
  if (!parsed.success) return failed('its header is damaged');
  const { [checksumKey]: expected, ...metadata } = parsed.output;
  const body = bytes.subarray(8 + headerLength);
  if (checksum(body, metadata, entries) !== expected) return failed('its content does not fit its checksum');
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, value] of Object.entries(entries)) {
    const entry = v.safeParse(entrySchema, value);
    if (!entry.success) return failed(`its tensor ${name} is not described as one`);
    const [start, end] = entry.output.data_offsets;
    const size = shapeSize(entry.output.shape) * Float32Array.BYTES_PER_ELEMENT;
    if (end > body.length || end - start !== size) return failed(`its tensor ${name} lies outside the file`);
    // A copy, since the file's bytes need not be aligned to four; not `slice`, with which a Buffer shares its memory.
    const data = new Float32Array((end - start) / Float32Array.BYTES_PER_ELEMENT);
    new Uint8Array(data.buffer).set(body.subarray(start, end));
    tensors.set(name, { shape: entry.output.shape, data });
  }
  return { ok: true, value: { tensors, metadata } };
}
