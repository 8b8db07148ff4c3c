// A notebook's code cells as one program, in document order: each begins with a line that says so, and what is no Python in a
// cell is taken out by as many characters, so that every place keeps its line and column.

/** The line before each cell, as editors write it that keep notebooks in plain files. */
const cellMark = '# %%';

/** Where a cell's lines are in the program: its own first line is line `first`. */
export interface CellLines {
  readonly first: number;
  readonly count: number;
}

/** The program of so many cells, with the lines of each. */
export function notebookText(cells: readonly string[]): {
  readonly text: string;
  readonly lines: readonly CellLines[];
} {
  const lines: CellLines[] = [];
  const parts: string[] = [];
  let line = 0;
  for (const source of cells) {
    const code = cellCode(source);
    const count = code.split('\n').length;
    lines.push({ first: line + 1, count });
    parts.push(cellMark, code);
    line += 1 + count;
  }
  return { text: `${parts.join('\n')}\n`, lines };
}

/** Whether a text is such a program; a notebook's file on disk is JSON. */
export function isNotebookText(document: string, head: string): boolean {
  return document.toLowerCase().endsWith('.ipynb') && head.startsWith(cellMark);
}

/** The code cells of a notebook's file; none where it is no notebook. */
export function codeCellsOf(json: string): readonly string[] {
  let notebook: unknown;
  try {
    notebook = JSON.parse(json);
  } catch {
    return [];
  }
  const cells = isRecord(notebook) && Array.isArray(notebook['cells']) ? notebook['cells'] : [];
  return cells.flatMap((cell: unknown) => {
    if (!isRecord(cell) || cell['cell_type'] !== 'code') return [];
    const { source } = cell;
    // A text, or its lines, each with its end.
    return Array.isArray(source) ? [source.join('')] : typeof source === 'string' ? [source] : [];
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** A cell's Python, as long as the cell: magics, shell commands and questions for help do nothing. */
export function cellCode(source: string): string {
  const text = source.replaceAll(/\r\n?/g, '\n');
  const isOther = /^\s*%%(?!(?:time|timeit|capture|prun)\b)\w/.test(text);
  return text
    .split('\n')
    .map((line) => (isOther ? asComment(line) : plainLine(line)))
    .join('\n');
}

function plainLine(line: string): string {
  // `%matplotlib inline`, `!pip install torch`, `files = !ls`: a statement of some value, as blocks need one.
  const before = /^(\s*(?:[\w., ]+=\s*)?)[!%][\w%!]/.exec(line)?.[1];
  if (before !== undefined) return `${before}0#${line.slice(before.length + 2)}`;
  // `nn.Conv2d?`, `?nn.Conv2d`
  if (/^\s*\?{1,2}[\w.]+\s*$/.test(line) || /^\s*[\w.]+\?{1,2}\s*$/.test(line)) return asComment(line);
  return line;
}

function asComment(line: string): string {
  return line === '' ? line : `#${line.slice(1)}`;
}
