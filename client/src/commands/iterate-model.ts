// "MorphNet: Iterate Shrink and Expand…": rounds of the method's Algorithm 1 in the background.

import type * as vscode from 'vscode';
import type { ClientServices } from '../client-services.ts';
import { requireTrust } from '../messages.ts';
import { chooseConfig } from './choose-config.ts';
import { askForBudget } from './expand-run.ts';
import { askForCount } from './experiment-questions.ts';
import { registerCommand } from './register-command.ts';
import { saveModel } from './sweep-strengths.ts';

const title = 'MorphNet: Iterate Shrink and Expand';

export function registerIterateModel({ experiments, server, context }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.iterateModel', 'Starting the iteration', async (uri, entry) => {
    if (!(await requireTrust())) return;
    const config = await chooseConfig(
      { server, context },
      { title, accept: 'Continue', each: 'each training' },
      uri,
      entry,
    );
    if (config === undefined) return;
    await saveModel(config.model.document);
    const rounds = await askForCount(title, 'Rounds of shrinking and expanding; each is a run of its own', 2);
    if (rounds === undefined) return;
    const budget = await askForBudget(title);
    if (budget === undefined) return;
    await experiments.start({ kind: 'iterate', config, request: { rounds, budget } });
  });
}
