// The page's state under messages that overlap, repeat and restart.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../../server/src/protocol/run-events.ts';
import { effectiveEvents, newEvents, receive, type DashboardState } from '../../../webview/src/model/run-log.ts';
import { at, sampleRun } from '../sample-run.ts';

const run = sampleRun({ layers: 3, step: 100, status: 'running' });
const shown: DashboardState = { kind: 'run', run, convention: 'macs' };

const later = (step: number): RunEvent => ({ ...at(step), kind: 'checkpoint', file: `step-${step}` });

test('pieces of the log that overlap with the snapshot add up to the log', () => {
  const log = sampleRun({ layers: 2, step: 200, status: 'running' }).events;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: log.length }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 5 }),
      (cuts, overlap) => {
        const ends = [...cuts].sort((one, other) => one - other);
        let known: readonly RunEvent[] = log.slice(0, ends[0]);
        for (const end of [...ends, log.length]) {
          const piece = log.slice(Math.max(0, known.length - overlap), end);
          known = [...known, ...newEvents(known, piece)];
        }
        expect(known).toEqual(log);
      },
    ),
  );
});

test('a message that only repeats what is known does not turn the status back', () => {
  const finished = receive(shown, {
    kind: 'grew',
    status: 'finished',
    events: [{ ...at(200), kind: 'finished', summary: 'Done.' }],
  });
  expect(finished).toMatchObject({ run: { status: 'finished' } });
  const repeated = receive(finished, { kind: 'grew', status: 'running', events: run.events.slice(-2) });
  expect(repeated).toBe(finished);
});

test('a page that was opened before the trainer had found the groups gets them when it starts', () => {
  const { structure, ...early } = { ...run, status: 'queued' as const, events: [] };
  const waiting: DashboardState = { kind: 'run', run: early, convention: 'macs' };
  const [started] = run.events;
  const grown = receive(waiting, { kind: 'grew', status: 'running', events: [started!], structure: structure! });
  expect(grown).toMatchObject({ run: { status: 'running', structure } });
  expect(receive(grown, { kind: 'grew', status: 'running', events: [later(110)] })).toMatchObject({
    run: { structure },
  });
});

test('growth without events changes the status and the proposal', () => {
  const proposal = { ...run.proposal!, step: 120 };
  expect(receive(shown, { kind: 'grew', status: 'interrupted', events: [], proposal })).toMatchObject({
    run: { status: 'interrupted', proposal: { step: 120 } },
  });
});

test('a refusal before the snapshot says that the run is unreadable, afterwards it stands beside the run', () => {
  const refused = { kind: 'refused', message: 'The folder is gone.' } as const;
  expect(receive({ kind: 'loading' }, refused)).toEqual({ kind: 'unreadable', message: 'The folder is gone.' });
  expect(receive(shown, refused)).toEqual({ ...shown, refusal: 'The folder is gone.' });
});

test('the next growth takes a refusal away', () => {
  const refused = receive(shown, { kind: 'refused', message: 'No.' });
  const grown = receive(refused, { kind: 'grew', status: 'running', events: [later(110)] });
  expect(grown).not.toHaveProperty('refusal');
});

test('what a resumed process does again replaces what was lost', () => {
  const started = {
    ...at(100),
    time: 9,
    kind: 'started',
    totalSteps: 200,
    engine: 'onnx',
    threads: 1,
    pid: 2,
  } as const;
  const resumed: RunEvent = { ...started, seed: { macs: 1, params: 1, latencyMs: 1 } };
  const events = [later(90), later(100), later(150), resumed, later(140)];
  expect(effectiveEvents(events)).toEqual([later(90), later(100), resumed, later(140)]);
});
