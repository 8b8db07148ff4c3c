// The names that Keras gives to layers by itself: `conv2d`, `conv2d_1`, … as a fresh program counts them.

import { dict, int, keyOf, string } from '../../evaluator/values.ts';
import type { DictValue, Machine } from '../../evaluator/machine.ts';

/** `BatchNormalization` to `batch_normalization`, as keras/src/utils/naming.py does. */
function snakeCase(name: string): string {
  return name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** The counters of one evaluation. */
export class LayerNames {
  readonly #counts: DictValue = dict();

  next(machine: Machine, className: string): string {
    const name = snakeCase(className);
    const key = string(name);
    const before = this.#counts.entries.get(keyOf(key))?.value;
    const seen = before?.kind === 'int' ? before.value : 0;
    machine.change(this.#counts).entries.set(keyOf(key), { key, value: int(seen + 1) });
    return seen === 0 ? name : `${name}_${String(seen)}`;
  }

  /** `clear_session()`: counting begins anew. */
  clear(machine: Machine): void {
    machine.change(this.#counts).entries.clear();
  }
}
