// Rows of text in aligned columns, in the 80 columns of a terminal.

import { terminalColumns } from './wrap-lines.ts';

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** No column of text is made narrower than this. */
const leastColumns = 12;
const gap = '  ';

/**
 * Lines with the titles first and a rule below them; two blanks between columns, none at the end of a line. Where that is wider
 * than a terminal, the widest columns of text take several lines a row.
 */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = fitted(
    columns.map(({ title, align }, index) => ({
      align,
      width: Math.max(title.length, ...rows.map((row) => (row[index] ?? '').length)),
    })),
  );
  const lines = (cells: readonly string[]): readonly string[] => {
    const parts = columns.map((_, index) => broken(cells[index] ?? '', widths[index] ?? 0));
    return Array.from({ length: Math.max(1, ...parts.map(({ length }) => length)) }, (_, line) =>
      columns
        .map(({ align }, index) => {
          const cell = parts[index]?.[line] ?? '';
          const blanks = ' '.repeat(Math.max(0, (widths[index] ?? 0) - cell.length));
          return align === 'left' ? cell + blanks : blanks + cell;
        })
        .join(gap)
        .trimEnd(),
    );
  };
  return [
    ...lines(columns.map(({ title }) => title)),
    widths.map((width) => '─'.repeat(width)).join(gap),
    ...rows.flatMap(lines),
  ];
}

/** The widths of columns in one line; numbers keep theirs. */
function fitted(columns: readonly { readonly align: Column['align']; readonly width: number }[]): readonly number[] {
  const widths = columns.map(({ width }) => width);
  const isText = columns.map(({ align }) => align === 'left');
  for (;;) {
    const over = widths.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1) - terminalColumns;
    if (over <= 0) return widths;
    const texts = widths.map((width, index) => (isText[index] === true ? width : 0));
    const widest = texts.indexOf(Math.max(...texts));
    const width = texts[widest] ?? 0;
    if (width <= leastColumns) return widths;
    // The next widest is narrowed too before this one is much narrower than it.
    const next = Math.max(leastColumns, ...texts.filter((_, index) => index !== widest));
    widths[widest] = Math.max(leastColumns, width - over, Math.min(next, width) - 1);
  }
}

/** A text in lines of at most this width: broken behind blanks, dots, commas and the like where there are some. */
function broken(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const head = rest.slice(0, width);
    const at = Math.max(...[...head.matchAll(/[ .,/_:]/g)].map(({ index }) => index + 1), 0);
    const end = at > 0 ? at : width;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}
