// Lenses above models: totals and the commands that start there.

import { expect, test } from 'vitest';
import { codeLenses } from '../../../server/src/analysis/code-lenses.ts';
import { annotate, stripAnnotations } from '../../support/annotated-source.ts';
import { sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';
import { fixturesOf } from '../../support/fixtures.ts';

test.for(fixturesOf('code-lenses'))('$name', async ({ name, path, text }) => {
  const source = stripAnnotations(text);
  const session = sessionOver(new Map([[name, source]]));
  const lenses = codeLenses(session, uriOf(name), standardSettings).map(({ start, end, title, action }) => ({
    start,
    end,
    label: `${title} (${action})`,
  }));
  await expect(annotate(source, lenses)).toMatchFileSnapshot(path);
});
