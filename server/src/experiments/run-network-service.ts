// The networks of runs, rebuilt from their folders, as the commands that make several runs ask for them.

import type { Result } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { ExpandedProposal, RunProposal } from '../protocol/run-files.ts';
import { workspaceOf } from '../runs/portable-config.ts';
import { patternsThatMatch } from '../structure/scope.ts';
import { networkCost } from '../structure/settled-cost.ts';
import { structureOptionsOf } from '../training/loop/structure-options.ts';
import { attachFiles, type AttachedFile, type AttachFilesRequest } from './attach-files.ts';
import { expandRun, proposalTo, runNetwork, type Expansion, type RunNetwork } from './run-networks.ts';

/** Errors are sentences with a remedy. */
export interface RunNetworkService {
  /** One of a run's networks. */
  network(folder: string, which: RunNetwork): Promise<Result<NetworkGraph>>;
  /** What a network costs in the resource that a run of these settings aims at; `amount` of its unit. */
  cost(config: RunConfig, network: NetworkGraph): number;
  /** The settings for a network that has lost layers: without the name patterns that only those answered to. */
  settingsFor(config: RunConfig, network: NetworkGraph): RunConfig;
  /** Scales the widths that a run proposes, and keeps what comes out in its folder. */
  expand(folder: string, request: Expansion): Promise<Result<ExpandedProposal>>;
  /** The proposal that turns a run's seed into a network with the same layers, some of them gone, at other widths. */
  proposalTo(folder: string, network: NetworkGraph, step: number): Promise<Result<RunProposal>>;
  /** The files that a training script of the user's own gets. */
  attach(request: AttachFilesRequest): Result<readonly AttachedFile[]>;
}

/** Runs outside of any workspace belong to the working folder. */
export function createRunNetworks(workingFolder: string): RunNetworkService {
  const workspace = (folder: string): string => workspaceOf(folder, workingFolder);
  return {
    network: (folder, which) => Promise.resolve(runNetwork(folder, which, workspace(folder))),
    cost: (config, network) => networkCost(network, structureOptionsOf(config)),
    settingsFor(config, network) {
      const { exclude, forceGroups, compat } = config;
      const matching = (patterns: readonly string[]): string[] => [
        ...patternsThatMatch(network, patterns, compat === undefined ? {} : { compat }),
      ];
      return {
        ...config,
        ...(exclude && { exclude: matching(exclude) }),
        ...(forceGroups && { forceGroups: matching(forceGroups) }),
      };
    },
    attach: attachFiles,
    expand: (folder, request) => Promise.resolve(expandRun(folder, request, workspace(folder))),
    proposalTo: (folder, network, step) => Promise.resolve(proposalTo(folder, network, step, workspace(folder))),
  };
}
