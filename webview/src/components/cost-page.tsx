// What every layer of a model costs, as a tree that can be sorted, filtered and folded.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CostGraphPicture } from '../../../server/src/protocol/cost-graph.ts';
import type {
  CostPageView,
  CostTable,
  CostTableRow,
  FromCostPage,
  TriedCosts,
} from '../../../server/src/protocol/cost-table.ts';
import type { ModelMeasurement } from '../../../server/src/protocol/model-measurement.ts';
import { fits } from '../model/cost-graph.ts';
import { costCopy, type CopyFormat } from '../model/cost-copies.ts';
import {
  costTree,
  costWords,
  firstView,
  modulePaths,
  quantities,
  shareOf,
  shareWords,
  visibleNodes,
  type CostNode,
  type CostView,
  type CostWords,
  type SortKey,
} from '../model/cost-tree.ts';
import { measuredTimes, timesSentence, timeText } from '../model/measured-times.ts';
import { tieColors, tieWords } from '../model/ties.ts';
import {
  askedOf,
  haveSameWidths,
  isNothing,
  nothingWritten,
  triedTable,
  withWidth,
  type WrittenWidths,
} from '../model/tried-widths.ts';
import { useIsNarrow } from '../is-narrow.ts';
import { CostGraph } from './cost-graph.tsx';
import { CostComparison } from './cost-comparison.tsx';
import { RowTable, type Column } from './row-table.tsx';
import { TriedWidths } from './tried-widths.tsx';

interface Compared {
  readonly name: string;
  readonly table: CostTable;
}

export interface CostPageState {
  readonly table?: CostTable;
  readonly refusal?: string;
  /** What the model and its layers took on this machine. */
  readonly times?: ModelMeasurement;
  /** The costs at the widths that were asked for last, or why there are none. */
  readonly tried?: TriedCosts;
  readonly notTried?: string;
  /** What the costs are compared with. */
  readonly compared?: Compared & { readonly from?: Compared };
  /** The network as a drawing, or why there is none. */
  readonly graph?: CostGraphPicture;
  readonly noGraph?: string;
  /** What the host asked to be shown; each asking is a value of its own. */
  readonly shown?: { readonly view: CostPageView };
  /** Where the cursor stands in the source. */
  readonly cursor?: { readonly uri: string; readonly line: number };
}

export interface CostPageProperties {
  readonly state: CostPageState;
  readonly post: (message: FromCostPage) => void;
}

export function CostPage({ state, post }: CostPageProperties) {
  const { table, refusal } = state;
  return (
    <main>
      {refusal !== undefined && (
        <p class="message" role="alert">
          {refusal}
        </p>
      )}
      {table === undefined ? (
        refusal === undefined && <p class="empty">Reading the model…</p>
      ) : (
        <Costs present={table} state={state} post={post} />
      )}
    </main>
  );
}

interface CostsProperties extends CostPageProperties {
  readonly present: CostTable;
}

/** What is written into the fields for widths; a table of other widths, such as after an edit, begins anew. */
function useWrittenWidths(
  present: CostTable,
  post: CostPageProperties['post'],
): readonly [WrittenWidths, (written: WrittenWidths) => void] {
  const [written, setWritten] = useState(nothingWritten);
  const before = useRef(present);
  useEffect(() => {
    const isSame = haveSameWidths(before.current, present);
    before.current = present;
    if (!isSame) setWritten(nothingWritten);
    else if (!isNothing(written)) post({ kind: 'try', asked: askedOf(written) });
  }, [present]);
  const write = (next: WrittenWidths): void => {
    setWritten(next);
    if (!isNothing(next)) post({ kind: 'try', asked: askedOf(next) });
  };
  return [written, write];
}

/** Table or graph, as the user or the host said last. */
function useShownView(
  asked: CostPageState['shown'],
  post: CostPageProperties['post'],
): readonly [CostPageView, (view: CostPageView) => void] {
  const [shown, setShown] = useState<CostPageView>(asked?.view ?? 'table');
  const show = (next: CostPageView): void => {
    setShown(next);
    post({ kind: 'view', view: next });
  };
  useEffect(() => {
    if (asked !== undefined) show(asked.view);
  }, [asked]);
  return [shown, show];
}

function Costs({ present, state, post }: CostsProperties) {
  const { tried, notTried, times, cursor, compared, graph, noGraph } = state;
  const [shownView, show] = useShownView(state.shown, post);
  const [view, setView] = useState<CostView>(firstView);
  const [written, write] = useWrittenWidths(present, post);
  const isNarrow = useIsNarrow();
  // A comparison that was ended stays so until another is asked for.
  const [ended, setEnded] = useState<CostPageState['compared']>();
  const shown = isNothing(written) ? undefined : tried;
  const table = useMemo(() => triedTable(present, shown), [present, shown]);
  const presentWidths = useMemo(() => new Map(present.rows.map((row) => [row.name, row.width])), [present]);
  const roots = useMemo(() => costTree(table), [table]);
  const nodes = useMemo(() => visibleNodes(roots, view), [roots, view]);
  const words = useMemo(() => costWords(table), [table]);
  const measured = useMemo(() => times && measuredTimes(roots, times), [roots, times]);
  const layers = roots.reduce((sum, node) => sum + node.layers, 0);
  const total = quantities
    .filter((quantity) => quantity !== 'memory')
    .map((quantity) => words.total(quantity, table.totals[quantity]));
  const fold = (path: string): void => {
    const folded = new Set(view.folded);
    if (!folded.delete(path)) folded.add(path);
    setView({ ...view, folded });
  };
  const sortBy = (sort: SortKey): void =>
    setView({ ...view, sort, descending: view.sort === sort ? !view.descending : sort !== 'order' && sort !== 'name' });
  return (
    <>
      <h1>{table.entry === '' ? table.file : table.entry}</h1>
      <p>
        Input {table.input} · {layers} layers · {total.join(' · ')}
        {table.isStale && <strong> · The source has an error; these are the figures from before it.</strong>}
      </p>
      <details>
        <summary>Memory</summary>
        <p class="note">
          {table.memory.join(' ')} The column Memory has a layer’s weights, and what it keeps for the backward pass.
        </p>
      </details>
      {times !== undefined && <p role="status">{timesSentence(table, times)}</p>}
      <div class="tools">
        <span role="group" aria-label="Show as">
          <button type="button" aria-pressed={shownView === 'table'} onClick={() => show('table')}>
            Table
          </button>
          <button type="button" aria-pressed={shownView === 'graph'} onClick={() => show('graph')}>
            Graph
          </button>
        </span>
        <label>
          Filter{' '}
          <input
            type="search"
            value={view.filter}
            placeholder="name, kind or shape"
            onInput={(event) => setView({ ...view, filter: event.currentTarget.value })}
          />
        </label>
        {shownView === 'table' && (
          <>
            <button type="button" onClick={() => setView({ ...view, folded: new Set() })}>
              Unfold all
            </button>
            <button type="button" onClick={() => setView({ ...view, folded: new Set(modulePaths(roots)) })}>
              Fold all
            </button>
          </>
        )}
        <button type="button" onClick={() => post({ kind: 'measure' })}>
          Measure here
        </button>
        <button type="button" onClick={() => post({ kind: 'compare' })}>
          Compare…
        </button>
        <label>
          Scale all widths by{' '}
          <input
            type="text"
            class="scale"
            value={written.scale}
            placeholder="0.75 or 75 %"
            onChange={(event) => write({ ...written, scale: event.currentTarget.value })}
          />
        </label>
        <Copies copy={(format) => post({ kind: 'copy', text: costCopy(table, format) })} />
      </div>
      {!isNothing(written) && (
        <TriedWidths
          tried={tried}
          problem={notTried}
          set={() => post({ kind: 'set', asked: askedOf(written) })}
          reset={() => write(nothingWritten)}
        />
      )}
      {compared !== undefined && compared !== ended && (
        <CostComparison
          here={compared.from?.table ?? table}
          there={compared.table}
          name={compared.name}
          from={compared.from?.name}
          close={() => setEnded(compared)}
        />
      )}
      {shownView === 'graph' ? (
        graph !== undefined && fits(graph, table) ? (
          <CostGraph graph={graph} table={table} words={words} filter={view.filter} cursor={cursor} post={post} />
        ) : (
          <p role="status">{noGraph ?? 'Laying the network out…'}</p>
        )
      ) : (
        <>
          <p class="visually-hidden" role="status">
            {nodes.length} rows are shown
          </p>
          <RowTable
            caption={`Costs of ${table.entry === '' ? table.file : table.entry}, layer by layer`}
            columns={columnsOf(words, view, sortBy, { isMeasured: times !== undefined, isNarrow })}
            count={nodes.length}
            lines={isNarrow ? 2 : 1}
            row={(index) => {
              const node = nodes[index];
              return node === undefined ? (
                <></>
              ) : (
                <NodeRow
                  node={node}
                  table={table}
                  measured={measured}
                  words={words}
                  view={view}
                  isNarrow={isNarrow}
                  cursor={cursor}
                  fold={fold}
                  post={post}
                  presentWidth={presentWidths.get(node.path) ?? null}
                  written={written.layers.get(node.path)}
                  writeWidth={(row, text) => write(withWidth(written, row, text))}
                />
              );
            }}
          />
        </>
      )}
    </>
  );
}

function Copies({ copy }: { readonly copy: (format: CopyFormat) => void }) {
  return (
    <span role="group" aria-label="Copy the table">
      Copy as{' '}
      <button type="button" onClick={() => copy('markdown')}>
        Markdown
      </button>{' '}
      <button type="button" onClick={() => copy('csv')}>
        CSV
      </button>{' '}
      <button type="button" onClick={() => copy('json')}>
        JSON
      </button>
    </span>
  );
}

function columnsOf(
  words: CostWords,
  view: CostView,
  sortBy: (key: SortKey) => void,
  { isMeasured, isNarrow }: { readonly isMeasured: boolean; readonly isNarrow: boolean },
): readonly Column[] {
  const sortable = (title: string, key: SortKey, numeric = true): Column => ({
    title,
    numeric,
    sorted: view.sort !== key ? undefined : view.descending ? 'descending' : 'ascending',
    sort: () => sortBy(key),
  });
  return [
    sortable('Layer', view.sort === 'name' || (view.sort === 'order' && view.descending) ? 'name' : 'order', false),
    ...(isNarrow ? [] : [{ title: 'Output', numeric: true }]),
    { title: 'Width', numeric: true },
    sortable(words.headings.operations, 'operations'),
    ...(isNarrow ? [] : [sortable('Share', 'operations')]),
    sortable(isNarrow ? 'Params' : words.headings.params, 'params'),
    // Narrow headings may be divided, as the numbers below need less room than the word.
    sortable(
      isNarrow
        ? `${words.headings.activations.replace('tions', '\u00adtions')} · ${words.headings.memory}`
        : words.headings.activations,
      'activations',
    ),
    ...(isNarrow ? [] : [sortable(words.headings.memory, 'memory')]),
    sortable(words.headings.latencyMs, 'latencyMs'),
    ...(isMeasured ? [{ title: 'Measured here', numeric: true }] : []),
  ];
}

interface NodeRowProperties {
  readonly node: CostNode;
  readonly table: CostTable;
  /** By path, in ms; undefined where nothing was measured. */
  readonly measured: ReadonlyMap<string, number> | undefined;
  readonly words: CostWords;
  readonly view: CostView;
  /** Two lines a row in place of columns that there is no room for. */
  readonly isNarrow: boolean;
  readonly cursor: CostPageState['cursor'];
  readonly fold: (path: string) => void;
  readonly post: CostPageProperties['post'];
  /** Its width in the source; the table may show another that is tried out. */
  readonly presentWidth: number | null;
  /** What is written in its field. */
  readonly written: string | undefined;
  readonly writeWidth: (row: CostTableRow, text: string) => void;
}

function NodeRow(properties: NodeRowProperties) {
  const { node, table, measured, words, view, isNarrow, cursor, fold, post } = properties;
  const { row, index, costs } = node;
  const isModule = node.children.length > 0;
  const isFolded = isModule && view.filter === '' && view.folded.has(node.path);
  const isHere = cursor !== undefined && row?.place?.uri === cursor.uri && row.place.line === cursor.line;
  const share = shareOf(costs.operations, table.totals.operations);
  return (
    <>
      <th scope="row" title={node.path} class={isHere ? 'here' : undefined} aria-current={isHere ? 'true' : undefined}>
        <span class={`indent depth-${String(Math.min(node.depth, 8))}`}>
          {isModule && (
            <button
              type="button"
              class="fold"
              aria-expanded={!isFolded}
              aria-label={`${node.path}: ${isFolded ? 'unfold' : 'fold'}`}
              onClick={() => fold(node.path)}
            >
              {isFolded ? '▸' : '▾'}
            </button>
          )}
          {row?.tie !== undefined && row.tie !== null && (
            <span class={`tie tie-${String(row.tie % tieColors)}`} title={tieWords(table, row)} />
          )}
          {index !== undefined && row?.place !== null ? (
            <button type="button" class="link layer" onClick={() => post({ kind: 'show-in-code', row: index })}>
              {node.name}
            </button>
          ) : (
            <span class="layer">{node.name}</span>
          )}
          <span class={isNarrow ? 'note line' : 'note'}>
            {isNarrow && row !== undefined && row.shape !== '' && `${row.shape} · `}
            {row?.label ?? `${String(node.layers)} layers`}
          </span>
        </span>
      </th>
      {!isNarrow && <td class="numeric">{row?.shape ?? ''}</td>}
      <td class="numeric">{row !== undefined && <WidthCell row={row} {...properties} />}</td>
      <td class="numeric">
        {words.text('operations', costs.operations)}
        {isNarrow && (
          <span class="below">
            <ShareBar share={share} width={30} />
          </span>
        )}
      </td>
      {!isNarrow && (
        <td class="numeric share">
          <ShareBar share={share} width={60} />
        </td>
      )}
      <td class="numeric">{words.text('params', costs.params)}</td>
      <td class="numeric">
        {words.text('activations', costs.activations)}
        {isNarrow && <span class="below">{words.text('memory', costs.memory)}</span>}
      </td>
      {!isNarrow && <td class="numeric">{words.text('memory', costs.memory)}</td>}
      <td class="numeric">{words.text('latencyMs', costs.latencyMs)}</td>
      {measured !== undefined && <td class="numeric">{timeText(measured.get(node.path))}</td>}
    </>
  );
}

function ShareBar({ share, width }: { readonly share: number; readonly width: number }) {
  return (
    <>
      <svg class="share-bar" width={width} height="10" aria-hidden="true">
        <rect width={width * Math.min(1, share)} height="10" />
      </svg>{' '}
      {shareWords(share)}
    </>
  );
}

/** A field for a width that can be set; otherwise the width, with the reason. */
function WidthCell({
  row,
  presentWidth,
  written,
  writeWidth,
}: Pick<NodeRowProperties, 'presentWidth' | 'written' | 'writeWidth'> & { readonly row: CostTableRow }) {
  if (row.width === null) return null;
  const isOther = presentWidth !== null && presentWidth !== row.width;
  if (row.settled !== null)
    return (
      <span title={`This width can't be set: ${row.settled}`} class={isOther ? 'other' : undefined}>
        {isOther && <span class="present">{`${String(presentWidth)} → `}</span>}
        {row.width}
      </span>
    );
  return (
    <span class={isOther ? 'other' : undefined}>
      {isOther && <span class="present">{`${String(presentWidth)} → `}</span>}
      <input
        type="text"
        class="width"
        aria-label={`Width of ${row.name}`}
        value={written ?? String(row.width)}
        onChange={(event) => writeWidth({ ...row, width: presentWidth }, event.currentTarget.value)}
      />
    </span>
  );
}
