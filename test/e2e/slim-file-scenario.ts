// A model whose blocks share one number: what edits of it can't express is written out as a file of its own.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
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
    await workbench.line(/self\.stem = nn\.Conv2d\(1, ?\d+.*14×14 · .*MACs/).waitFor();
    await workbench.screenshot('slim-file');
  });

  await scenario.step('the file has just the proposed widths, and the source is as it was', async () => {
    const text = await readFile(join(folder, 'blocks_slim.py'), 'utf8');
    for (const { name, width } of layers) {
      const written = new RegExp(`self\\.${name.replaceAll('.', '_')} = nn\\.(?:Conv2d|Linear)\\(\\d+, (\\d+)`).exec(
        text,
      );
      assert.equal(Number(written?.[1] ?? 0), width.after, name);
    }
    assert.equal(await readFile(join(folder, 'blocks.py'), 'utf8'), blocksModel);
  });
}
