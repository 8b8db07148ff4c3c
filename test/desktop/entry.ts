// What the desktop editor calls when it is started for tests.

import { runSuite } from './suite.ts';

/** Fails with every check that failed; the editor then exits with a failure. */
export async function run(): Promise<void> {
  const results = await runSuite();
  for (const { title, error } of results) console.log(error === undefined ? `✓ ${title}` : `✗ ${title}\n${error}`);
  const failed = results.filter(({ error }) => error !== undefined).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  if (failed > 0) throw new Error(`${failed} of ${results.length} checks failed`);
}
