// Quick-fixes at a fixture's cursors: each changed number is marked with what it becomes and by which action. The first
// lines say what a run proposes: `# propose: conv1=9 conv2,conv3=12`, tied layers joined by commas.

import { expect, test } from 'vitest';
import type { AnalysisSession } from '../../../server/src/analysis/analysis-session.ts';
import { codeActions, resolveAction, type CodeAction } from '../../../server/src/analysis/code-actions.ts';
import { annotate, stripAnnotations, takeCursors, type Annotation } from '../../support/annotated-source.ts';
import { sessionOver, uriOf } from '../../support/analysis-session.ts';
import { fixturesOf } from '../../support/fixtures.ts';
import { proposalIn } from '../../support/proposal.ts';

/**
 * One annotation at the cursor for each title, and one at each number that the action changes once it is chosen. Of code that
 * is rewritten only the title.
 */
function drawn(session: AnalysisSession, action: CodeAction, cursor: number): readonly Annotation[] {
  if (action.kind === 'write-slim-model' || (action.kind !== 'give-scale' && action.by === 'rewriting'))
    return [{ start: cursor, end: cursor, label: action.title }];
  const chosen = action.kind === 'give-scale' ? undefined : resolveAction(session, action);
  if (chosen?.ok === false) throw new Error(`${action.title}: ${chosen.error}`);
  const { refused, notes } = chosen === undefined ? { refused: [], notes: [] } : chosen.value.plan;
  const refusals = refused.map(({ layers, reason }) => `${layers.join(', ')}: ${reason}`);
  const title = [action.title, ...notes, ...refusals].join(' | ');
  return [
    { start: cursor, end: cursor, label: `${action.isPreferred ? '* ' : ''}${title}` },
    ...(action.kind === 'give-scale' ? action.documents : (chosen?.value.documents ?? [])).flatMap(({ edits }) =>
      edits.map(({ start, end, oldText, newText }) => ({
        start,
        end,
        label: `${oldText} -> ${newText} (${action.title})`,
      })),
    ),
  ];
}

test.for(fixturesOf('code-actions'))('$name', async ({ name, path, text }) => {
  const marked = stripAnnotations(text);
  const { source, offsets } = takeCursors(marked);
  const session = sessionOver(new Map([[name, source]]));
  const entry = session.model(uriOf(name))?.entry.name ?? '';
  session.attachProposal(uriOf(name), { runId: 'run', entry, proposal: proposalIn(source) });
  const inDrawing = (offset: number): number => offset + 2 * offsets.filter((other) => other < offset).length;
  const annotations = offsets.flatMap((offset) => {
    const actions = codeActions(session, uriOf(name), { start: offset, end: offset });
    if (actions.length === 0) return [{ start: offset, end: offset, label: 'none' }];
    return actions.flatMap((action) => drawn(session, action, offset));
  });
  const moved = annotations.map((one) => ({ ...one, start: inDrawing(one.start), end: inDrawing(one.end) }));
  // Several cursors lead to the same action.
  const once = [...new Map(moved.map((one) => [`${String(one.start)} ${one.label}`, one])).values()];
  await expect(annotate(marked, once)).toMatchFileSnapshot(path);
});
