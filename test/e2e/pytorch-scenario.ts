// The main job on a PyTorch file: costs, a run from the palette, alive channels, the quick-fix, the edit on disk, undo.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScenarioContext } from './scenario-context.ts';

/** The first convolution with batch norm; its width is written in three places, each of which must change with it. */
const convolution = 'nn.Conv2d(1, 32, kernel_size=5, padding=2, bias=False)';

/** The file as it should be when that convolution has another width. */
function withWidth(text: string, width: string): string {
  return text
    .replace(convolution, convolution.replace('32', width))
    .replace('nn.BatchNorm2d(32)', `nn.BatchNorm2d(${width})`)
    .replace('nn.Conv2d(32, 64, kernel_size=5, bias=False)', `nn.Conv2d(${width}, 64, kernel_size=5, bias=False)`);
}

export async function pytorchScenario({ scenario, workbench, folder, url }: ScenarioContext): Promise<void> {
  const file = join(folder, 'lenet.py');
  const original = await readFile(file, 'utf8');

  await scenario.step('hints show what each layer costs', async () => {
    await workbench.openFolder(url);
    await workbench.openFile('lenet.py');
    // 32·28·28·25 multiply-adds and 32·25 weights.
    await workbench.line(/nn\.Conv2d\(1,.*bias=False\),.*627 kMACs · 800 params/).waitFor();
    // 1600·128 multiply-adds and as many weights.
    await workbench.line(/nn\.Linear\(64.*bias=False\),.*205 kMACs · 205 k params/).waitFor();
    await workbench.screenshot('hints');
  });

  await scenario.step('the hover tells the layer, its share and where its width is written', async () => {
    const text = await workbench.hover(workbench.line(convolution), 'Conv2d', /layers\.0/);
    assert.match(text, /10\.5\s%/, 'the share of 627 200 in 5 953 280 multiply-adds');
    await workbench.screenshot('hover');
  });

  await scenario.step('the lens totals the model', async () => {
    // The convolutions and 1600·128 + 128·10.
    await workbench.lens(/5\.95 MMACs/).waitFor();
    await workbench.lens('Run MorphNet').waitFor();
  });

  await scenario.step('the table of costs opens from the lens, leads to the code, and closes', async () => {
    await workbench.lens('Run MorphNet').locator('a', { hasText: 'Costs' }).click();
    await workbench.dashboard.getByRole('heading', { level: 1, name: 'LeNet(batch_norm=True)' }).waitFor();
    await workbench.screenshot('costs');
    // The module `layers` and its part 4, the second convolution.
    await workbench.dashboard
      .getByRole('rowheader', { name: /^4 .*Conv2d/ })
      .getByRole('button')
      .click();
    const line = original.slice(0, original.indexOf('nn.Conv2d(32, 64,')).split('\n').length;
    await workbench.cursorOnLine(line);
    await workbench.closeTab(/^Costs: LeNet/);
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

  await scenario.step('the dashboard stops the run at a checkpoint and goes on from there', async () => {
    const dashboard = workbench.dashboard;
    await dashboard.getByRole('button', { name: 'Stop' }).click();
    await dashboard.getByText('Stopped', { exact: true }).waitFor();
    await dashboard.getByRole('button', { name: 'Resume' }).click();
    await dashboard.getByText('Running', { exact: true }).waitFor();
  });

  await scenario.step('the dashboard pauses the run, which goes on when it is resumed', async () => {
    const dashboard = workbench.dashboard;
    await dashboard.getByRole('button', { name: 'Pause' }).click();
    await dashboard.getByText('Paused', { exact: true }).waitFor();
    await workbench.screenshot('dashboard-paused');
    await dashboard.getByRole('button', { name: 'Resume' }).click();
    await dashboard.getByText('Running', { exact: true }).waitFor();
  });

  await scenario.step('the run finishes and offers what it found', async () => {
    // The dashboard is in view and says it all: no message says it once more.
    await workbench.dashboard.getByText('Finished', { exact: true }).waitFor({ timeout: 180_000 });
    await workbench.dashboard.getByRole('img', { name: /^Loss\. training: from/ }).waitFor();
    await workbench.dashboard.getByRole('row', { name: /layers\.0.*32 → \d+/ }).waitFor();
    await workbench.dashboard.getByRole('button', { name: 'Apply proposed widths' }).waitFor();
    assert.equal(await workbench.notification(/Apply/).count(), 0);
    await workbench.screenshot('dashboard');
  });

  await scenario.step('a reload of the window loses nothing', async () => {
    const [run = ''] = await readdir(join(folder, '.morphnet/runs'));
    await workbench.reload(run);
    await workbench.dashboard.getByText('Finished', { exact: true }).waitFor();
    await workbench.dashboard.getByRole('cell', { name: /^\d+ of 64$/ }).waitFor();
  });

  await scenario.step('a layer is shown in code', async () => {
    await workbench.dashboard.getByRole('button', { name: 'Show layers.4 in code' }).first().click();
    const line = original.slice(0, original.indexOf('nn.Conv2d(32, 64,')).split('\n').length;
    await workbench.cursorOnLine(line);
  });

  await scenario.step('the quick-fix sets a width where it is written', async () => {
    await workbench.hintProblems.first().waitFor();
    await workbench.quickFix(workbench.line(convolution), 'Conv2d', /^Set width to \d+/);
    // Another model of the file changes along, so the editor shows the change first.
    await workbench.applyPreview('quick-fix-preview');
    await workbench.changed();
    await workbench.screenshot('quick-fix');
    await workbench.save();
    const changed = await readFile(file, 'utf8');
    const width = /nn\.Conv2d\(1, (\d+), .*bias=False/.exec(changed)?.[1] ?? '';
    assert.ok(Number(width) >= 1 && Number(width) < 32, `a width of ${width}`);
    assert.equal(changed, withWidth(original, width));
    // 28·28·25 multiply-adds a channel.
    const operations = (19.6 * Number(width)).toPrecision(3);
    await workbench.line(new RegExp(`nn\\.Conv2d\\(1, ?${width}.*${operations} kMACs`)).waitFor();
  });

  const undoBringsBack = async (): Promise<void> => {
    await workbench.undo();
    await workbench.save();
    assert.equal(await readFile(file, 'utf8'), original);
  };
  await scenario.step('undo brings the file back, byte for byte', undoBringsBack);

  await scenario.step('the dashboard applies every width of the proposal', async () => {
    await workbench.dashboard.getByRole('button', { name: 'Apply proposed widths' }).click();
    await workbench.applyPreview('apply-preview');
    await workbench.changed();
    await workbench.save();
    const changed = await readFile(file, 'utf8');
    const [, first = '', second = ''] = /nn\.Conv2d\((\d+), (\d+), kernel_size=5, bias=False\)/.exec(changed) ?? [];
    assert.ok(Number(first) < 32 && Number(second) < 64, `${first} and ${second} channels`);
  });

  await scenario.step('one undo takes all of them back', undoBringsBack);
}
