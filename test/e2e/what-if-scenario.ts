// Widths by hand, without a run: what they come to while they are typed, the editor's own preview, the edit on disk, undo; the
// same from the table of costs and in a notebook. And the shapes of tensors where statements give them names.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScenarioContext } from './scenario-context.ts';

export async function whatIfScenario({ scenario, workbench, folder, url }: ScenarioContext): Promise<void> {
  const file = join(folder, 'shapes.py');
  const original = await readFile(file, 'utf8');
  const undoBringsBack = async (): Promise<void> => {
    await workbench.undo();
    await workbench.save();
    assert.equal(await readFile(file, 'utf8'), original);
  };

  await scenario.step('statements of forward show the shapes of what they name', async () => {
    await workbench.openFolder(url);
    await workbench.openFile('shapes.py');
    await workbench.line(/x = F\.relu\(self\.bn1\(self\.conv1\(images.*16×14×14/).waitFor();
    await workbench.screenshot('shapes');
  });

  await scenario.step('a layer’s line offers another width, and says what it comes to while it is typed', async () => {
    await workbench.quickFix(workbench.line('self.conv1 = nn.Conv2d(1'), 'Conv2d', /^Set width of conv1 \(16\)…/);
    await workbench.type('8');
    await workbench.inputMessage(/706 kMACs → 579 kMACs \(−18 %\).*conv1: 16 → 8/).waitFor();
    await workbench.screenshot('set-width');
  });

  await scenario.step('the edit is shown in the editor’s own preview, and written when it is applied', async () => {
    await workbench.accept();
    await workbench.applyPreview('what-if-preview');
    await workbench.changed();
    await workbench.save();
    assert.notEqual(await readFile(file, 'utf8'), original);
    await workbench.line(/self\.conv1 = nn\.Conv2d\(1, ?8,.*MACs/).waitFor();
  });

  await scenario.step('undo brings the file back', undoBringsBack);

  await scenario.step('the table of costs tries all widths by a factor, and sets them', async () => {
    await workbench.lens('Run MorphNet').locator('a', { hasText: 'Costs' }).first().click();
    const page = workbench.dashboard;
    await page.getByLabel('Scale all widths by').fill('50 %');
    await page.getByLabel('Scale all widths by').press('Enter');
    await page.getByText(/706 kMACs → .* kMACs \(−7\d %\)/).waitFor();
    await workbench.screenshot('what-if');
    await page.getByRole('button', { name: 'Set in the source…' }).click();
    await workbench.applyPreview('what-if-table-preview');
    await workbench.changed();
    await workbench.save();
    assert.notEqual(await readFile(file, 'utf8'), original);
  });

  await scenario.step('and one undo takes that back', undoBringsBack);

  await scenario.step('models in the cells of a notebook have hints and lenses', async () => {
    await workbench.openNotebook('explore.ipynb');
    // 14·14·16·9 multiply-adds and 16·10 parameters.
    await workbench.cellLine(/nn\.Conv2d\(1, 16,.*28\.2 kMACs · 160 params/).waitFor();
    await workbench.page
      .locator('.notebookOverlay .codelens-decoration', { hasText: /Run MorphNet/ })
      .first()
      .waitFor();
    await workbench.screenshot('notebook');
  });

  await scenario.step('a width is set in the cell where it is written', async () => {
    await workbench.quickFix(workbench.cellLine('nn.Conv2d(1, 16'), 'Conv2d', /^Set width of first \(16\)…/);
    await workbench.type('12');
    await workbench.accept();
    await workbench.applyPreview('notebook-preview');
    await workbench.cellLine(/nn\.Conv2d\(1, ?12,.*21\.2 kMACs/).waitFor();
    await workbench.cellLine(/nn\.Conv2d\(12, ?24,/).waitFor();
    await workbench.screenshot('notebook-edited');
    await workbench.saveAll();
    assert.match(await readFile(join(folder, 'explore.ipynb'), 'utf8'), /nn\.Conv2d\(12, 24, 3/);
  });
}
