// While a file is typed every prefix of it is a text: no feature may throw on any of them.

import { expect, test } from 'vitest';
import { codeActions } from '../../../server/src/analysis/code-actions.ts';
import { codeLenses } from '../../../server/src/analysis/code-lenses.ts';
import { hover } from '../../../server/src/analysis/hover.ts';
import { inlayHints } from '../../../server/src/analysis/inlay-hints.ts';
import { documentProblems } from '../../../server/src/analysis/problems.ts';
import { stripAnnotations, takeCursors } from '../../support/annotated-source.ts';
import { sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';
import { exampleText, fixturesOf } from '../../support/fixtures.ts';

const features = ['inlay-hints', 'hover', 'code-lenses', 'code-actions', 'problems'].flatMap((feature) =>
  fixturesOf(feature).map(({ name, text }) => ({ name, source: takeCursors(stripAnnotations(text)).source })),
);
const examples = ['darknet-tiny.cfg', 'lenet.py', 'vgg.py', 'resnet20.py', 'mobilenetv2.py'].map((name) => ({
  name,
  source: exampleText(name),
}));

test.for([...features, ...examples])('any prefix of $name', ({ name, source }) => {
  const session = sessionOver(new Map());
  const document = uriOf(name);
  // A long file is cut at every few characters, so that all lines are met at some place.
  const step = Math.max(1, Math.floor(source.length / 25));
  for (let length = 0; length <= source.length; length += step) {
    session.setDocument(document, source.slice(0, length), length);
    const range = { start: 0, end: length };
    const hints = inlayHints(session, document, standardSettings);
    for (const { offset } of hints) expect(offset).toBeLessThanOrEqual(length);
    codeLenses(session, document, standardSettings);
    documentProblems(session, document, standardSettings);
    codeActions(session, document, range);
    hover(session, document, length, standardSettings);
    hover(session, document, length >> 1, standardSettings);
  }
});
