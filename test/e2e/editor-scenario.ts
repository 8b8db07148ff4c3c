// What the editor itself offers beside a model: where it costs most, hints that go and come, what a settings file names wrongly, words
// of a format, and a run from a cell of a notebook.

import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScenarioContext } from './scenario-context.ts';

/** A net whose convolution is being written; the cursor belongs into the empty line. */
const halfWritten = `name: "Net"
input: "data"
input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }
layer {
  name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param {
    num_output: 4
    kernel_size: 3

  }
}
`;

export async function editorScenario({ scenario, workbench, folder, url }: ScenarioContext): Promise<void> {
  const { page } = workbench;
  const third = /self\.conv3 = nn\.Conv2d\(32, 32,.*MACs/;

  await scenario.step(
    'the overview ruler shows where the model costs, and a command goes to where it costs most',
    async () => {
      await workbench.openFolder(url);
      await workbench.openFile('shapes.py');
      await workbench.line(third).waitFor();
      await page.waitForFunction(hasColor, '.decorationsOverviewRuler');
      await workbench.command('MorphNet: Go to Most Expensive Layer');
      // 7·7·32·32·9 multiply-adds; the layer before has half of them.
      await workbench.cursorOnLine(20);
      await workbench.screenshot('heat');
    },
  );

  await scenario.step('hints go and come back by one command', async () => {
    await workbench.command('MorphNet: Toggle Hints');
    await workbench.line(third).waitFor({ state: 'detached' });
    await workbench.command('MorphNet: Toggle Hints');
    await workbench.line(third).waitFor();
  });

  await scenario.step('morphnet.json is checked where it names what is not there', async () => {
    const file = join(folder, 'morphnet.json');
    const whole = await readFile(file, 'utf8');
    await writeFile(file, '{\n  "models": [{ "file": "shapess.py" }]\n}\n');
    await workbench.openFile('morphnet.json');
    const said = await workbench.hover(workbench.line('shapess.py'), 'shapess', /There is no file shapess\.py/);
    assert.match(said, /in the folder of this file/);
    await workbench.screenshot('morphnet-json');
    await workbench.closeTab(/^morphnet\.json/);
    await writeFile(file, whole);
  });

  await scenario.step('a net of Caffe completes the words of its format', async () => {
    await writeFile(join(folder, 'net.prototxt'), halfWritten);
    await workbench.openFile('net.prototxt');
    await workbench.goToLine(9);
    await page.keyboard.type('    str');
    await page.keyboard.press('Control+Space');
    await page.locator('.suggest-widget .monaco-list-row', { hasText: 'stride' }).first().waitFor();
    await workbench.screenshot('prototxt-words');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Z');
    await workbench.save();
    await workbench.closeTab(/^net\.prototxt/);
  });

  await scenario.step('a model in a notebook is trained from its cell', async () => {
    await workbench.openNotebook('explore.ipynb');
    const lens = page.locator('.notebookOverlay .codelens-decoration a', { hasText: 'Run MorphNet' }).first();
    await lens.click();
    await workbench.row(/Data set/).waitFor();
    await workbench.screenshot('notebook-run');
    await workbench.pick('Start');
    await workbench.statusItem(/MorphNet: .* finished/).waitFor({ timeout: 180_000 });
    const runs = join(folder, '.morphnet/runs');
    const [run = ''] = await readdir(runs);
    const { model } = JSON.parse(await readFile(join(runs, run, 'config.json'), 'utf8')) as {
      model: { document: string };
    };
    assert.match(model.document, /explore\.ipynb$/);
    await workbench.screenshot('notebook-run-finished');
  });
}

/** Whether a canvas has a mark that is no grey. Runs in the page. */
function hasColor(selector: string): boolean {
  return [...document.querySelectorAll<HTMLCanvasElement>(selector)].some((canvas) => {
    const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    for (let at = 0; at < pixels.length; at += 4) {
      const [red = 0, green = 0, blue = 0, alpha = 0] = pixels.slice(at, at + 4);
      if (alpha > 100 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) return true;
    }
    return false;
  });
}
