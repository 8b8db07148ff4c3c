// The rows of the view Runs: told apart by what people know of them, and with menus for what can be done.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runContext, runDescription, sweepDescription } from '../../../client/src/views/run-rows.ts';
import type { RunSummary } from '../../../server/src/protocol/run-files.ts';
import { sampleSweep } from '../../webview/sample-sweep.ts';

const run: RunSummary = {
  kind: 'run',
  id: 'a',
  folder: '/w/.morphnet/runs/a',
  status: 'finished',
  uri: 'file:///w/net.py',
  entry: 'Net()',
  input: [[1, 28, 28]],
  step: 600,
  totalSteps: 600,
  target: 'flops:0.5',
  hasProposal: true,
};

test('a row says status, target, share, accuracy and age, as far as they are known', () => {
  const now = 10_000_000;
  const whole = { ...run, costShare: 0.517, accuracy: 0.9714, time: now - 3 * 3600 * 1000 };
  expect(runDescription(whole, now)).toBe('finished · flops:0.5 · 52 % of the cost · accuracy 97.1 % · 3 h ago');
  expect(runDescription({ ...run, status: 'paused', step: 20 })).toBe('paused · flops:0.5 · step 20 of 600');
  expect(sweepDescription(sampleSweep())).toBe('sweep · 3 of 4 strengths');
});

interface Manifest {
  readonly contributes: {
    readonly menus: Readonly<
      Record<string, readonly { readonly command: string; readonly group: string; readonly when: string }[]>
    >;
  };
}

const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as Manifest;

/** The commands that the manifest offers for a row of this context, inline ones aside. */
function menu(context: string): readonly string[] {
  const items = manifest.contributes.menus['view/item/context'] ?? [];
  return items.flatMap(({ command, group, when }) => {
    const pattern = /viewItem =~ \/(.*)\/$/.exec(when)?.[1] ?? '(?!)';
    return group !== 'inline' && new RegExp(pattern).test(context) ? [command.replace('morphnet.', '')] : [];
  });
}

test.for<readonly [Partial<RunSummary>, readonly string[]]>([
  [{ status: 'running', hasProposal: false }, ['pauseRun', 'stopRun', 'compareRuns', 'openTensorboard', 'revealRun']],
  [{ status: 'paused', hasProposal: false }, ['resumeRun', 'compareRuns', 'openTensorboard', 'revealRun', 'deleteRun']],
  [{ status: 'failed', hasProposal: false }, ['resumeRun', 'compareRuns', 'openTensorboard', 'revealRun', 'deleteRun']],
  [
    {},
    [
      'applyProposal',
      'retrainRun',
      'expandRun',
      'writeSlimModel',
      'compareRuns',
      'openTensorboard',
      'revealRun',
      'deleteRun',
    ],
  ],
])('the menu of a run that is %o', ([changes, commands]) => {
  expect(menu(runContext({ ...run, ...changes }))).toEqual(commands);
});
