// A model whose blocks share one number: what edits of it can't express is written out as a file of its own. And what a
// sweep found, as the page draws it.

import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { sampleSweep } from '../webview/sample-sweep.ts';
import type { ScenarioContext } from './scenario-context.ts';
import { blocksModel, trainBlocks } from './workspace.ts';

const proposalSchema = v.object({
  layers: v.array(v.object({ name: v.string(), width: v.object({ before: v.number(), after: v.number() }) })),
});

export async function slimFileScenario({ scenario, workbench, folder, url }: ScenarioContext): Promise<void> {
  let layers: v.InferOutput<typeof proposalSchema>['layers'] = [];

  await scenario.step('a run proposes widths for blocks that share a number', async () => {
    const runFolder = trainBlocks(folder);
    ({ layers } = v.parse(proposalSchema, JSON.parse(await readFile(join(runFolder, 'proposal.json'), 'utf8'))));
    assert.ok(layers.some(({ width }) => width.after < width.before));
    await workbench.openFolder(url);
    await workbench.openFile('blocks.py');
    await workbench.hintProblems.first().waitFor();
  });

  await scenario.step('the palette writes the slim model to a new file, which shows its own costs', async () => {
    await workbench.command('MorphNet: Write Slim Model to a New File');
    await workbench.line(/class BlocksSlim\(nn\.Module\)/).waitFor();
    await workbench.line(/self\.stem = nn\.Conv2d\(1, ?\d+.*MACs · .*params/).waitFor();
    await workbench.screenshot('slim-file');
  });

  await scenario.step('the file has just the proposed widths, and the source is as it was', async () => {
    const text = await readFile(join(folder, 'blocks_slim.py'), 'utf8');
    for (const { name, width } of layers) {
      // `blocks.0.first` is written as `self.blocks["0"].first`.
      const place = name.split('.').map((part) => (/^\d/.test(part) ? `\\["${part}"\\]` : `\\.${part}`));
      const written = new RegExp(`self${place.join('')} = nn\\.(?:Conv2d|Linear)\\(\\d+, (\\d+)`).exec(text);
      assert.equal(Number(written?.[1] ?? 0), width.after, name);
    }
    assert.equal(await readFile(join(folder, 'blocks.py'), 'utf8'), blocksModel);
  });

  await scenario.step('the trade-off of a sweep is drawn, and drawn anew when a strength is done', async () => {
    const file = join(folder, '.morphnet/sweeps/lenet-1/sweep.json');
    const sweep = sampleSweep();
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(sweep));
    await workbench.command('MorphNet: Show Trade-off Curve');
    await workbench.dashboard.getByRole('img', { name: /^Accuracy over FLOPs.*98\.5 % at 41 %/ }).waitFor();
    const points = sweep.points.map((point, index) => (index === 2 ? { ...point, retrainedAccuracy: 0.97 } : point));
    await writeFile(file, JSON.stringify({ ...sweep, points }));
    await workbench.dashboard.getByRole('img', { name: /97 % at 12\.5 %/ }).waitFor();
    await workbench.screenshot('trade-off');
  });
}
