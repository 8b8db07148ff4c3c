// What an editor shows on opening each model of this repository: lenses, hints and problems, drawn into its text.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codeLenses } from '../../../server/src/analysis/code-lenses.ts';
import { inlayHints } from '../../../server/src/analysis/inlay-hints.ts';
import { documentProblems } from '../../../server/src/analysis/problems.ts';
import { annotate } from '../../support/annotated-source.ts';
import { sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';
import { exampleText } from '../../support/fixtures.ts';

const folder = join(import.meta.dirname, '../../fixtures/examples');

test.for(['darknet-tiny.cfg', 'lenet.py', 'vgg.py', 'resnet20.py', 'mobilenetv2.py'])('%s', async (name) => {
  const source = exampleText(name);
  const session = sessionOver(new Map([[name, source]]));
  const document = uriOf(name);
  const shown = [
    ...codeLenses(session, document, standardSettings).map(({ start, end, title }) => ({ start, end, label: title })),
    ...inlayHints(session, document, standardSettings).map(({ offset, label }) => ({
      start: offset - 1,
      end: offset,
      label,
    })),
    ...documentProblems(session, document, standardSettings).map(({ span, code, message }) => ({
      start: span?.start ?? 0,
      end: span?.end ?? 0,
      label: `${code}: ${message}`,
    })),
  ];
  await expect(annotate(source, shown)).toMatchFileSnapshot(join(folder, name));
});
