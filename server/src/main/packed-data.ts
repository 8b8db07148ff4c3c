// Plain data as a small string of bytes, for what is seldom looked at again: a network takes a fifteenth of its memory.

import { deserialize, serialize } from 'node:v8';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Fast rather than small: most of what can be gained is gained at the first level. */
const level = 1;

/**
 * See `Pack` in analysis. Objects that several parts of the data share are shared in what comes back, and so are equal texts.
 * Data that is nested more deeply than can be written stays as it is.
 */
export function pack<Data>(data: Data): () => Data {
  const bytes = bytesOf(data);
  return bytes === undefined ? () => data : unpackFrom(bytes);
}

/** A function of its own: one made in `pack` would keep the data alive beside the bytes. */
function unpackFrom<Data>(bytes: Uint8Array): () => Data {
  return () => withTextsShared(deserialize(inflateRawSync(bytes)) as Data);
}

function bytesOf(data: unknown): Uint8Array | undefined {
  try {
    return deflateRawSync(serialize(data), { level });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Bytes hold each text as often as it occurs; the name of a document occurs in every place. */
function withTextsShared<Data>(data: Data): Data {
  const texts = new Map<string, string>();
  const seen = new Set<unknown>();
  const waiting: unknown[] = [data];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (typeof part !== 'object' || part === null || seen.has(part)) continue;
    seen.add(part);
    // Most lists are of numbers.
    if (Array.isArray(part) && part.every((item) => typeof item === 'number')) continue;
    const fields = part as Record<string, unknown>;
    for (const key in fields) {
      const value = fields[key];
      if (typeof value === 'object' && value !== null) waiting.push(value);
      else if (typeof value === 'string') {
        const known = texts.get(value);
        if (known === undefined) texts.set(value, value);
        else fields[key] = known;
      }
    }
  }
  return data;
}
