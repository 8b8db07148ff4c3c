// The page in headless Chromium: policy, accessibility, keyboard, growth, long tables, narrow windows. A
// picture is kept for each state where MORPHNET_SCREENSHOTS names a folder.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../support/chromium.ts';
import { DashboardPages, type DashboardPage } from './dashboard-page.ts';
import { at, sampleRun, type SampleRun } from './sample-run.ts';
import { themes } from './themes.ts';

const executable = findChromium(process.env);
const pictures = process.env['MORPHNET_SCREENSHOTS'];

describe.skipIf(executable === undefined)('in Chromium (skipped where CHROMIUM_PATH and PATH have none)', () => {
  let pages: DashboardPages;

  beforeAll(async () => {
    pages = await DashboardPages.launch(executable!);
  });

  afterAll(() => pages.close());

  async function openRun(sample: SampleRun, theme = themes.dark, width = 1000): Promise<DashboardPage> {
    const dashboard = await pages.open({ theme, width });
    await dashboard.send({ kind: 'snapshot', snapshot: sampleRun(sample), convention: 'macs' });
    await dashboard.page.getByRole('heading', { level: 2, name: 'Alive channels' }).waitFor();
    return dashboard;
  }

  const longName = 'a.very.long.name.of.a.layer.'.repeat(20);
  const failed = { ...at(80), kind: 'failed', code: 'out-of-memory', message: `No memory for ${longName}.` } as const;
  const notice = { ...at(30), kind: 'notice', severity: 'warning', code: 'slow', message: 'One thread.' } as const;
  const states: Readonly<Record<string, SampleRun>> = {
    queued: { layers: 3, step: 0, status: 'queued' },
    started: { layers: 3, step: 0, status: 'running' },
    'in the middle': { layers: 5, step: 110, status: 'running', ending: [notice] },
    finished: {
      layers: 3,
      step: 200,
      status: 'finished',
      ending: [{ ...at(200), kind: 'finished', summary: 'Found 45 % of the FLOPs.' }],
    },
    expanded: { layers: 3, step: 200, status: 'finished', isExpanded: true },
    failed: { layers: 3, step: 80, status: 'failed', ending: [failed] },
    'without layers': { layers: 0, step: 40, status: 'running' },
    'with a thousand layers': { layers: 1000, step: 100, status: 'running' },
    'with long names': {
      layers: 3,
      step: 100,
      status: 'running',
      entry: longName,
      layerName: (n) => `${longName}${n}`,
    },
  };

  const cases = [
    ...Object.keys(states).map((state) => [state, 'dark'] as const),
    ...(['in the middle', 'failed', 'expanded'] as const).flatMap((state) => [
      [state, 'light'] as const,
      [state, 'highContrast'] as const,
    ]),
  ];

  test.for(cases)(
    '%s, %s: nothing inaccessible, nothing against the policy, nothing wider than the window',
    async ([state, theme]) => {
      const dashboard = await openRun(states[state]!, themes[theme], 600);
      expect(await dashboard.accessibilityProblems()).toEqual([]);
      expect(await dashboard.violations()).toEqual([]);
      const wider = await dashboard.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wider).toBeLessThanOrEqual(0);
      if (pictures !== undefined) {
        await dashboard.page.screenshot({ path: join(pictures, `${state}-${theme}.png`), fullPage: true });
      }
      await dashboard.page.close();
    },
  );

  test('in half a window of the usual size nothing of a row is out of sight', async () => {
    // 1440 pixels with a side bar, halved.
    const dashboard = await openRun(states['finished']!, themes.dark, 546);
    const hidden = await dashboard.page
      .locator('.table-box')
      .evaluateAll((boxes) => boxes.map((box) => box.scrollWidth - box.clientWidth));
    if (pictures !== undefined) await dashboard.page.screenshot({ path: join(pictures, 'half.png'), fullPage: true });
    expect(hidden.length).toBeGreaterThan(1);
    expect(hidden.filter((pixels) => pixels > 0)).toEqual([]);
    await dashboard.page.close();
  });

  test('a run that ended tells first what came of it and what to do next', async () => {
    const dashboard = await openRun(states['finished']!);
    const headings = await dashboard.page.getByRole('heading', { level: 2 }).allTextContents();
    expect(headings).toEqual(['Proposed architecture', 'Alive channels', 'Curves']);
    await dashboard.page.getByText(/^Next: Apply the proposed widths/).waitFor();
    await dashboard.page.close();
  });

  test('before the snapshot and without a readable run the page is accessible too', async () => {
    const dashboard = await pages.open({ theme: themes.light });
    expect(await dashboard.accessibilityProblems()).toEqual([]);
    await dashboard.send({ kind: 'refused', message: 'The run lenet-1 is gone.' });
    await dashboard.page.getByRole('alert').waitFor();
    expect(await dashboard.accessibilityProblems()).toEqual([]);
    await dashboard.page.close();
  });

  test('the page says ready, remembers its run, and starts over after a reload', async () => {
    const dashboard = await openRun(states['in the middle']!);
    expect(await dashboard.posted()).toEqual([{ kind: 'ready' }]);
    expect(await dashboard.remembered()).toEqual({ run: 'lenet-1' });
    await dashboard.page.reload();
    expect(await dashboard.posted()).toEqual([{ kind: 'ready' }]);
    await dashboard.page.getByText('Reading the run…').waitFor();
    await dashboard.page.close();
  });

  test('growth shows at once, and what repeats is not counted twice', async () => {
    const dashboard = await openRun({ layers: 3, step: 100, status: 'running' });
    const { events, proposal } = sampleRun({ layers: 3, step: 140, status: 'running' });
    await dashboard.send({ kind: 'grew', status: 'running', events: events.slice(-9), proposal: proposal! });
    await dashboard.page.getByText('Step 140 of 200').waitFor();
    await dashboard.page.getByText('114 of 128 channels that can be removed are alive at step 140.').waitFor();
    await dashboard.send({ kind: 'convention', convention: 'flops' });
    await dashboard.page.getByRole('columnheader', { name: 'FLOPs' }).waitFor();
    const chart = dashboard.page.getByRole('img', { name: /^Loss\./ });
    await dashboard.page.getByText('Numbers of Loss').click();
    const rows = dashboard.page.locator('figure', { has: chart }).locator('tbody tr');
    await rows.first().waitFor();
    expect(await rows.count()).toBe(14);
    await dashboard.page.close();
  });

  test('buttons work by keyboard, and those that can do nothing do nothing', async () => {
    const dashboard = await openRun({ layers: 3, step: 100, status: 'running' });
    const { keyboard } = dashboard.page;
    const focused = (): Promise<string> => dashboard.page.evaluate(() => document.activeElement?.textContent ?? '');
    await keyboard.press('Tab');
    expect(await focused()).toBe('Apply proposed widths');
    await keyboard.press('Enter');
    // A proposal that may still change is not retrained: the fourth button does nothing yet.
    for (const key of ['Enter', 'Space', 'Enter', 'Space', 'Enter']) {
      await keyboard.press('Tab');
      await keyboard.press(key);
    }
    await keyboard.press('Tab');
    expect(await focused()).toBe('Resume');
    await keyboard.press('Enter');
    const posted = ['ready', 'apply', 'write-file', 'expand', 'stop', 'pause'].map((kind) => ({ kind }));
    expect(await dashboard.posted()).toEqual(posted);
    // The run stops while the focus is on Resume, which now works.
    await dashboard.send({ kind: 'grew', status: 'interrupted', events: [] });
    await dashboard.page.getByText('Interrupted', { exact: true }).waitFor();
    expect(await focused()).toBe('Resume');
    await keyboard.press('Enter');
    expect((await dashboard.posted()).at(-1)).toEqual({ kind: 'resume' });
    await dashboard.page.close();
  });

  test('each layer can be shown in code and applied by itself', async () => {
    const dashboard = await openRun({ layers: 3, step: 100, status: 'finished' });
    await dashboard.page.getByRole('button', { name: 'Show features.1 in code' }).click();
    await dashboard.page.getByRole('button', { name: 'Apply to features.0' }).click();
    expect((await dashboard.posted()).slice(1)).toEqual([
      { kind: 'show-in-code', layer: 'features.1' },
      { kind: 'apply', layer: 'features.0' },
    ]);
    await dashboard.page.close();
  });

  test('focus is visible', async () => {
    const dashboard = await openRun({ layers: 3, step: 100, status: 'running' });
    await dashboard.page.keyboard.press('Tab');
    const outline = await dashboard.page.evaluate(() => getComputedStyle(document.activeElement!).outline);
    expect(outline).toMatch(/solid/);
    expect(outline).toContain('rgb(0, 120, 212)');
    await dashboard.page.close();
  });

  test('the last of a thousand layers is reached by scrolling, with few rows in the document', async () => {
    const dashboard = await openRun({ layers: 1000, step: 100, status: 'running' });
    const box = dashboard.page.getByRole('region', { name: 'Proposed architecture beside the seed' });
    expect(await box.locator('tbody tr').count()).toBeLessThan(70);
    await box.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await box.getByRole('rowheader', { name: /features\.999/ }).waitFor();
    expect(await box.locator('tr[aria-rowindex="1001"]').count()).toBe(1);
    expect(await box.locator('tbody tr').count()).toBeLessThan(70);
    // Drawn rows are as high as rows left out are counted, or the scroll bar would lie.
    const heights = await box
      .locator('tbody tr[aria-rowindex]')
      .evaluateAll((rows) => [...new Set(rows.map((row) => row.getBoundingClientRect().height))]);
    expect(heights).toEqual([30]);
    await dashboard.page.close();
  });

  test('pointing at a chart reads its values', async () => {
    const dashboard = await openRun({ layers: 3, step: 100, status: 'running' });
    const chart = dashboard.page.getByRole('img', { name: /^Accuracy\./ });
    const bounds = (await chart.boundingBox())!;
    await chart.hover({ position: { x: bounds.width - 20, y: 60 } });
    await dashboard.page.getByText('step 100: training 40.0 % · step 100: test 38.5 %').waitFor();
    await dashboard.page.close();
  });
});
