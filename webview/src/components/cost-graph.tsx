// A model's network as a graph: boxes by what they cost, ties in colors, with the ways of a map: drag, wheel, keys. Only what is
// in view is drawn.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CostGraphPicture } from '../../../server/src/protocol/cost-graph.ts';
import type { CostTable, FromCostPage } from '../../../server/src/protocol/cost-table.ts';
import {
  beginning,
  boxFigures,
  boxWords,
  costedBoxes,
  cutEnd,
  cutFront,
  extentOf,
  graphSummary,
  isInView,
  neighbour,
  pathOf,
  showing,
  whole,
  within,
  zoomed,
  type CostedBox,
  type GraphView,
  type Size,
} from '../model/cost-graph.ts';
import type { CostWords } from '../model/cost-tree.ts';
import { tieColors, tieWords } from '../model/ties.ts';

export interface CostGraphProperties {
  readonly graph: CostGraphPicture;
  readonly table: CostTable;
  readonly words: CostWords;
  /** Boxes without this text step back. */
  readonly filter: string;
  readonly cursor: { readonly uri: string; readonly line: number } | undefined;
  readonly post: (message: FromCostPage) => void;
}

/** Below this zoom nobody can read. */
const readable = 0.35;
/** How far a step of the keyboard or a button zooms. */
const step = 1.25;

export function CostGraph({ graph, table, words, filter, cursor, post }: CostGraphProperties) {
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const boxes = useMemo(() => costedBoxes(graph, table), [graph, table]);
  const extents = useMemo(() => graph.links.map(({ points }) => extentOf(points)), [graph]);
  const largest = Math.max(...boxes.map(({ share }) => share), 0);
  const [moved, setMoved] = useState<GraphView>();
  const [current, setCurrent] = useState(0);
  const [pointed, setPointed] = useState<number>();
  /** A box that the keyboard goes to as soon as it is drawn. */
  const wanted = useRef<number | undefined>(undefined);
  const drag = useRef<{ readonly x: number; readonly y: number; readonly from: GraphView } | undefined>(undefined);
  const view = within(moved ?? beginning(graph, size), graph, size);
  const isHere = ({ box: { places } }: CostedBox): boolean =>
    cursor !== undefined && places.some(({ uri, line }) => uri === cursor.uri && line === cursor.line);

  // Follows the cursor: the first box of its line comes into view.
  useEffect(() => {
    const found = boxes.find(isHere);
    if (found === undefined) return;
    setCurrent(found.index);
    setMoved((before) => showing(before ?? beginning(graph, size), found.box, graph, size));
  }, [cursor]);
  useEffect(() => {
    if (wanted.current === undefined) return;
    box.current?.querySelector<SVGGElement>(`[data-box="${String(wanted.current)}"]`)?.focus({ preventScroll: true });
    wanted.current = undefined;
  });

  const goTo = (index: number): void => {
    const found = graph.boxes[index];
    if (found === undefined) return;
    wanted.current = index;
    setCurrent(index);
    setMoved(showing(view, found, graph, size));
  };
  const middle = { x: size.width / 2, y: size.height / 2 };
  const zoomBy = (factor: number, at = middle): void => setMoved(zoomed(view, factor, at, graph, size));
  const press = (event: KeyboardEvent): void => {
    const keys: Readonly<Record<string, () => void>> = {
      Enter: () => post({ kind: 'show-box', box: current }),
      ' ': () => post({ kind: 'show-box', box: current }),
      '+': () => zoomBy(step),
      '=': () => zoomBy(step),
      '-': () => zoomBy(1 / step),
      '0': () => setMoved(whole(graph, size)),
    };
    const next = neighbour(graph, current, event.key);
    const act = next === undefined ? keys[event.key] : () => goTo(next);
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  const turn = (event: WheelEvent): void => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      zoomBy(Math.exp(-event.deltaY / 300), { x: event.offsetX, y: event.offsetY });
      return;
    }
    const next = within(
      { ...view, left: view.left + event.deltaX / view.zoom, top: view.top + event.deltaY / view.zoom },
      graph,
      size,
    );
    // At an end the page goes on.
    if (next.left === view.left && next.top === view.top) return;
    event.preventDefault();
    setMoved(next);
  };
  const told = boxes[pointed ?? current];
  const drawn = boxes.filter(({ box: one, index }) => index === current || isInView(one, view, size));
  return (
    <section aria-label="Graph" class="graph">
      <p id="graph-summary">{graphSummary(graph, boxes)}</p>
      <div class="tools" role="group" aria-label="Zoom">
        <button type="button" onClick={() => zoomBy(1 / step)}>
          Zoom out
        </button>
        <button type="button" onClick={() => zoomBy(step)}>
          Zoom in
        </button>
        <button type="button" onClick={() => setMoved(whole(graph, size))}>
          Whole graph
        </button>
        <span class="note">Arrow keys follow links, Enter goes to the code; Ctrl and the wheel, + and − zoom.</span>
      </div>
      <div
        ref={box}
        class="graph-box"
        onWheel={turn}
        onKeyDown={press}
        onPointerDown={(event) => {
          if (event.button === 0) drag.current = { x: event.clientX, y: event.clientY, from: view };
        }}
        onPointerMove={(event) => {
          const start = drag.current;
          if (start === undefined) return;
          const [x, y] = [event.clientX - start.x, event.clientY - start.y];
          // A click moves the pointer by a little, too.
          if (Math.abs(x) + Math.abs(y) < 4) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          const { left, top, zoom } = start.from;
          setMoved(within({ zoom, left: left - x / zoom, top: top - y / zoom }, graph, size));
        }}
        onPointerUp={() => (drag.current = undefined)}
        onPointerCancel={() => (drag.current = undefined)}
      >
        <svg
          width={size.width}
          height={size.height}
          viewBox={`${String(view.left)} ${String(view.top)} ${String(size.width / view.zoom)} ${String(size.height / view.zoom)}`}
          role="group"
          aria-label={`Network of ${table.entry === '' ? table.file : table.entry}`}
          aria-describedby="graph-summary"
        >
          <g class="links" aria-hidden="true">
            {graph.links.map((link, index) => {
              const extent = extents[index];
              return extent === undefined || !isInView(extent, view, size) ? null : (
                <path
                  key={index}
                  class={link.isAside ? 'link-line aside' : 'link-line'}
                  d={pathOf(link)}
                  vector-effect="non-scaling-stroke"
                />
              );
            })}
          </g>
          {drawn.map((costed) => (
            <Box
              key={costed.index}
              costed={costed}
              words={words}
              heat={largest === 0 ? 0 : costed.share / largest}
              isCurrent={costed.index === current}
              isHere={isHere(costed)}
              isQuiet={!hasText(costed, filter)}
              isReadable={view.zoom >= readable}
              choose={() => {
                setCurrent(costed.index);
                post({ kind: 'show-box', box: costed.index });
              }}
              point={(isOver) => setPointed(isOver ? costed.index : undefined)}
            />
          ))}
        </svg>
      </div>
      <p class="readout">{told !== undefined && told.index < graph.boxes.length && toldOf(told, table, words)}</p>
    </section>
  );
}

/** All of a box, in words: of long names a box shows the end only. */
function toldOf(costed: CostedBox, table: CostTable, words: CostWords): string {
  const { rows, tie, params } = costed;
  const tied = tie === undefined ? undefined : rows.find((row) => row.tie === tie);
  return [
    boxWords(costed, words),
    ...(rows.length === 0 ? [] : [words.total('params', params)]),
    ...(tied === undefined ? [] : [tieWords(table, tied)]),
  ].join(' · ');
}

interface BoxProperties {
  readonly costed: CostedBox;
  readonly words: CostWords;
  /** Its share beside the largest, between 0 and 1. */
  readonly heat: number;
  readonly isCurrent: boolean;
  readonly isHere: boolean;
  readonly isQuiet: boolean;
  readonly isReadable: boolean;
  readonly choose: () => void;
  /** The pointer is over it, or has left it. */
  readonly point: (isOver: boolean) => void;
}

/** Pixels that a character takes, about; and what stands beside the text. */
const text = { character: 6.4, left: 14, around: 22 };

function Box(properties: BoxProperties) {
  const { costed, words, heat, isCurrent, isHere, isQuiet, isReadable, choose, point } = properties;
  const { box, tie, share, index } = costed;
  const { x, y, width, height } = box;
  const most = Math.floor((width - text.around) / text.character);
  return (
    <g class={`graph-node${isHere ? ' here' : ''}${isQuiet ? ' quiet' : ''}`}>
      <g aria-hidden="true">
        <rect class="frame" x={x} y={y} width={width} height={height} rx="4" />
        <rect class="heat" x={x} y={y} width={width} height={height} rx="4" fill-opacity={(0.34 * heat).toFixed(3)} />
        <rect class="share-line" x={x} y={y + height - 4} width={width * Math.min(1, share)} height="4" />
        {tie !== undefined && (
          <rect class={`tie-${String(tie % tieColors)}`} x={x} y={y + 3} width="6" height={height - 6} rx="2" />
        )}
        {isReadable && (
          <>
            <text class="name" x={x + text.left} y={y + 17}>
              {`${cutFront(box.name, most)} `}
            </text>
            <text x={x + text.left} y={y + 33}>
              {`${cutEnd(box.label, most)} `}
            </text>
            <text x={x + text.left} y={y + 49}>
              {cutEnd(boxFigures(costed, words).join(' · '), most)}
            </text>
          </>
        )}
      </g>
      {/* What is drawn may be cut; the name of what is pressed says all. */}
      <rect
        class="hit"
        x={x}
        y={y}
        width={width}
        height={height}
        rx="4"
        role="button"
        data-box={index}
        // SVG knows the attribute in lower case only.
        tabindex={isCurrent ? 0 : -1}
        aria-label={boxWords(costed, words)}
        aria-current={isHere ? 'true' : undefined}
        onClick={choose}
        onPointerEnter={() => point(true)}
        onPointerLeave={() => point(false)}
      />
    </g>
  );
}

function hasText({ box, rows }: CostedBox, filter: string): boolean {
  const wanted = filter.trim().toLowerCase();
  const texts = [box.name, box.label, box.shape, ...rows.map(({ name }) => name)];
  return wanted === '' || texts.some((one) => one.toLowerCase().includes(wanted));
}

/** The size of an element, as it is now. */
function useSize(element: { readonly current: HTMLElement | null }): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const look = (): void => setSize({ width: current.clientWidth, height: current.clientHeight });
    look();
    const observer = new ResizeObserver(look);
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return size;
}
