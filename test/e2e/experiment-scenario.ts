// The method beyond one run: a proposal is expanded and applied, seed and proposal are retrained, strengths are swept, all from
// the window, with trainers of their own behind it.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { retrainingFileSchema } from '../../server/src/protocol/retraining-file.ts';
import { expandedProposalSchema } from '../../server/src/protocol/run-files.ts';
import { sweepFileSchema } from '../../server/src/protocol/sweep-file.ts';
import { percent } from '../../webview/src/model/curves.ts';
import type { ScenarioContext } from './scenario-context.ts';
import { trainDigits, trainDigitsFurther } from './workspace.ts';

export async function experimentScenario({ scenario, workbench, folder, url }: ScenarioContext): Promise<void> {
  const runFolder = join(folder, '.morphnet/runs/digits-1');
  const { dashboard, page } = workbench;

  await scenario.step('a run has proposed widths', async () => {
    trainDigits(folder);
    await workbench.openFolder(url);
    await workbench.openFile('digits.cfg');
    await workbench.hintProblems.first().waitFor();
  });

  await scenario.step('the palette expands them to a budget, and the dashboard shows what came out', async () => {
    await workbench.command('MorphNet: Expand Structure…');
    await workbench.answer(/share of the seed’s cost/, 'flops:0.9');
    await workbench.pick('Multiples of 4');
    await dashboard.getByRole('heading', { name: 'Expanded architecture' }).waitFor();
    await workbench.notification(/% of the seed’s FLOPs/).waitFor();
    const { expansion, layers } = await expanded();
    assert.equal(expansion.multipleOf, 4);
    assert.ok(expansion.cost <= 0.9 * expansion.seedCost);
    assert.ok(layers.slice(0, 2).every(({ width }) => width.after % 4 === 0));
    await dashboard.getByRole('button', { name: 'Apply expanded widths' }).scrollIntoViewIfNeeded();
    await workbench.screenshot('expanded');
  });

  await scenario.step('the dashboard applies the expanded widths', async () => {
    await dashboard.getByRole('button', { name: 'Apply expanded widths' }).click();
    await workbench.applyPreview('expanded-preview');
    await workbench.changed();
    await workbench.save();
    const text = await readFile(join(folder, 'digits.cfg'), 'utf8');
    const written = [...text.matchAll(/filters=(\d+)/g)].map(([, width]) => Number(width));
    const { layers } = await expanded();
    assert.deepEqual(written, layers.map(({ width }) => width.after).slice(0, written.length));
  });

  await scenario.step('seed and proposals are retrained in the background, and set side by side', async () => {
    await dashboard.getByRole('button', { name: 'Retrain…' }).click();
    await workbench.answer(/Trainings of each network/, '1');
    await workbench.pick('Seed, proposal and expanded proposal');
    await workbench.statusItem(/Retraining 1 of 3/).waitFor();
    await workbench.screenshot('retraining');
    await dashboard.getByRole('heading', { name: 'Trained from scratch' }).waitFor({ timeout: 180_000 });
    const report = v.parse(retrainingFileSchema, JSON.parse(await readFile(join(runFolder, 'retrained.json'), 'utf8')));
    const names = { seed: 'Seed', proposal: 'Proposed', expanded: 'Expanded' };
    for (const { name, mean } of report.structures) {
      const accuracy = `${(100 * mean).toFixed(2)} %`;
      await dashboard.getByRole('row', { name: new RegExp(`^${names[name]} .*${accuracy}`) }).waitFor();
    }
    await dashboard.getByRole('heading', { name: 'Trained from scratch' }).scrollIntoViewIfNeeded();
    await workbench.screenshot('retrained');
  });

  await scenario.step('a sweep is started from the palette, and its curve grows by what it measures', async () => {
    await workbench.openFile('digits.cfg');
    await workbench.command('MorphNet: Sweep Strengths…');
    await workbench.pick('Continue');
    await workbench.answer(/Strengths on a logarithmic grid/, '2');
    await workbench.answer(/Smallest and largest strength/, '1e-8..1e-6');
    await workbench.pick('As learned');
    await dashboard.getByRole('heading', { name: 'Accuracy over cost' }).waitFor();
    await dashboard.getByText('2 of 2 strengths').waitFor({ timeout: 180_000 });
    await workbench.screenshot('sweep');
  });

  await scenario.step('the curve comes back after a reload of the window', async () => {
    const [id = ''] = await readdir(join(folder, '.morphnet/sweeps'));
    // Other folders' windows have written down that a curve is open too.
    await workbench.reload(id);
    const file = join(folder, '.morphnet/sweeps', id, 'sweep.json');
    const { points } = v.parse(sweepFileSchema, JSON.parse(await readFile(file, 'utf8')));
    assert.equal(points.length, 2);
    const shown = (share = NaN): string => percent(Math.round(1000 * share) / 1000);
    for (const { accuracy, costShare } of points) {
      const figures = `${shown(accuracy)} at ${shown(costShare)}`.replaceAll('.', '\\.');
      await dashboard.getByRole('img', { name: new RegExp(figures) }).waitFor();
    }
    await page.locator('.tab', { hasText: 'Trade-off: digits.cfg' }).waitFor();
    await workbench.screenshot('sweep-reloaded');
  });

  await scenario.step('a point of the curve opens the run that it is of', async () => {
    await dashboard
      .getByRole('button', { name: /^(Apply|Retrain): strength / })
      .first()
      .waitFor();
    await dashboard
      .getByRole('button', { name: /^Open: strength / })
      .first()
      .click();
    // A page of its own comes to the front: what the curve's page does not have.
    await dashboard.getByRole('heading', { name: 'Proposed architecture' }).waitFor();
    await dashboard.getByText('Finished', { exact: true }).waitFor();
    await workbench.screenshot('sweep-point');
  });

  await scenario.step('two runs stand side by side: figures, curves and the widths that differ', async () => {
    trainDigitsFurther(folder);
    await workbench.openFolder(url);
    await workbench.openFile('digits.cfg');
    await workbench.command('MorphNet: Compare Runs…');
    await dashboard.getByRole('heading', { name: 'Compared runs' }).waitFor();
    await dashboard.getByRole('row', { name: /^(MACs|FLOPs) proposed / }).waitFor();
    await dashboard
      .getByText(/digits-1/)
      .first()
      .waitFor();
    await dashboard
      .getByText(/digits-2/)
      .first()
      .waitFor();
    await dashboard.getByText(/[1-9]\d* of \d+ layers differ/).waitFor();
    await workbench.screenshot('compared-runs');
  });

  async function expanded(): Promise<v.InferOutput<typeof expandedProposalSchema>> {
    return v.parse(expandedProposalSchema, JSON.parse(await readFile(join(runFolder, 'expanded.json'), 'utf8')));
  }
}
