// The table of costs in headless Chromium: policy, accessibility, folding, filtering, sorting, copies, the way to the code. A
// picture is kept for each theme where MORPHNET_SCREENSHOTS names a folder.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../support/chromium.ts';
import { DashboardPages } from './dashboard-page.ts';
import { sampleCosts, sampleGraph, sampleTried } from './sample-costs.ts';
import { themes } from './themes.ts';

const executable = findChromium(process.env);
const pictures = process.env['MORPHNET_SCREENSHOTS'];

describe.skipIf(executable === undefined)('in Chromium (skipped where CHROMIUM_PATH and PATH have none)', () => {
  let pages: DashboardPages;

  beforeAll(async () => {
    pages = await DashboardPages.launch(executable!, 'costs');
  });

  afterAll(() => pages.close());

  async function open(theme: keyof typeof themes = 'dark', width = 1000, blocks = 2) {
    const opened = await pages.open({ theme: themes[theme], width });
    await opened.send({ kind: 'table', table: sampleCosts(blocks) });
    await opened.page.getByRole('heading', { level: 1, name: 'ResNet()' }).waitFor();
    return opened;
  }

  test.for([
    ['dark', 1000],
    ['light', 1000],
    ['highContrast', 600],
    ['dark', 320],
  ] as const)('%s, %d pixels: accessible, within the policy and the window', async ([theme, width]) => {
    const costs = await open(theme, width);
    expect(await costs.accessibilityProblems()).toEqual([]);
    expect(await costs.violations()).toEqual([]);
    expect(await costs.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    if (pictures !== undefined) await costs.page.screenshot({ path: join(pictures, `costs-${theme}-${width}.png`) });
    await costs.page.close();
  });

  // Half of a window of 1440 pixels beside the side bar; few layers, and many.
  test.for([2, 250])('beside the code no column is cut (%d blocks)', async (blocks) => {
    const { page } = await open('light', 520, blocks);
    const box = page.locator('.table-box');
    expect(await box.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBeLessThanOrEqual(0);
    expect(await page.getByRole('columnheader', { name: 'Params' }).isVisible()).toBe(true);
    // Rows that are not drawn take the height of those that are.
    expect(await box.evaluate((element) => element.querySelector('tbody tr:not(.gap)')?.clientHeight)).toBe(48);
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `costs-narrow-${blocks}.png`) });
    await page.close();
  });

  test.for([
    [1000, 'column', '131 kB'],
    [520, 'second line of the activations', '131 kB'],
  ] as const)('memory at %d pixels: a %s, and sentences', async ([width, , amount]) => {
    const { page } = await open('light', width);
    expect(await page.getByRole('row', { name: 'stem' }).first().textContent()).toContain(amount);
    expect(await page.getByRole('columnheader', { name: 'Memory' }).textContent()).toMatch(
      width === 1000 ? /^Memory/ : /^Activa\u00adtions · Memory/,
    );
    expect(await page.locator('main > p').first().textContent()).toContain('6.00 k params · 16.4 k activations');
    await page.getByText('Memory', { exact: true }).first().click();
    expect(await page.locator('details').textContent()).toContain('Training step: 703 kB for one image.');
    await page.close();
  });

  test('is worked with by keyboard: filter, fold, sort, copy, to the code', async () => {
    const costs = await open();
    const { page } = costs;
    const rows = page.locator('tbody tr');
    expect(await rows.count()).toBe(9);
    await page.getByRole('button', { name: 'layer1.0: fold' }).press('Enter');
    expect(await rows.count()).toBe(7);
    await page.getByRole('button', { name: 'Unfold all' }).press('Enter');
    await page.getByLabel('Filter').fill('.conv2');
    expect(await rows.count()).toBe(5);
    await page.getByLabel('Filter').fill('');
    await page.getByRole('button', { name: 'MACs' }).press('Enter');
    expect(await rows.first().getByRole('rowheader').textContent()).toContain('layer1');
    expect(await page.getByRole('columnheader', { name: 'MACs' }).getAttribute('aria-sort')).toBe('descending');
    await page.getByRole('button', { name: 'fc' }).press('Enter');
    await page.getByRole('button', { name: 'CSV' }).press('Enter');
    expect(await costs.posted()).toMatchObject([{ kind: 'ready' }, { kind: 'show-in-code', row: 5 }, { kind: 'copy' }]);
    const copied = (await costs.posted()).at(-1);
    expect(copied?.kind === 'copy' && copied.text).toMatch(/^layer,op,/);
    await page.close();
  });

  test('tries widths out before anything is written: totals, what follows, and back', async () => {
    const costs = await open();
    const { page } = costs;
    const width = page.getByLabel('Width of layer1.0.conv1');
    await width.fill('50 %');
    await width.press('Enter');
    const asked = { layers: [{ name: 'layer1.0.conv1', width: '50 %' }] };
    expect((await costs.posted()).at(-1)).toEqual({ kind: 'try', asked });
    await costs.send({ kind: 'tried', tried: sampleTried('layer1.0.conv1', 8) });
    await page.getByText('6 MMACs → 5 MMACs').waitFor();
    expect(await page.getByRole('status').first().textContent()).toContain('layer1.0.conv1 16 → 8');
    expect(
      await page
        .getByRole('row', { name: /layer1\.0\.conv1|^conv1/ })
        .first()
        .textContent(),
    ).toContain('16 → ');
    expect(await costs.accessibilityProblems()).toEqual([]);
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, 'costs-tried.png') });
    await page.getByRole('button', { name: 'Set in the source…' }).press('Enter');
    expect((await costs.posted()).at(-1)).toEqual({ kind: 'set', asked });
    await page.getByRole('button', { name: 'Back to the source’s widths' }).press('Enter');
    await page.getByRole('region', { name: 'Widths tried out' }).waitFor({ state: 'hidden' });
    expect(await width.inputValue()).toBe('16');
    await page.close();
  });

  test('a width that can not be had is said where it is tried, and nothing can be set', async () => {
    const costs = await open();
    const { page } = costs;
    await page.getByLabel('Scale all widths by').fill('wide');
    await page.getByLabel('Scale all widths by').press('Enter');
    expect((await costs.posted()).at(-1)).toEqual({ kind: 'try', asked: { layers: [], scale: 'wide' } });
    await costs.send({ kind: 'not-tried', message: 'wide is no factor. Write 0.75, or 75 %.' });
    await page.getByText('wide is no factor.').waitFor();
    const set = page.getByRole('button', { name: 'Set in the source…' });
    expect(await set.getAttribute('aria-disabled')).toBe('true');
    await page.close();
  });

  test('what was tried is forgotten once the source has other widths', async () => {
    const costs = await open();
    const { page } = costs;
    await page.getByLabel('Width of stem').fill('8');
    await page.getByLabel('Width of stem').press('Enter');
    await page.getByRole('region', { name: 'Widths tried out' }).waitFor();
    await costs.send({ kind: 'table', table: sampleTried('stem', 8).table });
    await page.getByRole('region', { name: 'Widths tried out' }).waitFor({ state: 'hidden' });
    expect(await page.getByLabel('Width of stem').inputValue()).toBe('8');
    expect(await page.getByText('can’t be set').count()).toBe(0);
    await page.close();
  });

  test('marks the layers of the line that the cursor stands on', async () => {
    const costs = await open();
    await costs.send({ kind: 'cursor', uri: 'file:///project/net.py', line: 4 });
    const here = costs.page.locator('[aria-current]');
    await here.first().waitFor();
    expect(await here.evaluateAll((cells) => cells.map((cell) => cell.getAttribute('title')))).toEqual([
      'layer1.0.conv1',
      'layer1.1.conv1',
    ]);
    await costs.page.close();
  });

  test('is compared with another: the layers that differ, until it is ended', async () => {
    const costs = await open();
    const { page } = costs;
    await page.getByRole('button', { name: 'Compare…' }).press('Enter');
    expect((await costs.posted()).at(-1)).toEqual({ kind: 'compare' });
    await costs.send({ kind: 'compared', name: 'The last commit', table: sampleTried('stem', 8).table });
    const section = page.getByRole('region', { name: 'Compared with The last commit' });
    await section.getByText('16 → 8').waitFor();
    expect(await section.locator('tbody tr').count()).toBe(1);
    expect(await costs.accessibilityProblems()).toEqual([]);
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, 'costs-compared.png') });
    await page.getByRole('button', { name: 'End the comparison' }).press('Enter');
    await section.waitFor({ state: 'hidden' });
    await page.close();
  });

  test.for([
    ['dark', 1000],
    ['light', 520],
    ['highContrast', 600],
    ['dark', 320],
  ] as const)('the graph, %s, %d pixels: accessible, within the policy and the window', async ([theme, width]) => {
    const costs = await open(theme, width);
    const { page } = costs;
    await page.getByRole('button', { name: 'Graph' }).press('Enter');
    expect((await costs.posted()).at(-1)).toEqual({ kind: 'view', view: 'graph' });
    await page.getByText('Laying the network out…').waitFor();
    await costs.send({ kind: 'graph', graph: sampleGraph() });
    await page.getByRole('group', { name: 'Network of ResNet()' }).waitFor();
    await page.getByText('The largest shares: stem 16.7 %').waitFor();
    expect(await costs.accessibilityProblems()).toEqual([]);
    expect(await costs.violations()).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `graph-${theme}-${width}.png`) });
    await page.getByRole('button', { name: 'Table' }).press('Enter');
    await page.getByRole('table').waitFor();
    await page.close();
  });

  test('the graph is worked with by keyboard: along links, to the code, nearer and further', async () => {
    const costs = await open('dark', 1000, 8);
    const { page } = costs;
    await costs.send({ kind: 'graph', graph: sampleGraph(8) });
    await costs.send({ kind: 'show', view: 'graph' });
    const box = (name: RegExp) => page.getByRole('button', { name });
    await box(/^input/).waitFor();
    // One box is in the order of Tab; arrow keys lead on from it.
    expect(await page.locator('[data-box][tabindex="0"]').count()).toBe(1);
    await box(/^input/).focus();
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
    await page.keyboard.press('ArrowDown');
    await expect.poll(focused).toMatch(/^stem Conv2d · ReLU 16×32×32 · 16\.7 % · 1\.00 MMACs$/);
    await page.keyboard.press('ArrowDown');
    await expect.poll(focused).toMatch(/^layer1\.0\.conv1/);
    await page.keyboard.press('ArrowRight');
    await expect.poll(focused).toMatch(/^layer1\.1\.conv1/);
    await page.keyboard.press('Enter');
    expect((await costs.posted()).at(-1)).toEqual({ kind: 'show-box', box: 4 });
    // A box that is out of view comes into view with the keyboard.
    await page.keyboard.press('Home');
    expect(await page.locator('[data-box="16"]').count()).toBe(0);
    for (let times = 0; times < 6; times++) await page.getByRole('button', { name: 'Zoom in' }).press('Enter');
    await box(/^input/).focus();
    await page.keyboard.press('End');
    await expect.poll(focused).toMatch(/^fc/);
    const inside = await page.locator('[data-box]:focus').evaluate((element) => {
      const [one, all] = [element.getBoundingClientRect(), element.closest('.graph-box')!.getBoundingClientRect()];
      return one.left >= all.left && one.right <= all.right && one.top >= all.top && one.bottom <= all.bottom;
    });
    expect(inside).toBe(true);
    // All of it at once.
    await page.keyboard.press('0');
    await expect.poll(() => page.locator('[data-box]').count()).toBe(sampleGraph(8).boxes.length);
    await page.close();
  });

  test('the graph is dragged, zoomed at the pointer, and follows the cursor of the code', async () => {
    const costs = await open('dark', 1000, 8);
    const { page } = costs;
    await costs.send({ kind: 'graph', graph: sampleGraph(8) });
    await costs.send({ kind: 'show', view: 'graph' });
    const part = async () => (await page.locator('.graph-box svg').getAttribute('viewBox'))?.split(' ').map(Number);
    const seen = () => page.locator('.graph-box').evaluate(({ clientWidth }) => clientWidth);
    await page.getByRole('button', { name: /^input/ }).waitFor();
    const before = await part();
    await page.mouse.move(500, 500);
    await page.mouse.down();
    await page.mouse.move(300, 500, { steps: 4 });
    await page.mouse.up();
    const dragged = await part();
    // Two hundred pixels at the zoom that the page began with.
    expect(dragged![0]).toBeCloseTo(before![0]! + 200 * (before![2]! / (await seen())), 0);
    // A drag is no click.
    expect((await costs.posted()).filter(({ kind }) => kind === 'show-box')).toEqual([]);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -150);
    await page.keyboard.up('Control');
    await expect.poll(async () => (await part())![2]).toBeLessThan(dragged![2]!);
    await costs.send({ kind: 'cursor', uri: 'file:///project/net.py', line: 4 });
    const here = page.locator('[data-box][aria-current]');
    await here.first().waitFor();
    expect(await here.first().getAttribute('aria-label')).toMatch(/^layer1\.\d\.conv1/);
    await page.close();
  });

  test('says in words why there is no graph', async () => {
    const costs = await open();
    await costs.page.getByRole('button', { name: 'Graph' }).press('Enter');
    await costs.send({ kind: 'no-graph', message: 'net.py: ResNet() has 2,001 operations.' });
    await costs.page.getByText('net.py: ResNet() has 2,001 operations.').waitFor();
    await costs.page.close();
  });

  test('of a long table only what is in view is drawn', async () => {
    const { page } = await open('dark', 1000, 250);
    expect(await page.locator('tbody tr:not(.gap)').count()).toBeLessThan(80);
    expect(await page.getByRole('table').getAttribute('aria-rowcount')).toBe('754');
    await page.close();
  });
});
