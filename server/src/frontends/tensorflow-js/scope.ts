// Names and what they stand for, function by function and block by block.

import { unknown, type JsValue, type Names } from './values.ts';

export class Scope implements Names {
  readonly #values = new Map<string, JsValue>();
  readonly #parent: Names | undefined;
  readonly #isFunction: boolean;

  constructor(parent: Names | undefined, isFunction: boolean) {
    this.#parent = parent;
    this.#isFunction = isFunction;
  }

  declare(name: string, value: JsValue): void {
    this.#values.set(name, value);
  }

  declareInFunction(name: string, value: JsValue): void {
    if (this.#isFunction || this.#parent === undefined) this.declare(name, value);
    else this.#parent.declareInFunction(name, value);
  }

  get(name: string): JsValue | undefined {
    return this.#values.get(name) ?? this.#parent?.get(name);
  }

  set(name: string, value: JsValue): void {
    if (this.#values.has(name) || this.#parent === undefined) this.#values.set(name, value);
    else this.#parent.set(name, value);
  }

  lose(name: string, reason: string): void {
    if (this.get(name) !== undefined) this.set(name, unknown(reason));
  }

  own(): ReadonlyMap<string, JsValue> {
    return this.#values;
  }
}
