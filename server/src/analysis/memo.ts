// Answers by name, each good as long as nothing has changed that it was made from. Who asks for one while working something out
// depends on the same.

import type { Inputs, MadeFrom } from './inputs.ts';

export class Memo<Value> {
  readonly #inputs: Inputs;
  readonly #known = new Map<string, { readonly value: Value; readonly from: MadeFrom }>();

  constructor(inputs: Inputs) {
    this.#inputs = inputs;
  }

  /** The answer, made where it is not known; one that is a part only (`isWhole` says so) is not kept. */
  of(name: string, make: () => Value, isWhole: (value: Value) => boolean = () => true): Value {
    const known = this.#known.get(name);
    if (known !== undefined && this.#inputs.isCurrent(known.from)) {
      this.#inputs.use(known.from);
      return known.value;
    }
    const made = this.#inputs.record(make);
    if (isWhole(made.value)) this.#known.set(name, made);
    return made.value;
  }

  /** The answer as far as it is known and still good. */
  known(name: string): Value | undefined {
    const known = this.#known.get(name);
    return known !== undefined && this.#inputs.isCurrent(known.from) ? known.value : undefined;
  }

  /** The answer that was given last, good or not. */
  last(name: string): Value | undefined {
    return this.#known.get(name)?.value;
  }

  /** Frees the memory of an answer. */
  drop(name: string): void {
    this.#known.delete(name);
  }
}
