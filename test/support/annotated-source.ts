// Fixtures whose expected results stand in the text, under the line that they belong to: stripped before the product
// sees the source, drawn back from what it says, and compared as whole texts.

/** A labelled span of a clean source: what a feature produced, or what a fixture expects. Labels of several lines are joined by ` ⏎ `. */
export interface Annotation {
  /** UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  readonly label: string;
}

const annotationLine = /^\s*(?:#|\/\/)(?:<| *\^)/;

/** The source as the product sees it. */
export function stripAnnotations(text: string): string {
  return text
    .split('\n')
    .filter((line) => !annotationLine.test(line))
    .join('\n');
}

/** The inverse: draws each annotation under the line that it starts on, in offset order. */
export function annotate(source: string, annotations: readonly Annotation[], comment = '#'): string {
  const out: string[] = [];
  let lineStart = 0;
  for (const line of source.split('\n')) {
    out.push(line);
    const lineEnd = lineStart + line.length;
    const here = annotations.filter(({ start }) => lineStart <= start && start <= lineEnd);
    for (const { start, end, label } of here.toSorted(inOrder)) {
      const column = start - lineStart;
      const width = Math.max(1, Math.min(end, lineEnd) - start);
      const text = label.split('\n').join(' ⏎ ');
      out.push(
        column < comment.length
          ? `${comment}< ${text}`
          : `${comment}${' '.repeat(column - comment.length)}${'^'.repeat(width)} ${text}`,
      );
    }
    lineStart = lineEnd + 1;
  }
  return out.join('\n');
}

function inOrder(left: Annotation, right: Annotation): number {
  return left.start - right.start || left.label.localeCompare(right.label);
}

/** Takes the cursor marks `$0` out of a source and says where they stood. */
export function takeCursors(text: string): { readonly source: string; readonly offsets: readonly number[] } {
  const parts = text.split('$0');
  const offsets: number[] = [];
  let length = 0;
  for (const part of parts.slice(0, -1)) {
    length += part.length;
    offsets.push(length);
  }
  return { source: parts.join(''), offsets };
}
