// Finished parts of a long benchmark on disk, so that a stopped one goes on where it was.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The result of a part: from its file if the same settings made it, else computed and kept. */
export async function finishedPart<T>(
  folder: string,
  name: string,
  settings: object,
  isResult: (content: unknown) => content is T,
  compute: () => Promise<T>,
): Promise<T> {
  const key = JSON.stringify(settings);
  const file = join(folder, `${name}-${createHash('sha256').update(key).digest('hex').slice(0, 12)}.json`);
  const kept = readPart(file);
  if (isResult(kept)) return kept;
  const result = await compute();
  mkdirSync(folder, { recursive: true });
  // Renamed into place, so that a stop while writing leaves no half file.
  writeFileSync(`${file}.part`, `${JSON.stringify({ settings, result }, undefined, 2)}\n`);
  renameSync(`${file}.part`, file);
  return result;
}

function readPart(file: string): unknown {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof content === 'object' && content !== null && 'result' in content ? content.result : undefined;
  } catch {
    return undefined;
  }
}
