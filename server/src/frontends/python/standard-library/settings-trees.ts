// Trees of settings as OmegaConf, yacs, ML Collections, MMEngine and their kin keep them: dictionaries inside each other whose keys
// can be read as attributes. What is kept and what is read of a value differs between them, and is told by rules.

import type { SourceSpan } from '../../../common/source-span.ts';
import { nativeClass } from '../evaluator/classes.ts';
import { deleteItem, getItem, setItem } from '../evaluator/items.ts';
import type {
  Arguments,
  ClassValue,
  DictValue,
  InstanceValue,
  Machine,
  PartialDictValue,
  PyValue,
  UnknownValue,
} from '../evaluator/machine.ts';
import { hasKey, lostIn, partial } from '../evaluator/partial-dictionary.ts';
import { bool, dict, int, list, none, string, tuple, unknown } from '../evaluator/values.ts';
import { argument, method } from './module-table.ts';

export type Entries = DictValue | PartialDictValue;

/** Attributes in which a tree that is no dictionary itself keeps its entries and what it stands in: no names of Python. */
const entriesKey = '<entries>';
export const parentKey = '<parent>';

/** What `isinstance` knows trees as that are no dictionaries. */
export const mappingBase = nativeClass('MutableMapping', [nativeClass('Mapping', [])]);

export interface TreeRules {
  readonly name: string;
  readonly bases?: readonly ClassValue[];
  /** What is kept of a value that is put into a tree. */
  readonly keep: (machine: Machine, node: InstanceValue, value: PyValue, span: SourceSpan) => PyValue;
  /** What is read of one that is kept; by default the value. */
  readonly show?: (machine: Machine, node: InstanceValue, value: PyValue, span: SourceSpan) => PyValue;
  /** What a key gives that is not there; by default the exceptions that dictionaries and objects raise. */
  readonly missing?: (machine: Machine, node: InstanceValue, key: PyValue, span: SourceSpan) => PyValue;
  readonly methods?: readonly (readonly [string, PyValue])[];
}

/** The entries of a tree. */
export function entriesOf(node: InstanceValue): Entries | UnknownValue {
  const own = node.dictionary ?? node.attributes.get(entriesKey);
  if (own?.kind === 'dict' || own?.kind === 'partial-dict') return own;
  return own?.kind === 'unknown' ? own : unknown('What these settings hold is not known', node.site.span);
}

/** Calls back with each entry as it is kept; why not all are known, where they are not. */
export function eachEntry(node: InstanceValue, run: (key: PyValue, value: PyValue) => void): UnknownValue | undefined {
  const entries = entriesOf(node);
  if (entries.kind === 'unknown') return entries;
  const part = partial(entries);
  for (const { key, value } of [...entries.entries.values()]) run(key, value);
  return part && lostIn(part);
}

/** A tree without entries. */
export function emptyTree(machine: Machine, type: ClassValue, span: SourceSpan): InstanceValue {
  const isDictionary = type.mro.some(({ name }) => name === 'dict');
  const node: InstanceValue = {
    kind: 'instance',
    class: type,
    attributes: new Map(isDictionary ? [] : [[entriesKey, dict()]]),
    site: { span, callChain: [...machine.callStack] },
    ...(isDictionary && { dictionary: dict() }),
  };
  machine.noteMade(node);
  return node;
}

export function putEntry(
  machine: Machine,
  { keep }: TreeRules,
  node: InstanceValue,
  key: PyValue,
  value: PyValue,
  span: SourceSpan,
): void {
  const entries = entriesOf(node);
  if (entries.kind !== 'unknown') setItem(machine, entries, key, keep(machine, node, value, span), span);
}

/** A mapping as pairs: a dictionary, a tree, or what has keys and items. */
export function pairsOf(
  machine: Machine,
  value: PyValue,
  span: SourceSpan,
): readonly (readonly [PyValue, PyValue])[] | UnknownValue {
  if (value.kind === 'none') return [];
  const source = value.kind === 'instance' ? (value.dictionary ?? value.attributes.get(entriesKey) ?? value) : value;
  const part = partial(source);
  if (part) return lostIn(part);
  if (source.kind === 'dict') return [...source.entries.values()].map(({ key, value: each }) => [key, each]);
  if (source.kind === 'unknown') return source;
  return unknown('What is taken over here is not known', span);
}

/** A class of such trees. */
export function treeClass(rules: TreeRules): ClassValue {
  const show = rules.show ?? ((_machine, _node, value) => value);
  const read = (machine: Machine, node: InstanceValue, key: PyValue, span: SourceSpan): PyValue | undefined => {
    const entries = entriesOf(node);
    if (entries.kind === 'unknown') return entries;
    if (key.kind === 'unknown') return key;
    const isThere = hasKey(entries, key);
    if (isThere === false) return rules.missing?.(machine, node, key, span);
    return show(machine, node, getItem(machine, entries, key, span), span);
  };
  const keys = (node: InstanceValue): PyValue => {
    const found: PyValue[] = [];
    return eachEntry(node, (key) => found.push(key)) ?? { ...list(found), isKeys: true };
  };
  const shown = (
    node: InstanceValue,
    machine: Machine,
    span: SourceSpan,
    as: (key: PyValue, value: PyValue) => PyValue,
  ): PyValue => {
    const found: PyValue[] = [];
    const lost = eachEntry(node, (key, value) => found.push(as(key, show(machine, node, value, span))));
    machine.hold(found.length, span);
    return lost ?? list(found);
  };
  const fill = (
    node: InstanceValue,
    { positional, keywords }: Arguments,
    machine: Machine,
    span: SourceSpan,
  ): PyValue => {
    for (const source of positional.slice(0, 1)) {
      const pairs = pairsOf(machine, source, span);
      if ('kind' in pairs) {
        machine.ways.loseOwner(node, pairs.reason, span);
        return pairs;
      }
      machine.hold(pairs.length, span);
      for (const [key, value] of pairs) putEntry(machine, rules, node, key, value, span);
    }
    for (const [name, value] of keywords) putEntry(machine, rules, node, string(name), value, span);
    return none;
  };
  return nativeClass(
    rules.name,
    [...(rules.bases ?? [])],
    [
      method('__init__', (self, args, machine, span) => {
        if (self.dictionary === undefined) machine.change(self).attributes.set(entriesKey, dict());
        return fill(self, { ...args, keywords: new Map() }, machine, span);
      }),
      method('__getattr__', (self, { positional: [name = none] }, machine, span) => {
        const found = read(machine, self, name, span);
        const text = name.kind === 'string' ? name.value : '';
        return found ?? machine.raise('AttributeError', `these settings have no ${text}`, span);
      }),
      method('__setattr__', (self, { positional: [name = none, value = none] }, machine, span) => {
        putEntry(machine, rules, self, name, value, span);
        return none;
      }),
      method('__delattr__', (self, { positional: [name = none] }, machine, span) => {
        const entries = entriesOf(self);
        if (entries.kind !== 'unknown') deleteItem(machine, entries, name, span);
        return none;
      }),
      method('__getitem__', (self, { positional: [key = none] }, machine, span) => {
        return read(machine, self, key, span) ?? machine.raise('KeyError', machine.text(key, span), span);
      }),
      method('__setitem__', (self, { positional: [key = none, value = none] }, machine, span) => {
        putEntry(machine, rules, self, key, value, span);
        return none;
      }),
      method('__delitem__', (self, { positional: [key = none] }, machine, span) => {
        const entries = entriesOf(self);
        if (entries.kind !== 'unknown') deleteItem(machine, entries, key, span);
        return none;
      }),
      method('__contains__', (self, { positional: [key = none] }, _machine, span) => {
        const entries = entriesOf(self);
        const has = entries.kind === 'unknown' ? undefined : hasKey(entries, key);
        return has === undefined ? unknown('Whether these settings have this key is not known', span) : bool(has);
      }),
      method('__len__', (self) => {
        let count = 0;
        return eachEntry(self, () => count++) ?? int(count);
      }),
      method('__iter__', (self) => {
        const all = keys(self);
        return all.kind === 'list' ? { kind: 'iterator', items: all.items, position: 0 } : all;
      }),
      method('keys', keys),
      method('values', (self, _args, machine, span) => shown(self, machine, span, (_key, value) => value)),
      method('items', (self, _args, machine, span) => shown(self, machine, span, (key, value) => tuple([key, value]))),
      method('get', (self, args, machine, span) => {
        const key = argument(args, 0, 'key') ?? none;
        const entries = entriesOf(self);
        const otherwise = argument(args, 1, 'default') ?? argument(args, 1, 'default_value') ?? none;
        if (entries.kind !== 'unknown' && hasKey(entries, key) === false) return otherwise;
        return read(machine, self, key, span) ?? otherwise;
      }),
      method('pop', (self, args, machine, span) => {
        const [key = none, otherwise = args.keywords.get('default')] = args.positional;
        const entries = entriesOf(self);
        if (entries.kind !== 'unknown' && hasKey(entries, key) === false && otherwise) return otherwise;
        const value = read(machine, self, key, span) ?? machine.raise('KeyError', machine.text(key, span), span);
        if (entries.kind !== 'unknown' && hasKey(entries, key) === true) deleteItem(machine, entries, key, span);
        else machine.ways.loseOwner(self, 'What is taken out of these settings is not known', span);
        return value;
      }),
      method('setdefault', (self, { positional: [key = none, value = none] }, machine, span) => {
        const entries = entriesOf(self);
        if (entries.kind !== 'unknown' && hasKey(entries, key) === false)
          putEntry(machine, rules, self, key, value, span);
        return read(machine, self, key, span) ?? none;
      }),
      method('update', fill),
      ...(rules.methods ?? []),
    ],
  );
}

export interface Merging {
  /** What is put in the place of what is there, which is undefined where nothing is. */
  readonly put?: (old: PyValue | undefined, value: PyValue, key: PyValue) => PyValue;
  /** Whether a tree takes the place of the one that is there. */
  readonly replaces?: (value: PyValue) => boolean;
}

/** Takes over what one tree or dictionary says into another: inner trees are merged, all else is put in its place. */
export function mergeInto(
  machine: Machine,
  rules: TreeRules,
  node: InstanceValue,
  source: PyValue,
  span: SourceSpan,
  { put = (_old, value) => value, replaces = () => false }: Merging = {},
): UnknownValue | undefined {
  const pairs = pairsOf(machine, source, span);
  if ('kind' in pairs) {
    machine.ways.loseOwner(node, pairs.reason, span);
    const entries = entriesOf(node);
    if (entries.kind !== 'unknown') machine.ways.loseOwner(entries, pairs.reason, span);
    return pairs;
  }
  for (const [key, value] of pairs) {
    machine.tick(span);
    const entries = entriesOf(node);
    if (entries.kind === 'unknown') return entries;
    const old = hasKey(entries, key) === false ? undefined : getItem(machine, entries, key, span);
    const isTree = value.kind === 'dict' || value.kind === 'partial-dict' || isTreeValue(value);
    if (isTree && old?.kind === 'instance' && isTreeValue(old) && !replaces(value))
      mergeInto(machine, rules, old, value, span, { put, replaces });
    else putEntry(machine, rules, node, key, put(old, value, key), span);
  }
  return undefined;
}

/** Whether a value is a tree of settings. */
export function isTreeValue(value: PyValue): boolean {
  return value.kind === 'instance' && (value.dictionary !== undefined || value.attributes.has(entriesKey));
}
