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

/** Another table with its name; undefined after Escape. */
export async function chooseComparison(
  server: ServerConnection,
  { uri, entry }: ModelSubject,
): Promise<{ readonly name: string; readonly table: CostTable | Refusal } | undefined> {
  const [models, runs] = await Promise.all([
    server.request('morphnet/models', { uri }),
    server.request('morphnet/runs', {}),
  ]);
  const items: readonly Comparison[] = [
    {
      label: 'The last commit',
      description: 'HEAD of the git repository',
      read: () => server.request('morphnet/costTable', { uri, entry, committed: true }),
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
  const chosen = await vscode.window.showQuickPick([...items], { placeHolder: 'Compare the costs with' });
  return chosen && { name: chosen.label, table: await chosen.read() };
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
