// The image files that could not be read so far, and how many of them a run puts up with.

import type { UnreadableFile } from './decoder-messages.ts';

/** So many are named in a sentence; the log has all. */
const namedAtOnce = 20;

export type UnreadablePath = Pick<UnreadableFile, 'path' | 'reason'>;

export class UnreadableFiles {
  readonly #all = new Map<string, string>();
  readonly #share: number;
  readonly #fileCount: number;
  #fresh: UnreadablePath[] = [];

  /** `share` of `fileCount` files may be unreadable; `known` ones were told before. */
  constructor(share: number, fileCount: number, known: readonly UnreadablePath[] = []) {
    this.#share = share;
    this.#fileCount = fileCount;
    for (const { path, reason } of known) this.#all.set(path, reason);
  }

  add(files: readonly UnreadablePath[]): void {
    for (const { path, reason } of files) {
      if (this.#all.has(path)) continue;
      this.#all.set(path, reason);
      this.#fresh.push({ path, reason });
    }
  }

  get all(): readonly UnreadablePath[] {
    return [...this.#all].map(([path, reason]) => ({ path, reason }));
  }

  /** Those that were added since the last call. */
  takeFresh(): readonly UnreadablePath[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  /** Why the run must stop: there are more of them than allowed. */
  get excess(): string | undefined {
    if (this.#all.size <= this.#share * this.#fileCount) return undefined;
    const named = this.all.slice(0, namedAtOnce).map(({ path, reason }) => `${path} (${reason})`);
    const more = this.#all.size > namedAtOnce ? `, and ${String(this.#all.size - namedAtOnce)} more` : '';
    const allowed = `${String(Number((100 * this.#share).toPrecision(3)))} %`;
    return `${String(this.#all.size)} of ${String(this.#fileCount)} image files can't be read, and at most ${allowed} may be so: ${named.join('; ')}${more}. Repair or remove them, or allow more by data.badFiles in morphnet.json`;
  }
}
