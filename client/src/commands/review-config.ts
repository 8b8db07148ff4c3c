// One list with all settings of a run before it starts: Enter starts, choosing a row edits it.

import * as vscode from 'vscode';
import type { RunConfig } from '../../../server/src/protocol/run-config.ts';
import { configRows, type ConfigRow } from './config-rows.ts';
import { durationWords, isLong, shortenings } from './run-duration.ts';
import { RunTimer, type AskForTime, type Timed } from './run-timer.ts';

interface ReviewItem extends vscode.QuickPickItem {
  readonly row?: ConfigRow;
  /** Shows what would make the run shorter. */
  readonly isTime?: true;
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
  /** How often the settings are trained: `each run`; once unless given. */
  readonly each?: string;
}

/** The config to start with, or undefined when the user backed out. */
export async function reviewConfig(
  config: RunConfig,
  words: ReviewWords,
  { configFile, ask }: { readonly configFile?: string | undefined; readonly ask?: AskForTime } = {},
): Promise<RunConfig | undefined> {
  const entry = config.model.entry === '' ? '' : ` ${config.model.entry}`;
  const defaults =
    configFile === undefined ? 'defaults' : `defaults from ${vscode.workspace.asRelativePath(configFile)}`;
  let current = config;
  const rows = words.rows ?? configRows;
  const first = rows.filter(({ isAdvanced }) => isAdvanced !== true);
  let shown: readonly ConfigRow[] = first;
  let show: () => void = () => undefined;
  const timer = ask && new RunTimer(ask, () => show());
  const items = (): readonly ReviewItem[] => [
    { label: `$(play) ${words.accept}`, description: `train${entry} with these settings (${defaults})` },
    ...(timer === undefined ? [] : [timeItem(current, timer.of(current), words)]),
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    ...shown.map((row) => ({
      label: row.label,
      description: row.show(current),
      ...(row.isAdvanced === true && { detail: row.prompt }),
      row,
    })),
    ...(shown.length < rows.length ? [advancedItem(rows.slice(first.length))] : []),
  ];
  try {
    for (;;) {
      const chosen = await pick(items, words, (refresh) => {
        show = refresh;
      });
      if (chosen === undefined) return undefined;
      if (chosen.isAdvanced === true) shown = rows;
      else if (chosen.isTime === true) current = await shorten(current, timer?.of(current));
      else if (chosen.row === undefined) return current;
      else current = (await edit(chosen.row, current)) ?? current;
    }
  } finally {
    timer?.dispose();
  }
}

function timeItem(config: RunConfig, timed: Timed, { each }: ReviewWords): ReviewItem {
  const label = each === undefined ? 'Time' : `Time of ${each}`;
  switch (timed.kind) {
    case 'timing':
      return { label: `$(loading~spin) ${label}`, description: 'timing a few steps…', isTime: true };
    case 'failed':
      return { label: `$(circle-slash) ${label}`, description: `not known: ${timed.reason}`, isTime: true };
    case 'timed': {
      const description = durationWords(config, timed.time);
      if (!isLong(config, timed.time)) return { label: `$(watch) ${label}`, description, isTime: true };
      const detail = 'That is long. Choose this row to see what would make it shorter.';
      return { label: `$(warning) ${label}`, description, detail, isTime: true };
    }
  }
}

/** The config with what the user chose to change so that the run takes less time; as it was otherwise. */
async function shorten(config: RunConfig, timed: Timed | undefined): Promise<RunConfig> {
  if (timed?.kind !== 'timed') return config;
  const choices = shortenings(config, timed.time);
  const placeHolder = durationWords(config, timed.time);
  return (
    (await vscode.window.showQuickPick([...choices], { title: 'Make the run shorter', placeHolder }))?.config ?? config
  );
}

function advancedItem(rows: readonly ConfigRow[]): ReviewItem {
  const names = rows.map(({ label }) => label.toLowerCase()).join(', ');
  return { label: '$(settings-gear) Advanced…', description: names, isAdvanced: true };
}

/** A quick pick that opens on the first row, so that Enter starts. `shown` gets what draws its rows anew. */
function pick(
  items: () => readonly ReviewItem[],
  { title, accept }: ReviewWords,
  shown: (refresh: () => void) => void,
): Promise<ReviewItem | undefined> {
  return new Promise((resolve) => {
    const list = vscode.window.createQuickPick<ReviewItem>();
    list.title = title;
    list.placeholder = `Enter: ${accept.toLowerCase()}; choose a row to change it`;
    list.items = items();
    shown(() => {
      const active = list.items.findIndex((item) => item === list.activeItems[0]);
      list.items = items();
      const again = list.items[active];
      if (again !== undefined) list.activeItems = [again];
    });
    // Looking something up elsewhere must not lose what was typed here.
    list.ignoreFocusOut = true;
    list.onDidAccept(() => {
      resolve(list.selectedItems[0]);
      list.hide();
    });
    list.onDidHide(() => {
      shown(() => undefined);
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
