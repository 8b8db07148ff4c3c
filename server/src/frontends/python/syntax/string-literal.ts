// The value of a Python string literal's content: escapes undone, raw strings left alone.

const simpleEscapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
};

/** Undoes the escapes of a non-raw string. An escape that Python does not know stays as it is written. */
export function unescape(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
    (
      whole,
      hex: string | undefined,
      wide: string | undefined,
      long: string | undefined,
      octal: string | undefined,
      simple: string | undefined,
    ) => {
      const code = hex ?? wide ?? long;
      if (code !== undefined) return parseInt(code, 16) <= 0x10ffff ? String.fromCodePoint(parseInt(code, 16)) : whole;
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
      return simpleEscapes[simple ?? ''] ?? whole;
    },
  );
}

/** Why a literal with this opening and content is not read; undefined where it is. */
export function unread(opening: string, content: string): string | undefined {
  if (/b/i.test(opening)) return 'Bytes are not read';
  return !isRaw(opening) && content.includes('\\N{') ? 'Characters by name are not read' : undefined;
}

/** Whether a literal's opening (`r"`, `Rb'''`) marks it raw. */
export function isRaw(opening: string): boolean {
  return /r/i.test(opening.replace(/['"]/g, ''));
}

/** The value of a literal without expressions inside, quotes and all. One that does not end has the rest of its text. */
export function plainString(literal: string): string {
  let quoteAt = 0;
  while (quoteAt < literal.length && literal[quoteAt] !== '"' && literal[quoteAt] !== "'") quoteAt++;
  const quote = literal[quoteAt] ?? '';
  const long = quote.repeat(3);
  const quotes = literal.startsWith(long, quoteAt) && literal.length >= quoteAt + 6 ? long : quote;
  const start = quoteAt + quotes.length;
  const end = literal.endsWith(quotes) ? Math.max(start, literal.length - quotes.length) : literal.length;
  const content = literal.slice(start, end);
  return !content.includes('\\') || isRaw(literal.slice(0, quoteAt)) ? content : unescape(content);
}

/** The number that a literal stands for (`1_000`, `0x1F`, `1e-3`, `3.`); imaginary ones are not a number here. */
export function parseNumber(text: string): number {
  const plain = text.replace(/_/g, '').toLowerCase();
  return /^0[box]/.test(plain) ? Number(plain) : parseFloat(plain);
}
