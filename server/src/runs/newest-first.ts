// What a store holds, by the names of its folders, which begin with the time at which they were made.

import { readdirSync } from 'node:fs';

/** The names, newest first; none where there is no such store. */
export function newestFirst(store: string): readonly string[] {
  try {
    return readdirSync(store).sort().reverse();
  } catch {
    return [];
  }
}
