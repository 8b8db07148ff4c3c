// Offsets to lines and columns and back, for the rim (editor, command line, messages).

/** Zero-based line and UTF-16 column. */
export interface LinePosition {
  readonly line: number;
  readonly column: number;
}

/** Line starts of one text; answers in O(log lines). Lines end at `\n`, `\r\n` or a lone `\r`. */
export class LineIndex {
  readonly #starts: readonly number[];
  readonly #length: number;

  constructor(text: string) {
    const starts = [0];
    const lineEnd = /\r\n|\r|\n/g;
    while (lineEnd.test(text)) starts.push(lineEnd.lastIndex);
    this.#starts = starts;
    this.#length = text.length;
  }

  /** The number of lines; an empty text has one. */
  get lineCount(): number {
    return this.#starts.length;
  }

  /** The position of an offset, clamped to the text. */
  positionAt(offset: number): LinePosition {
    const clamped = Math.max(0, Math.min(offset, this.#length));
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= clamped) low = middle;
      else high = middle - 1;
    }
    return { line: low, column: clamped - (this.#starts[low] ?? 0) };
  }

  /** The offset of a position, clamped to the text. */
  offsetAt(position: LinePosition): number {
    const start = this.#starts[position.line];
    if (start === undefined) return position.line < 0 ? 0 : this.#length;
    return Math.min(start + position.column, this.#starts[position.line + 1] ?? this.#length);
  }
}
