// "MorphNet: Sweep Strengths…": a structure at each of several strengths, in the background; the curve grows meanwhile.

import * as vscode from 'vscode';
import type { SweepRequest } from '../../../server/src/protocol/experiment-messages.ts';
import type { ClientServices } from '../client-services.ts';
import { requireTrust } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { chooseConfig } from './choose-config.ts';
import { askForCount, askWhether } from './experiment-questions.ts';
import { registerCommand } from './register-command.ts';

const title = 'MorphNet: Sweep Strengths';

export function registerSweepStrengths({ server, experiments, tradeOffs, context }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.sweepStrengths', 'Starting the sweep', async (uri, entry) => {
    if (!(await requireTrust())) return;
    const unfinished = uri === undefined ? await chooseUnfinished(server) : 'new';
    if (unfinished === undefined) return;
    if (unfinished !== 'new') {
      const going = await experiments.start({ kind: 'resume', what: 'sweep', id: unfinished });
      if (going !== undefined) tradeOffs.open(going.id);
      return;
    }
    const config = await chooseConfig(
      { server, context },
      { title, accept: 'Continue', each: 'each training' },
      uri,
      entry,
    );
    if (config === undefined) return;
    await saveModel(config.model.document);
    const request = await askForSweep();
    if (request === undefined) return;
    const sweep = await experiments.start({ kind: 'sweep', config, request });
    if (sweep !== undefined) tradeOffs.open(sweep.id);
  });
}

/** What is trained is what stands on disk. */
export async function saveModel(document: string): Promise<void> {
  const open = vscode.workspace.textDocuments.find(
    ({ uri }) => uri.toString() === vscode.Uri.parse(document).toString(),
  );
  if (open?.isDirty === true) await open.save();
}

/** Undefined when the user backed out. */
async function askForSweep(): Promise<SweepRequest | undefined> {
  const points = await askForCount(title, 'Strengths on a logarithmic grid; each is a run of its own', 5);
  if (points === undefined) return undefined;
  const text = await vscode.window.showInputBox({
    title,
    prompt: 'Smallest and largest strength, such as 1e-9..1e-6. Empty: a tenth to ten times 1 / the seed’s cost.',
    ignoreFocusOut: true,
    validateInput: (typed) =>
      typed.trim() === '' || rangeOf(typed) !== undefined
        ? undefined
        : 'Write two numbers above 0, the smaller first: 1e-9..1e-6',
  });
  if (text === undefined) return undefined;
  const strengths = rangeOf(text);
  const retrain = await askWhether(
    title,
    'How accurate a structure is',
    { label: 'As learned', description: 'tested at the end of structure learning' },
    { label: 'From scratch too', description: 'each proposed network is trained anew; twice the time' },
  );
  return retrain === undefined ? undefined : { points, retrain, ...(strengths !== undefined && { strengths }) };
}

function rangeOf(text: string): SweepRequest['strengths'] {
  const [, first, second] = /^(.+?)\.\.(.+)$/.exec(text.trim()) ?? [];
  const [from, to] = [Number(first), Number(second)];
  return from > 0 && to > from && Number.isFinite(to) ? { from, to } : undefined;
}

/** A sweep that was stopped, if the user wants to go on with one. */
async function chooseUnfinished(server: ServerConnection): Promise<string | undefined> {
  const sweeps = (await server.request('morphnet/sweeps', {})).filter(({ sweep }) =>
    sweep.points.some(({ status }) => status === 'waiting' || status === 'interrupted'),
  );
  if (sweeps.length === 0) return 'new';
  const items = [
    { label: '$(add) New Sweep', id: 'new' },
    ...sweeps.map(({ id, sweep: { model, points } }) => ({
      label: `$(debug-continue) Go on with ${model.entry === '' ? id : model.entry}`,
      description: `${points.filter(({ status }) => status === 'finished' || status === 'failed').length} of ${points.length} strengths are done`,
      detail: id,
      id,
    })),
  ];
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'A new sweep, or one that was stopped' }))?.id;
}
