// The runs of the workspace's folders, and the latest proposal of each document, which analysis shows.

import { fileURLToPath } from 'node:url';
import type { Result } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { ServerNotifications, ServerRequests } from '../protocol/lsp-extensions.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunProposal, RunSnapshot } from '../protocol/run-files.ts';
import type { AnalysisClient } from './analysis-client.ts';
import { guardEvent } from './requests.ts';
import type { RunBackend, RunGrowth, StopAnswer } from './run-backend.ts';
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
  readonly #backend: RunBackend | undefined;
  readonly #shownProposals: ShownProposals;
  readonly #log: ServerLog;
  readonly #listener: RunListener;
  #roots: readonly string[] = [];
  /** Documents that have a proposal. */
  readonly #shown = new Set<string>();
  /** Runs that are trained from here, by id, with the model that each is about. */
  readonly #models = new Map<string, RunConfig['model']>();

  constructor(backend: RunBackend | undefined, shownProposals: ShownProposals, log: ServerLog, listener: RunListener) {
    this.#backend = backend;
    this.#shownProposals = shownProposals;
    this.#log = log;
    this.#listener = listener;
    backend?.onGrew((growth) => void guardEvent(log, 'Run', (news: RunGrowth) => this.#grew(news))(growth));
  }

  /** Folder URIs without a trailing slash. */
  setRoots(roots: readonly string[]): void {
    this.#roots = roots;
  }

  /** Reads the runs there are and shows their latest proposals; those of runs that are gone are taken back. */
  async load(): Promise<void> {
    const latest = new Map<string, RunSnapshot>();
    for (const run of await this.list()) {
      const { document } = run.config.model;
      if (run.proposal !== undefined && !latest.has(document)) latest.set(document, run);
    }
    // What is trained from here has told more than was on disk when we began to read.
    const own = (document: string): boolean =>
      this.#models.has(this.#shownProposals.attachedProposal(document)?.runId ?? '');
    const gone = [...this.#shown].filter((document) => !latest.has(document) && !own(document));
    for (const document of gone) {
      this.#shownProposals.attachProposal(document, undefined);
      this.#shown.delete(document);
    }
    const changed = [...latest].filter(([document, { id, config, proposal }]) => {
      const attached = this.#shownProposals.attachedProposal(document);
      if (own(document) || proposal === undefined) return false;
      if (attached?.runId === id && attached.proposal.step === proposal.step) return false;
      this.#attach(id, config.model, proposal);
      return true;
    });
    const documents = [...gone, ...changed.map(([document]) => document)];
    if (documents.length > 0) this.#listener.proposalsChanged(documents);
  }

  /** Whether a file that changed on disk is a proposal of a run that somebody else trains, from the command line say. */
  concerns(uri: string): boolean {
    const run = /\/\.morphnet\/runs\/([^/]+)\/proposal\.json$/.exec(uri)?.[1];
    return run !== undefined && !this.#models.has(run);
  }

  /** Every run, newest first; a folder that can't be read is left out and logged. */
  async list(): Promise<readonly RunSnapshot[]> {
    const backend = this.#backend;
    if (backend === undefined) return [];
    const lists = await Promise.all(
      this.#folders().map((folder) =>
        backend.list(folder).catch((error: unknown) => {
          this.#log.failure(`Reading the runs of ${folder}`, error);
          return [];
        }),
      ),
    );
    return lists.flat().sort((left, right) => right.id.localeCompare(left.id));
  }

  /** Every sweep, newest first. */
  async sweeps(): Promise<ServerRequests['morphnet/sweeps']['result']> {
    const backend = this.#backend;
    if (backend === undefined) return [];
    const lists = await Promise.all(this.#folders().map((folder) => backend.sweeps(folder)));
    return lists.flat().sort((left, right) => right.id.localeCompare(left.id));
  }

  async read(id: string): Promise<Result<RunSnapshot>> {
    const backend = this.#backend;
    if (backend === undefined) return { ok: false, error: noTraining };
    let failure: Result<RunSnapshot> = { ok: false, error: noSuchRun(id) };
    for (const folder of this.#folders()) {
      const run = await backend.read(folder, id);
      if (run.ok) return run;
      failure = run;
    }
    return failure;
  }

  /** Where the runs of a document's model are kept, as a path. */
  workspaceFolderOf(document: string): string | undefined {
    const root = this.#rootOf(document);
    return root === undefined ? undefined : fileURLToPath(root);
  }

  /** A sweep or an iteration to go on with: its folder, and what its runs have in common. */
  async unfinished(
    what: 'sweep' | 'iterate',
    id: string,
  ): Promise<Result<{ readonly folder: string; readonly config: RunConfig }>> {
    const backend = this.#backend;
    if (backend === undefined) return { ok: false, error: noTraining };
    for (const folder of this.#folders()) {
      const found = await backend.unfinished(folder, what, id);
      if (found !== undefined) return found;
    }
    return { ok: false, error: `There is no ${what === 'sweep' ? 'sweep' : 'iteration'} ${id} in this workspace.` };
  }

  async start(config: RunConfig, network: NetworkGraph): Promise<Result<RunSnapshot>> {
    const backend = this.#backend;
    if (backend === undefined) return { ok: false, error: noTraining };
    const root = this.#rootOf(config.model.document);
    if (root === undefined) {
      return { ok: false, error: 'The model lies outside the workspace. Open its folder to keep its runs there.' };
    }
    const run = await backend.start(fileURLToPath(root), config, network);
    if (run.ok) this.#models.set(run.value.id, config.model);
    return run;
  }

  async resume(id: string): Promise<Result<RunSnapshot>> {
    const backend = this.#backend;
    if (backend === undefined) return { ok: false, error: noTraining };
    for (const folder of this.#folders()) {
      const known = await backend.read(folder, id);
      if (!known.ok) continue;
      const run = await backend.resume(folder, id);
      if (run.ok) this.#models.set(id, run.value.config.model);
      return run;
    }
    return { ok: false, error: noSuchRun(id) };
  }

  stop(id: string, atOnce: boolean): StopAnswer {
    return this.#backend?.stop(id, atOnce) ?? 'absent';
  }

  pause(id: string): StopAnswer {
    return this.#backend?.pause(id) ?? 'absent';
  }

  async dispose(): Promise<void> {
    await this.#backend?.dispose();
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

  #rootOf(document: string): string | undefined {
    return this.#roots.find((root) => root.startsWith('file:') && document.startsWith(`${root}/`));
  }
}
