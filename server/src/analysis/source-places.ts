// Places in words: `resnet20.py:84`, with a link for hovers. Line indexes are made once a request.

import { fileName } from '../common/file-name.ts';
import { LineIndex, type LinePosition } from '../common/line-index.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { AnalysisSession } from './analysis-session.ts';
import { escapeMarkdown } from './markdown.ts';

export class SourcePlaces {
  readonly #session: AnalysisSession;
  readonly #lines = new Map<string, LineIndex>();

  constructor(session: AnalysisSession) {
    this.#session = session;
  }

  /** Zero-based line and column of an offset. */
  position(document: string, offset: number): LinePosition {
    let lines = this.#lines.get(document);
    if (lines === undefined) {
      lines = new LineIndex(this.#session.textOf(document) ?? '');
      this.#lines.set(document, lines);
    }
    return lines.positionAt(offset);
  }

  /** `resnet20.py:84`. */
  text(span: SourceSpan): string {
    return `${fileName(span.document)}:${String(this.position(span.document, span.start).line + 1)}`;
  }

  /** The same as a link that an editor opens. */
  link(span: SourceSpan): string {
    const line = this.position(span.document, span.start).line + 1;
    // URIs come encoded; only what would end a Markdown link is left to do.
    const target = span.document.replace(/[()\s<>]/g, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
    return `[${escapeMarkdown(this.text(span))}](${target}#L${String(line)})`;
  }

  /** What is written at a span. */
  written(span: SourceSpan): string {
    return this.#session.textOf(span.document)?.slice(span.start, span.end) ?? '';
  }
}
