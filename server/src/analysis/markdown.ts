// Markdown for hovers. All text that comes from a source goes through here, so that a name can't become markup.

/** Plain text with Markdown's signs made harmless, on one line. */
export function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]()<>#+\-.!|~&$:]/g, (sign) => `\\${sign}`);
}

/** Text in a code span, whatever backticks and bars it holds; safe inside a table. */
export function codeSpan(text: string): string {
  const plain = text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const pad = plain.startsWith('`') || plain.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${plain}${pad}${fence}`;
}

/** A table; cells are Markdown already. Columns after the first are numbers and stand at the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? ':--' : '--:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** The text with blanks at which no line ends: a number stays with its unit. */
export function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}
