// The main job on a PyTorch file: costs, a run from the palette, alive channels, the quick-fix, the edit on disk, undo.

import type { ScenarioContext } from './scenario-context.ts';

export async function pytorchScenario({ scenario, workbench, url }: ScenarioContext): Promise<void> {
  await scenario.step('hints show what each layer costs', async () => {
    await workbench.openFolder(url);
    await workbench.openFile('lenet.py');
    await workbench
      .line(/Conv2d\(.*MACs/)
      .first()
      .waitFor();
    await workbench.screenshot('hints');
  });
}
