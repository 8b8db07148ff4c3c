// Where a drawing's boxes and links go: nothing lies upon anything else, and links that lead far do not make it slow or wide.

import { expect, test } from 'vitest';
import { layOut, type Drawing } from '../../../server/src/analysis/layered-layout.ts';

const size = { width: 100, height: 60 };

/** Each layer reads all before it, as in DenseNet. */
function dense(layers: number): Drawing {
  const boxes = Array.from({ length: layers }, () => size);
  const links = boxes.flatMap((_, to) => Array.from({ length: to }, (__, from) => ({ from, to })));
  return { boxes, links };
}

test('boxes stand below those that they read, and none upon another', () => {
  const links = [
    { from: 0, to: 1 },
    { from: 0, to: 2 },
    { from: 1, to: 3 },
    { from: 2, to: 3 },
    { from: 0, to: 3 },
  ];
  const { boxes, width, height } = layOut({ boxes: [size, size, size, size], links });
  for (const { from, to } of links) expect(boxes[to]!.y).toBeGreaterThanOrEqual(boxes[from]!.y + size.height);
  expect(boxes[1]!.y).toBe(boxes[2]!.y);
  expect(Math.abs(boxes[1]!.x - boxes[2]!.x)).toBeGreaterThanOrEqual(size.width);
  for (const { x, y } of boxes) {
    expect(x >= 0 && x + size.width <= width && y >= 0 && y + size.height <= height).toBe(true);
  }
});

test('a link goes from box to box', () => {
  const { boxes, links } = layOut({ boxes: [size, size], links: [{ from: 0, to: 1 }] });
  const [first, last] = [links[0]!.points[0]!, links[0]!.points.at(-1)!];
  expect(first.y).toBeCloseTo(boxes[0]!.y + size.height);
  expect(last.y).toBeCloseTo(boxes[1]!.y);
});

test('links that pass too many rows go aside, the nearest ones not, and the drawing stays narrow', () => {
  const drawing = dense(60);
  const { links, width } = layOut(drawing);
  const spans = (isAside: boolean): readonly number[] =>
    drawing.links.filter((_, index) => links[index]!.isAside === isAside).map(({ from, to }) => to - from);
  expect(Math.max(...spans(false))).toBeLessThanOrEqual(Math.min(...spans(true)));
  expect(spans(false)).toContain(1);
  // Of boxes and links in the layout alone it would be tens of boxes wide.
  expect(width).toBeLessThan(40 * size.width);
});
