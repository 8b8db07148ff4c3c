// A Keras file from hints to the edit on disk: channels last, names as Keras gives them, a width that stands in a tuple.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScenarioContext } from './scenario-context.ts';

export async function kerasScenario({ scenario, workbench, folder, url }: ScenarioContext): Promise<void> {
  const file = join(folder, 'keras_lenet.py');
  const original = await readFile(file, 'utf8');

  await scenario.step('hints show what each layer costs', async () => {
    await workbench.openFolder(url);
    await workbench.openFile('keras_lenet.py');
    // 7·7·64·256 multiply-adds, as many weights and 256 biases.
    await workbench.line(/layers\.Dense\(256.*803 kMACs · 803 k params/).waitFor();
    // One line makes both convolutions.
    await workbench.line(/layers\.Conv2D\(filters.*10\.7 MMACs/).waitFor();
    await workbench.screenshot('keras-hints');
  });

  await scenario.step('the lens totals the model', async () => {
    await workbench.lens(/11\.5 MMACs/).waitFor();
    await workbench.lens('Run MorphNet').waitFor();
  });

  await scenario.step('a run from the lens trains it and proposes widths', async () => {
    await workbench.lens('Run MorphNet').locator('a', { hasText: 'Run MorphNet' }).click();
    await workbench.pick('Start');
    await workbench.notification(/Apply/).waitFor({ timeout: 180_000 });
    await workbench.command('MorphNet: Open Dashboard');
    await workbench.dashboard.getByRole('row', { name: /conv2d_1.*64 → \d+/ }).waitFor();
    await workbench.screenshot('keras-dashboard');
  });

  await scenario.step('Apply writes the widths into the tuple that the layers are made of', async () => {
    await workbench.dashboard.getByRole('button', { name: 'Apply proposed widths' }).click();
    await workbench.applyPreview('keras-apply-preview');
    await workbench.changed();
    await workbench.save();
    const changed = await readFile(file, 'utf8');
    const [, first = '', second = ''] = /widths=\((\d+), (\d+)\)/.exec(changed) ?? [];
    assert.equal(changed, original.replace('(32, 64)', `(${first}, ${second})`));
    assert.ok(Number(first) <= 32 && Number(second) < 64, `${first} and ${second} filters`);
  });
}
