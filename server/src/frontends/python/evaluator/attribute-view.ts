// `vars(object)`, `object.__dict__`, `globals()`: the names that an object or a module has, as a dictionary. What is written into
// it is written to the object, and the other way round.

import { unshared } from './effects.ts';
import { keyOf, string } from './values.ts';
import type { DictValue, InstanceValue, ModuleValue, PyValue } from './machine.ts';

type Entry = { readonly key: PyValue; readonly value: PyValue };

/** A dictionary whose entries are names of its owner. A change of it is recorded as one of the owner. */
export function attributeView(owner: InstanceValue | ModuleValue): DictValue {
  return { kind: 'dict', entries: new AttributeEntries(owner), viewOf: owner };
}

function namesOf(owner: InstanceValue | ModuleValue): Map<string, PyValue> {
  return owner.kind === 'module' ? unshared(owner).names : unshared(owner).attributes;
}

/** The entries of such a dictionary; they are kept nowhere else than in the owner. */
class AttributeEntries extends Map<string, Entry> {
  readonly #owner: InstanceValue | ModuleValue;

  constructor(owner: InstanceValue | ModuleValue) {
    super();
    this.#owner = owner;
  }

  override get size(): number {
    return namesOf(this.#owner).size;
  }

  override get(identity: string): Entry | undefined {
    const value = identity.startsWith('s:') ? namesOf(this.#owner).get(identity.slice(2)) : undefined;
    return value && { key: string(identity.slice(2)), value };
  }

  override has(identity: string): boolean {
    return this.get(identity) !== undefined;
  }

  override set(identity: string, { key, value }: Entry): this {
    // A key that is no text can't be read as an attribute.
    if (key.kind === 'string') namesOf(this.#owner).set(key.value, value);
    return this;
  }

  override delete(identity: string): boolean {
    return identity.startsWith('s:') && namesOf(this.#owner).delete(identity.slice(2));
  }

  override clear(): void {
    namesOf(this.#owner).clear();
  }

  override *entries(): MapIterator<[string, Entry]> {
    for (const [name, value] of namesOf(this.#owner)) yield [keyOf(string(name)), { key: string(name), value }];
  }

  override *keys(): MapIterator<string> {
    for (const [identity] of this.entries()) yield identity;
  }

  override *values(): MapIterator<Entry> {
    for (const [, entry] of this.entries()) yield entry;
  }

  override [Symbol.iterator](): MapIterator<[string, Entry]> {
    return this.entries();
  }

  override forEach(visit: (entry: Entry, identity: string, map: Map<string, Entry>) => void): void {
    for (const [identity, entry] of this.entries()) visit(entry, identity, this);
  }
}
