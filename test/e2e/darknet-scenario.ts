// A Darknet file from hints to the edit on disk: what works for PyTorch is no matter of Python.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScenarioContext } from './scenario-context.ts';
import { digitsCfg } from './workspace.ts';

export async function darknetScenario({ scenario, workbench, folder, url }: ScenarioContext): Promise<void> {
  const file = join(folder, 'digits.cfg');
  let title = '';

  await scenario.step('hints show what each section costs', async () => {
    await workbench.openFolder(url);
    await workbench.openFile('digits.cfg');
    // 14×14 outputs, 9 weights for one input channel, 16 filters: 28 224 multiply-adds.
    await workbench.line(/\[convolutional\].*28\.2 kMACs/).waitFor();
    await workbench.screenshot('darknet-hints');
  });

  await scenario.step('the lens totals the model', async () => {
    await workbench.lens(/MACs.*params/).waitFor();
    await workbench.lens('Run MorphNet').waitFor();
  });

  await scenario.step('a run from the lens trains it and proposes widths', async () => {
    await workbench.lens('Run MorphNet').locator('a', { hasText: 'Run MorphNet' }).click();
    await workbench.pick('Start');
    await workbench.notification(/Apply/).waitFor({ timeout: 120_000 });
  });

  await scenario.step('the quick-fix sets a width', async () => {
    await workbench.hintProblems.first().waitFor();
    await workbench.quickFix(workbench.line('filters=24'), 'filters', /^Set width to \d+/);
    await workbench.changed();
    await workbench.save();
    const changed = await readFile(file, 'utf8');
    title = /filters=(\d+)/.exec(changed.slice(changed.indexOf('filters=16') + 10))?.[1] ?? '';
    assert.equal(changed, digitsCfg.replace('filters=24', `filters=${title}`));
    assert.ok(Number(title) >= 1 && Number(title) < 24, `filters=${title}`);
    await workbench.screenshot('darknet-quick-fix');
  });

  await scenario.step('undo brings the file back, byte for byte', async () => {
    await workbench.undo();
    await workbench.save();
    assert.equal(await readFile(file, 'utf8'), digitsCfg);
  });
}
