// Finished iterations as runs: what the last round came to can be shown, applied, expanded and retrained as a run's proposal.

import { iterationFileSchema, iterationName } from '../protocol/iteration-file.ts';
import type { RunSnapshot } from '../protocol/run-files.ts';
import { resourceUnits } from '../protocol/sweep-file.ts';
import { workspaceOf } from './portable-config.ts';
import { readDocument, readSnapshot } from './run-folder.ts';
import { storedFolders } from './run-store.ts';

/** Every finished iteration of a workspace folder, newest first. */
export function listIterations(workspaceFolder: string): readonly RunSnapshot[] {
  return storedFolders(workspaceFolder, 'iterations').flatMap((folder) => readIteration(folder) ?? []);
}

/** A finished iteration; undefined where rounds are missing. Its steps are those of all rounds. */
export function readIteration(folder: string, workspace = workspaceOf(folder)): RunSnapshot | undefined {
  const file = readDocument(folder, iterationName, iterationFileSchema);
  const snapshot = readSnapshot(folder, workspace);
  if (!file.ok || file.value === undefined || !snapshot.ok) return undefined;
  const { rounds, finished, resource, seedCost } = file.value;
  const { config, proposal } = snapshot.value;
  const last = finished.at(-1);
  if (last === undefined || finished.length < rounds || proposal === undefined) return undefined;
  const steps = rounds * config.steps;
  const share = ((100 * last.expandedCost) / seedCost).toFixed(1);
  const summary = `${rounds === 1 ? 'One round' : `${String(rounds)} rounds`} of shrinking and expanding came to ${share} % of the seed’s ${resourceUnits[resource]}.`;
  return {
    ...snapshot.value,
    status: 'finished',
    config: { ...config, steps },
    events: [{ version: 1, time: 0, kind: 'finished', step: steps, summary }],
  };
}
