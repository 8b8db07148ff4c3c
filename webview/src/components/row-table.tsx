// A table that stays fast at any length: long ones scroll in a box of their own, and only rows in view are drawn.

import type { ComponentChildren, VNode } from 'preact';
import { useState } from 'preact/hooks';
import { visibleRows, wholeTableRows } from '../model/visible-rows.ts';

/** Height of a row of a long table by its lines of text, as the style sheet has it. */
const rowHeights = { 1: 30, 2: 48 } as const;
/** Height of the box that a long table scrolls in, as the style sheet has it. */
const boxHeight = 480;

export interface Column {
  readonly title: string;
  readonly numeric?: boolean;
  /** The order that the rows are in by this column, if they are. */
  readonly sorted?: 'ascending' | 'descending' | undefined;
  /** Asks for the rows in the order of this column. */
  readonly sort?: () => void;
}

export interface RowTableProperties {
  /** What the table holds, for those who hear it. */
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly count: number;
  /** The cells of a row, one a column; `compact` asks for one line of text at most. */
  readonly row: (index: number, compact: boolean) => VNode;
  /** Lines of text in a row; one unless given. */
  readonly lines?: keyof typeof rowHeights;
  /** Whether rows have buttons, by which a short table is scrolled with the keyboard. */
  readonly hasButtons?: boolean;
  /** Rows below the body. */
  readonly foot?: ComponentChildren;
}

export function RowTable({ caption, columns, count, row, lines = 1, hasButtons = true, foot }: RowTableProperties) {
  const rowHeight = rowHeights[lines];
  const [scrollTop, setScrollTop] = useState(0);
  const compact = count > wholeTableRows;
  const { start, end } = visibleRows(count, rowHeight, scrollTop, boxHeight);
  const indices = Array.from({ length: end - start }, (_, offset) => start + offset);
  return (
    <div
      class={`table-box${compact ? ' compact' : ''}${lines === 2 ? ' two-lines' : ''}`}
      role="region"
      aria-label={caption}
      // Short tables may have buttons to scroll by; a long one has most of them out of view.
      tabIndex={compact || !hasButtons ? 0 : undefined}
      onScroll={compact ? (event) => setScrollTop(event.currentTarget.scrollTop) : undefined}
    >
      <table aria-rowcount={compact ? count + 1 : undefined}>
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr aria-rowindex={compact ? 1 : undefined}>
            {columns.map(({ title, numeric, sorted, sort }) => (
              <th key={title} scope="col" class={numeric === true ? 'numeric' : undefined} aria-sort={sorted}>
                {sort === undefined ? (
                  title
                ) : (
                  <button type="button" class="sort" onClick={sort}>
                    {title}
                    {sorted !== undefined && <span aria-hidden="true"> {sorted === 'ascending' ? '▲' : '▼'}</span>}
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Gap height={start * rowHeight} columns={columns.length} />
          {indices.map((index) => (
            <tr key={index} aria-rowindex={compact ? index + 2 : undefined}>
              {row(index, compact)}
            </tr>
          ))}
          <Gap height={(count - end) * rowHeight} columns={columns.length} />
        </tbody>
        {foot !== undefined && <tfoot>{foot}</tfoot>}
      </table>
    </div>
  );
}

/** Takes the place of rows that are not drawn. */
function Gap({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height === 0) return null;
  return (
    <tr class="gap" aria-hidden="true">
      <td colSpan={columns}>
        <svg width="1" height={height} />
      </td>
    </tr>
  );
}
