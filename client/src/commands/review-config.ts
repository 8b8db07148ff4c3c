// One list with all settings of a run before it starts: Enter starts, choosing a row edits it.

import * as vscode from 'vscode';
import type { RunConfig } from '../../../server/src/protocol/run-config.ts';
import { configRows, type ConfigRow } from './config-rows.ts';

interface ReviewItem extends vscode.QuickPickItem {
  readonly row?: ConfigRow;
  /** Shows the rows that few ever change. */
  readonly isAdvanced?: true;
}

/** What a review is for. */
export interface ReviewWords {
  /** The command. */
  readonly title: string;
  /** What the first row does: `Start`, or `Continue` where more is asked. */
  readonly accept: string;
  /** What can be changed; everything unless given. */
  readonly rows?: readonly ConfigRow[];
}

/** The config to start with, or undefined when the user backed out. */
export async function reviewConfig(
  config: RunConfig,
  words: ReviewWords,
  configFile?: string,
): Promise<RunConfig | undefined> {
  const entry = config.model.entry === '' ? '' : ` ${config.model.entry}`;
  const defaults =
    configFile === undefined ? 'defaults' : `defaults from ${vscode.workspace.asRelativePath(configFile)}`;
  let current = config;
  const rows = words.rows ?? configRows;
  const first = rows.filter(({ isAdvanced }) => isAdvanced !== true);
  let shown: readonly ConfigRow[] = first;
  for (;;) {
    const items: readonly ReviewItem[] = [
      { label: `$(play) ${words.accept}`, description: `train${entry} with these settings (${defaults})` },
      { label: '', kind: vscode.QuickPickItemKind.Separator },
      ...shown.map((row) => ({
        label: row.label,
        description: row.show(current),
        ...(row.isAdvanced === true && { detail: row.prompt }),
        row,
      })),
      ...(shown.length < rows.length ? [advancedItem(rows.slice(first.length))] : []),
    ];
    const chosen = await pick(items, words);
    if (chosen === undefined) return undefined;
    if (chosen.isAdvanced === true) {
      shown = rows;
      continue;
    }
    if (chosen.row === undefined) return current;
    current = (await edit(chosen.row, current)) ?? current;
  }
}

function advancedItem(rows: readonly ConfigRow[]): ReviewItem {
  const names = rows.map(({ label }) => label.toLowerCase()).join(', ');
  return { label: '$(settings-gear) Advanced…', description: names, isAdvanced: true };
}

/** A quick pick that opens on the first row, so that Enter starts. */
function pick(items: readonly ReviewItem[], { title, accept }: ReviewWords): Promise<ReviewItem | undefined> {
  return new Promise((resolve) => {
    const list = vscode.window.createQuickPick<ReviewItem>();
    list.title = title;
    list.placeholder = `Enter: ${accept.toLowerCase()}; choose a row to change it`;
    list.items = items;
    // Looking something up elsewhere must not lose what was typed here.
    list.ignoreFocusOut = true;
    list.onDidAccept(() => {
      resolve(list.selectedItems[0]);
      list.hide();
    });
    list.onDidHide(() => {
      resolve(undefined);
      list.dispose();
    });
    list.show();
  });
}

/** The config with one row changed, or undefined when the user went back. */
async function edit(row: ConfigRow, config: RunConfig): Promise<RunConfig | undefined> {
  if (row.choices !== undefined) {
    const choice = await vscode.window.showQuickPick([...row.choices], { placeHolder: row.prompt });
    const changed = choice === undefined ? undefined : row.read(choice, config);
    return changed?.ok === true ? changed.value : undefined;
  }
  if (row.suggestions !== undefined) {
    const other = { label: 'Other…', description: row.prompt };
    const choice = await vscode.window.showQuickPick([...row.suggestions, other], { placeHolder: row.label });
    if (choice === undefined) return undefined;
    if ('text' in choice) {
      const changed = row.read(choice.text, config);
      return changed.ok ? changed.value : undefined;
    }
  }
  const text = await vscode.window.showInputBox({
    prompt: row.prompt,
    ignoreFocusOut: true,
    value: row.text(config),
    validateInput: (value) => {
      const read = row.read(value.trim(), config);
      return read.ok ? undefined : read.error;
    },
  });
  const changed = text === undefined ? undefined : row.read(text.trim(), config);
  return changed?.ok === true ? changed.value : undefined;
}
