// Nothing that stands in a file may throw, hang or be passed over in silence: half-typed texts, damaged texts. What ends a
// text that never ends is in limits.test.ts.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stripAnnotations } from '../../../support/annotated-source.ts';
import { exampleText, fixturesOf } from '../../../support/fixtures.ts';
import { mainDocument, readPython, type PythonReading } from '../../../support/python-model.ts';

const examples = ['lenet.py', 'vgg.py', 'resnet20.py', 'mobilenetv2.py'].map((name) => ({
  name,
  source: exampleText(name),
}));
const sources = [
  ...examples,
  ...fixturesOf('python').map(({ name, text }) => ({ name, source: stripAnnotations(text) })),
];

/** A reading that gives no network says why, and every place that it names lies in the text. */
function expectSound({ entry, graph, problems }: PythonReading, length: number): void {
  if (entry !== undefined && graph === undefined) expect(problems).not.toEqual([]);
  const spans = [
    ...problems.flatMap(({ span, related = [] }) => [span, ...related.map((each) => each.span)]),
    ...(graph?.ops ?? []).flatMap(({ site }) => [site!.span, ...site!.callChain]),
    ...(graph?.unknowns ?? []).map(({ span }) => span),
  ];
  for (const span of spans) {
    if (span?.document !== mainDocument) continue;
    expect(span.start).toBeGreaterThanOrEqual(0);
    expect(span.end).toBeGreaterThanOrEqual(span.start);
    expect(span.end).toBeLessThanOrEqual(length);
  }
}

/** Enough for every source here when it is whole; a damaged one may go on for ever. */
const limits = { steps: 20_000, ops: 1_000 };

describe('half-typed and damaged texts', () => {
  test('prefixes of every source', () => {
    for (const { source } of sources)
      for (const part of [0.43, 0.97]) {
        const length = Math.floor(source.length * part);
        expectSound(readPython(source.slice(0, length), limits), length);
      }
  });

  test('tokens taken out, doubled or exchanged', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.constantFrom('delete', 'double', 'exchange')), {
      minLength: 1,
      maxLength: 4,
    });
    const edited = fc.tuple(fc.constantFrom(...sources), edits).map(([{ source }, changes]) => {
      const tokens: string[] = source.match(/\w+|\s+|[^\w\s]/g) ?? [];
      for (const [place, change] of changes) {
        const at = place % tokens.length;
        const token = tokens[at] ?? '';
        if (change === 'delete') tokens.splice(at, 1);
        else if (change === 'double') tokens.splice(at, 0, token);
        else tokens.splice(at, 2, tokens[at + 1] ?? '', token);
      }
      return tokens.join('');
    });
    fc.assert(
      fc.property(edited, (text) => {
        expectSound(readPython(text, limits), text.length);
      }),
      { numRuns: 60, seed: 20_261_123 },
    );
  });
});
