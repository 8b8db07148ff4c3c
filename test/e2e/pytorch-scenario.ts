// The main job on a PyTorch file: costs, a run from the palette, alive channels, the quick-fix, the edit on disk, undo.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScenarioContext } from './scenario-context.ts';

/** Both convolutions are made on this line of a function that is called twice. */
const convolution = 'nn.Conv2d(in_channels, out_channels';

export async function pytorchScenario({ scenario, workbench, folder, url }: ScenarioContext): Promise<void> {
  const file = join(folder, 'lenet.py');
  const original = await readFile(file, 'utf8');

  await scenario.step('hints show what each layer costs', async () => {
    await workbench.openFolder(url);
    await workbench.openFile('lenet.py');
    // 32·28·28·25 + 64·10·10·32·25 multiply-adds.
    await workbench.line(/nn\.Conv2d\(.*×2.*5\.75\s*MMACs/).waitFor();
    // 1600·120 multiply-adds.
    await workbench.line(/nn\.Linear\(64.*192\s*kMACs/).waitFor();
    await workbench.screenshot('hints');
  });

  await scenario.step('the hover lists both layers of the line', async () => {
    const text = await workbench.hover(workbench.line(convolution), 'Conv2d', /features\.4/);
    assert.match(text, /features\.0/);
    await workbench.screenshot('hover');
  });

  await scenario.step('the lens totals the model', async () => {
    // The convolutions and 1600·120 + 120·84 + 84·10.
    await workbench.lens(/5\.95\s*MMACs/).waitFor();
    await workbench.lens('Run MorphNet').waitFor();
  });

  await scenario.step('a run starts from the palette and shows in the status bar', async () => {
    await workbench.command('MorphNet: Run MorphNet');
    await workbench.pick('Start');
    await workbench.runStatus.waitFor();
  });

  await scenario.step('the dashboard shows alive channels while the run goes on', async () => {
    await workbench.command('MorphNet: Open Dashboard');
    const dashboard = workbench.dashboard;
    await dashboard.getByRole('heading', { name: 'LeNet(batch_norm=True)' }).waitFor();
    await dashboard.getByRole('cell', { name: /^\d+ of 32$/ }).waitFor();
    await dashboard.getByRole('cell', { name: /^\d+ of 64$/ }).waitFor();
    await workbench.screenshot('dashboard-running');
  });

  await scenario.step('the run finishes and offers what it found', async () => {
    await workbench.notification(/Apply/).waitFor({ timeout: 180_000 });
    await workbench.dashboard.getByText('Finished', { exact: true }).waitFor();
    await workbench.dashboard.getByRole('img', { name: /^Loss\. training: from/ }).waitFor();
    await workbench.dashboard.getByRole('row', { name: /features\.0.*32 → \d+/ }).waitFor();
    await workbench.screenshot('dashboard');
  });

  await scenario.step('a reload of the window loses nothing', async () => {
    await workbench.reload('morphnet.dashboard');
    await workbench.dashboard.getByText('Finished', { exact: true }).waitFor();
    await workbench.dashboard.getByRole('cell', { name: /^\d+ of 64$/ }).waitFor();
  });

  await scenario.step('a layer is shown in code', async () => {
    await workbench.dashboard.getByRole('button', { name: 'Show features.4 in code' }).first().click();
    await workbench.line(convolution).waitFor();
  });

  await scenario.step('the quick-fix sets a width where it is written', async () => {
    await workbench.hintProblems.first().waitFor();
    await workbench.quickFix(workbench.line(convolution), 'Conv2d', /^Set width to \d+/);
    await workbench.changed();
    await workbench.screenshot('quick-fix');
    await workbench.save();
    const changed = await readFile(file, 'utf8');
    const [, first = '', again = '', second = ''] =
      /conv_block\(1, (\d+),[^]*conv_block\((\d+), (\d+),/.exec(changed) ?? [];
    assert.equal(first, again, 'what one layer gives, the next one takes');
    assert.ok(Number(first) < 32 || Number(second) < 64, `${first} and ${second} channels`);
    await workbench.line(/nn\.Conv2d\(.*×2.*MACs/).waitFor();
  });

  await scenario.step('undo brings the file back, byte for byte', async () => {
    await workbench.undo();
    await workbench.save();
    assert.equal(await readFile(file, 'utf8'), original);
  });
}
