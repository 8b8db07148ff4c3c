// The names that Keras gives to layers by itself: `conv2d`, `conv2d_1`, … as a fresh program counts them.

import type { Machine } from '../../evaluator/machine.ts';

/** `BatchNormalization` to `batch_normalization`, as keras/src/utils/naming.py does. */
export function snakeCase(name: string): string {
  return name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** The counters of one evaluation. */
export class LayerNames {
  readonly #counts: ReadonlyMap<string, number> = new Map();

  next(machine: Machine, className: string): string {
    const name = snakeCase(className);
    const seen = this.#counts.get(name) ?? 0;
    machine.change(this.#counts).set(name, seen + 1);
    return seen === 0 ? name : `${name}_${String(seen)}`;
  }

  /** `clear_session()`: counting begins anew. */
  clear(machine: Machine): void {
    machine.change(this.#counts).clear();
  }
}
