// "MorphNet: Set Width…" and "Scale All Widths…": while a width is typed its totals are shown; what is accepted is proven, and
// written once the user has seen it in the editor's own preview.

import * as vscode from 'vscode';
import type { AskedWidthTexts, CostTable, CostTableRow } from '../../../server/src/protocol/cost-table.ts';
import { chooseModel } from '../choose-model.ts';
import type { ClientServices } from '../client-services.ts';
import { isRefusal, showRefusal } from '../messages.ts';
import { changedWords } from '../model-words.ts';
import type { ServerConnection } from '../server-connection.ts';
import { setWidths, type ModelSubject } from '../set-widths.ts';
import { registerCommand } from './register-command.ts';

export function registerSetWidth({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.setWidth', 'Setting the width', async (given, entry, ...named) => {
    const subject = await subjectOf(server, given, entry);
    if (subject === undefined) return;
    const table = await server.request('morphnet/costTable', subject);
    if (isRefusal(table)) {
      await showRefusal(table);
      return;
    }
    const names = named.filter((name) => name !== undefined);
    const layers = await chooseLayers(table, subject, names);
    if (layers === undefined) return;
    const [first] = layers;
    const what = layers.length === 1 && first !== undefined ? first.name : `${String(layers.length)} layers`;
    const title = `MorphNet: Width of ${what}, now ${widthsText(layers)}`;
    const asked = (text: string): AskedWidthTexts => ({ layers: layers.map(({ name }) => ({ name, width: text })) });
    const text = await askWidth(server, subject, { title, prompt: widthPrompt, asked });
    if (text !== undefined) await setWidths(server, subject, asked(text));
  });
}

export function registerScaleWidths({ server }: ClientServices): vscode.Disposable {
  return registerCommand('morphnet.scaleWidths', 'Scaling the widths', async (given, entry) => {
    const subject = await subjectOf(server, given, entry);
    if (subject === undefined) return;
    const table = await server.request('morphnet/costTable', subject);
    if (isRefusal(table)) {
      await showRefusal(table);
      return;
    }
    const title = `MorphNet: Scale all widths of ${subject.entry === '' ? table.file : subject.entry}`;
    const asked = (text: string): AskedWidthTexts => ({ layers: [], scale: text });
    const text = await askWidth(server, subject, { title, prompt: 'A factor: 0.75, or 75 %', asked });
    if (text !== undefined) await setWidths(server, subject, asked(text));
  });
}

const widthPrompt = 'Channels, such as 48, or a factor, such as 0.5 or 50 %';

async function subjectOf(
  server: ServerConnection,
  given: string | undefined,
  entry: string | undefined,
): Promise<ModelSubject | undefined> {
  if (given !== undefined && entry !== undefined) return { uri: given, entry };
  const model = await chooseModel(server, given, entry, 'The model whose widths to set');
  return model && { uri: model.uri, entry: model.entry };
}

/** The layers that are named, those of the line that the cursor stands on, or one of all. */
async function chooseLayers(
  table: CostTable,
  { uri }: ModelSubject,
  names: readonly string[],
): Promise<readonly CostTableRow[] | undefined> {
  const settable = table.rows.filter(({ width, settled }) => width !== null && settled === null);
  const editor = vscode.window.activeTextEditor;
  const line = editor?.document.uri.toString() === uri ? editor.selection.active.line : undefined;
  const isMeant = ({ name, place }: CostTableRow): boolean =>
    names.length > 0 ? names.includes(name) : place?.uri === uri && place.line === line;
  const meant = settable.filter(isMeant);
  if (meant.length === 1) return meant;
  const offered = meant.length > 0 ? meant : settable;
  if (offered.length === 0) {
    await vscode.window.showInformationMessage(
      `MorphNet: No width of ${table.entry === '' ? table.file : table.entry} can be set: its layers lead to outputs, or to parts that are not known.`,
    );
    return undefined;
  }
  const all = {
    label: `All ${String(meant.length)} layers of this line`,
    description: widthsText(meant),
    layers: meant,
  };
  const items = offered.map((row) => ({
    label: row.name,
    description: `${String(row.width)} channels · ${row.shape}`,
    layers: [row],
  }));
  const chosen = await vscode.window.showQuickPick(meant.length > 1 ? [all, ...items] : items, {
    placeHolder: 'The layer whose width to set',
    matchOnDescription: true,
  });
  return chosen?.layers;
}

/** `64`; `64 to 512` of several. */
function widthsText(rows: readonly CostTableRow[]): string {
  const widths = rows.map(({ width }) => width ?? 0);
  const [least, most] = [Math.min(...widths), Math.max(...widths)];
  return least === most ? String(least) : `${String(least)} to ${String(most)}`;
}

/** Asks for a width, and says of every one that is typed what it comes to. */
function askWidth(
  server: ServerConnection,
  subject: ModelSubject,
  {
    title,
    prompt,
    asked,
  }: {
    readonly title: string;
    readonly prompt: string;
    readonly asked: (text: string) => AskedWidthTexts;
  },
): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title,
    prompt,
    validateInput: async (text) => {
      if (text.trim() === '') return undefined;
      const tried = await server.request('morphnet/tryWidths', { ...subject, asked: asked(text) });
      if (isRefusal(tried)) return tried.message;
      const message =
        tried.changed.length === 0 ? 'Nothing changes.' : `${tried.saving}. ${changedWords(tried.changed)}`;
      return { message, severity: vscode.InputBoxValidationSeverity.Info };
    },
  });
}
