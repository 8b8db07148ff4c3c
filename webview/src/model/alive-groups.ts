// Alive channels per channel group: what is left of what was there, for the layers that share it.

import type { RunSnapshot } from '../../../server/src/protocol/run-files.ts';
import { effectiveEvents, latest } from './run-log.ts';

export interface AliveGroup {
  readonly name: string;
  /** Layers whose width this is, at least one; more than one are tied. */
  readonly layers: readonly string[];
  readonly size: number;
  /** Undefined until the first count. */
  readonly alive?: number;
  /** Why the group stays as it is. */
  readonly fixed?: string;
}

export interface AliveGroups {
  readonly groups: readonly AliveGroup[];
  /** The step of the count; undefined before the first. */
  readonly step?: number;
  /** Channels over all groups that may change. */
  readonly alive: number;
  readonly size: number;
}

/** Undefined until the trainer has found the groups. */
export function aliveGroupsOf(run: RunSnapshot): AliveGroups | undefined {
  if (run.structure === undefined) return undefined;
  const count = latest(effectiveEvents(run.events), 'alive');
  const groups = run.structure.groups.map(({ name, layers, size, fixed }, index): AliveGroup => {
    const alive = count?.alive[index];
    return { name, layers, size, ...(alive !== undefined && { alive }), ...(fixed !== undefined && { fixed }) };
  });
  // The network's input is a group, too, but no layer gives its channels.
  const shown = groups.filter(({ layers }) => layers.length > 0);
  const free = shown.filter(({ fixed }) => fixed === undefined);
  return {
    groups: shown,
    ...(count !== undefined && { step: count.step }),
    alive: free.reduce((sum, { alive, size }) => sum + (alive ?? size), 0),
    size: free.reduce((sum, { size }) => sum + size, 0),
  };
}
