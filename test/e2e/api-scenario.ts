// The suite of the desktop editor, inside this server's extension host; each of its checks is a step here.

import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import type { ScenarioContext } from './scenario-context.ts';

const resultsSchema = v.array(v.object({ title: v.string(), error: v.exactOptional(v.string()) }));

/** Comes after the Darknet scenario, whose run proposes the width that the suite applies. */
export async function apiScenario({ scenario, workbench, url, results }: ScenarioContext): Promise<void> {
  let checks: v.InferOutput<typeof resultsSchema> = [];
  await scenario.step('the suite runs', async () => {
    await workbench.openFolder(url);
    await workbench.command('MorphNet Tests: Run');
    await workbench.notification(/MorphNet tests have ended/).waitFor({ timeout: 180_000 });
    checks = v.parse(resultsSchema, JSON.parse(await readFile(results, 'utf8')));
  });
  for (const { title, error } of checks) {
    await scenario.check(title, () => {
      if (error !== undefined) throw new Error(error);
    });
  }
}
