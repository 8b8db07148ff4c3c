// A dictionary of which not all is known: one of the ways that a program may go has put a key into it, or taken one out, and
// another has not. What every way holds under a key is known; an entry whose value `isMaybe` is there in some ways only.

import type { SourceSpan } from '../../../common/source-span.ts';
import { dict, isCertainKey, keyOf, none, unknown } from './values.ts';
import type { Arguments, DictValue, Machine, PartialDictValue, PyValue, UnknownValue } from './machine.ts';

type Method = (self: PartialDictValue, args: Arguments, machine: Machine, span: SourceSpan) => PyValue;

/** What is not known of such a dictionary: its length, its order, its truth. */
export function lostIn({ reason, span }: PartialDictValue): UnknownValue {
  return unknown(reason, span);
}

export function isMaybe(value: PyValue): boolean {
  return value.kind === 'unknown' && value.isMaybe === true;
}

/** The name of what a Counter gives for keys that it does not have; it does not keep it. */
export const counterZero = 'Counter';

/** Whether a dictionary counts: it has operators, and keeps nothing when it is asked for what it does not have. */
export function isCounter({ missing }: DictValue | PartialDictValue): boolean {
  return missing?.kind === 'builtin' && missing.name === counterZero;
}

/** What is read where there may be nothing: not known, but something. */
function present(value: PyValue): PyValue {
  return value.kind === 'unknown' && value.isMaybe ? unknown(value.reason, value.span) : value;
}

/** A dictionary of which not all is known, also where it is the attributes of an object of which not all are known. */
export function partial(value: PyValue | undefined): PartialDictValue | undefined {
  if (value?.kind === 'partial-dict') return value;
  if (value?.kind !== 'dict' || value.viewOf === undefined) return undefined;
  const { entries, viewOf } = value;
  const more = isOpen(value) && viewOf.kind === 'instance' ? viewOf.mayHaveMore : undefined;
  if (more !== undefined)
    return { kind: 'partial-dict', entries, viewOf, reason: more, span: { document: '', start: 0, end: 0 } };
  for (const { value: each } of entries.values())
    if (each.kind === 'unknown' && each.isMaybe)
      return { kind: 'partial-dict', entries, viewOf, reason: each.reason, span: each.span };
  return undefined;
}

/** Whether there may be other keys than those that are known: the attributes of an object that something unknown has changed. */
export function isOpen({ viewOf }: DictValue | PartialDictValue): boolean {
  return viewOf?.kind === 'instance' && viewOf.mayHaveMore !== undefined;
}

/** Whether a key is there; undefined where only some ways have it. */
export function hasKey(self: DictValue | PartialDictValue, key: PyValue): boolean | undefined {
  if (!isCertainKey(key)) return undefined;
  const entry = self.entries.get(keyOf(key));
  if (entry === undefined) return isOpen(self) ? undefined : false;
  return isMaybe(entry.value) ? undefined : true;
}

/** What is read under a key that some way has; undefined where none has it. */
export function readEntry(self: DictValue | PartialDictValue, key: PyValue): PyValue | undefined {
  const entry = self.entries.get(keyOf(key));
  return entry && present(entry.value);
}

/** Sets an entry that may not be there, or takes it where it certainly is. */
export function addEntry(machine: Machine, self: DictValue | PartialDictValue, key: PyValue, value: PyValue): void {
  const identity = keyOf(key);
  const own = self.entries.get(identity)?.value;
  const stays = own !== undefined && !isMaybe(own);
  const open = machine.change(self);
  open.entries.set(identity, { key, value: isMaybe(value) && stays ? present(value) : value });
  if (value.kind === 'unknown' && value.isMaybe && !stays && self.kind === 'dict')
    Object.assign(open, { kind: 'partial-dict', reason: value.reason, span: value.span });
}

/** Takes all entries of another dictionary. */
export function addEntries(
  machine: Machine,
  self: DictValue | PartialDictValue,
  source: DictValue | PartialDictValue,
): void {
  for (const { key, value } of [...source.entries.values()]) addEntry(machine, self, key, value);
}

/** A dictionary of what a call is given by name. */
export function named(machine: Machine, pairs: Iterable<readonly [PyValue, PyValue]>): DictValue | PartialDictValue {
  const made = dict();
  for (const [key, value] of pairs) addEntry(machine, made, key, value);
  return made;
}

/** Another dictionary of the same kind, without entries. */
export function emptyCopyOf(self: DictValue | PartialDictValue): DictValue | PartialDictValue {
  const { missing, reason, span } = { missing: self.missing, ...partial(self) };
  const made = { ...dict(), ...(missing && { missing }) };
  return reason !== undefined && span !== undefined ? { ...made, kind: 'partial-dict', reason, span } : made;
}

/** Another dictionary with the same entries. */
export function copyOf(self: DictValue | PartialDictValue): DictValue | PartialDictValue {
  const entries = new Map([...self.entries].map(([identity, entry]) => [identity, { ...entry }]));
  return { ...emptyCopyOf(self), entries };
}

/** The methods that ask for more than a key, or take one away. */
export const partialMethods: Readonly<Record<string, Method>> = {
  get(self, { positional: [key = none, otherwise = none] }) {
    if (!isCertainKey(key)) return lostIn(self);
    const found = self.entries.get(keyOf(key))?.value;
    return found === undefined ? (isOpen(self) ? lostIn(self) : otherwise) : isMaybe(found) ? lostIn(self) : found;
  },
  keys: lostIn,
  values: lostIn,
  items: lostIn,
  pop(self, { positional: [key = none, otherwise] }, machine, span) {
    if (key.kind === 'unknown') {
      machine.ways.loseOwner(self, key.reason, key.span);
      return key;
    }
    const found = readEntry(self, key);
    machine.change(self).entries.delete(keyOf(key));
    return found ?? otherwise ?? machine.raise('KeyError', machine.text(key, span), span);
  },
  popitem(self, _args, machine) {
    const lost = lostIn(self);
    machine.ways.loseOwner(self, self.reason, self.span);
    return lost;
  },
  setdefault(self, { positional: [key = none, value = none] }, machine) {
    if (key.kind === 'unknown') {
      machine.ways.loseOwner(self, key.reason, key.span);
      return key;
    }
    const found = readEntry(self, key) ?? value;
    machine.change(self).entries.set(keyOf(key), { key, value: found });
    return found;
  },
  copy: copyOf,
  clear(self, _args, machine) {
    const open = machine.change(self);
    open.entries.clear();
    Object.assign(open, { kind: 'dict' });
    return none;
  },
  move_to_end: () => none,
};
