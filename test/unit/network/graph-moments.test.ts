// A network that is being built can be brought back to any moment: what was added since is gone, whatever was brought back in between.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GraphBuilder } from '../../../server/src/network/graph-builder.ts';
import type { ModelEntry } from '../../../server/src/network/network-graph.ts';
import type { ValueId } from '../../../server/src/network/op.ts';

const entry: ModelEntry = {
  document: 'file:///net.py',
  name: 'net',
  from: 'call',
  span: { document: 'file:///net.py', start: 0, end: 0 },
  input: { shapes: [[4]], from: 'default' },
};

/** Adds an activation behind a value; without one, an input. */
function grown(builder: GraphBuilder, behind: ValueId | undefined): ValueId {
  const added = builder.add(
    behind === undefined
      ? { name: 'input', label: 'input', attributes: { kind: 'input', shape: [1, 4] }, inputs: [] }
      : {
          name: 'act',
          label: 'ReLU',
          attributes: { kind: 'activation', function: 'relu', channelAxis: 1 },
          inputs: [behind],
        },
  );
  if (!added.ok) throw new Error(added.error);
  return added.value[0]!;
}

/** What is built, as text. */
const shown = (builder: GraphBuilder): string => {
  const { ops, values } = builder.build('pytorch', entry, []);
  return JSON.stringify([ops.map(({ name, inputs, outputs }) => [name, inputs, outputs]), values]);
};

test('every moment brings back what stood then', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), behind: fc.nat(20) }),
    fc.record({ kind: fc.constant('keep' as const) }),
    fc.record({ kind: fc.constant('back' as const), to: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const builder = new GraphBuilder();
      let known: readonly ValueId[] = [grown(builder, undefined)];
      const moments: { back: () => void; known: readonly ValueId[]; text: string }[] = [];
      for (const each of steps) {
        if (each.kind === 'add') known = [...known, grown(builder, known[each.behind % known.length])];
        else if (each.kind === 'keep') moments.push({ back: builder.moment(), known, text: shown(builder) });
        else if (moments.length > 0) {
          const moment = moments[each.to % moments.length]!;
          moment.back();
          known = moment.known;
          expect(shown(builder)).toBe(moment.text);
          expect(known.every((id) => builder.holds(id))).toBe(true);
        }
      }
    }),
  );
});
