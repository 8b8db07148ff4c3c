// The table of one model's costs: sends it to its page, again when its source or a setting changed, and the line that the
// cursor stands on. The panel's subject is the document and the entry, as `costsSubject` writes them.

import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import * as vscode from 'vscode';
import {
  fromCostPageSchema,
  type AskedWidthTexts,
  type CostPageView,
  type CostTable,
  type FromCostPage,
  type ToCostPage,
} from '../../../server/src/protocol/cost-table.ts';
import type { CostGraphPicture } from '../../../server/src/protocol/cost-graph.ts';
import type { ModelMeasurement } from '../../../server/src/protocol/model-measurement.ts';
import { executeCommand } from '../commands/register-command.ts';
import { isRefusal, showFailure, showRefusal } from '../messages.ts';
import type { ServerConnection } from '../server-connection.ts';
import { setWidths, type ModelSubject } from '../set-widths.ts';
import { showSource } from '../show-source.ts';
import { chooseComparison } from './compare-costs.ts';
import { dashboardHtml } from './dashboard-html.ts';
import { hearPage } from './hear-page.ts';

/** A pause in typing, after which the table is asked for again. */
const pauseMs = 400;

const subjectSchema = v.tuple([v.string(), v.nullable(v.string())]);

/** A document's model as one text, which the editor keeps across reloads; without an entry it is the chosen model. */
export function costsSubject(uri: string, entry: string | undefined): string {
  return JSON.stringify([uri, entry ?? null]);
}

export class CostsPanel implements vscode.Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #server: ServerConnection;
  readonly #subject: { readonly uri: string; readonly entry?: string };
  readonly #subscriptions: readonly vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;
  /** What the page shows; absent until it is there. */
  #table: CostTable | undefined;
  #view: CostPageView = 'table';
  /** The drawing that the page shows, if it shows one. */
  #graph: CostGraphPicture | undefined;
  /** The model's times on this machine, for the layers that it had then. */
  #times: { readonly layers: string; readonly times: ModelMeasurement } | undefined;
  /** Measured, and not shown yet. */
  #measured: ModelMeasurement | undefined;
  /** Counts what was asked for, so that a late answer does not overwrite a newer one. */
  #asked = 0;
  /** The same for widths that are tried out, and for drawings. */
  #tries = 0;
  #drawn = 0;

  /** Takes over the panel, whether new or restored by the editor. `folder` holds the page's script and style. */
  constructor(panel: vscode.WebviewPanel, folder: vscode.Uri, server: ServerConnection, subject: string) {
    this.#panel = panel;
    this.#server = server;
    const [uri, entry] = subjectOf(subject);
    this.#subject = { uri, ...(entry !== null && { entry }) };
    const { webview } = panel;
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    this.#subscriptions = [
      hearPage(webview, fromCostPageSchema, 'The table of costs', (message) => this.#answer(message)),
      // Any document may be one that the model is made of; an answer that is known already costs nothing.
      vscode.workspace.onDidChangeTextDocument(({ contentChanges }) => {
        if (contentChanges.length > 0) this.#schedule();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('morphnet')) this.#schedule();
      }),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor, selections }) => {
        const [selection] = selections;
        if (selection === undefined) return;
        this.#post({ kind: 'cursor', uri: textEditor.document.uri.toString(), line: selection.active.line });
      }),
      panel.onDidChangeViewState(() => {
        if (panel.visible) this.#schedule();
      }),
    ];
    webview.html = dashboardHtml({
      scriptUri: webview.asWebviewUri(vscode.Uri.joinPath(folder, 'costs.js')).toString(),
      styleUri: webview.asWebviewUri(vscode.Uri.joinPath(folder, 'costs.css')).toString(),
      styleSource: webview.cspSource,
      nonce: randomBytes(24).toString('base64url'),
      page: 'costs',
      runId: subject,
    });
  }

  reveal(): void {
    this.#panel.reveal();
  }

  /** Shows the network as a graph, or as a table. */
  show(view: CostPageView): void {
    this.#view = view;
    this.#post({ kind: 'show', view });
  }

  /** Shows what was measured beside what is predicted, until the model has other layers. */
  showTimes(times: ModelMeasurement): void {
    this.#measured = times;
    this.#schedule();
  }

  /** The model's file has changed. */
  refresh(): void {
    this.#schedule();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #post(message: ToCostPage): void {
    void this.#panel.webview.postMessage(message);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (!this.#panel.visible) return;
    this.#timer = setTimeout(() => {
      this.#send().catch((error: unknown) => showFailure('The table of costs', error));
    }, pauseMs);
  }

  async #answer(message: FromCostPage): Promise<void> {
    switch (message.kind) {
      case 'ready':
        if (this.#view !== 'table') this.#post({ kind: 'show', view: this.#view });
        await this.#send();
        break;
      case 'view':
        this.#view = message.view;
        await this.#draw();
        break;
      case 'show-box':
        await this.#goTo(this.#graph?.boxes[message.box]?.places[0]);
        break;
      case 'copy':
        await vscode.env.clipboard.writeText(message.text);
        vscode.window.setStatusBarMessage('MorphNet: The table is copied', 3000);
        break;
      case 'try':
        await this.#try(message.asked);
        break;
      case 'set':
        await setWidths(this.#server, this.#model(), message.asked);
        break;
      case 'show-in-code':
        await this.#goTo(this.#table?.rows[message.row]?.place ?? undefined);
        break;
      case 'compare':
        await this.#compare();
        break;
      case 'measure':
        await executeCommand('morphnet.measureModel', this.#subject.uri, this.#table?.entry);
        break;
    }
  }

  async #send(): Promise<void> {
    const asked = ++this.#asked;
    const table = await this.#server.request('morphnet/costTable', this.#subject);
    if (asked !== this.#asked) return;
    if (isRefusal(table)) {
      this.#post({ kind: 'refused', message: table.message });
      return;
    }
    this.#table = table;
    this.#panel.title = `Costs: ${table.entry === '' ? table.file : table.entry}`;
    this.#post({ kind: 'table', table });
    const layers = JSON.stringify(table.rows.map(({ name, shape, params }) => [name, shape, params]));
    if (this.#measured !== undefined) this.#times = { layers, times: this.#measured };
    this.#measured = undefined;
    if (this.#times?.layers === layers) this.#post({ kind: 'measured', times: this.#times.times });
    else this.#times = undefined;
    await this.#draw();
  }

  /** Sends the network as a drawing, where that is what the page shows. */
  async #draw(): Promise<void> {
    if (this.#view !== 'graph') return;
    const drawn = ++this.#drawn;
    const graph = await this.#server.request('morphnet/costGraph', this.#model());
    if (drawn !== this.#drawn) return;
    this.#graph = isRefusal(graph) ? undefined : graph;
    this.#post(isRefusal(graph) ? { kind: 'no-graph', message: graph.message } : { kind: 'graph', graph });
  }

  /** The model that the page shows. */
  #model(): ModelSubject {
    return { uri: this.#subject.uri, entry: this.#subject.entry ?? this.#table?.entry ?? '' };
  }

  async #try(asked: AskedWidthTexts): Promise<void> {
    const tries = ++this.#tries;
    const tried = await this.#server.request('morphnet/tryWidths', { ...this.#model(), asked });
    if (tries !== this.#tries) return;
    this.#post(isRefusal(tried) ? { kind: 'not-tried', message: tried.message } : { kind: 'tried', tried });
  }

  async #compare(): Promise<void> {
    const chosen = await chooseComparison(this.#server, this.#model());
    if (chosen === undefined) return;
    const [one, other] = chosen;
    if (isRefusal(one.table)) await showRefusal(one.table);
    else if (other === undefined) this.#post({ kind: 'compared', name: one.name, table: one.table });
    else if (isRefusal(other.table)) await showRefusal(other.table);
    else
      this.#post({
        kind: 'compared',
        name: other.name,
        table: other.table,
        from: { name: one.name, table: one.table },
      });
  }

  async #goTo(
    place: { readonly uri: string; readonly line: number; readonly character: number } | undefined,
  ): Promise<void> {
    if (place === undefined) return;
    const position = new vscode.Position(place.line, place.character);
    await showSource(vscode.Uri.parse(place.uri, true), new vscode.Range(position, position));
  }
}

function subjectOf(subject: string): v.InferOutput<typeof subjectSchema> {
  try {
    const checked = v.safeParse(subjectSchema, JSON.parse(subject));
    if (checked.success) return checked.output;
  } catch {
    // What the editor kept is of another version.
  }
  return ['', null];
}
