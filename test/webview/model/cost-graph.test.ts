// The drawing of a network on its page: costs by box, the keyboard's ways, and what part of it is in view.

import { expect, test } from 'vitest';
import {
  beginning,
  boxWords,
  costedBoxes,
  cutEnd,
  cutFront,
  fits,
  graphSummary,
  isInView,
  neighbour,
  showing,
  whole,
  within,
  zoomed,
} from '../../../webview/src/model/cost-graph.ts';
import { costWords } from '../../../webview/src/model/cost-tree.ts';
import { sampleCosts, sampleGraph, sampleTried } from '../sample-costs.ts';

const graph = sampleGraph();
const window = { width: 400, height: 300 };

test('a box has the sum of its rows, its share and its tie; tried widths change them', () => {
  const boxes = costedBoxes(graph, sampleCosts());
  const stem = boxes.find(({ box }) => box.name === 'stem')!;
  expect([stem.operations.value, stem.tie]).toEqual([1_000_000, 0]);
  expect(stem.share).toBeCloseTo(1 / 6);
  expect(boxWords(stem, costWords(sampleCosts()))).toBe('stem Conv2d · ReLU 16×32×32 · 16.7 % · 1.00 MMACs');
  const tried = costedBoxes(graph, sampleTried('stem', 8).table);
  expect(tried.find(({ box }) => box.name === 'stem')!.share).toBeCloseTo(1 / 5);
});

test('is told in a few sentences', () => {
  expect(graphSummary(graph, costedBoxes(graph, sampleCosts()))).toBe(
    '8 boxes and 8 links. The largest shares: stem 16.7 %, layer1.0.conv1 16.7 %, layer1.0.conv2 16.7 %. 1 color marks layers whose widths change together.',
  );
});

test('of another model, or of more rows than there are, it is not drawn', () => {
  expect(fits(graph, sampleCosts())).toBe(true);
  expect(fits(graph, { ...sampleCosts(), entry: 'Other()' })).toBe(false);
  expect(fits(graph, { ...sampleCosts(), rows: sampleCosts().rows.slice(0, 3) })).toBe(false);
});

test('arrow keys follow links to the nearest row, and go beside', () => {
  const named = (name: string): number => graph.boxes.findIndex((box) => box.name === name);
  const from = (name: string, key: string): string | undefined =>
    graph.boxes[neighbour(graph, named(name), key) ?? -1]?.name;
  expect(from('stem', 'ArrowDown')).toBe('layer1.0.conv1');
  expect(from('fc', 'ArrowUp')).toBe('layer1.0.conv2');
  expect(from('input', 'ArrowUp')).toBeUndefined();
  expect(from('layer1.0.conv1', 'ArrowRight')).toBe('layer1.1.conv1');
  expect(from('layer1.1.conv1', 'ArrowLeft')).toBe('layer1.0.conv1');
  expect([from('stem', 'Home'), from('stem', 'End'), from('stem', 'a')]).toEqual(['input', 'fc', undefined]);
});

test('a view stays within the drawing', () => {
  const drawing = { width: 1000, height: 2000 };
  expect(within({ left: -50, top: 5000, zoom: 1 }, drawing, window)).toEqual({ left: 0, top: 1700, zoom: 1 });
  // One that is smaller stands in the middle.
  expect(within({ left: 0, top: 0, zoom: 1 }, { width: 100, height: 100 }, window)).toEqual({
    left: -150,
    top: 0,
    zoom: 1,
  });
});

test('zooming leaves the point under the pointer where it is', () => {
  const drawing = { width: 1000, height: 2000 };
  const before = { left: 100, top: 400, zoom: 1 };
  const at = { x: 200, y: 100 };
  const after = zoomed(before, 1.5, at, drawing, window);
  expect(after.left + at.x / after.zoom).toBeCloseTo(before.left + at.x);
  expect(after.top + at.y / after.zoom).toBeCloseTo(before.top + at.y);
});

test('the whole graph is in view where it is asked for, the first box at the beginning', () => {
  const all = whole(graph, window);
  expect(graph.boxes.every((box) => isInView(box, all, window))).toBe(true);
  expect(isInView(graph.boxes[0]!, beginning(graph, window), window)).toBe(true);
});

test('a box that is in view moves nothing; another comes into the middle', () => {
  const view = { left: 0, top: 0, zoom: 1 };
  const [first, last] = [graph.boxes[0]!, graph.boxes.at(-1)!];
  expect(showing(view, first, graph, window)).toBe(view);
  expect(isInView(last, view, window)).toBe(false);
  expect(isInView(last, showing(view, last, graph, window), window)).toBe(true);
});

test('long names keep their end, long labels their beginning', () => {
  expect([cutFront('layer1.0.conv1', 7), cutEnd('BatchNorm2d', 6)]).toEqual(['….conv1', 'Batch…']);
});
