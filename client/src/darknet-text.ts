// Tells a Darknet model from the many other files that end in `.cfg`. No editor in here.

/** Enough text to find the first section behind a long comment, little enough to be free. */
const headLength = 20_000;

/** Whether a `.cfg` text can be a Darknet model: its first section is `[net]`, or there is nothing in it yet. */
export function looksLikeDarknet(text: string): boolean {
  const lines = text.slice(0, headLength).split(/\r?\n/);
  const first = lines.map((line) => line.trim()).find((line) => line !== '' && !/^[#;]/.test(line));
  return first === undefined || /^\[net(?:work)?\]/.test(first);
}
