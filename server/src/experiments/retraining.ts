// Trains a run's seed and what came of it from scratch, with equal settings, and sets accuracy and cost side by side. Each
// training is a run of its own in the run's folder, so that what was stopped goes on and what is done stays.

import { createHash } from 'node:crypto';
import type { NetworkGraph } from '../network/network-graph.ts';
import { retrainingName, type RetrainingFile } from '../protocol/retraining-file.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { RunProposal, RunSnapshot } from '../protocol/run-files.ts';
import { portableConfig, workspaceOf } from '../runs/portable-config.ts';
import { readExpanded, writeDocument } from '../runs/run-folder.ts';
import type { RunNetwork } from './run-networks.ts';
import { testResultOf } from './run-outcome.ts';
import { experimentFailed, trainStage, type ExperimentResult, type ExperimentTools } from './train-stage.ts';

export interface Retraining {
  /** Absolute path of the run's folder. */
  readonly folder: string;
  /** The run as it was read from there. */
  readonly run: Pick<RunSnapshot, 'config' | 'proposal'>;
  readonly steps: number;
  /** Trainings of each network; the first has the run's seed. */
  readonly seeds: number;
  /** The expanded network too. */
  readonly expanded: boolean;
}

type Structure = RetrainingFile['structures'][number];

export async function retrain(
  tools: ExperimentTools,
  { folder, run: { config, proposal }, steps, seeds: count, expanded }: Retraining,
): Promise<ExperimentResult<RetrainingFile>> {
  const seeds = Array.from({ length: count }, (_, index) => config.seed + index);
  const compared = await comparedNetworks(tools, folder, proposal, expanded);
  if (!compared.ok) return compared;
  const networks = compared.value;
  const structures: Structure[] = networks.map(({ name, totals }) => {
    return { name, totals, accuracies: [], mean: 0, runs: [] };
  });
  let measure: RetrainingFile['measure'];
  // By seed, not by structure: who stops early has whole comparisons.
  for (const [round, seed] of seeds.entries()) {
    for (const [index, { name, network }] of networks.entries()) {
      tools.follower.announce({
        title: `The ${networkWords[name]} from scratch, seed ${String(seed)}`,
        number: round * networks.length + index + 1,
        of: seeds.length * networks.length,
      });
      const trained = await trainFromScratch(tools, {
        ...{ within: folder, name, network, config: { ...config, steps, seed } },
        workspace: workspaceOf(folder, tools.workingFolder),
      });
      if (!trained.ok) return trained;
      const tested = testResultOf(trained.value.run);
      if (tested === undefined) return experimentFailed(`The training in ${trained.value.run.folder} was not tested.`);
      structures[index]?.accuracies.push(tested.accuracy ?? tested.loss);
      if (tested.accuracy === undefined) measure = 'loss';
      structures[index]?.runs.push(trained.value.stage);
    }
  }
  const report: RetrainingFile = {
    version: 1,
    kind: 'retraining',
    ...(measure && { measure }),
    steps,
    seeds,
    structures: structures.map((structure) => ({ ...structure, ...spreadOf(structure.accuracies) })),
  };
  const written = writeDocument(folder, retrainingName, report);
  return written.ok ? { ok: true, value: report } : experimentFailed(written.error);
}

const networkWords: Readonly<Record<RunNetwork, string>> = {
  seed: 'seed',
  proposal: 'proposed network',
  expanded: 'expanded network',
};

interface Scratch {
  /** The folder of the run whose network it is, absolute. */
  readonly within: string;
  readonly name: RunNetwork;
  readonly config: RunConfig;
  readonly network: NetworkGraph;
  /** What the paths on disk are relative to. */
  readonly workspace: string;
}

/** Trains one of a run's networks from new weights; `stage` is its run's place in the folder. */
export async function trainFromScratch(
  tools: ExperimentTools,
  { within, name, config, network, workspace }: Scratch,
): Promise<ExperimentResult<{ readonly stage: string; readonly run: RunSnapshot }>> {
  const settings: RunConfig = { ...config, task: 'retrain' };
  const stored = portableConfig(settings, workspace);
  if (!stored.ok) return experimentFailed(stored.error);
  const stage = stageOf(name, stored.value, network);
  const trained = await trainStage(tools, { within, run: stage, config: settings, network });
  return trained.ok ? { ok: true, value: { stage, run: trained.value } } : trained;
}

interface Compared {
  readonly name: RunNetwork;
  readonly network: NetworkGraph;
  readonly totals: Structure['totals'];
}

/** The seed and what it is compared with, with the costs that the proposals say. */
async function comparedNetworks(
  { networks }: ExperimentTools,
  folder: string,
  proposal: RunProposal | undefined,
  withExpanded: boolean,
): Promise<ExperimentResult<readonly Compared[]>> {
  const expanded = withExpanded ? readExpanded(folder) : undefined;
  if (expanded?.ok === false) return experimentFailed(expanded.error);
  const said: readonly (readonly [RunNetwork, 'before' | 'after', RunProposal | undefined])[] = [
    ['seed', 'before', proposal],
    ['proposal', 'after', proposal],
    ...(withExpanded ? [['expanded', 'after', expanded?.value] as const] : []),
  ];
  const compared: Compared[] = [];
  for (const [name, side, from] of said) {
    const network = await networks.network(folder, name);
    if (!network.ok) return experimentFailed(network.error);
    const { macs, params, latencyMs } = from?.totals ?? {};
    const totals = { macs: macs?.[side] ?? 0, params: params?.[side] ?? 0, latencyMs: latencyMs?.[side] ?? 0 };
    compared.push({ name, network: network.value, totals });
  }
  return { ok: true, value: compared };
}

/**
 * A training's place in the run's folder: it changes with its settings, as they are kept on disk, and its network, so that no
 * other is taken for it.
 */
function stageOf(name: RunNetwork, config: RunConfig, network: NetworkGraph): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([config, network]))
    .digest('hex')
    .slice(0, 12);
  return `retrained/${name}-seed${String(config.seed)}-${digest}`;
}

function spreadOf(values: readonly number[]): Pick<Structure, 'mean' | 'standardDeviation'> {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardDeviation: Math.sqrt(squares / (values.length - 1)) };
}
