// Offsets of the core to positions of the protocol and back. The only place where the two meet.

import type { LineIndex } from '../common/line-index.ts';
import type { WirePosition, WireRange } from '../protocol/lsp-extensions.ts';

/** One text's offsets as protocol positions (zero-based lines, UTF-16 columns, which is what we negotiate). */
export class TextPositions {
  readonly #lines: LineIndex;

  constructor(lines: LineIndex) {
    this.#lines = lines;
  }

  position(offset: number): WirePosition {
    const { line, column } = this.#lines.positionAt(offset);
    return { line, character: column };
  }

  range(start: number, end: number): WireRange {
    return { start: this.position(start), end: this.position(end) };
  }

  /** Clamped to the text, whatever the client sends. */
  offset({ line, character }: WirePosition): number {
    return this.#lines.offsetAt({ line, column: Math.max(0, character) });
  }
}
