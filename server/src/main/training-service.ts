// Runs and trainer processes as the command line asks for them.

import type { Result } from '../common/problem.ts';
import type { EventListener, RunNetworkService, RunningTraining, TrainingService } from '../cli/training-service.ts';
import { askEngines } from '../jobs/ask-engines.ts';
import { startTrainer, type TrainerProgram } from '../jobs/trainer-process.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { createRunFolder, readConfig, readSnapshot } from '../runs/run-folder.ts';
import { workspaceOf } from '../runs/portable-config.ts';
import { holderOf } from '../runs/run-lock.ts';
import { missingData, newRunFolder } from '../runs/run-store.ts';
import { patternsThatMatch } from '../structure/scope.ts';
import { networkCost } from '../structure/settled-cost.ts';
import { structureOptionsOf } from '../training/loop/structure-options.ts';
import { expandRun, proposalTo, runNetwork } from './run-networks.ts';

/** The networks of runs; those outside of any workspace belong to the working folder. */
export const createRunNetworks = (workingFolder: string): RunNetworkService => ({
  network: (folder, which) => Promise.resolve(runNetwork(folder, which, workspaceOf(folder, workingFolder))),
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
  expand: (folder, request) => Promise.resolve(expandRun(folder, request, workspaceOf(folder, workingFolder))),
  proposalTo: (folder, network, step) =>
    Promise.resolve(proposalTo(folder, network, step, workspaceOf(folder, workingFolder))),
});

/** The service over one trainer program; runs outside of any workspace belong to the working folder. */
export function createTrainingService(program: TrainerProgram, workingFolder: string): TrainingService {
  const read = (folder: string): Result<RunSnapshot> => readSnapshot(folder, workspaceOf(folder, workingFolder));
  const train = (folder: string, listener: EventListener): RunningTraining => {
    const process = startTrainer(program, folder, listener, undefined, workspaceOf(folder, workingFolder));
    return { folder, stop: () => process.stop(), ended: process.ended.then(() => read(folder)) };
  };
  return {
    start(where, config, network, listener): Promise<Result<RunningTraining>> {
      const missing = missingData(config);
      if (missing !== undefined) return Promise.resolve({ ok: false, error: missing });
      const empty: Result<string> =
        where.folder === undefined
          ? newRunFolder(where.workspace, config, new Date())
          : { ok: true, value: where.folder };
      const folder = empty.ok
        ? createRunFolder(empty.value, config, network, workspaceOf(empty.value, workingFolder))
        : empty;
      return Promise.resolve(folder.ok ? { ok: true, value: train(folder.value, listener) } : folder);
    },
    resume(folder, listener): Promise<Result<RunningTraining>> {
      const config = readConfig(folder, workspaceOf(folder, workingFolder));
      if (!config.ok) return Promise.resolve(config);
      const holder = holderOf(folder);
      if (holder !== undefined) {
        return Promise.resolve({
          ok: false,
          error: `The process ${String(holder)} trains ${folder} already; stop it first`,
        });
      }
      return Promise.resolve({ ok: true, value: train(folder, listener) });
    },
    engines: (threads) => askEngines(program, threads),
    read: (folder) => Promise.resolve(read(folder)),
  };
}
