// Text for people in lines that fit a terminal of 80 columns, which is what a terminal surely has.

/** The columns that every line for people keeps to. */
export const terminalColumns = 80;

/**
 * Breaks lines at blanks so that none is longer, and the parts of a line stand under its beginning. A word that is longer by
 * itself, such as a path, is left whole; so is what is indented by four blanks or more, such as code and traces.
 */
export function wrapLines(text: string, columns = terminalColumns): string {
  return text
    .split('\n')
    .map((line) => (line.length <= columns || /^(?: {4}|\t)/.test(line) ? line : wrapLine(line, columns)))
    .join('\n');
}

function wrapLine(line: string, columns: number): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = indent;
  for (const word of line.trim().split(/ +/)) {
    const isFirst = current.trim() === '';
    if (!isFirst && current.length + 1 + word.length > columns) {
      lines.push(current);
      current = indent + word;
    } else current += isFirst ? word : ` ${word}`;
  }
  return [...lines, current].join('\n');
}
