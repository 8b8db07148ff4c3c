// The method's Algorithm 1: each round shrinks by structure learning, measures, and expands all widths by one factor to the
// budget; the next round starts from that. An iteration is a folder of runs and can go on where it was stopped.

import { join } from 'node:path';
import type { Result } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import { iterationFileSchema, iterationName, type IterationFile } from '../protocol/iteration-file.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import { workspaceFor, workspaceOf } from '../runs/portable-config.ts';
import { createRunFolder, readConfig, readDocument, writeDocument, writeProposal } from '../runs/run-folder.ts';
import { missingData, newStoreFolder } from '../runs/run-store.ts';
import type { RunNetworkService } from './run-network-service.ts';
import { testResultOf } from './run-outcome.ts';
import { experimentFailed, orFailed, trainStage, type ExperimentResult, type ExperimentTools } from './train-stage.ts';

/** An iteration as its folder says it. */
export interface Iteration {
  /** Absolute. */
  readonly folder: string;
  readonly config: RunConfig;
  readonly file: IterationFile;
}

export interface NewIteration {
  readonly config: RunConfig;
  /** The seed. */
  readonly network: NetworkGraph;
  readonly rounds: number;
  /** What the expansions may cost: a share of what the seed costs in this resource. */
  readonly resource: RunConfig['target']['resource'];
  readonly share: number;
  readonly multipleOf: number;
  /** Absolute; absent: a new one below `.morphnet/iterations`. */
  readonly folder?: string | undefined;
}

/** Lays down the folder of a new iteration; nothing is trained yet. */
export function createIteration(
  { networks, workingFolder }: Pick<ExperimentTools, 'networks' | 'workingFolder'>,
  { config, network, rounds, resource, share, multipleOf, folder }: NewIteration,
): Result<Iteration> {
  const missing = missingData(config);
  if (missing !== undefined) return { ok: false, error: missing };
  const seedCost = networks.cost({ ...config, target: { resource } }, network);
  const place: Result<string> =
    folder === undefined
      ? newStoreFolder(workspaceFor(config, workingFolder), 'iterations', config, new Date())
      : { ok: true, value: folder };
  if (!place.ok) return place;
  const made = createRunFolder(place.value, config, network, workspaceOf(place.value, workingFolder));
  if (!made.ok) return made;
  const file: IterationFile = {
    version: 1,
    kind: 'iteration',
    rounds,
    resource,
    seedCost,
    budget: share * seedCost,
    multipleOf,
    finished: [],
  };
  const written = writeDocument(made.value, iterationName, file);
  return written.ok ? openIteration(made.value, workingFolder) : written;
}

/** An iteration that is there already. */
export function openIteration(folder: string, workingFolder: string): Result<Iteration> {
  const config = readConfig(folder, workspaceOf(folder, workingFolder));
  if (!config.ok) return config;
  const file = readDocument(folder, iterationName, iterationFileSchema);
  if (!file.ok) return file;
  if (file.value === undefined) return { ok: false, error: `${folder} has no ${iterationName} any more.` };
  return { ok: true, value: { folder, config: config.value, file: file.value } };
}

/** Plays the rounds that are left. */
export async function iterate(tools: ExperimentTools, iteration: Iteration): Promise<ExperimentResult<IterationFile>> {
  const { networks, follower } = tools;
  const { folder, config } = iteration;
  let { file } = iteration;
  const start = await networkAfter(networks, folder, file);
  if (!start.ok) return experimentFailed(start.error);
  let network = start.value;
  while (file.finished.length < file.rounds) {
    const round = file.finished.length + 1;
    follower.announce({ title: 'Shrink, then expand', number: round, of: file.rounds });
    // A mistaken pattern is told in the first round; later ones may name layers of a branch that has died.
    const settings = round === 1 ? config : networks.settingsFor(config, network);
    const played = await playRound(tools, { folder, file, config: settings, network });
    if (!played.ok) return played;
    network = played.value.network;
    // From the seed to here: what the iteration's folder proposes, so that it can be applied and retrained as a run can.
    const proposal = await networks.proposalTo(folder, network, round * config.steps);
    if (!proposal.ok) return experimentFailed(proposal.error);
    writeProposal(folder, proposal.value);
    file = { ...file, finished: [...file.finished, played.value.finished] };
    const written = writeDocument(folder, iterationName, file);
    if (!written.ok) return experimentFailed(written.error);
  }
  return { ok: true, value: file };
}

interface PlayedRound {
  readonly finished: IterationFile['finished'][number];
  readonly network: NetworkGraph;
}

/** One round, from `network` to the expanded one. */
async function playRound(
  tools: ExperimentTools,
  { folder, file, config, network }: Iteration & { readonly network: NetworkGraph },
): Promise<ExperimentResult<PlayedRound>> {
  const { networks } = tools;
  const run = `round-${String(file.finished.length + 1)}`;
  const place = join(folder, run);
  const trained = await trainStage(tools, { within: folder, run, config, network });
  if (!trained.ok) return trained;
  const shrunk = await networks.network(place, 'proposal');
  if (!shrunk.ok) return experimentFailed(shrunk.error);
  const { resource, budget, multipleOf } = file;
  const expanded = await networks.expand(place, { resource, budget: { amount: budget }, multipleOf });
  if (!expanded.ok) return experimentFailed(expanded.error);
  const next = orFailed(await networks.network(place, 'expanded'));
  if (!next.ok) return next;
  const tested = testResultOf(trained.value);
  const { factor, cost } = expanded.value.expansion;
  const shrunkCost = networks.cost({ ...config, target: { resource } }, shrunk.value);
  const finished = { run, shrunkCost, factor, expandedCost: cost, ...(tested && { accuracy: tested.accuracy }) };
  return { ok: true, value: { finished, network: next.value } };
}

/** Where the next round starts: the seed, or the last round's expanded network. */
function networkAfter(
  networks: RunNetworkService,
  folder: string,
  { finished }: IterationFile,
): Promise<Result<NetworkGraph>> {
  const last = finished.at(-1);
  return last === undefined ? networks.network(folder, 'seed') : networks.network(join(folder, last.run), 'expanded');
}
