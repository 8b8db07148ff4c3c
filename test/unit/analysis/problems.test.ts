// Findings, where they stand and how grave they are.

import { expect, test } from 'vitest';
import { documentProblems } from '../../../server/src/analysis/problems.ts';
import { annotate, stripAnnotations } from '../../support/annotated-source.ts';
import { sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';
import { fixturesOf } from '../../support/fixtures.ts';

test.for(fixturesOf('problems'))('$name', async ({ name, path, text }) => {
  const source = stripAnnotations(text);
  const session = sessionOver(new Map([[name, source]]));
  const problems = documentProblems(session, uriOf(name), standardSettings).map((problem) => ({
    start: problem.span?.start ?? 0,
    end: problem.span?.end ?? 0,
    label: `${problem.severity} ${problem.code}: ${problem.message}`,
  }));
  await expect(annotate(source, problems)).toMatchFileSnapshot(path);
});

test('a device that there is not is said once, at the model', () => {
  const text = '[net]\nwidth=8\nheight=8\nchannels=3\n[convolutional]\nfilters=4\n';
  const session = sessionOver(new Map([['a.cfg', text]]));
  const problems = documentProblems(session, uriOf('a.cfg'), { ...standardSettings, device: 'Abacus' });
  expect(problems.map(({ code, span }) => [code, span?.start])).toEqual([['unknown-device', 0]]);
  expect(problems[0]?.message).toMatch(/no device Abacus.*V100/);
});
