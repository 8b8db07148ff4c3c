// "MorphNet: Measure This Machine" and "Measure This Model": times of this machine, with progress and Cancel. They start a
// process, so they need trust.

import * as vscode from 'vscode';
import { activeDocument } from '../active-document.ts';
import type { Refusal } from '../../../server/src/protocol/lsp-extensions.ts';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, requireTrust, showRefusal } from '../messages.ts';
import { costsSubject } from '../panel/costs-panel.ts';
import type { ServerConnection } from '../server-connection.ts';
import { executeCommand, registerCommand } from './register-command.ts';

/** What a machine can be measured with. */
const ways = [
  { label: 'ONNX Runtime', description: 'on the processor, in float32; built in', asked: {} },
  ...(
    [
      ['fp32', 'float32'],
      ['amp', 'mixed float16, as autocast computes'],
      ['amp_bf16', 'mixed bfloat16, as autocast computes'],
      ['fp16', 'float16'],
    ] as const
  ).map(([precision, words]) => ({
    label: `PyTorch, ${precision}`,
    description: `your own PyTorch, on its GPU if it has one; ${words}`,
    asked: { precision },
  })),
];

export function registerMeasureMachine({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.measureMachine', 'Measuring this machine', async () => {
    if (!(await requireTrust())) return;
    const means = await vscode.window.showQuickPick(ways, {
      title: 'Measure This Machine',
      placeHolder: 'What runs the networks whose time is wanted',
    });
    if (means === undefined) return;
    const title = 'MorphNet: Measuring this machine for half a minute. Leave it alone as far as you can';
    const profile = await measuring(server, title, (token) =>
      server.request('morphnet/measureMachine', means.asked, token),
    );
    if (profile === undefined) return;
    const { processor, threads, error } = profile;
    const select = 'Select Device';
    const choice = await vscode.window.showInformationMessage(
      `MorphNet: ${processor} is measured with ${threads === 1 ? 'one thread' : `${String(threads)} threads`}; a layer is predicted within ${String(Math.round(100 * error))} % (median, on layers that were not fitted). Latencies are of this machine from now on, unless another device is selected.`,
      select,
    );
    if (choice === select) await executeCommand('morphnet.selectDevice');
  });
}

export function registerMeasureModel({ server, costs }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.measureModel', 'Measuring the model', async (given, wanted) => {
    const uri = given ?? activeDocument()?.toString();
    if (uri === undefined) {
      await vscode.window.showInformationMessage('MorphNet: Open the file of a model first.');
      return;
    }
    if (!(await requireTrust())) return;
    const entry = wanted ?? (await chooseEntry(server, uri));
    if (entry === undefined) return;
    const title = `MorphNet: Measuring ${entry === '' ? 'the model' : entry}`;
    const times = await measuring(server, title, (token) =>
      server.request('morphnet/measureModel', { uri, entry }, token),
    );
    if (times === undefined) return;
    const subject = costsSubject(uri, entry);
    costs.open(subject);
    costs.of(subject)?.showTimes(times);
  });
}

/** The only or chosen entry, or one that the user picks. */
async function chooseEntry(server: ServerConnection, uri: string): Promise<string | undefined> {
  const models = await server.request('morphnet/models', { uri });
  const [first] = models;
  if (first === undefined) {
    await vscode.window.showInformationMessage('MorphNet: No model was found in this file.');
    return undefined;
  }
  if (models.length === 1 || first.chosen) return first.entry;
  const items = models.map(({ entry, totals }) => ({ label: entry, detail: totals }));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'The model to measure' }))?.label;
}

/** Undefined where it was cancelled or refused, which is said. */
async function measuring<Measured extends object>(
  server: ServerConnection,
  title: string,
  ask: (token: vscode.CancellationToken) => Promise<Measured | Refusal>,
): Promise<Measured | undefined> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    let shown = 0;
    const listener = server.onNotification('morphnet/measuring', ({ share }) => {
      progress.report({ increment: 100 * (share - shown), message: `${String(Math.round(100 * share))} %` });
      shown = share;
    });
    try {
      const result = await ask(token);
      if (!isRefusal(result)) return result;
      if (!token.isCancellationRequested) await showRefusal(result);
      return undefined;
    } catch (error) {
      if (token.isCancellationRequested) return undefined;
      throw error;
    } finally {
      listener.dispose();
    }
  });
}
