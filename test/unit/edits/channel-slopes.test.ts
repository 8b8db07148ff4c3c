// The map of channels says of every example what rebuilding it once a group says.

import { expect, test } from 'vitest';
import { channelSlopes } from '../../../server/src/edits/channel-slopes.ts';
import { trailAt, widthAt, widthEnds } from '../../../server/src/edits/constraints.ts';
import { hasOwnWidth } from '../../../server/src/network/op-traits.ts';
import { rebuildWithWidths } from '../../../server/src/structure/rebuild-graph.ts';
import { sessionOver, uriOf } from '../../support/analysis-session.ts';
import { exampleText } from '../../support/fixtures.ts';
import { probedSlopes } from '../../support/probed-slopes.ts';

test.for(['darknet-tiny.cfg', 'lenet.py', 'mobilenetv2.py', 'resnet20.py', 'vgg.py'])('%s', (name) => {
  const session = sessionOver(new Map([[name, exampleText(name)]]));
  for (const { graph } of session.analyze(uriOf(name)).models) {
    const grouping = session.grouping(graph);
    const units = grouping.groups.flatMap(({ name: key, size, fixed }) =>
      fixed === undefined ? [{ key, layers: [], before: size, target: size }] : [],
    );
    const probed = probedSlopes(graph, units, (widths) => {
      const rebuilt = rebuildWithWidths(grouping, widths);
      return rebuilt.ok ? rebuilt.value.graph : undefined;
    });
    const read = channelSlopes(grouping);
    const free = new Set(units.map(({ key }) => key));
    const named = graph.ops.flatMap((op) =>
      widthEnds.flatMap((end) => {
        const isNamed = trailAt(op, end) !== undefined;
        return isNamed && widthAt(graph, op, end) !== undefined ? [{ op, end }] : [];
      }),
    );
    expect(named.some(({ op }) => hasOwnWidth(op))).toBe(true);
    for (const { op, end } of named) {
      const slopes = new Map([...read(op, end)].filter(([key]) => free.has(key)));
      expect({ op: op.name, end, slopes }).toEqual({ op: op.name, end, slopes: probed(op, end) });
    }
  }
});
