// The trade-off of a sweep in headless Chromium: policy, accessibility, keyboard, growth, narrow windows. A picture is kept
// for each theme where MORPHNET_SCREENSHOTS names a folder.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../support/chromium.ts';
import { DashboardPages } from './dashboard-page.ts';
import { sampleSweep } from './sample-sweep.ts';
import { themes } from './themes.ts';

const executable = findChromium(process.env);
const pictures = process.env['MORPHNET_SCREENSHOTS'];

describe.skipIf(executable === undefined)('in Chromium (skipped where CHROMIUM_PATH and PATH have none)', () => {
  let pages: DashboardPages;

  beforeAll(async () => {
    pages = await DashboardPages.launch(executable!);
  });

  afterAll(() => pages.close());

  const cases = [
    ['dark', 1000],
    ['light', 1000],
    ['highContrast', 600],
    ['dark', 320],
  ] as const;

  test.for(cases)('%s, %d pixels: accessible, within the policy and the window', async ([theme, width]) => {
    const { page, ...dashboard } = await open(theme, width);
    expect(await dashboard.accessibilityProblems()).toEqual([]);
    expect(await dashboard.violations()).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `trade-off-${theme}-${width}.png`) });
    await page.close();
  });

  test('the chart is kept as SVG and PNG, and the page as one file without buttons', async () => {
    const { page, posted, violations } = await open('dark', 1000);
    await page.getByRole('button', { name: 'SVG' }).press('Enter');
    await page.getByRole('button', { name: 'PNG' }).press('Enter');
    await page.getByRole('button', { name: 'Save as HTML…' }).press('Enter');
    await expect.poll(posted).toHaveLength(4);
    const [, ...kept] = (await posted()) as readonly Record<string, string>[];
    const [svg, png, whole] = ['svg', 'png', undefined].map((format) => kept.find((each) => each['format'] === format));
    // A file of its own: colours of the theme in place of classes, read by another browser page.
    expect(svg?.['content']).toMatch(/^<svg .*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg?.['content']).not.toMatch(/class=|var\(/);
    expect(svg?.['content']).toContain('target 50 %');
    expect(
      Buffer.from(png?.['content'] ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    expect(whole?.['body']).toContain('LeNet()');
    expect(whole?.['body']).not.toContain('<button');
    expect(Object.keys(whole?.['colors'] ?? {})).toContain('--vscode-foreground');
    expect(await violations()).toEqual([]);
    await page.close();
  });

  async function open(theme: keyof typeof themes, width: number) {
    const dashboard = await pages.open({ theme: themes[theme], width });
    await dashboard.send({ kind: 'sweep', sweep: { ...sampleSweep(), targetShare: 0.5 } });
    await dashboard.page.getByRole('heading', { level: 1, name: 'LeNet()' }).waitFor();
    return {
      page: dashboard.page,
      send: dashboard.send.bind(dashboard),
      posted: dashboard.posted.bind(dashboard),
      accessibilityProblems: dashboard.accessibilityProblems.bind(dashboard),
      violations: dashboard.violations.bind(dashboard),
    };
  }

  test('the drawing has a mark for each measured point, the table a row for each strength', async () => {
    const { page } = await open('dark', 1000);
    const chart = page.getByRole('img', { name: /^Accuracy over FLOPs/ });
    expect(await chart.locator('circle.dot').count()).toBe(3);
    // Around those of the strength that is nearest to the target.
    expect(await chart.locator('circle.ring').count()).toBe(2);
    expect(await chart.locator('rect').count()).toBe(2);
    // More cost stands further right, more accuracy higher.
    const places = await chart
      .locator('circle.dot')
      .evaluateAll((marks) => marks.map((mark) => [mark.getAttribute('cx'), mark.getAttribute('cy')].map(Number)));
    const [cheap = [], middle = [], dear = []] = places;
    expect([cheap[0]! < middle[0]!, middle[0]! < dear[0]!]).toEqual([true, true]);
    expect([cheap[1]! > middle[1]!, middle[1]! > dear[1]!]).toEqual([true, true]);
    await page.getByRole('row', { name: /1\.0e-6.*Failed: The loss is not a number/ }).waitFor();
    expect(await page.getByRole('row').count()).toBe(5);
    await page.close();
  });

  test('beside nothing the table is whole, and a row is as tall as its text', async () => {
    const { page } = await open('light', 1000);
    const table = page.getByRole('region', { name: 'Strengths' });
    expect(await table.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBeLessThanOrEqual(0);
    const heights = await table.locator('tbody tr').evaluateAll((rows) => rows.map(({ clientHeight }) => clientHeight));
    expect(Math.max(...heights)).toBeLessThan(60);
    await page.close();
  });

  test('the table is reached and scrolled from the keyboard', async () => {
    const { page } = await open('dark', 320);
    for (const name of ['Stop', 'Go On', 'SVG', 'PNG']) {
      await page.keyboard.press('Tab');
      expect(await page.getByRole('button', { name }).evaluate((one) => one === document.activeElement)).toBe(true);
    }
    await page.keyboard.press('Tab');
    const table = page.getByRole('region', { name: 'Strengths' });
    expect(await table.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => table.evaluate((element) => element.scrollLeft)).toBeGreaterThan(0);
    await page.close();
  });

  test('a point that is done is opened, applied and retrained; what is left is gone on with', async () => {
    const { page, posted } = await open('dark', 1000);
    for (const act of ['Open', 'Apply', 'Retrain'])
      await page.getByRole('row', { name: /41 %/ }).getByRole('button', { name: act }).click();
    await page.getByRole('button', { name: 'Go On' }).click();
    expect((await posted()).slice(1)).toEqual([
      ...['open', 'apply', 'retrain'].map((act) => ({ kind: 'point', run: 'points/1', act })),
      { kind: 'resume' },
    ]);
    // What failed or still trains led to nothing yet.
    expect(await page.getByRole('button', { name: 'Apply' }).count()).toBe(2);
    await page.close();
  });

  test('a point that is done shows as soon as the file says so', async () => {
    const { page, send } = await open('dark', 1000);
    const sweep = sampleSweep();
    const points = sweep.points.map((point, index) => (index === 2 ? { ...point, retrainedAccuracy: 0.97 } : point));
    await send({ kind: 'sweep', sweep: { ...sweep, points } });
    await expect.poll(() => page.getByRole('img', { name: /97 % at 12\.5 %/ }).count()).toBe(1);
    await page.close();
  });
});
