// The round trip on the models of this repository: any proposal, applied and analysed again, gives exactly the widths that
// the plan says, at least those proposed, and no character outside its numbers has changed.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AnalysisSession } from '../../../server/src/analysis/analysis-session.ts';
import type { AnalyzedModel } from '../../../server/src/analysis/analyzed-model.ts';
import { editedTexts } from '../../../server/src/analysis/edited-texts.ts';
import { proposalEdits } from '../../../server/src/analysis/proposal-edits.ts';
import type { ProposedWidths } from '../../../server/src/analysis/proposal-plans.ts';
import { sessionOver, uriOf } from '../../support/analysis-session.ts';
import { exampleText } from '../../support/fixtures.ts';

interface Example {
  readonly name: string;
  /** Whether every width has numbers of its own, so that any proposal can be had exactly. */
  readonly isExact: boolean;
}

const examples: readonly Example[] = [
  { name: 'darknet-tiny.cfg', isExact: true },
  { name: 'keras-small.json', isExact: true },
  { name: 'lenet.py', isExact: true },
  { name: 'vgg.py', isExact: true },
  // One number of each stage sets the inner layers of all its blocks.
  { name: 'resnet20.py', isExact: false },
  // Expanded widths are products of a table's row and the width before.
  { name: 'mobilenetv2.py', isExact: false },
];

const layerKinds = ['convolution', 'transposed-convolution', 'dense'];

/** Widths for the groups that may change: a share of each, at least one channel. */
function proposalFor(session: AnalysisSession, model: AnalyzedModel, shares: readonly number[]): ProposedWidths {
  const { groups } = session.grouping(model.graph);
  const rows = groups.map((group, index) => {
    const after = Math.max(1, Math.round(group.size * (shares[index % shares.length] ?? 1)));
    const members = new Set(group.members.map(({ op }) => op));
    const layers = model.graph.ops.filter((op) => members.has(op.id) && layerKinds.includes(op.attributes.kind));
    const width = { before: group.size, after: group.fixed === undefined ? after : group.size };
    return { name: group.name, layers: layers.map(({ name }) => name), width };
  });
  return { step: 0, layers: [], groups: rows.filter(({ layers }) => layers.length > 0) };
}

function widthsOf(model: AnalyzedModel): ReadonlyMap<string, number> {
  return new Map(
    model.graph.ops.flatMap(({ name, attributes }): readonly (readonly [string, number])[] => {
      if (attributes.kind === 'convolution') return [[name, attributes.outChannels]];
      return attributes.kind === 'dense' ? [[name, attributes.outFeatures]] : [];
    }),
  );
}

const numbers = /(?<![\w.])\d+(\.\d+)?/g;

test.for(examples)('$name: what is planned is what the edited source gives', ({ name, isExact }) => {
  const document = uriOf(name);
  const source = exampleText(name);
  const session = sessionOver(new Map([[name, source]]));
  const model = session.model(document)!;
  const seed = widthsOf(model);
  const share = fc.double({ min: 0.1, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(share, { minLength: 1, maxLength: 40 }), (shares) => {
      const proposal = proposalFor(session, model, shares);
      const wanted = proposal.groups!.filter(({ width }) => width.after < width.before);
      const edits = proposalEdits(session, document, { runId: 'run', entry: model.entry.name, proposal });
      if (!edits.ok) {
        // A number that also feeds a width which stays can't change; that is said with its place.
        if (isExact) expect(wanted).toEqual([]);
        else if (wanted.length > 0) expect(edits.error).toMatch(/`\d+` in \w+\.py:\d+/);
        return;
      }
      const { plan } = edits.value;
      const [text] = editedTexts(session, edits.value);
      expect(text!.after.replace(numbers, '#')).toBe(source.replace(numbers, '#'));
      const expected = new Map(seed);
      for (const { layers, before, wanted: least, after } of plan.widths) {
        expect(after).toBeGreaterThanOrEqual(least);
        for (const layer of layers) expected.set(layer, (expected.get(layer) ?? 0) - before + after);
      }
      const edited = sessionOver(new Map([[name, text!.after]])).model(document)!;
      expect(Object.fromEntries(widthsOf(edited))).toEqual(Object.fromEntries(expected));
      if (isExact) {
        expect(plan.refused).toEqual([]);
        expect(plan.widths.filter(({ wanted: least, after }) => after > least)).toEqual([]);
      }
    }),
    { numRuns: 6 },
  );
});
