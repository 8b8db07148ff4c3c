// The table of costs where models are large: ResNet-50, beside its code, and five hundred layers; how long the table takes to be
// there, and how many frames a second it has while it is scrolled.

import assert from 'node:assert/strict';
import type { ScenarioContext } from './scenario-context.ts';

export async function costsScenario({ scenario, workbench, url }: ScenarioContext): Promise<void> {
  const { dashboard: table } = workbench;

  await scenario.step(
    'the table of ResNet-50 shows every column beside the code, and its modules as a tree',
    async () => {
      await workbench.openFolder(url);
      await workbench.openFile('resnet50.py');
      await workbench.goToLine(60);
      // 4.09 billion multiply-adds and 25.6 million parameters, as the paper and torchvision have them.
      await workbench.lens(/4\.09 GMACs · 25\.6 M params/).waitFor();
      await workbench.lens('Run MorphNet').locator('a', { hasText: 'Costs' }).first().click();
      await table.getByRole('heading', { level: 1, name: 'resnet50()' }).waitFor();
      await table.getByRole('button', { name: 'layer1: fold' }).waitFor();
      const hidden = await table
        .locator('.table-box')
        .evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
      assert.ok(hidden <= 0, `${String(hidden)} pixels of the table are out of sight`);
      await workbench.screenshot('costs-resnet50');
    },
  );

  await scenario.step('folded, it has a row for every stage, sorted by what they cost', async () => {
    await table.getByRole('button', { name: 'Fold all', exact: true }).click();
    await table.getByRole('button', { name: /^MACs/ }).click();
    // Stage 3 costs most: six blocks of 1.47 billion multiply-adds in all.
    assert.match(await table.locator('tbody tr').first().innerText(), /layer3/);
    await workbench.screenshot('costs-resnet50-folded');
  });

  await scenario.step(
    'as a graph it shows the same network: shares as heat, ties in colors, one click to the code',
    async () => {
      await table.getByRole('button', { name: 'Graph', exact: true }).click();
      await table.getByRole('group', { name: 'Network of resnet50()' }).waitFor();
      // Sixteen blocks of three or four convolutions and a sum, the stem, two pools and the head, each with what follows it.
      await table.getByText(/^7\d boxes and \d+ links\. The largest shares: /).waitFor();
      await workbench.screenshot('costs-graph');
      await table.getByRole('button', { name: /^layer1\.0\.conv2 / }).click();
      await workbench.cursorOnLine(14);
      await table.locator('[aria-current="true"]').first().waitFor();
      await table.getByRole('button', { name: 'Whole graph' }).click();
      await workbench.screenshot('costs-graph-whole');
      await table.getByRole('button', { name: 'Table', exact: true }).click();
      await workbench.closeTab(/^Costs: resnet50/);
    },
  );

  await scenario.step('the command shows the graph at once', async () => {
    await workbench.command('MorphNet: Show Graph');
    await table.getByRole('group', { name: 'Network of resnet50()' }).waitFor();
    await workbench.closeTab(/^Costs: resnet50/);
  });

  await scenario.step('the table of five hundred layers is there at once, and scrolls', async () => {
    await workbench.openFile('deep.py');
    const lens = workbench.lens('Run MorphNet').locator('a', { hasText: 'Costs' }).first();
    await lens.waitFor();
    const clicked = performance.now();
    await lens.click();
    await table.getByRole('heading', { level: 1, name: 'Deep()' }).waitFor();
    await table.locator('tbody tr').first().waitFor();
    const whole = performance.now() - clicked;
    const body = table.locator('body');
    const painted = await body.evaluate(() => {
      const [mark] = performance.getEntriesByName('costs painted');
      const [given] = performance.getEntriesByName('costs given');
      return mark === undefined || given === undefined ? undefined : mark.startTime - given.startTime;
    });
    assert.ok(painted !== undefined, 'the page has marked when it was painted');
    console.log(
      `  500 layers: painted ${painted.toFixed(0)} ms after the page had its figures; ` +
        `${whole.toFixed(0)} ms after the click, the editor’s making of a page included`,
    );
    await workbench.screenshot('costs-500-layers');
    const frames = await table.locator('.table-box').evaluate(scroll);
    const middle = frames[Math.floor(frames.length / 2)] ?? Infinity;
    console.log(
      `  scrolling: ${(1000 / middle).toFixed(0)} frames a second (the middle of ${String(frames.length)} frames), ` +
        `the slowest ${(frames.at(-1) ?? Infinity).toFixed(0)} ms`,
    );
    await workbench.screenshot('costs-500-layers-scrolled');
    assert.ok(painted <= 300, `${painted.toFixed(0)} ms to the first paint`);
    assert.ok(middle <= 1000 / 55, `${middle.toFixed(1)} ms a frame`);
  });
}

/** Scrolls by a row and a half a frame; the time of each frame in ms, shortest first. Runs in the page. */
async function scroll(box: Element): Promise<number[]> {
  const times: number[] = [];
  let before = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
  while (times.length < 240) {
    box.scrollTop += 45;
    const now = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
    times.push(now - before);
    before = now;
  }
  return times.sort((one, other) => one - other);
}
