// Runs side by side in headless Chromium: accessible, within policy and window, linked cursors, the ways to each run.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../support/chromium.ts';
import { DashboardPages } from './dashboard-page.ts';
import { sampleRun } from './sample-run.ts';
import { themes } from './themes.ts';

const executable = findChromium(process.env);
const pictures = process.env['MORPHNET_SCREENSHOTS'];

describe.skipIf(executable === undefined)('in Chromium (skipped where CHROMIUM_PATH and PATH have none)', () => {
  let pages: DashboardPages;

  beforeAll(async () => {
    pages = await DashboardPages.launch(executable!);
  });

  afterAll(() => pages.close());

  async function open(theme: keyof typeof themes = 'dark', width = 1000) {
    const opened = await pages.open({ theme: themes[theme], width });
    const runs = [
      sampleRun({ layers: 5, step: 100, status: 'paused' }),
      { ...sampleRun({ layers: 5, step: 200, status: 'finished', isExpanded: true }), id: 'lenet-2' },
    ];
    await opened.send({ kind: 'comparison', runs, convention: 'macs' });
    await opened.page.getByRole('heading', { level: 1, name: 'Compared runs' }).waitFor();
    return opened;
  }

  test.for([
    ['dark', 1000],
    ['light', 520],
    ['highContrast', 600],
    ['dark', 320],
  ] as const)('%s, %d pixels: accessible, within the policy and the window', async ([theme, width]) => {
    const { page, ...rest } = await open(theme, width).then((opened) => ({
      page: opened.page,
      problems: () => opened.accessibilityProblems(),
      violations: () => opened.violations(),
    }));
    expect(await rest.problems()).toEqual([]);
    expect(await rest.violations()).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    if (pictures !== undefined)
      await page.screenshot({ path: join(pictures, `comparison-${theme}-${width}.png`), fullPage: true });
    await page.close();
  });

  test('a step that one chart points at is told by all', async () => {
    const { page } = await open();
    const charts = page.locator('figure.chart');
    await charts
      .nth(0)
      .locator('svg[role="img"]')
      .hover({ position: { x: 200, y: 60 } });
    const readouts = charts.locator('.readout');
    await expect
      .poll(() => readouts.allInnerTexts())
      .toEqual([
        expect.stringMatching(/^step \d+: A .* step \d+: B /),
        expect.stringMatching(/^step \d+: A .* step \d+: B /),
        expect.stringMatching(/^step \d+: A .* step \d+: B /),
      ]);
    await page.close();
  });

  test('leads to each run, and shows all layers where that is asked for', async () => {
    const opened = await open();
    const { page } = opened;
    const widths = page.getByRole('region', { name: 'Widths that the runs propose' }).locator('tbody tr');
    expect(await widths.count()).toBe(3);
    await page.getByLabel('Show all layers').press('Space');
    await expect.poll(() => widths.count()).toBe(5);
    await page.getByRole('button', { name: 'Open B' }).press('Enter');
    await page.getByRole('button', { name: 'Apply A' }).press('Enter');
    expect((await opened.posted()).slice(1)).toEqual([
      { kind: 'point', run: 'lenet-2', act: 'open' },
      { kind: 'point', run: 'lenet-1', act: 'apply' },
    ]);
    await page.close();
  });
});
