// `object[index]`: reading, setting and deleting items of sequences, dictionaries and what overloads them.

import type { SourceSpan } from '../../../common/source-span.ts';
import { isUnhashable } from './argument-kinds.ts';
import { addItems } from './container-methods.ts';
import { hasKey, isCounter, isOpen, readEntry } from './partial-dictionary.ts';
import { findMethod, isWhollyWritten } from './classes.ts';
import { amongOf, isCertainKey, rangeLength, int, keyOf, list, string, tuple, typeName, unknown } from './values.ts';
import type { Machine, PyValue } from './machine.ts';
import { integerOf } from './numbers.ts';

type SliceValue = Extract<PyValue, { kind: 'slice' }>;

/** Start, stop and step of a slice over `length` items, as Python clamps them; undefined when a bound is unknown. */
export function sliceBounds(
  slice: SliceValue,
  length: number,
): { start: number; stop: number; step: number } | undefined {
  const bound = (value: PyValue): number | undefined | 'unknown' =>
    value.kind === 'none' ? undefined : (integerOf(value) ?? 'unknown');
  const [lower, upper, stepValue] = [bound(slice.lower), bound(slice.upper), bound(slice.step)];
  if (lower === 'unknown' || upper === 'unknown' || stepValue === 'unknown' || stepValue === 0) return undefined;
  const step = stepValue ?? 1;
  const clamp = (value: number, low: number, high: number): number =>
    Math.min(Math.max(value < 0 ? value + length : value, low), high);
  if (step > 0) return { start: clamp(lower ?? 0, 0, length), stop: clamp(upper ?? length, 0, length), step };
  const start = lower === undefined ? length - 1 : clamp(lower, -1, length - 1);
  const stop = upper === undefined ? -1 : clamp(upper, -1, length - 1);
  return { start, stop, step };
}

function takeSlice<T>(items: readonly T[], bounds: { start: number; stop: number; step: number }): T[] {
  const taken: T[] = [];
  for (let i = bounds.start; bounds.step > 0 ? i < bounds.stop : i > bounds.stop; i += bounds.step) {
    const item = items[i];
    if (item !== undefined) taken.push(item);
  }
  return taken;
}

/** What reading an item may give. */
function itemsIn(object: PyValue): readonly PyValue[] {
  switch (object.kind) {
    case 'list':
    case 'tuple':
      return object.items;
    case 'dict':
    case 'partial-dict':
      return [...object.entries.values()].map(({ value }) => value);
    default:
      return [object];
  }
}

/** Reads an item. */
export function getItem(machine: Machine, object: PyValue, index: PyValue, span: SourceSpan): PyValue {
  if (object.kind === 'unknown') return object;
  if (object.kind === 'tensor') return machine.library.tensorItem(machine, object, index, span);
  if (index.kind === 'unknown' && object.kind !== 'class') return { ...index, ...amongOf(itemsIn(object)) };
  switch (object.kind) {
    case 'list':
    case 'tuple':
    case 'string': {
      if (object.kind === 'string') machine.expand(object.value.length, span);
      const items: readonly PyValue[] = object.kind === 'string' ? Array.from(object.value, string) : object.items;
      if (index.kind === 'slice') {
        const bounds = sliceBounds(index, items.length);
        if (bounds === undefined) return unknown('The bounds of this slice are not known', span);
        machine.hold(Math.max(0, (bounds.stop - bounds.start) / bounds.step), span);
        const taken = takeSlice(items, bounds);
        if (object.kind === 'string')
          return string(taken.map((item) => (item.kind === 'string' ? item.value : '')).join(''));
        if (object.kind === 'list') return list(taken);
        return object.isSize === true ? { ...object, items: taken } : tuple(taken);
      }
      const place = integerOf(index);
      if (place === undefined) {
        // The parameters of a union of types: `Pair[int]`.
        if (
          object.kind === 'tuple' &&
          object.items.length > 0 &&
          object.items.every(({ kind }) => kind === 'class' || kind === 'none')
        )
          return object;
        return machine.raise('TypeError', `${typeName(object)} indices must be integers`, span);
      }
      return (
        items[place < 0 ? place + items.length : place] ??
        machine.raise('IndexError', `${typeName(object)} index out of range`, span)
      );
    }
    case 'dict': {
      if (isUnhashable(index))
        return machine.raise('TypeError', `unhashable type: '${machine.nameOfType(index)}'`, span);
      if (!isCertainKey(index))
        return { ...unknown('Which key this is is not known', span), ...amongOf(itemsIn(object)) };
      const found = readEntry(object, index);
      if (found) return found;
      if (isOpen(object)) return unknown('Whether this key is there is not known', span);
      if (object.missing) {
        const value = machine.callWith(object.missing, span);
        if (isCounter(object)) return value;
        machine.change(object).entries.set(keyOf(index), { key: index, value });
        return value;
      }
      return machine.raise('KeyError', machine.text(index, span), span);
    }
    case 'partial-dict': {
      const found = readEntry(object, index);
      if (found !== undefined) return found;
      if (isOpen(object)) return unknown('Whether this key is there is not known', span);
      if (object.missing === undefined) return machine.raise('KeyError', machine.text(index, span), span);
      const value = machine.callWith(object.missing, span);
      machine.change(object).entries.set(keyOf(index), { key: index, value });
      return value;
    }
    case 'range': {
      const length = rangeLength(object);
      if (index.kind === 'slice') {
        const bounds = sliceBounds(index, length);
        if (bounds === undefined) return unknown('The bounds of this slice are not known', span);
        return {
          kind: 'range',
          start: object.start + bounds.start * object.step,
          stop: object.start + bounds.stop * object.step,
          step: object.step * bounds.step,
        };
      }
      const place = integerOf(index);
      if (place === undefined)
        return index.kind === 'instance' || index.kind === 'tensor'
          ? unknown('Which item this is is not known', span)
          : machine.raise('TypeError', 'range indices must be integers or slices', span);
      const i = place < 0 ? place + length : place;
      return i >= 0 && i < length
        ? int(object.start + i * object.step)
        : machine.raise('IndexError', 'range index out of range', span);
    }
    case 'class': {
      const members = object.attributes.get('__members__');
      if (members?.kind === 'dict') return getItem(machine, members, index, span);
      const method = findMethod(object, '__class_getitem__');
      // `list[int]` and other generic aliases: the type itself.
      return method ? machine.callWith(method, span, object, index) : object;
    }
    case 'instance': {
      const fromLibrary = machine.library.instanceItem(machine, object, index, span);
      if (fromLibrary !== undefined) return fromLibrary;
      const method = machine.method(object, '__getitem__', span);
      if (method) return machine.callWith(method, span, index);
      if (object.dictionary) {
        const missing = machine.method(object, '__missing__', span);
        const isThere = missing && hasKey(object.dictionary, index);
        if (missing && isThere !== true)
          return isThere === false
            ? machine.callWith(missing, span, index)
            : unknown('Whether this key is there is not known', span);
        return getItem(machine, object.dictionary, index, span);
      }
      if (!isWhollyWritten(object)) return unknown(`What items a ${typeName(object)} has is not known`, span);
      return machine.raise('TypeError', `'${typeName(object)}' object is not subscriptable`, span);
    }
    case 'builtin':
    case 'function':
    case 'module':
      return object;
    default:
      return machine.raise('TypeError', `'${typeName(object)}' object is not subscriptable`, span);
  }
}

/** `list[start:stop] = items`. */
function replaceItems(
  machine: Machine,
  target: PyValue[],
  { start, stop }: { readonly start: number; readonly stop: number },
  items: readonly PyValue[],
  span: SourceSpan,
): void {
  const tail = target.slice(Math.max(start, stop));
  const added = [...items, ...tail];
  target.length = start;
  addItems(machine, target, added, span);
}

/** Sets an item. What can't be followed is lost: the container may hold more or other layers than are seen. */
export function setItem(machine: Machine, object: PyValue, index: PyValue, value: PyValue, span: SourceSpan): void {
  if (object.kind === 'tensor') machine.library.writeTensorItem(machine, object, index, value, span);
  else if (object.kind === 'unknown') {
    machine.loseAmong(object, span);
    machine.mayRaise();
  } else if ((object.kind === 'dict' || object.kind === 'partial-dict') && !isCertainKey(index)) {
    machine.ways.loseOwner(object, 'Under which key something is put here is not known', span);
  } else if (object.kind === 'list' && index.kind === 'unknown') {
    // Of the same length, and each item is what it was or the new one.
    const lost = { ...unknown('Which item is replaced here is not known', span), ...amongOf([...object.items, value]) };
    machine.change(object).items.fill(lost);
    machine.mayRaise();
  } else if (object.kind === 'list') {
    const place = integerOf(index);
    if (place !== undefined) {
      const i = place < 0 ? place + object.items.length : place;
      if (i < 0 || i >= object.items.length) machine.raise('IndexError', 'list assignment index out of range', span);
      machine.change(object).items[i] = value;
    } else if (index.kind === 'slice') {
      const bounds = sliceBounds(index, object.items.length);
      const items = machine.iterate(value, span);
      if (bounds && !('kind' in items) && bounds.step === 1)
        replaceItems(machine, machine.change(object).items, bounds, items, span);
      else machine.ways.loseOwner(object, 'Which items are replaced here is not known', span);
    }
  } else if (object.kind === 'dict' || object.kind === 'partial-dict')
    machine.change(object).entries.set(keyOf(index), { key: index, value });
  else if (object.kind === 'instance') {
    const method = machine.method(object, '__setitem__', span);
    if (method) machine.callWith(method, span, index, value);
    else if (object.dictionary) setItem(machine, object.dictionary, index, value, span);
    else if (object.items) {
      const place = integerOf(index);
      const { items } = machine.change(object);
      if (place !== undefined && items) items[place < 0 ? place + items.length : place] = value;
    }
  }
}

/** `del object[index]`. */
export function deleteItem(machine: Machine, object: PyValue, index: PyValue, span: SourceSpan): void {
  if (object.kind === 'unknown') {
    machine.loseAmong(object, span);
    machine.mayRaise();
  } else if (
    ((object.kind === 'dict' || object.kind === 'partial-dict') && !isCertainKey(index)) ||
    (object.kind === 'list' && index.kind === 'unknown')
  ) {
    machine.ways.loseOwner(object, 'What is deleted here is not known', span);
    machine.mayRaise();
  } else if (object.kind === 'partial-dict') {
    if (hasKey(object, index) === undefined) machine.mayRaise();
    machine.change(object).entries.delete(keyOf(index));
  } else if (object.kind === 'dict') {
    if (!machine.change(object).entries.delete(keyOf(index)))
      machine.raise('KeyError', machine.text(index, span), span);
  } else if (object.kind === 'list') {
    const place = integerOf(index);
    if (place !== undefined) {
      const at = place < 0 ? place + object.items.length : place;
      if (at < 0 || at >= object.items.length) machine.raise('IndexError', 'list assignment index out of range', span);
      machine.change(object).items.splice(at, 1);
    } else if (index.kind === 'slice') {
      const bounds = sliceBounds(index, object.items.length);
      if (bounds && bounds.step === 1) machine.change(object).items.splice(bounds.start, bounds.stop - bounds.start);
      else machine.ways.loseOwner(object, 'Which items are deleted here is not known', span);
    }
  } else if (object.kind === 'instance') {
    const method = machine.method(object, '__delitem__', span);
    if (method) machine.callWith(method, span, index);
    else if (object.dictionary) deleteItem(machine, object.dictionary, index, span);
    else if (object.items) deleteItem(machine, { kind: 'list', items: object.items }, index, span);
  }
}
