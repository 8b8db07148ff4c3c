// Where the boxes and links of a drawing go: layer by layer from top to bottom, as dagre lays it out. Numbers in, numbers out.

import { Graph, layout, type EdgeLabel, type GraphLabel, type NodeLabel } from '@dagrejs/dagre';

/** Sizes are in pixels at a zoom of 1. */
export interface Drawing {
  readonly boxes: readonly { readonly width: number; readonly height: number }[];
  /** Places in `boxes`; a link leads from an earlier box to a later one. */
  readonly links: readonly { readonly from: number; readonly to: number }[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface LaidOut {
  readonly width: number;
  readonly height: number;
  /** The upper left corner of each box. */
  readonly boxes: readonly Point[];
  /** Where each link goes along, both ends included; `isAside`: past the boxes, since it leads far. */
  readonly links: readonly { readonly points: readonly Point[]; readonly isAside: boolean }[];
}

/**
 * How many rows all links together may pass, by how many boxes there are. Each such place takes part in the layout like a box:
 * where every layer reads all before it, as in DenseNet, they would be some fifty thousand, of which the drawing gets as wide.
 */
const mostPassed = (boxes: number): number => Math.max(300, 1.3 * boxes);

const margin = 16;
/** Pixels between boxes beside each other, and between rows. */
const gaps = { across: 28, down: 26 };

export function layOut({ boxes, links }: Drawing): LaidOut {
  const drawn = new Set(nearLinks(boxes.length, links));
  const graph = new Graph<GraphLabel, NodeLabel, EdgeLabel>();
  graph.setGraph({ nodesep: gaps.across, ranksep: gaps.down, marginx: margin, marginy: margin });
  graph.setDefaultEdgeLabel(() => ({}));
  boxes.forEach(({ width, height }, box) => graph.setNode(String(box), { width, height }));
  for (const { from, to } of drawn) graph.setEdge(String(from), String(to));
  layout(graph);
  const placed = boxes.map(({ width, height }, box): Point => {
    const { x = 0, y = 0 } = graph.node(String(box));
    return { x: x - width / 2, y: y - height / 2 };
  });
  const right = (box: number): Point => {
    const [corner, size] = [placed[box], boxes[box]];
    return { x: (corner?.x ?? 0) + (size?.width ?? 0), y: (corner?.y ?? 0) + (size?.height ?? 0) / 2 };
  };
  const routes = links.map((link) => {
    const { from, to } = link;
    if (drawn.has(link)) return { points: graph.edge(String(from), String(to)).points ?? [], isAside: false };
    const [start, end] = [right(from), right(to)];
    const bow = Math.min(240, 24 + Math.abs(end.y - start.y) / 12);
    const middle = { x: Math.max(start.x, end.x) + bow, y: (start.y + end.y) / 2 };
    return { points: [start, middle, end], isAside: true };
  });
  const ends = [
    ...placed.map(({ x, y }, box) => ({ x: x + (boxes[box]?.width ?? 0), y: y + (boxes[box]?.height ?? 0) })),
    ...routes.flatMap(({ points }) => points),
  ];
  return {
    width: ends.reduce((most, { x }) => Math.max(most, x), 0) + margin,
    height: ends.reduce((most, { y }) => Math.max(most, y), 0) + margin,
    boxes: placed,
    links: routes,
  };
}

/** The links that take part in the layout: all, or the nearest ones where they would pass too many rows. */
function nearLinks(boxes: number, links: Drawing['links']): Drawing['links'] {
  const rows = Array.from({ length: boxes }, () => 0);
  const inOrder = [...links].sort((one, other) => one.from - other.from);
  for (const { from, to } of inOrder) rows[to] = Math.max(rows[to] ?? 0, (rows[from] ?? 0) + 1);
  const passed = ({ from, to }: Drawing['links'][number]): number => (rows[to] ?? 0) - (rows[from] ?? 0) - 1;
  let left = mostPassed(boxes);
  return [...links]
    .sort((one, other) => passed(one) - passed(other))
    .filter((link) => {
      left -= passed(link);
      return left >= 0;
    });
}
