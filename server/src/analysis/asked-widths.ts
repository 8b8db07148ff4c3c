// Widths that a user asks for by hand, as a proposal: a number or a factor for single layers, a factor for all.

import type { Result } from '../common/problem.ts';
import { opsOf, type ChannelGroup } from '../structure/channel-group.ts';
import type { ChannelGrouping } from '../structure/channel-grouping.ts';
import type { Op } from '../network/op.ts';
import { hasOwnWidth } from '../network/op-traits.ts';
import type { ProposedWidths } from './proposal-plans.ts';

/** `41` channels, or `0.5` times what is there. */
export type AskedWidth =
  { readonly kind: 'width'; readonly width: number } | { readonly kind: 'factor'; readonly factor: number };

export interface AskedWidths {
  /** By layer name. */
  readonly layers: ReadonlyMap<string, AskedWidth>;
  /** For every layer that is not named and may change. */
  readonly scale?: number | undefined;
}

/** Reads `41`, `x0.75`, `0.75x`, `0.75` or `75 %`; undefined for anything else. */
export function parseAskedWidth(written: string): AskedWidth | undefined {
  const text = written.trim();
  const [, percent] = /^(\d*\.?\d+)\s*%$/.exec(text) ?? [];
  if (percent !== undefined) return Number(percent) > 0 ? { kind: 'factor', factor: Number(percent) / 100 } : undefined;
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return { kind: 'width', width: Number(text) };
  const [, factor] = /^(?:[x×*](?=.)|(?=.*[x×*]$))?(\d*\.?\d+)[x×*]?$/.exec(text) ?? [];
  const value = Number(factor);
  return factor !== undefined && value > 0 && Number.isFinite(value) ? { kind: 'factor', factor: value } : undefined;
}

/** The proposal that gives these widths; or which layer is not there or can't change, and why. */
export function askedProposal(grouping: ChannelGrouping, { layers, scale }: AskedWidths): Result<ProposedWidths> {
  const { graph, groups } = grouping;
  const asked = new Map<string, number>();
  for (const [name, width] of layers) {
    const found = groupsOfLayer(grouping, name);
    if (!found.ok) return found;
    const { value: group } = found;
    if (group.fixed !== undefined)
      return { ok: false, error: `${name} keeps its ${String(group.size)} channels: ${group.fixed.reason}.` };
    const wanted = width.kind === 'width' ? width.width : scaled(group.size, width.factor);
    const other = asked.get(group.name);
    if (other !== undefined && other !== wanted) {
      return {
        ok: false,
        error: `${name} has the channels of ${group.name}, for which ${String(other)} are asked; both have one width.`,
      };
    }
    asked.set(group.name, wanted);
  }
  const rows = groups.flatMap((group) => {
    const own = opsOf(group).flatMap((id) => {
      const op = graph.ops[id];
      return op !== undefined && hasOwnWidth(op) ? [op.name] : [];
    });
    if (own.length === 0 || group.fixed !== undefined) return [];
    const after = asked.get(group.name) ?? (scale === undefined ? group.size : scaled(group.size, scale));
    return [{ name: group.name, layers: own, width: { before: group.size, after } }];
  });
  const ofLayers = rows.flatMap(({ name, layers: own, width }) =>
    own.map((layer) => ({ name: layer, group: name, width })),
  );
  return { ok: true, value: { step: 0, layers: ofLayers, groups: rows } };
}

function scaled(size: number, factor: number): number {
  return Math.max(1, Math.round(size * factor));
}

/** The group of a layer that is named. */
function groupsOfLayer(grouping: ChannelGrouping, name: string): Result<ChannelGroup> {
  const { graph } = grouping;
  const op = graph.ops.find((one) => one.name === name && hasOwnWidth(one));
  if (op === undefined) {
    const known = graph.ops.filter(hasOwnWidth).map((one) => one.name);
    const near = known.filter((one) => one.endsWith(`.${name}`) || one.includes(name)).slice(0, 3);
    return {
      ok: false,
      error: `There is no layer ${name} with a width of its own; ${near.length > 0 ? `is ${near.join(' or ')} meant` : `there are ${known.slice(0, 3).join(', ')}`}?`,
    };
  }
  return widthGroupOf(grouping, op);
}

/** The one group that a layer's output consists of; `op` has a width of its own. */
export function widthGroupOf({ groups, groupOfChannel, valueChannels }: ChannelGrouping, op: Op): Result<ChannelGroup> {
  const { name } = op;
  const channels = valueChannels[op.outputs[0] ?? -1]?.channels ?? new Int32Array(0);
  const own = [...new Set([...channels].map((channel) => groupOfChannel[channel] ?? -1))];
  const [id] = own;
  const group = id === undefined ? undefined : groups[id];
  if (group === undefined) return { ok: false, error: `The channels of ${name} could not be told apart.` };
  if (own.length > 1)
    return {
      ok: false,
      error: `${name} is made of ${String(own.length)} parts that go different ways; its width can't be set as one.`,
    };
  return { ok: true, value: group };
}
