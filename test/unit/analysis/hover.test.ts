// Hovers at the cursors of a fixture, drawn under them.

import { expect, test } from 'vitest';
import { hover } from '../../../server/src/analysis/hover.ts';
import { annotate, stripAnnotations, takeCursors } from '../../support/annotated-source.ts';
import { sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';
import { fixturesOf } from '../../support/fixtures.ts';
import { proposalIn } from '../../support/proposal.ts';

test.for(fixturesOf('hover'))('$name', async ({ name, path, text }) => {
  const marked = stripAnnotations(text);
  const { source, offsets } = takeCursors(marked);
  const session = sessionOver(new Map([[name, source]]));
  const entry = session.model(uriOf(name))?.entry.name ?? '';
  session.attachProposal(uriOf(name), { runId: 'run', entry, proposal: proposalIn(source) });
  const hovers = offsets.map((offset, index) => {
    const found = hover(session, uriOf(name), offset, standardSettings);
    // Positions in the drawing count the cursor marks in front of them.
    const before = (at: number): number => at + '$0'.length * offsets.filter((other) => other < at).length;
    if (found === undefined) return { start: offset + 2 * index, end: offset + 2 * index, label: 'none' };
    return { start: before(found.start), end: before(found.end), label: found.markdown };
  });
  await expect(annotate(marked, hovers)).toMatchFileSnapshot(path);
});
