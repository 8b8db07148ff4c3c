// A hint fits into what VS Code shows of a line by default, and never says half a number.

import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hintLabel, longestHint, type HintContent } from '../../../server/src/analysis/hint-label.ts';
import { inlayHints } from '../../../server/src/analysis/inlay-hints.ts';
import type { Count } from '../../../server/src/common/count.ts';
import type { AnalysisSettings, HintQuantity } from '../../../server/src/analysis/analysis-settings.ts';
import { sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';

const all: readonly HintQuantity[] = ['shape', 'operations', 'params', 'latency'];
const showing = (...quantities: HintQuantity[]): AnalysisSettings => ({
  ...standardSettings,
  hints: { enabled: true, quantities, dataFlow: false },
});
const exact = (value: number): Count => ({ kind: 'exact', value });

const one: HintContent = {
  cost: {
    macs: exact(245_366_784),
    operations: exact(245_366_784),
    params: exact(4_720_640),
    activations: exact(1),
    latencyMs: exact(0.21),
  },
  shapes: [[1, 512, 7, 7]],
  layers: 1,
  proposals: [],
  assumed: false,
  stale: false,
};

test.for<[string, Partial<HintContent>, string]>([
  ['one layer', {}, '245 MMACs · 4.72 M params'],
  ['several layers', { layers: 8 }, '245 MMACs · 4.72 M params · ×8'],
  ['an assumed input', { assumed: true }, '~245 MMACs · 4.72 M params'],
  ['a proposal', { proposals: [{ before: 16, after: 8 }] }, '245 MMACs · 4.72 M params · 16 → 8'],
  [
    'different proposals',
    {
      layers: 2,
      proposals: [
        { before: 16, after: 8 },
        { before: 16, after: 9 },
      ],
    },
    '245 MMACs · 16 → 8 … · ×2',
  ],
  ['a text with an error', { stale: true }, '245 MMACs · 4.72 M params · stale'],
])('%s', ([, content, label]) => {
  expect(hintLabel({ ...one, ...content }, showing('operations', 'params'))).toBe(label);
});

test('what does not fit is left out whole, from the end', () => {
  expect(hintLabel({ ...one, layers: 8 }, showing(...all))).toBe('512×7×7 · 245 MMACs · 4.72 M params · ×8');
  expect(hintLabel({ ...one, layers: 504 }, showing(...all))).toBe('512×7×7 · 245 MMACs · ×504');
});

const count = fc.oneof(
  fc.nat({ max: Number.MAX_SAFE_INTEGER }).map((value): Count => ({ kind: 'exact', value })),
  fc.nat({ max: Number.MAX_SAFE_INTEGER }).map((value): Count => ({ kind: 'at-least', value, reason: 'a part' })),
  fc.constant<Count>({ kind: 'unknown', reason: 'a part' }),
);
const width = fc.integer({ min: 1, max: 99_999 });

test('no hint is longer than the editor shows, and each part of it is whole', () => {
  fc.assert(
    fc.property(
      fc.record<HintContent>({
        cost: fc.record({ macs: count, operations: count, params: count, activations: count, latencyMs: count }),
        shapes: fc.array(fc.array(width, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
        layers: fc.integer({ min: 1, max: 9999 }),
        proposals: fc.array(fc.record({ before: width, after: width }), { maxLength: 3 }),
        assumed: fc.boolean(),
        flow: fc.option(fc.string({ minLength: 1, maxLength: 60 }), { nil: undefined }),
        stale: fc.boolean(),
      }),
      fc.uniqueArray(fc.constantFrom(...all), { minLength: 1 }),
      (content, quantities) => {
        const label = hintLabel(content, showing(...quantities));
        expect(label.length).toBeLessThanOrEqual(longestHint);
        const longer = hintLabel(
          { ...content, layers: 1, proposals: [], flow: undefined, stale: false },
          showing(...quantities),
        );
        for (const part of label.split(' · ')) {
          const added = /^×\d+$|^\d+ → \d+( …)?$|^stale$/.test(part) || content.flow?.includes(part);
          if (!added && quantities[0] !== 'shape') expect(longer.split(' · ')).toContain(part);
        }
      },
    ),
  );
});

test('hints of the examples fit', () => {
  const folder = new URL('../../../examples/', import.meta.url);
  for (const name of readdirSync(folder).filter((file) => /\.(py|cfg)$/.test(file))) {
    const session = sessionOver(new Map([[name, readFileSync(new URL(name, folder), 'utf8')]]));
    const settings = { ...standardSettings, hints: { ...standardSettings.hints, dataFlow: true } };
    const labels = inlayHints(session, uriOf(name), settings).map(({ label }) => label);
    expect(labels.filter((label) => label.length > longestHint)).toEqual([]);
  }
});
