// Where a piece of text stands. Lines and columns exist only at the rim; see line-index.ts.

/** UTF-16 offsets `[start, end)` in the document named by its URI. */
export interface SourceSpan {
  readonly document: string;
  readonly start: number;
  readonly end: number;
}
