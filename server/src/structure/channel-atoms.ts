// Which channels are one and the same: a union-find over channel atoms. Ties only ever join, so the order in which
// ops are looked at does not matter.

import type { Fixation } from './channel-group.ts';

/** Atoms are numbered as they are made; a component is named by its smallest atom. */
export class ChannelAtoms {
  readonly #parents: number[] = [];
  readonly #fixed = new Map<number, Fixation>();
  readonly #broadcast = new Set<number>();

  get count(): number {
    return this.#parents.length;
  }

  fresh(count: number): Int32Array {
    const atoms = new Int32Array(count);
    for (let index = 0; index < count; index += 1) {
      atoms[index] = this.#parents.length;
      this.#parents.push(this.#parents.length);
    }
    return atoms;
  }

  find(atom: number): number {
    let root = atom;
    for (;;) {
      const parent = this.#parents[root];
      if (parent === undefined) throw new Error(`No channel atom ${String(root)}`);
      if (parent === root) break;
      root = parent;
    }
    for (let here = atom; here !== root;) {
      const next = this.#parents[here] ?? root;
      this.#parents[here] = root;
      here = next;
    }
    return root;
  }

  tie(left: number, right: number): void {
    const first = this.find(left);
    const second = this.find(right);
    if (first === second) return;
    const [root, child] = first < second ? [first, second] : [second, first];
    this.#parents[child] = root;
    if (this.#broadcast.delete(child)) this.#broadcast.add(root);
    const fixation = this.#fixed.get(child);
    if (fixation !== undefined) {
      this.#fixed.delete(child);
      if (!this.#fixed.has(root)) this.#fixed.set(root, fixation);
    }
  }

  /** Ties atoms place by place; the arrays are equally long. */
  tieAll(left: Int32Array, right: Int32Array): void {
    if (left.length !== right.length) {
      throw new Error(`Cannot tie ${String(left.length)} channels to ${String(right.length)}`);
    }
    for (const [index, atom] of left.entries()) this.tie(atom, right[index] ?? atom);
  }

  /** Keeps atoms, and all that they are tied to, whole. The first reason stays. */
  fix(atoms: Iterable<number>, fixation: Fixation): void {
    for (const atom of atoms) {
      const root = this.find(atom);
      if (!this.#fixed.has(root)) this.#fixed.set(root, fixation);
    }
  }

  /** Marks a channel that stands for all channels of others: it may go, but a second one beside it would not fit them. */
  broadcast(atoms: Iterable<number>): void {
    for (const atom of atoms) this.#broadcast.add(this.find(atom));
  }

  isBroadcast(atom: number): boolean {
    return this.#broadcast.has(this.find(atom));
  }

  fixationOf(atom: number): Fixation | undefined {
    return this.#fixed.get(this.find(atom));
  }
}
