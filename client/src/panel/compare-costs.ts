// What a table of costs can be compared with: the file's other models, the model at the last commit, what runs propose for it.

import * as vscode from 'vscode';
import type { CostTable } from '../../../server/src/protocol/cost-table.ts';
import type { Refusal } from '../../../server/src/protocol/lsp-extensions.ts';
import { isRefusal } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import type { ModelSubject } from '../set-widths.ts';
import { runDescription } from '../views/run-rows.ts';

interface Comparison extends vscode.QuickPickItem {
  /** Asks for the other table. */
  readonly read: () => Promise<CostTable | Refusal>;
}

/** Another table with its name. */
interface NamedTable {
  readonly name: string;
  readonly table: CostTable | Refusal;
}

/** One table to compare the model with, or two to compare with each other; undefined after Escape. */
export async function chooseComparison(
  server: ServerConnection,
  model: ModelSubject,
): Promise<readonly [NamedTable, NamedTable?] | undefined> {
  const items = await comparisons(server, model);
  const revision = { label: 'Another revision…', description: 'a commit, a branch or a tag' };
  const two = { label: 'Two of these…', description: 'with each other' };
  const chosen = await vscode.window.showQuickPick(
    items.length < 2 ? [...items, revision] : [...items, revision, two],
    {
      placeHolder: 'Compare the costs with',
    },
  );
  if (chosen === undefined) return undefined;
  if (chosen === revision) {
    const asked = await askForRevision(server, model);
    return asked && [asked];
  }
  if ('read' in chosen) return [await tableOf(chosen)];
  const pair = await vscode.window.showQuickPick([...items], {
    placeHolder: 'Two to compare with each other',
    canPickMany: true,
  });
  const [one, other] = pair ?? [];
  if (pair === undefined) return undefined;
  if (one !== undefined && other !== undefined && pair.length === 2) return [await tableOf(one), await tableOf(other)];
  await vscode.window.showInformationMessage(`MorphNet: Choose two; ${String(pair.length)} were chosen.`);
  return undefined;
}

const tableOf = async ({ label, read }: Comparison): Promise<NamedTable> => ({ name: label, table: await read() });

/** What there is to compare with by itself. */
async function comparisons(server: ServerConnection, { uri, entry }: ModelSubject): Promise<readonly Comparison[]> {
  const [models, runs] = await Promise.all([
    server.request('morphnet/models', { uri }),
    server.request('morphnet/runs', {}),
  ]);
  return [
    {
      label: 'The last commit',
      description: 'HEAD of the git repository',
      read: () => server.request('morphnet/costTable', { uri, entry, revision: 'HEAD' }),
    },
    ...models
      .filter((model) => model.entry !== entry)
      .map((model) => ({
        label: model.entry,
        description: model.totals,
        read: () => server.request('morphnet/costTable', { uri, entry: model.entry }),
      })),
    ...runs
      .filter((run) => run.hasProposal && run.uri === uri && run.entry === entry)
      .map((run) => ({
        label: `The proposal of ${run.id}`,
        description: runDescription(run),
        read: () => proposedTable(server, { uri, entry }, run.id),
      })),
  ];
}

async function askForRevision(server: ServerConnection, { uri, entry }: ModelSubject): Promise<NamedTable | undefined> {
  const revision = await vscode.window.showInputBox({
    prompt: 'A revision of the git repository: a commit, a branch or a tag',
    value: 'HEAD~1',
    validateInput: (text) => (text.trim() === '' ? 'Name a commit, a branch or a tag.' : undefined),
  });
  if (revision === undefined) return undefined;
  const name = revision.trim();
  return { name, table: await server.request('morphnet/costTable', { uri, entry, revision: name }) };
}

/** The model's costs at the widths that a run proposes. */
async function proposedTable(
  server: ServerConnection,
  { uri, entry }: ModelSubject,
  id: string,
): Promise<CostTable | Refusal> {
  const snapshot = await server.request('morphnet/runSnapshot', { id });
  if (isRefusal(snapshot)) return snapshot;
  const layers = (snapshot.proposal?.layers ?? [])
    .filter(({ width }) => width.after !== width.before && width.after > 0)
    .map(({ name, width }) => ({ name, width: String(width.after) }));
  const tried = await server.request('morphnet/tryWidths', { uri, entry, asked: { layers } });
  return isRefusal(tried) ? tried : tried.table;
}
