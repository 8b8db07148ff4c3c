// The controller's state survives its checkpoint exactly, and is refused when it is not understood.

import { expect, it } from 'vitest';
import type { StrengthState } from '../../../../server/src/structure/strength-controller.ts';
import { formatControllerState, parseControllerState } from '../../../../server/src/training/loop/controller-state.ts';

const shrinking: StrengthState = {
  version: 1,
  phase: 'shrink',
  // Numbers that no short decimal equals: the next step depends on their last bit.
  strength: 0.1 + 0.2,
  start: { step: 6, ratio: 1 / 3 },
  ratio: Number.MIN_VALUE,
  error: -1e-17,
  kept: undefined,
  isForced: false,
};

it.for<readonly [string, StrengthState]>([
  ['at the beginning', { ...shrinking, phase: 'warm-up', strength: 0, start: undefined }],
  ['while it shrinks', shrinking],
  ['when the structure is decided', { ...shrinking, phase: 'hold', kept: [0, 3, 5], isForced: true }],
])('a state %s comes back as it was', ([, state]) => {
  expect(parseControllerState(formatControllerState(state))).toEqual({ ok: true, value: state });
});

it.for([
  ['no JSON', '{"version":1'],
  ['another version', formatControllerState(shrinking).replace('"version":1', '"version":2')],
  ['an unknown phase', formatControllerState(shrinking).replace('shrink', 'rest')],
  ['a strength that was no number', formatControllerState({ ...shrinking, strength: NaN })],
])('%s is refused with what to do', ([, text = '']) => {
  const state = parseControllerState(text);
  expect(!state.ok && state.error).toContain('Start the run anew');
});
