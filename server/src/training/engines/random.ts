// Seeded random numbers that are the same on every machine. A stream is named, so that what one consumer draws never
// shifts what another gets.

export interface RandomStream {
  /** Uniform in [0, 1), with 32 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
}

/** A 32-bit number from a text (FNV-1a). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** Spreads the bits of a 32-bit number (the finaliser of MurmurHash3). */
function mixed(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** The stream of a seed and a name: xoshiro128** (Blackman and Vigna), its state filled from both. */
export function randomStream(seed: number, name: string): RandomStream {
  const start = mixed(seed >>> 0) ^ mixed(Math.floor(seed / 2 ** 32) + 0x9e3779b9) ^ hashOf(name);
  let a = mixed(start + 0x9e3779b9);
  let b = mixed(a + 0x9e3779b9);
  let c = mixed(b + 0x9e3779b9);
  let d = mixed(c + 0x9e3779b9) | 1;
  const next = (): number => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const uniform = (): number => next() / 2 ** 32;
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
