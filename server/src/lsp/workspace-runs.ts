// The runs of the workspace's folders, and the latest proposal of each document, which analysis shows.

import { fileURLToPath } from 'node:url';
import type { Result } from '../common/problem.ts';
import type { RunGrowth, RunService, StopAnswer, UnfinishedExperiment } from '../experiments/run-service.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { ServerNotifications, ServerRequests } from '../protocol/lsp-extensions.ts';
import type { DataSetReference, RunConfig } from '../protocol/run-config.ts';
import type { RunProposal, RunSnapshot, RunSummary } from '../protocol/run-files.ts';
import type { SweepFile } from '../protocol/sweep-file.ts';
import type { AnalysisClient } from './analysis-client.ts';
import { guardEvent } from './requests.ts';
import type { ServerLog } from './server-log.ts';

/** The proposals that documents show. */
type ShownProposals = Pick<AnalysisClient, 'attachedProposal' | 'attachProposal'>;

export interface RunListener {
  readonly grew: (growth: ServerNotifications['morphnet/runGrew']) => void;
  /** Hints of these documents may have changed. */
  readonly proposalsChanged: (documents: readonly string[]) => void;
}

/** Said where the trainer is not installed beside the server. */
const noTraining =
  'The trainer is missing from this installation, so nothing can be trained. Install the extension for your platform.';

/** Said of an id that no workspace folder knows. */
const noSuchRun = (id: string): string =>
  `There is no run ${id} in this workspace. Open the folder that holds .morphnet/runs/${id}.`;

export class WorkspaceRuns {
  readonly #service: RunService | undefined;
  readonly #shownProposals: ShownProposals;
  readonly #log: ServerLog;
  readonly #listener: RunListener;
  #roots: readonly string[] = [];
  /** Documents that have a proposal. */
  readonly #shown = new Set<string>();
  /** Runs that are trained from here, by id, with the model that each is about. */
  readonly #models = new Map<string, RunConfig['model']>();

  constructor(service: RunService | undefined, shownProposals: ShownProposals, log: ServerLog, listener: RunListener) {
    this.#service = service;
    this.#shownProposals = shownProposals;
    this.#log = log;
    this.#listener = listener;
    service?.onGrew((growth) => void guardEvent(log, 'Run', (news: RunGrowth) => this.#grew(news))(growth));
  }

  /** Folder URIs without a trailing slash. */
  setRoots(roots: readonly string[]): void {
    this.#roots = roots;
  }

  /** Looks at the runs there are and shows their latest proposals; those of runs that are gone are taken back. */
  async load(): Promise<void> {
    const latest = new Map<string, RunSummary>();
    for (const run of await this.list()) if (run.hasProposal && !latest.has(run.uri)) latest.set(run.uri, run);
    const gone = [...this.#shown].filter((document) => !latest.has(document) && !this.#isOurs(document));
    for (const document of gone) {
      this.#shownProposals.attachProposal(document, undefined);
      this.#shown.delete(document);
    }
    const changed: string[] = [];
    for (const [document, run] of latest) if (await this.#showProposal(document, run)) changed.push(document);
    const documents = [...gone, ...changed];
    if (documents.length > 0) this.#listener.proposalsChanged(documents);
  }

  /** Whether a file that changed on disk is a proposal of a run that somebody else trains, from the command line say. */
  concerns(uri: string): boolean {
    const run = /\/\.morphnet\/runs\/([^/]+)\/proposal\.json$/.exec(uri)?.[1];
    return run !== undefined && !this.#models.has(run);
  }

  /** Every run in short, newest first; one that can't be read is left out, and logged once. */
  async list(): Promise<readonly RunSummary[]> {
    const service = this.#service;
    if (service === undefined) return [];
    const lists = await Promise.all(
      this.#folders().map(async (folder) => {
        try {
          const { runs, unreadable } = await service.list(folder);
          for (const reason of unreadable) this.#log.warning(reason);
          return runs;
        } catch (error) {
          this.#log.failure(`Reading the runs of ${folder}`, error);
          return [];
        }
      }),
    );
    return lists.flat().sort((left, right) => right.id.localeCompare(left.id));
  }

  /** Every sweep, newest first. */
  async sweeps(): Promise<ServerRequests['morphnet/sweeps']['result']> {
    const service = this.#service;
    if (service === undefined) return [];
    const lists = await Promise.all(this.#folders().map((folder) => service.sweeps(folder)));
    return lists.flat().sort((left, right) => right.id.localeCompare(left.id));
  }

  /** One sweep; undefined while it has no file. */
  async sweep(id: string): Promise<SweepFile | undefined> {
    for (const folder of this.#folders()) {
      const sweep = await this.#service?.sweep(folder, id);
      if (sweep !== undefined) return sweep;
    }
    return undefined;
  }

  read(id: string): Promise<Result<RunSnapshot>> {
    return this.#with(id, (service, folder) => service.read(folder));
  }

  /** The same in short. */
  summary(id: string): Promise<Result<RunSummary>> {
    return this.#with(id, (service, folder) => service.summary(folder));
  }

  /** Where the runs of a document's model are kept, as a path. */
  workspaceFolderOf(document: string): string | undefined {
    const root = this.#rootOf(document);
    return root === undefined ? undefined : fileURLToPath(root);
  }

  /** The data set that a model's script trains on, where it lies in the workspace. */
  async dataSetOf(document: string): Promise<DataSetReference | undefined> {
    const workspace = this.workspaceFolderOf(document);
    return workspace === undefined ? undefined : this.#service?.dataSetOf(workspace, fileURLToPath(document));
  }

  /** A sweep or an iteration to go on with: its folder, and what its runs have in common. */
  async unfinished(what: 'sweep' | 'iterate', id: string): Promise<Result<UnfinishedExperiment>> {
    const service = this.#service;
    if (service === undefined) return { ok: false, error: noTraining };
    for (const folder of this.#folders()) {
      const found = await service.unfinished(folder, what, id);
      if (found !== undefined) return found;
    }
    return { ok: false, error: `There is no ${what === 'sweep' ? 'sweep' : 'iteration'} ${id} in this workspace.` };
  }

  async start(config: RunConfig, network: NetworkGraph): Promise<Result<RunSummary>> {
    const service = this.#service;
    if (service === undefined) return { ok: false, error: noTraining };
    const workspace = this.workspaceFolderOf(config.model.document);
    if (workspace === undefined) {
      return { ok: false, error: 'The model lies outside the workspace. Open its folder to keep its runs there.' };
    }
    const run = await service.start({ workspace }, config, network);
    if (!run.ok) return run;
    this.#models.set(run.value.summary.id, config.model);
    return { ok: true, value: run.value.summary };
  }

  resume(id: string): Promise<Result<RunSummary>> {
    return this.#with(id, async (service, folder) => {
      const known = await service.read(folder);
      const run = await service.resume(folder);
      if (!run.ok) return run;
      if (known.ok) this.#models.set(id, known.value.config.model);
      return { ok: true, value: run.value.summary };
    });
  }

  stop(id: string, atOnce: boolean): StopAnswer {
    const folder = this.#find(id);
    return folder === undefined ? 'absent' : (this.#service?.stop(folder, atOnce) ?? 'absent');
  }

  pause(id: string): StopAnswer {
    const folder = this.#find(id);
    return folder === undefined ? 'absent' : (this.#service?.pause(folder) ?? 'absent');
  }

  async dispose(): Promise<void> {
    await this.#service?.dispose();
  }

  /** Whether what is shown of a document is of a run that is trained from here: it has told more than was on disk. */
  #isOurs(document: string): boolean {
    return this.#models.has(this.#shownProposals.attachedProposal(document)?.runId ?? '');
  }

  /** Shows a run's proposal with its document; whether that changed something. */
  async #showProposal(document: string, { id, folder, entry, input }: RunSummary): Promise<boolean> {
    const proposal = await this.#service?.proposal(folder);
    if (proposal?.ok !== true || proposal.value === undefined) return false;
    // What is trained from here may have begun to tell while we read.
    if (this.#isOurs(document)) return false;
    const attached = this.#shownProposals.attachedProposal(document);
    if (attached?.runId === id && attached.proposal.step === proposal.value.step) return false;
    this.#attach(id, { document, entry, input: input.map((shape) => [...shape]) }, proposal.value);
    return true;
  }

  async #with<T>(id: string, use: (service: RunService, folder: string) => Promise<Result<T>>): Promise<Result<T>> {
    if (this.#service === undefined) return { ok: false, error: noTraining };
    const folder = this.#find(id);
    return folder === undefined ? { ok: false, error: noSuchRun(id) } : use(this.#service, folder);
  }

  #find(id: string): string | undefined {
    for (const folder of this.#folders()) {
      const found = this.#service?.find(folder, id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #grew(growth: RunGrowth): void {
    const { id, status, proposal } = growth;
    const model = this.#models.get(id);
    if (proposal !== undefined && model !== undefined) {
      this.#attach(id, model, proposal);
      this.#listener.proposalsChanged([model.document]);
    }
    if (status !== 'queued' && status !== 'running') this.#models.delete(id);
    this.#listener.grew(growth);
  }

  #attach(runId: string, { document, entry, input }: RunConfig['model'], proposal: RunProposal): void {
    this.#shownProposals.attachProposal(document, { runId, entry, input, proposal });
    this.#shown.add(document);
  }

  #folders(): readonly string[] {
    return this.#roots.filter((root) => root.startsWith('file:')).map((root) => fileURLToPath(root));
  }

  /** The innermost workspace folder that holds a document. */
  #rootOf(document: string): string | undefined {
    return this.#roots
      .filter((root) => root.startsWith('file:') && document.startsWith(`${root}/`))
      .reduce<string | undefined>(
        (inner, root) => (inner === undefined || root.length > inner.length ? root : inner),
        undefined,
      );
  }
}
