// What was measured beside what is predicted: a module's time is that of the layers in it.

import { expect, test } from 'vitest';
import { costTree } from '../../../webview/src/model/cost-tree.ts';
import { measuredTimes, timesSentence } from '../../../webview/src/model/measured-times.ts';
import { sampleCosts } from '../sample-costs.ts';

const times = {
  threads: 1,
  batch: 1,
  milliseconds: 2,
  spread: 0.04,
  layers: [
    { name: 'stem', milliseconds: 0.5 },
    { name: 'layer1.0.conv1', milliseconds: 0.25 },
    { name: 'layer1.1.conv2', milliseconds: 0.75 },
  ],
};

test('modules sum what was measured below them, and what was not has no time', () => {
  expect([...measuredTimes(costTree(sampleCosts()), times)]).toEqual([
    ['stem', 0.5],
    ['layer1.0.conv1', 0.25],
    ['layer1.0', 0.25],
    ['layer1.1.conv2', 0.75],
    ['layer1.1', 0.75],
    ['layer1', 1],
  ]);
});

test('a sentence has the whole, measured and predicted', () => {
  expect(timesSentence(sampleCosts(), times)).toBe(
    'The whole model took 2.0 ms here (one thread, batch 1, repetitions vary by 4 %), 6.0 µs predicted for V100. Layers were measured alone; one that the runtime joins to its neighbor takes longer so.',
  );
});
