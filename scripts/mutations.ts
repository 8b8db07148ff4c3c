// Damage as editing makes it: tokens deleted, doubled and exchanged, and texts that end anywhere. Everything follows from
// numbers, so that a case can be repeated.

/** Numbers in [0, 1) that follow from a seed and a case's number: mulberry32, by Tommy Ettinger, in the public domain. */
export function randomOf(seed: number, number: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const token = /[A-Za-z_]\w*|\d[\w.]*|[ \t]+|\r?\n|./gsu;

/** The text with one to four pieces of damage. */
export function mutated(text: string, random: () => number): string {
  const pick = (count: number): number => Math.floor(random() * count);
  const tokens = text.match(token) ?? [];
  let result: string | undefined;
  for (let edit = 0, edits = 1 + pick(4); edit < edits; edit++) {
    const at = pick(tokens.length);
    const other = pick(tokens.length);
    const own = tokens[at] ?? '';
    switch (pick(5)) {
      case 0:
        tokens.splice(at, 1);
        break;
      case 1:
        tokens.splice(at, 0, own);
        break;
      case 2:
        tokens[at] = tokens[other] ?? '';
        tokens[other] = own;
        break;
      case 3:
        // A stretch of several tokens goes, as when a selection is deleted.
        tokens.splice(at, 1 + pick(20));
        break;
      default: {
        // Cut at any byte, which may lie inside a character.
        const bytes = new TextEncoder().encode(tokens.join(''));
        result = new TextDecoder().decode(bytes.slice(0, pick(bytes.length + 1)));
      }
    }
    if (result !== undefined) return result;
  }
  return tokens.join('');
}
