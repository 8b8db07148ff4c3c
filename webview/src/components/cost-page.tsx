// What every layer of a model costs, as a tree that can be sorted, filtered and folded.

import { useMemo, useState } from 'preact/hooks';
import type { CostTable, FromCostPage } from '../../../server/src/protocol/cost-table.ts';
import type { ModelMeasurement } from '../../../server/src/protocol/model-measurement.ts';
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
import { RowTable, type Column } from './row-table.tsx';

export interface CostPageState {
  readonly table?: CostTable;
  readonly refusal?: string;
  /** What the model and its layers took on this machine. */
  readonly times?: ModelMeasurement;
  /** Where the cursor stands in the source. */
  readonly cursor?: { readonly uri: string; readonly line: number };
}

export interface CostPageProperties {
  readonly state: CostPageState;
  readonly post: (message: FromCostPage) => void;
}

export function CostPage({ state: { table, refusal, cursor, times }, post }: CostPageProperties) {
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
        <Costs table={table} times={times} cursor={cursor} post={post} />
      )}
    </main>
  );
}

interface CostsProperties {
  readonly table: CostTable;
  readonly times: ModelMeasurement | undefined;
  readonly cursor: CostPageState['cursor'];
  readonly post: CostPageProperties['post'];
}

function Costs({ table, times, cursor, post }: CostsProperties) {
  const [view, setView] = useState<CostView>(firstView);
  const roots = useMemo(() => costTree(table), [table]);
  const nodes = useMemo(() => visibleNodes(roots, view), [roots, view]);
  const words = useMemo(() => costWords(table), [table]);
  const measured = useMemo(() => times && measuredTimes(roots, times), [roots, times]);
  const layers = roots.reduce((sum, node) => sum + node.layers, 0);
  const total = quantities.map((quantity) => words.total(quantity, table.totals[quantity]));
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
      {times !== undefined && <p role="status">{timesSentence(table, times)}</p>}
      <div class="tools">
        <label>
          Filter{' '}
          <input
            type="search"
            value={view.filter}
            placeholder="name, kind or shape"
            onInput={(event) => setView({ ...view, filter: event.currentTarget.value })}
          />
        </label>
        <button type="button" onClick={() => setView({ ...view, folded: new Set() })}>
          Unfold all
        </button>
        <button type="button" onClick={() => setView({ ...view, folded: new Set(modulePaths(roots)) })}>
          Fold all
        </button>
        <button type="button" onClick={() => post({ kind: 'measure' })}>
          Measure here
        </button>
        <Copies copy={(format) => post({ kind: 'copy', text: costCopy(table, format) })} />
      </div>
      <p class="visually-hidden" role="status">
        {nodes.length} rows are shown
      </p>
      <RowTable
        caption={`Costs of ${table.entry === '' ? table.file : table.entry}, layer by layer`}
        columns={columnsOf(words, view, sortBy, times !== undefined)}
        count={nodes.length}
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
              cursor={cursor}
              fold={fold}
              post={post}
            />
          );
        }}
      />
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
  isMeasured: boolean,
): readonly Column[] {
  const sortable = (title: string, key: SortKey, numeric = true): Column => ({
    title,
    numeric,
    sorted: view.sort !== key ? undefined : view.descending ? 'descending' : 'ascending',
    sort: () => sortBy(key),
  });
  return [
    sortable('Layer', view.sort === 'name' || (view.sort === 'order' && view.descending) ? 'name' : 'order', false),
    { title: 'Output', numeric: true },
    { title: 'Width', numeric: true },
    sortable(words.headings.macs, 'macs'),
    sortable('Share', 'macs'),
    sortable(words.headings.params, 'params'),
    sortable(words.headings.activations, 'activations'),
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
  readonly cursor: CostPageState['cursor'];
  readonly fold: (path: string) => void;
  readonly post: CostPageProperties['post'];
}

/** Colors of ties; there are more ties than colors, and the title says which layers it is. */
const tieColors = 6;

function NodeRow({ node, table, measured, words, view, cursor, fold, post }: NodeRowProperties) {
  const { row, index, costs } = node;
  const isModule = node.children.length > 0;
  const isFolded = isModule && view.filter === '' && view.folded.has(node.path);
  const isHere = cursor !== undefined && row?.place?.uri === cursor.uri && row.place.line === cursor.line;
  const share = shareOf(costs.macs, table.totals.macs);
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
            <span class={`tie tie-${String(row.tie % tieColors)}`} title={tieWords(table, row.tie, row.name)} />
          )}
          {index !== undefined && row?.place !== null ? (
            <button type="button" class="link layer" onClick={() => post({ kind: 'show-in-code', row: index })}>
              {node.name}
            </button>
          ) : (
            <span class="layer">{node.name}</span>
          )}
          <span class="note">{row?.label ?? `${String(node.layers)} layers`}</span>
        </span>
      </th>
      <td class="numeric">{row?.shape ?? ''}</td>
      <td class="numeric">{row?.width ?? ''}</td>
      <td class="numeric">{words.text('macs', costs.macs)}</td>
      <td class="numeric share">
        <svg class="share-bar" width="60" height="10" aria-hidden="true">
          <rect width={60 * Math.min(1, share)} height="10" />
        </svg>{' '}
        {shareWords(share)}
      </td>
      <td class="numeric">{words.text('params', costs.params)}</td>
      <td class="numeric">{words.text('activations', costs.activations)}</td>
      <td class="numeric">{words.text('latencyMs', costs.latencyMs)}</td>
      {measured !== undefined && <td class="numeric">{timeText(measured.get(node.path))}</td>}
    </>
  );
}

function tieWords({ rows }: CostTable, tie: number, own: string): string {
  const others = rows.filter((row) => row.tie === tie && row.name !== own).map(({ name }) => name);
  const shown = others.slice(0, 6).join(', ');
  return `Tied to ${shown}${others.length > 6 ? ` and ${String(others.length - 6)} more` : ''}: their widths change together`;
}
