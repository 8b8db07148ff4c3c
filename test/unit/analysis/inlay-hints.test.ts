// Hints at the end of lines that make layers: fixtures, settings and ranges.

import { expect, test } from 'vitest';
import type { AnalysisSettings } from '../../../server/src/analysis/analysis-settings.ts';
import { inlayHints } from '../../../server/src/analysis/inlay-hints.ts';
import { annotate, stripAnnotations, type Annotation } from '../../support/annotated-source.ts';
import { sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';
import { fixturesOf } from '../../support/fixtures.ts';

/** A hint stands behind its line; it is drawn below the line's last character. */
function hintsOf(name: string, source: string, settings: AnalysisSettings = standardSettings): readonly Annotation[] {
  const session = sessionOver(new Map([[name, source]]));
  return inlayHints(session, uriOf(name), settings).map(({ offset, label }) => ({
    start: offset - 1,
    end: offset,
    label,
  }));
}

test.for(fixturesOf('inlay-hints'))('$name', async ({ name, path, text }) => {
  const source = stripAnnotations(text);
  await expect(annotate(source, hintsOf(name, source))).toMatchFileSnapshot(path);
});

test.for(fixturesOf('data-flow'))('shapes of $name', async ({ name, path, text }) => {
  const source = stripAnnotations(text);
  const settings = { ...standardSettings, hints: { ...standardSettings.hints, dataFlow: true } };
  await expect(annotate(source, hintsOf(name, source, settings))).toMatchFileSnapshot(path);
});

// 8×8 positions, 3 channels in, 4 out, a bias: 768 multiply-adds and 16 parameters.
const small = '[net]\nwidth=8\nheight=8\nchannels=3\n[convolutional]\nfilters=4\nsize=1\nactivation=linear\n';

test('quantities come in the order of the settings', () => {
  const hints = { enabled: true, quantities: ['params', 'operations', 'shape'], dataFlow: false } as const;
  expect(hintsOf('a.cfg', small, { ...standardSettings, hints }).map(({ label }) => label)).toEqual([
    '16 params · 768 MACs · 4×8×8',
  ]);
});

test('FLOPs are twice the MACs', () => {
  const settings = {
    ...standardSettings,
    convention: 'flops',
    hints: { enabled: true, quantities: ['operations'], dataFlow: false },
  } as const;
  expect(hintsOf('a.cfg', small, settings).map(({ label }) => label)).toEqual(['1.54 kFLOPs']);
});

test('a public counter counts as it does, biases of ptflops included', () => {
  const settings = { ...standardSettings, convention: 'ptflops' } as const;
  // 768 and 256 elements of the output.
  expect(hintsOf('a.cfg', small, settings).map(({ label }) => label)).toEqual(['1.02 kMACs · 16 params']);
});

test('latency is that of the chosen device', () => {
  // 4 bytes of (192 + 256) activations and 12 weights, at 1 GB/s, are 1840 ns.
  const settings = {
    ...standardSettings,
    device: 'mine',
    devices: { mine: { peakGflopsPerSecond: 1e6, memoryGigabytesPerSecond: 1 } },
    hints: { enabled: true, quantities: ['latency'], dataFlow: false },
  } as const;
  expect(hintsOf('a.cfg', small, settings).map(({ label }) => label)).toEqual(['1.8 µs']);
});

test('nothing is shown where hints are off or no quantity is wanted', () => {
  const off = { ...standardSettings, hints: { ...standardSettings.hints, enabled: false } };
  expect(hintsOf('a.cfg', small, off)).toEqual([]);
  expect(
    hintsOf('a.cfg', small, { ...standardSettings, hints: { enabled: true, quantities: [], dataFlow: false } }),
  ).toEqual([]);
});

test('only the lines of a range are answered', () => {
  const text = `${small}[convolutional]\nfilters=2\nsize=1\n`;
  const session = sessionOver(new Map([['a.cfg', text]]));
  const second = text.lastIndexOf('[conv');
  const all = inlayHints(session, uriOf('a.cfg'), standardSettings);
  expect(all).toHaveLength(2);
  expect(inlayHints(session, uriOf('a.cfg'), standardSettings, { start: second, end: text.length })).toEqual([all[1]]);
});

test('hints stand in front of the line break, whichever it is', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = small.replaceAll('\n', end);
    const session = sessionOver(new Map([['a.cfg', text]]));
    const header = text.indexOf('[convolutional]') + '[convolutional]'.length;
    expect(inlayHints(session, uriOf('a.cfg'), standardSettings).map(({ offset }) => offset)).toEqual([header]);
  }
});
