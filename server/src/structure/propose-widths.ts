// From alive channels to a proposal: each layer's old and new width and what that saves, measured on the rebuilt network.

import { knownValue, type Count } from '../common/count.ts';
import type { Result } from '../common/problem.ts';
import { reportCosts, type Cost } from '../costs/cost-report.ts';
import type { DeviceProfile } from '../costs/device-profile.ts';
import { opOf } from '../network/network-graph.ts';
import { hasOwnWidth, ownWidthOf } from '../network/op-traits.ts';
import type { Op, OpId } from '../network/op.ts';
import type { ChannelGrouping } from './channel-grouping.ts';
import { rebuildGraph, type RebuiltNetwork } from './rebuild-graph.ts';
import type { CostChange, ProposedGroup, ProposedLayer, WidthProposal } from './width-proposal.ts';

/** The proposal and the network that it leads to. */
export interface Proposed {
  readonly proposal: WidthProposal;
  readonly rebuilt: RebuiltNetwork;
}

/**
 * Proposes widths for `alive` (0 or 1 for each channel of the grouping, or other counts when channels were added).
 * `dead` layers go although their channels are alive elsewhere. The failure names the layer at which the network would be cut.
 */
export function proposeWidths(
  grouping: ChannelGrouping,
  alive: ArrayLike<number>,
  device: DeviceProfile,
  step: number,
  dead: ReadonlySet<OpId> = new Set(),
): Result<Proposed> {
  const rebuilt = rebuildGraph(grouping, alive, dead);
  if (!rebuilt.ok) return rebuilt;
  const { graph } = grouping;
  const before = reportCosts(graph, device);
  const after = reportCosts(rebuilt.value.graph, device);
  const gone = new Set(rebuilt.value.removed);
  const layers = graph.ops.filter(hasOwnWidth).map((op): ProposedLayer => {
    const id = rebuilt.value.newIds.get(op.id);
    const now = id === undefined ? undefined : opOf(rebuilt.value.graph, id);
    const costs = (key: keyof Cost): CostChange => ({
      before: amount(before.ops[op.id]?.[key]),
      after: id === undefined ? 0 : amount(after.ops[id]?.[key]),
    });
    return {
      name: op.name,
      label: op.label,
      group: groupsOf(grouping, op),
      width: { before: ownWidthOf(op), after: ownWidthOf(now) },
      macs: costs('macs'),
      params: costs('params'),
      latencyMs: costs('latencyMs'),
    };
  });
  const totals = (key: keyof Cost): CostChange => ({
    before: amount(before.total[key]),
    after: amount(after.total[key]),
  });
  const proposal: WidthProposal = {
    version: 1,
    step,
    layers,
    groups: proposedGroups(grouping, alive),
    totals: { macs: totals('macs'), params: totals('params'), latencyMs: totals('latencyMs') },
    removed: graph.ops.filter(({ id }) => gone.has(id)).map(({ name }) => name),
    device: device.name,
  };
  return { ok: true, value: { proposal, rebuilt: rebuilt.value } };
}

/** A lower bound counts as far as it goes, an unknown as nothing: it is the same before and after. */
function amount(count: Count | undefined): number {
  return count === undefined ? 0 : (knownValue(count) ?? 0);
}

function proposedGroups(grouping: ChannelGrouping, alive: ArrayLike<number>): readonly ProposedGroup[] {
  return grouping.groups.flatMap((group): readonly ProposedGroup[] => {
    const members = new Set(group.members.map(({ op }) => op));
    const layers = grouping.graph.ops.filter((op) => members.has(op.id) && hasOwnWidth(op)).map(({ name }) => name);
    if (layers.length === 0) return [];
    let after = 0;
    const start = grouping.offsets[group.id] ?? 0;
    for (let channel = start; channel < start + group.size; channel += 1) after += alive[channel] ?? 0;
    return [{ name: group.name, layers, width: { before: group.size, after } }];
  });
}

/** The name of the group that an op's output belongs to; all of them where it is cut into several. */
function groupsOf(grouping: ChannelGrouping, op: Op): string {
  const channels = grouping.valueChannels[op.outputs[0] ?? -1]?.channels ?? new Int32Array(0);
  const groups = new Set<number>();
  for (const channel of channels) groups.add(grouping.groupOfChannel[channel] ?? -1);
  return [...groups].map((id) => grouping.groups[id]?.name ?? '').join(' + ');
}
