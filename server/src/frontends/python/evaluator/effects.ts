// Every write to something that others may hold goes through `change`: the types of the values are read-only, so no other way
// compiles. While a part of the program is being followed that may or may not run, what is about to be changed is remembered, so
// that it can be undone and held against what the other way does.

/** What can be changed: the maps of names, attributes and entries, sequences of items, and values with fields of their own. */
type Changeable = object;

/** The same thing, open for writing. */
export type Changing<T> =
  T extends ReadonlyMap<infer K, infer V>
    ? Map<K, V>
    : T extends ReadonlySet<infer V>
      ? Set<V>
      : T extends readonly (infer V)[]
        ? V[]
        : { -readonly [K in keyof T]: T[K] };

/** What something held, one level deep. */
export type Content =
  | { readonly kind: 'map'; readonly entries: readonly (readonly [unknown, unknown])[] }
  | { readonly kind: 'set'; readonly members: readonly unknown[] }
  | { readonly kind: 'sequence'; readonly items: readonly unknown[] }
  | { readonly kind: 'fields'; readonly fields: Readonly<Record<string, unknown>> };

/** What something holds now. */
export function contentOf(target: Changeable): Content {
  if (target instanceof Map) return { kind: 'map', entries: [...target] };
  if (target instanceof Set) return { kind: 'set', members: [...target] };
  if (Array.isArray(target)) return { kind: 'sequence', items: target.slice() };
  return { kind: 'fields', fields: { ...target } };
}

/** Gives something what it held. */
export function restore(target: Changeable, content: Content): void {
  if (target instanceof Map && content.kind === 'map') {
    target.clear();
    for (const [key, value] of content.entries) target.set(key, value);
  } else if (target instanceof Set && content.kind === 'set') {
    target.clear();
    for (const member of content.members) target.add(member);
  } else if (Array.isArray(target) && content.kind === 'sequence') {
    target.length = content.items.length;
    for (const [i, item] of content.items.entries()) target[i] = item;
  } else if (content.kind === 'fields') {
    for (const name of Object.keys(target)) if (!(name in content.fields)) Reflect.deleteProperty(target, name);
    Object.assign(target, content.fields);
  }
}

/** Opens something that nobody else holds yet, such as a class of ours while it is put together. */
export function unshared<T extends Changeable>(target: T): Changing<T> {
  // As in `change` below, which everything else goes through.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion
  return target as unknown as Changing<T>;
}

/** What was changed since a moment, with what it held then. */
export type Changes = Map<Changeable, Content>;

/** The writes of one evaluation. */
export class Effects {
  /** Open records, the newest last. Each remembers what was first changed since it was opened and before the next one was. */
  readonly #records: Changes[] = [];

  /** Opens something for writing; remembers what it holds where somebody may want to know. */
  change<T extends Changeable>(target: T): Changing<T> {
    const record = this.#records.at(-1);
    if (record !== undefined && !record.has(target)) record.set(target, contentOf(target));
    // The one place that takes `readonly` away: whoever reads holds the same object under its read-only type.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion
    return target as unknown as Changing<T>;
  }
}
