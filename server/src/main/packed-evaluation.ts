// Evaluations as small strings of bytes, for what is seldom looked at again: a network takes a fifteenth of its memory.

import { deserialize, serialize } from 'node:v8';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Evaluation } from '../frontends/shared/frontend.ts';

/** Fast rather than small: most of what can be gained is gained at the first level. */
const level = 1;

/**
 * See `Pack` in analysis. Objects that several parts share are shared in what comes back, and so are equal texts. What is
 * nested more deeply than can be written stays as it is.
 */
export function packEvaluation(evaluation: Evaluation): () => Evaluation {
  const bytes = bytesOf(evaluation);
  return bytes === undefined ? () => evaluation : unpackFrom(bytes);
}

/** A function of its own: one made in `packEvaluation` would keep the evaluation alive beside the bytes. */
function unpackFrom(bytes: Uint8Array): () => Evaluation {
  return () => {
    const found: unknown = deserialize(inflateRawSync(bytes));
    if (!isEvaluation(found)) throw new Error('Packed bytes are no evaluation');
    shareTexts(found);
    return found;
  };
}

function bytesOf(data: unknown): Uint8Array | undefined {
  try {
    // A copy of its own length: the original is a part of a larger one.
    return Uint8Array.from(deflateRawSync(serialize(data), { level }));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function isEvaluation(data: unknown): data is Evaluation {
  return typeof data === 'object' && data !== null && 'graph' in data && 'problems' in data && 'dependencies' in data;
}

/** Bytes hold each text as often as it occurs; the name of a document occurs in every place. */
function shareTexts(data: object): void {
  const texts = new Map<string, string>();
  const seen = new Set<object>();
  const waiting: object[] = [data];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (seen.has(part)) continue;
    seen.add(part);
    // Most lists are of numbers.
    if (Array.isArray(part) && part.every((item) => typeof item === 'number')) continue;
    for (const key in part) {
      const value: unknown = Reflect.get(part, key);
      if (typeof value === 'object' && value !== null) waiting.push(value);
      else if (typeof value === 'string') {
        const known = texts.get(value);
        if (known === undefined) texts.set(value, value);
        else Reflect.set(part, key, known);
      }
    }
  }
}
