// Which rows of a long table exist in the document: those in view and a few around them.

/** Tables up to this length are drawn whole. */
export const wholeTableRows = 200;

/** Rows beyond the edges, so that scrolling shows no gap. */
const margin = 20;

export interface RowWindow {
  /** First and last + 1 of the rows to draw. */
  readonly start: number;
  readonly end: number;
}

/** All lengths in pixels. Rows have the same height. */
export function visibleRows(count: number, rowHeight: number, scrollTop: number, viewHeight: number): RowWindow {
  if (count <= wholeTableRows) return { start: 0, end: count };
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const shown = Math.ceil(viewHeight / rowHeight);
  // A scroll position from before the table became shorter must not leave it empty.
  const start = Math.max(0, Math.min(first, count - shown) - margin);
  return { start, end: Math.min(count, start + shown + 2 * margin) };
}
