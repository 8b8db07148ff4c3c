// Answers about the network that was asked about last: devices that are set side by side run one network in few ways, and of
// many networks nothing should stay.

import type { NetworkGraph } from '../../network/network-graph.ts';

export class RecentAnswers<Answer> {
  #graph: WeakRef<NetworkGraph> | undefined;
  readonly #answers = new Map<string, Answer>();

  /** The answer under a key: the one that was given before, or one that is made now. */
  of(graph: NetworkGraph, key: string, make: () => Answer): Answer {
    if (this.#graph?.deref() !== graph) {
      this.#graph = new WeakRef(graph);
      this.#answers.clear();
    }
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#answers.set(key, made);
    return made;
  }
}
