// How much work a backtracking matcher may have with a regular expression: an upper bound, read off the pattern itself, so
// that `(a+)+$` is refused before it runs and not after.

interface Reader {
  readonly pattern: string;
  /** Length of the text that is searched. */
  readonly length: number;
  position: number;
  depth: number;
}

/** Ways to match something, and the character that each of them begins with, where that is one known character. */
interface Part {
  readonly ways: number;
  readonly first: string | undefined;
}

const single = (first?: string): Part => ({ ways: 1, first });
const deepest = 50;

/**
 * At most so many ways are tried, over all places of a text of `length` characters; Infinity where that can not be said.
 * Python's and JavaScript's syntax are alike as far as this looks.
 */
export function patternCost(pattern: string, length: number): number {
  const reader: Reader = { pattern, length, position: 0, depth: 0 };
  const { ways } = alternatives(reader);
  // A closing parenthesis too many is no pattern; whoever compiles it will say so.
  return reader.position < pattern.length ? 0 : ways * (length + 1);
}

/** `a|b|c`. Where each begins with another character, only one of them can match at a place. */
function alternatives(reader: Reader): Part {
  const parts = [sequence(reader)];
  while (reader.pattern[reader.position] === '|') {
    reader.position++;
    parts.push(sequence(reader));
  }
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const firsts = new Set(parts.map((part) => part.first));
  const isDistinct = firsts.size === parts.length && !firsts.has(undefined);
  const ways = parts.map((part) => part.ways);
  return {
    ways: isDistinct ? Math.max(...ways) : ways.reduce((sum, each) => sum + each, 0),
    first: undefined,
  };
}

function sequence(reader: Reader): Part {
  let ways = 1;
  let first: string | undefined;
  let isEmpty = true;
  for (;;) {
    const character = reader.pattern[reader.position];
    if (character === undefined || character === '|' || character === ')') return { ways, first };
    const part = quantified(reader);
    ways *= part.ways;
    if (isEmpty) first = part.first;
    isEmpty = false;
  }
}

function quantified(reader: Reader): Part {
  const part = atom(reader);
  const rest = reader.pattern.slice(reader.position);
  const written = /^(?:[*+?]|\{(\d*)(?:(,)(\d*))?\})[?+]?/.exec(rest);
  if (written === null) return part;
  reader.position += written[0].length;
  const [whole, least = '', comma, most = ''] = written;
  const isOptional = whole.startsWith('?');
  const times = isOptional
    ? 1
    : whole.startsWith('{') && (comma === undefined || most !== '')
      ? Math.min(Number(comma === undefined ? least : most), reader.length)
      : reader.length;
  const isFixed = whole.startsWith('{') && (comma === undefined || least === most);
  // Something that itself matches in several ways may be divided anew at each repetition.
  const each = part.ways === 1 ? 1 : part.ways ** times;
  return { ways: each * (isFixed ? 1 : times + 1), first: undefined };
}

function atom(reader: Reader): Part {
  const { pattern } = reader;
  const character = pattern[reader.position++];
  switch (character) {
    case '(': {
      const lead = /^\?(?::|=|!|<=|<!|P?<\w+>|P=\w+|#[^)]*|[aiLmsux-]+:?)/.exec(pattern.slice(reader.position));
      reader.position += lead?.[0].length ?? 0;
      if (++reader.depth > deepest) {
        reader.position = pattern.length;
        return { ways: Infinity, first: undefined };
      }
      const inner = alternatives(reader);
      reader.depth--;
      if (pattern[reader.position] === ')') reader.position++;
      return inner;
    }
    case '[': {
      const set = /^\^?\]?(?:\\.|[^\]\\])*\]?/s.exec(pattern.slice(reader.position));
      reader.position += set?.[0].length ?? 0;
      return single();
    }
    case '\\': {
      const escaped = pattern[reader.position++] ?? '';
      return single(/\w/.test(escaped) ? undefined : escaped);
    }
    case '.':
    case '^':
    case '$':
      return single();
    default:
      return single(character);
  }
}
