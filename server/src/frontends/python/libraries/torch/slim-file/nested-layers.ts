// The layers of a generated module under the names that they have in the source, so that weights keep theirs: parts that hold
// others are modules without anything else, those that hold numbered ones are dictionaries of modules.

import type { NetworkGraph } from '../../../../../network/network-graph.ts';
import type { Op } from '../../../../../network/op.ts';
import { pythonName } from '../../../python-text.ts';

/** Where a layer is kept. */
interface LayerPlace {
  /** As `named_modules` has it: `layer1.0.conv1`. */
  readonly path: string;
  /** As forward reads it: `self.layer1["0"].conv1`. */
  readonly access: string;
}

interface Layer extends LayerPlace {
  readonly make: string;
}

/** What a dictionary of modules has already. */
const namesOfDictionaries: ReadonlySet<string> = new Set(['clear', 'items', 'keys', 'pop', 'update', 'values']);

export class NestedLayers {
  readonly #byIdentity = new Map<string, Layer>();
  readonly #holders = new Map<string, string>();
  /** Paths of layers, and of the parts that hold them. */
  readonly #layers = new Set<string>();
  readonly #parts = new Set<string>();
  /** Parts with a numbered child. */
  readonly #numbered = new Set<string>();

  constructor({ ops }: NetworkGraph) {
    for (const { name } of ops) {
      const words = name.split('.');
      words.forEach((word, index) => {
        if (/^\d+$/.test(word)) this.#numbered.add(words.slice(0, index).join('.'));
      });
    }
  }

  /** The place of an op's layer: the same for ops that share all their parameters; undefined where they share some. */
  placeOf(op: Op, make: string): LayerPlace | undefined {
    const ids = op.parameters.map(({ id }) => id);
    const identity = ids.length === 0 ? `op ${String(op.id)}` : ids.join();
    const known = this.#byIdentity.get(identity);
    if (known !== undefined) return known.make === make ? known : undefined;
    for (const id of ids) {
      if (this.#holders.has(id)) return undefined;
      this.#holders.set(id, identity);
    }
    const path = this.#free(op.name);
    const layer = { path, access: this.#access(path), make };
    this.#layers.add(path);
    for (const part of partsOf(path)) this.#parts.add(part);
    this.#byIdentity.set(identity, layer);
    return layer;
  }

  /** One line a layer; a part is made before what it holds. */
  lines(): readonly string[] {
    const made = new Set<string>();
    let last: string | undefined;
    return [...this.#byIdentity.values()].flatMap(({ path, access, make }) => {
      const parts = partsOf(path);
      const own = parts.at(-1) ?? '';
      const isOther = last !== undefined && own !== last;
      last = own;
      const opened = parts.filter((part) => !made.has(part));
      for (const part of opened) made.add(part);
      return [
        ...(isOther ? [''] : []),
        ...opened.map(
          (part) => `        ${this.#access(part)} = nn.${this.#numbered.has(part) ? 'ModuleDict' : 'Module'}()`,
        ),
        `        ${access} = ${make}`,
      ];
    });
  }

  /** The name of the source where Python has such a one and nobody else does. */
  #free(name: string): string {
    const words = name.split('.');
    const isName = words.every((word, index) => {
      const part = words.slice(0, index).join('.');
      if (this.#numbered.has(part) && index > 0) return /^\w+$/.test(word) && !namesOfDictionaries.has(word);
      return pythonName(word) === word;
    });
    const isFree = (path: string): boolean =>
      !this.#layers.has(path) && !this.#parts.has(path) && !partsOf(path).some((part) => this.#layers.has(part));
    if (isName && isFree(name)) return name;
    let flat = pythonName(name);
    while (!isFree(flat)) flat = `${flat}_`;
    return flat;
  }

  #access(path: string): string {
    const words = path.split('.');
    return words.reduce((text, word, index) => {
      const part = words.slice(0, index).join('.');
      return this.#numbered.has(part) && index > 0 ? `${text}[${JSON.stringify(word)}]` : `${text}.${word}`;
    }, 'self');
  }
}

/** `layer1`, `layer1.0` for `layer1.0.conv1`. */
function partsOf(path: string): readonly string[] {
  const words = path.split('.');
  return words.slice(1).map((_, index) => words.slice(0, index + 1).join('.'));
}
