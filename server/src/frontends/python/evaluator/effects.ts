// Every write to something that others may hold goes through `change`: the types of the values are read-only, so no other way
// compiles. While a part of the program is followed that may or may not run, what is about to be changed is remembered, so that
// it can be undone and held against what the other ways do (ways.ts).

import type { Changes, Changing, Content, Field, Kept, Owner, PyValue, State } from './machine.ts';

/** Sequences that only grow while a class is defined, and are then shared. */
const fixed: ReadonlySet<string> = new Set(['bases', 'mro', 'parameters', 'shape', 'elements', 'fields', 'lookedAt']);

/** Items that weigh as much as an owner does that holds none. */
const itemsOfOwner = 8;

/** What the fields of owners are, as far as that matters here. */
type Held = Map<string, Kept> | PyValue[] | string | undefined;

function fieldsOf(owner: object): readonly (readonly [string, Held])[] {
  return Object.entries<Held>({ ...owner });
}

/** Opens something that nobody else holds yet, such as a class of ours while it is put together. */
export function unshared<T extends Owner>(target: T): Changing<T> {
  // Beside `change`, which everything else goes through, the one place that takes `readonly` away.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion
  return target as unknown as Changing<T>;
}

/** The names of a module and of a class are those of the scope that its text runs in; `vars(…)` has those of an object. */
function ownerOf(target: Owner): Owner {
  if ('viewOf' in target && target.viewOf) return target.viewOf;
  if (!('parent' in target)) return target;
  return target.classBody ?? (target.names === target.module.names ? target.module : target);
}

/** Whether an owner may be older than the evaluation: what text has made is not, all else may be a library's. */
function mayBeShared(owner: Owner): boolean {
  if (!('kind' in owner)) return false;
  switch (owner.kind) {
    case 'instance':
      return owner.class.span === undefined;
    case 'class':
      return owner.span === undefined;
    case 'module':
      return owner.isModelled;
    case 'function':
      return false;
    default:
      return true;
  }
}

/** The writes of one evaluation. */
export class Effects {
  /** What libraries' values held before the evaluation changed them: all evaluations have the same libraries. */
  readonly #shared = new Map<Owner, Content>();
  /** Open records, the newest last. Each remembers what was first changed while it was the newest. */
  #records: Changes[] = [];
  #made = 0;
  readonly #madeAt = new WeakMap<object, number>();
  readonly #onCopied: (items: number) => void;

  /** `onCopied` hears how much was copied to remember or to undo something: it is work like any other. */
  constructor(onCopied: (items: number) => void) {
    this.#onCopied = onCopied;
  }

  /** Whether anybody may want to undo what is done now. */
  get areRecorded(): boolean {
    return this.#records.length > 0;
  }

  /** Opens something for writing; remembers what it holds where somebody may want to know. */
  change<T extends Owner>(target: T): Changing<T> {
    const record = this.#records.at(-1);
    const owner = ownerOf(target);
    if (record !== undefined && !record.has(owner)) record.set(owner, this.contentOf(owner));
    if (mayBeShared(owner) && !this.#shared.has(owner)) this.#shared.set(owner, this.contentOf(owner));
    return unshared(target);
  }

  /** Gives libraries' values back what they held before this evaluation, which is over. */
  leaveLibraries(): void {
    for (const [owner, content] of this.#shared) this.#restore(owner, content);
    this.#shared.clear();
  }

  /** What an owner holds now. */
  readonly contentOf = (owner: Owner): Content => {
    const content = new Map<string, Field>();
    // An iterator goes through the items of what it is of, and changes its place alone.
    const hasOwnItems = !('kind' in owner && owner.kind === 'iterator');
    let copied = itemsOfOwner;
    for (const [name, value] of fieldsOf(owner)) {
      if (value instanceof Map) {
        content.set(name, { value, entries: new Map(value) });
        copied += value.size;
      } else if (Array.isArray(value) && !fixed.has(name) && (hasOwnItems || name !== 'items')) {
        content.set(name, { value, items: value.slice() });
        copied += value.length;
      } else content.set(name, { value });
    }
    this.#onCopied(copied);
    return content;
  };

  /** Gives an owner what it held. */
  #restore(owner: Owner, content: Content): void {
    let copied = itemsOfOwner;
    for (const name of Object.keys(owner)) if (!content.has(name)) Reflect.deleteProperty(owner, name);
    for (const [name, { value, entries, items }] of content) {
      Reflect.set(owner, name, value);
      if (entries && value instanceof Map) {
        value.clear();
        for (const [key, item] of entries) value.set(key, item);
        copied += entries.size;
      } else if (items && Array.isArray(value)) {
        value.length = 0;
        for (const item of items) value.push(item);
        copied += items.length;
      }
    }
    this.#onCopied(copied);
  }

  /** Begins to remember. */
  open(): Changes {
    const record: Changes = new Map();
    this.#records.push(record);
    return record;
  }

  /** Forgets a moment; what was changed since is then changed since the moment before it. */
  close(record: Changes): void {
    const at = this.#records.indexOf(record);
    const below = this.#records[at - 1];
    if (below) for (const [owner, content] of record) if (!below.has(owner)) below.set(owner, content);
    this.#records.splice(at, 1);
  }

  /** What was changed since a moment, with what it held then. */
  since(record: Changes): State {
    const found = new Map<Owner, Content>();
    for (const each of this.#records.slice(this.#records.indexOf(record)))
      for (const [owner, content] of each) if (!found.has(owner)) found.set(owner, content);
    return found;
  }

  /** What all that was changed since a moment holds now. */
  stateSince(record: Changes): State {
    return new Map([...this.since(record).keys()].map((owner) => [owner, this.contentOf(owner)]));
  }

  /** Undoes everything since a moment, and forgets that moment and later ones. */
  undo(record: Changes): void {
    for (const [owner, content] of this.since(record)) this.#restore(owner, content);
    this.#records.splice(this.#records.indexOf(record));
  }

  /** Gives owners a content, as a change like any other. */
  apply(state: State): void {
    for (const [owner, content] of state) {
      this.change(owner);
      this.#restore(owner, content);
    }
  }

  /** The first of some moments. */
  oldest(records: readonly Changes[]): Changes | undefined {
    return this.#records.find((record) => records.includes(record));
  }

  /** How many things were made so far, as far as anybody may ask. */
  get madeSoFar(): number {
    return this.#made;
  }

  /** Notes that a thing was made just now: nobody holds it but who made it. */
  noteMade(thing: object): void {
    if (this.areRecorded) this.#madeAt.set(thing, ++this.#made);
  }

  /** Whether a thing was made after so many others. */
  isMadeSince(thing: object, count: number): boolean {
    return (this.#madeAt.get(thing) ?? 0) > count;
  }

  /** Runs something of which only what it does to older things is remembered: what it makes stays as it leaves it. */
  keepingNew<T>(run: () => T): T {
    if (!this.areRecorded) return run();
    const made = this.#made;
    const record = this.open();
    try {
      return run();
    } finally {
      for (const owner of record.keys()) if (this.isMadeSince(owner, made)) record.delete(owner);
      this.close(record);
    }
  }

  /**
   * Runs what happens whichever way is taken, such as an import that had been put off: it is not undone. What it puts into
   * something is added to what is remembered of that, too.
   */
  unrecorded<T>(run: () => T): T {
    const records = this.#records;
    const own: Changes = new Map();
    this.#records = records.length === 0 ? [] : [own];
    try {
      return run();
    } finally {
      this.#records = records;
      for (const [owner, before] of own)
        for (const record of records) {
          const remembered = record.get(owner);
          if (remembered) record.set(owner, withNew(remembered, before, owner));
        }
    }
  }
}

/** What is remembered of an owner, with the entries that it has got since `before`. */
function withNew(remembered: Content, before: Content, owner: Owner): Content {
  const content = new Map(remembered);
  for (const [name, value] of fieldsOf(owner)) {
    const field = remembered.get(name);
    if (!(value instanceof Map) || field?.entries === undefined) continue;
    const had = before.get(name)?.entries;
    const added = [...value].filter(([key]) => had?.has(key) !== true && field.entries?.has(key) !== true);
    if (added.length > 0) content.set(name, { ...field, entries: new Map([...field.entries, ...added]) });
  }
  return content;
}
