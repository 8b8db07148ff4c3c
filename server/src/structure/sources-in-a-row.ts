// Sources that stand one behind another on the same channels: the norm of a layer, and the norm of a depthwise layer behind it.
// Each alone would let a channel go; together the larger decides, so that less goes than a strength suggests.

import { opOf, valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op, OpId } from '../network/op.ts';
import type { ChannelGroup, RegularizerSource, StructureNotice } from './channel-group.ts';
import { isWeighted } from '../network/op-traits.ts';

/** One notice for all pairs, or none. The reference warns of over-regularization here. */
export function rowNotices(
  graph: NetworkGraph,
  sources: readonly RegularizerSource[],
  groups: readonly ChannelGroup[],
): readonly StructureNotice[] {
  const isSource = new Set(sources.map(({ op }) => op));
  const pairs = groups
    .filter((group) => group.sources.length > 1)
    .flatMap((group) => {
      const members = new Set(group.members.map(({ op }) => op));
      return group.sources.flatMap(({ op }): readonly (readonly [first: Op, second: Op])[] => {
        const second = opOf(graph, op);
        const first = isWeighted(second) ? undefined : sourceBefore(graph, second, members, isSource);
        return first === undefined ? [] : [[first, second]];
      });
    });
  const [pair] = pairs;
  if (pair === undefined) return [];
  const named = pairs.slice(0, 3).map(([first, second]) => `${first.name} and ${second.name}`);
  const more = pairs.length > 3 ? `, and ${String(pairs.length - 3)} pairs more` : '';
  return [
    {
      severity: 'information',
      code: 'sources-in-a-row',
      message: `The same channels are regularised twice, one source behind the other: ${named.join(', ')}${more}. The larger of the two decides what goes`,
      op: pair[1].id,
    },
  ];
}

/** The source that the channels of an op come from without being mixed or joined with others on the way. */
function sourceBefore(
  graph: NetworkGraph,
  op: Op,
  members: ReadonlySet<OpId>,
  isSource: ReadonlySet<OpId>,
): Op | undefined {
  for (let at = op; ;) {
    const before = [...new Set(at.inputs.map((value) => valueOf(graph, value).producer))].filter((id) =>
      members.has(id),
    );
    const [only] = before;
    if (only === undefined || before.length > 1) return undefined;
    at = opOf(graph, only);
    if (isSource.has(only)) return at;
    if (isWeighted(at)) return undefined;
  }
}
