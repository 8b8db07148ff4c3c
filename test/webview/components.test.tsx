// Components as they come out of the renderer, without a browser: what is said in which state, and what long input becomes.

import { renderToString } from 'preact-render-to-string';
import { expect, test } from 'vitest';
import { Dashboard } from '../../webview/src/components/dashboard.tsx';
import type { DashboardState } from '../../webview/src/model/run-log.ts';
import { at, sampleRun, type SampleRun } from './sample-run.ts';

const draw = (state: DashboardState): string =>
  renderToString(<Dashboard state={state} announcement="" post={() => undefined} />);
const drawRun = (sample: SampleRun): string => draw({ kind: 'run', run: sampleRun(sample), convention: 'macs' });
const text = (html: string): string => html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
const matches = (html: string, pattern: RegExp): number => html.match(new RegExp(pattern, 'g'))?.length ?? 0;

test('while the snapshot is on its way the page says so', () => {
  expect(text(draw({ kind: 'loading' }))).toContain('Reading the run…');
});

test('a run that cannot be read is an alert with its reason', () => {
  const html = draw({ kind: 'unreadable', message: 'config.json of lenet-1 is no JSON.' });
  expect(html).toMatch(/role="alert"[^>]*>config\.json of lenet-1 is no JSON\./);
});

test('a queued run has no claims about channels or widths', () => {
  const shown = text(drawRun({ layers: 3, step: 0, status: 'queued' }));
  expect(shown).toContain('The trainer is finding out which channels belong together.');
  expect(shown).toContain('Widths are proposed once alive channels have been counted.');
  expect(shown).toContain('Nothing measured yet.');
});

test('in the middle of a run alive channels, curves and the proposal are there', () => {
  const html = drawRun({ layers: 3, step: 110, status: 'running' });
  const shown = text(html);
  expect(shown).toContain('118 of 128 channels that can be removed are alive at step 100.');
  expect(shown).toContain('54 of 64');
  expect(shown).toContain('fixed: its channels are the output of the model');
  expect(shown).toContain('64 → 54 84 %');
  expect(matches(html, /role="img"/)).toBe(4);
});

test('tied layers stand together, in the groups and in the architecture', () => {
  const shown = text(drawRun({ layers: 5, step: 100, status: 'running' }));
  expect(shown).toContain('features.0 features.2 tied 54 of 64');
  expect(shown).toContain('features.2 Conv2d 3×3 tied to features.0 64 → 54');
});

test('an expanded proposal has a section of its own, with its widths and how it was found', () => {
  const shown = text(drawRun({ layers: 3, step: 100, status: 'finished', isExpanded: true }));
  expect(shown).toContain('Expanded architecture');
  expect(shown).toContain(
    '× 2.00, rounded to multiples of 8: 5.70 kFLOPs, 95.0 % of the seed’s, under a budget of 6.00 kFLOPs.',
  );
  expect(shown).toContain('64 → 108');
  expect(shown).not.toContain('Expand again');
  expect(text(drawRun({ layers: 3, step: 100, status: 'finished' }))).not.toContain('Expanded architecture');
});

test('retrained networks stand side by side, with their difference to the seed', () => {
  const shown = text(drawRun({ layers: 3, step: 100, status: 'finished', isExpanded: true }));
  expect(shown).toContain('Each network trained from scratch for 200 steps, 2 times');
  expect(shown).toContain('Seed 3.00 k 300 0.030 ms 90.00 % ± 1.41 Proposed');
  expect(shown).toContain('89.50 % ± 1.41 −0.50 points');
  expect(shown).toContain('91.30 % ± 1.41 +1.30 points');
});

test('an expansion of an older proposal says so', () => {
  const earlier = sampleRun({ layers: 3, step: 100, status: 'finished', isExpanded: true });
  const later = sampleRun({ layers: 3, step: 160, status: 'finished' });
  const run = { ...later, expanded: earlier.expanded };
  expect(text(draw({ kind: 'run', run, convention: 'macs' }))).toContain(
    'This is of the proposal at step 100; the latest is of step 160. Expand again to follow it.',
  );
});

test('a run that failed at once says that it proposes nothing', () => {
  const ending = [{ ...at(0), kind: 'failed', code: 'no-data', message: 'No images in /data.' }] as const;
  const shown = text(drawRun({ layers: 2, step: 0, status: 'failed', ending }));
  expect(shown).toContain('No images in /data.');
  expect(shown).toContain('so it proposes nothing');
});

test('a model without layers is told apart from one without counts', () => {
  expect(text(drawRun({ layers: 0, step: 40, status: 'running' }))).toContain(
    'No layer of this model has channels that could be removed.',
  );
});

test('of a thousand layers only the rows in view are drawn, and each says where it stands', () => {
  const html = drawRun({ layers: 1000, step: 100, status: 'running' });
  // One group fewer than layers, since two of them are tied; and the heading's row.
  expect(matches(html, /<table aria-rowcount="1000"/)).toBe(1);
  expect(matches(html, /<table aria-rowcount="1001"/)).toBe(1);
  expect(matches(html, /<tr aria-rowindex/)).toBeLessThan(130);
  expect(html).toContain('aria-rowindex="2"');
});

test('names are text, whatever they contain', () => {
  const html = drawRun({
    layers: 2,
    step: 40,
    status: 'running',
    entry: '<img src=x onerror=alert(1)>',
    layerName: (index) => `"><script>${index}</script>`,
  });
  expect(html).not.toContain('<img');
  expect(html).not.toContain('<script');
});

test('nothing carries a style attribute, which the page’s policy would drop', () => {
  expect(drawRun({ layers: 1000, step: 100, status: 'running' })).not.toMatch(/<[^>]* style=/);
});
