// Fixture folders: one annotated source a file.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Fixture {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

/** The fixtures of a feature, by name. A folder without any is a mistake. */
export function fixturesOf(feature: string): readonly Fixture[] {
  const folder = join(import.meta.dirname, '../fixtures', feature);
  const names = readdirSync(folder).sort();
  if (names.length === 0) throw new Error(`No fixtures in ${folder}`);
  return names.map((name) => {
    const path = join(folder, name);
    return { name, path, text: readFileSync(path, 'utf8') };
  });
}

/** A model that the repository ships. */
export function exampleText(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../examples', name), 'utf8');
}
