// The drawing of a network: what each box costs, where the keyboard leads from one, and what part of it is in view. No drawing here.

import type { CostGraphPicture } from '../../../server/src/protocol/cost-graph.ts';
import type { CostTable, CostTableRow, TableCount } from '../../../server/src/protocol/cost-table.ts';
import { shareOf, shareWords, sumOf, type CostWords } from './cost-tree.ts';

export type GraphBox = CostGraphPicture['boxes'][number];

/** A box with what the table says of its layers. */
export interface CostedBox {
  readonly box: GraphBox;
  readonly index: number;
  readonly rows: readonly CostTableRow[];
  readonly operations: TableCount;
  readonly params: TableCount;
  /** Of all operations of the model, between 0 and 1. */
  readonly share: number;
  /** Boxes with the same number live and die together. */
  readonly tie: number | undefined;
}

export function costedBoxes({ boxes }: CostGraphPicture, table: CostTable): readonly CostedBox[] {
  return boxes.map((box, index) => {
    const rows = box.rows.flatMap((row) => table.rows[row] ?? []);
    const operations = sumOf(rows.map((row) => row.operations));
    return {
      box,
      index,
      rows,
      operations,
      params: sumOf(rows.map(({ params }) => params)),
      share: shareOf(operations, table.totals.operations),
      tie: rows.flatMap(({ tie }) => tie ?? [])[0],
    };
  });
}

/** Whether the drawing is of the model that the table has: between two messages of the host it may be of the one before. */
export function fits(graph: CostGraphPicture, table: CostTable): boolean {
  return graph.entry === table.entry && graph.boxes.every(({ rows }) => rows.every((row) => row < table.rows.length));
}

/** What a box gives and costs; the longest last, which is cut where there is no room. */
export function boxFigures({ box, operations, rows, share }: CostedBox, words: CostWords): readonly string[] {
  return [
    box.shape,
    ...(share === 0 ? [] : [shareWords(share)]),
    ...(rows.length === 0 || operations.value === 0 ? [] : [words.total('operations', operations)]),
  ];
}

/** What a box says to those who hear it, as it is drawn where there is room. */
export function boxWords(costed: CostedBox, words: CostWords): string {
  return `${costed.box.name} ${costed.box.label} ${boxFigures(costed, words).join(' · ')}`;
}

/** The whole drawing in a few sentences. */
export function graphSummary(graph: CostGraphPicture, boxes: readonly CostedBox[]): string {
  const heaviest = [...boxes].sort((one, other) => other.share - one.share).filter(({ share }) => share > 0);
  const named = heaviest.slice(0, 3).map(({ box, share }) => `${box.name} ${shareWords(share)}`);
  const ties = new Set(boxes.flatMap(({ tie }) => tie ?? [])).size;
  return [
    `${counted(graph.boxes.length, 'box', 'boxes')} and ${counted(graph.links.length, 'link', 'links')}.`,
    ...(named.length === 0 ? [] : [`The largest shares: ${named.join(', ')}.`]),
    ...(ties === 0 ? [] : [`${counted(ties, 'color marks', 'colors mark')} layers whose widths change together.`]),
  ].join(' ');
}

const counted = (count: number, one: string, many: string): string => `${String(count)} ${count === 1 ? one : many}`;

/** Where an arrow key leads from a box: along links up and down, otherwise to the next box of about the same height. */
export function neighbour(graph: CostGraphPicture, from: number, key: string): number | undefined {
  const { boxes, links } = graph;
  const here = boxes[from];
  if (here === undefined) return undefined;
  switch (key) {
    case 'ArrowDown':
      return nearestAcross(
        here,
        links.flatMap((link) => (link.from === from ? link.to : [])),
        boxes,
        1,
      );
    case 'ArrowUp':
      return nearestAcross(
        here,
        links.flatMap((link) => (link.to === from ? link.from : [])),
        boxes,
        -1,
      );
    case 'ArrowLeft':
    case 'ArrowRight': {
      const sign = key === 'ArrowLeft' ? -1 : 1;
      const beside = boxes.flatMap(({ x, y, height }, index) =>
        sign * (x - here.x) > 0 && Math.abs(y - here.y) < height ? index : [],
      );
      return least(beside, (index) => sign * ((boxes[index]?.x ?? 0) - here.x));
    }
    case 'Home':
      return 0;
    case 'End':
      return boxes.length - 1;
    default:
      return undefined;
  }
}

/** Of several links the one to the next row, and of these the one that leads straight on. */
function nearestAcross(
  here: GraphBox,
  candidates: readonly number[],
  boxes: readonly GraphBox[],
  sign: 1 | -1,
): number | undefined {
  const distance = ({ x, y, width }: GraphBox): number =>
    100 * sign * (y - here.y) + Math.abs(x + width / 2 - here.x - here.width / 2);
  return least(candidates, (index) => {
    const box = boxes[index];
    return box === undefined ? Infinity : distance(box);
  });
}

function least(candidates: readonly number[], value: (candidate: number) => number): number | undefined {
  const [first, ...others] = candidates;
  if (first === undefined) return undefined;
  return others.reduce((best, other) => (value(other) < value(best) ? other : best), first);
}

/** The part of a drawing that a window of some size shows: `left`, `top` is its upper left corner, in the drawing's pixels. */
export interface GraphView {
  readonly left: number;
  readonly top: number;
  readonly zoom: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const zooms = { least: 0.03, most: 2, firstLeast: 0.8 };

/** Kept within the drawing; one that is smaller than the window stands in its middle. */
export function within(view: GraphView, drawing: Size, window: Size): GraphView {
  const zoom = Math.min(zooms.most, Math.max(zooms.least, view.zoom));
  const place = (wanted: number, whole: number, seen: number): number =>
    whole <= seen ? (whole - seen) / 2 : Math.min(whole - seen, Math.max(0, wanted));
  return {
    zoom,
    left: place(view.left, drawing.width, window.width / zoom),
    top: drawing.height <= window.height / zoom ? 0 : place(view.top, drawing.height, window.height / zoom),
  };
}

/** The beginning of the network as large as it can be read, as wide as it goes. */
export function beginning(graph: CostGraphPicture, window: Size): GraphView {
  const zoom = Math.min(1, Math.max(zooms.firstLeast, window.width / graph.width));
  const [first] = graph.boxes;
  const middle = first === undefined ? graph.width / 2 : first.x + first.width / 2;
  return within({ zoom, left: middle - window.width / zoom / 2, top: 0 }, graph, window);
}

export function whole(graph: CostGraphPicture, window: Size): GraphView {
  const zoom = Math.min(1, window.width / graph.width, window.height / graph.height);
  return within({ zoom, left: 0, top: 0 }, graph, window);
}

/** Nearer or further, with the point that is `at` this place of the window left where it is. */
export function zoomed(
  view: GraphView,
  factor: number,
  at: { readonly x: number; readonly y: number },
  drawing: Size,
  window: Size,
): GraphView {
  const zoom = Math.min(zooms.most, Math.max(zooms.least, view.zoom * factor));
  const left = view.left + at.x / view.zoom - at.x / zoom;
  const top = view.top + at.y / view.zoom - at.y / zoom;
  return within({ zoom, left, top }, drawing, window);
}

/** The view itself where a box is in it, otherwise one that has the box in its middle. */
export function showing(view: GraphView, box: GraphBox, drawing: Size, window: Size): GraphView {
  const [width, height] = [window.width / view.zoom, window.height / view.zoom];
  const isIn =
    box.x >= view.left &&
    box.y >= view.top &&
    box.x + box.width <= view.left + width &&
    box.y + box.height <= view.top + height;
  if (isIn) return view;
  const left = box.x + box.width / 2 - width / 2;
  const top = box.y + box.height / 2 - height / 2;
  return within({ ...view, left, top }, drawing, window);
}

/** Whether something reaches into the view. */
export function isInView(
  extent: { readonly x: number; readonly y: number } & Size,
  { left, top, zoom }: GraphView,
  window: Size,
): boolean {
  return (
    extent.x < left + window.width / zoom &&
    extent.x + extent.width > left &&
    extent.y < top + window.height / zoom &&
    extent.y + extent.height > top
  );
}

/** What a link takes up. */
export function extentOf(points: CostGraphPicture['links'][number]['points']): { x: number; y: number } & Size {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** A smooth line through a link's points. */
export function pathOf({ points, isAside }: CostGraphPicture['links'][number]): string {
  const [start, ...others] = points;
  if (start === undefined) return '';
  const text = ({ x, y }: { readonly x: number; readonly y: number }): string => `${x.toFixed(1)} ${y.toFixed(1)}`;
  if (isAside) {
    const [middle = start, end = start] = others;
    // A curve of which the middle is half as far out as its handles.
    const out = 2 * middle.x - Math.max(start.x, end.x);
    return `M${text(start)}C${text({ x: out, y: start.y })} ${text({ x: out, y: end.y })} ${text(end)}`;
  }
  let before = start;
  const parts = others.map((point) => {
    const middle = (before.y + point.y) / 2;
    const part = `C${text({ x: before.x, y: middle })} ${text({ x: point.x, y: middle })} ${text(point)}`;
    before = point;
    return part;
  });
  return `M${text(start)}${parts.join('')}`;
}

/** Text of at most so many characters; of a long name the end is what tells. */
export function cutFront(text: string, most: number): string {
  return text.length <= most ? text : `…${text.slice(text.length - most + 1)}`;
}

export function cutEnd(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
