// Python values as they are made, and what can be said of one by itself: its key, its type's name, its plain form.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
import type { Changing } from './machine.ts';
import type {
  BuiltinValue,
  DictValue,
  FloatValue,
  IntValue,
  ListValue,
  PyValue,
  SetValue,
  TupleValue,
  UnknownValue,
} from './machine.ts';

/** The attribute of a function whose decorator failed: no name that Python text can use. */
export const lostDecorator = '<lost decorator>';

export const none: PyValue = { kind: 'none' };
export const pyTrue: PyValue = { kind: 'bool', value: true };
export const pyFalse: PyValue = { kind: 'bool', value: false };
export const ellipsis: PyValue = { kind: 'ellipsis' };
export const notImplemented: PyValue = { kind: 'not-implemented' };

export function bool(value: boolean): PyValue {
  return value ? pyTrue : pyFalse;
}
export function int(value: number, origin?: WidthOrigin): IntValue {
  return origin ? { kind: 'int', value, origin } : { kind: 'int', value };
}
export function float(value: number, origin?: WidthOrigin): FloatValue {
  return origin ? { kind: 'float', value, origin } : { kind: 'float', value };
}
export function string(value: string): PyValue {
  return { kind: 'string', value };
}
export function list(items: readonly PyValue[]): ListValue {
  return { kind: 'list', items: [...items] };
}
export function tuple(items: readonly PyValue[]): TupleValue {
  return { kind: 'tuple', items };
}
export function unknown(reason: string, span: SourceSpan): UnknownValue {
  return { kind: 'unknown', reason, span };
}
/** What is said of a value that is not known and may be one of these, or hold or change them: those that can be changed. */
export function amongOf(values: readonly PyValue[]): { readonly among?: readonly PyValue[] } {
  const found = new Set<PyValue>();
  for (const value of values) {
    if (value.kind === 'unknown') for (const each of value.among ?? []) found.add(each);
    else if (canChange(value)) found.add(value);
  }
  return found.size > 0 ? { among: [...found] } : {};
}

/** Whether something done to a value shows elsewhere. Layers are followed by the network that they are part of. */
function canChange(value: PyValue, depth = 0): boolean {
  switch (value.kind) {
    case 'list':
    case 'dict':
    case 'partial-dict':
    case 'set':
    case 'iterator':
    case 'bound-method':
    case 'function':
    case 'partial':
      return true;
    case 'instance':
      return value.attributes.size > 0 || value.class.span !== undefined;
    case 'tuple':
      return depth < deepestKey && value.items.some((item) => canChange(item, depth + 1));
    default:
      return false;
  }
}

export function builtin(name: string, call: BuiltinValue['call'], bindsSelf = false): BuiltinValue {
  return { kind: 'builtin', name, call, bindsSelf };
}
export function dict(pairs: Iterable<readonly [PyValue, PyValue]> = []): DictValue {
  const entries: Changing<DictValue>['entries'] = new Map();
  for (const [key, value] of pairs) entries.set(keyOf(key), { key, value });
  return { kind: 'dict', entries };
}
export function set(items: Iterable<PyValue>): SetValue {
  const entries: Changing<SetValue>['entries'] = new Map();
  for (const item of items) entries.set(keyOf(item), item);
  return { kind: 'set', entries };
}

const identities = new WeakMap<object, number>();
let identityCount = 0;
/** A tuple in a tuple deeper than this is a key by identity: its text could double with each level. */
const deepestKey = 8;

/** Text by which a value is a dictionary key; mutable things are keys by identity. */
export function keyOf(value: PyValue, depth = 0): string {
  switch (value.kind) {
    case 'string':
      return `s:${value.value}`;
    case 'int':
    case 'float':
      return `n:${String(value.value)}`;
    case 'bool':
      return `n:${value.value ? '1' : '0'}`;
    case 'none':
      return 'none';
    case 'tuple':
      return depth < deepestKey
        ? `t(${value.items.map((item) => keyOf(item, depth + 1)).join(',')})`
        : identityKey(value);
    default: {
      const plain = plainOf(value);
      return plain === value ? identityKey(value) : keyOf(plain, depth);
    }
  }
}

/** Whether it is certain which key a value is: not where it, or a part of it, is not known or has an equality of its own. */
export function isCertainKey(value: PyValue, depth = 0): boolean {
  switch (value.kind) {
    case 'unknown':
      return false;
    case 'tuple':
      return depth < deepestKey && value.items.every((item) => isCertainKey(item, depth + 1));
    case 'instance':
      return !value.class.mro.some(({ attributes }) => attributes.has('__eq__') || attributes.has('__hash__'));
    default:
      return true;
  }
}

/** A member of an enum that is a text or a number as well (`class Mode(str, Enum)`) as such; anything else as it is. */
export function plainOf(value: PyValue): PyValue {
  if (value.kind !== 'instance' || !value.class.attributes.has('__members__')) return value;
  const own = value.attributes.get('value');
  if (own === undefined) return value;
  const names = { string: ['str', 'StrEnum'], int: ['int', 'IntEnum', 'IntFlag'] };
  const wanted: readonly string[] = own.kind === 'string' || own.kind === 'int' ? names[own.kind] : [typeName(own)];
  return value.class.mro.some((type) => type.span === undefined && wanted.includes(type.name)) ? own : value;
}

function identityKey(value: PyValue): string {
  let identity = identities.get(value);
  if (identity === undefined) identities.set(value, (identity = identityCount++));
  return `o:${String(identity)}`;
}

/** The Python name of a value's type, for messages and `__name__`. */
export function typeName(value: PyValue): string {
  switch (value.kind) {
    case 'none':
      return 'NoneType';
    case 'string':
      return 'str';
    case 'partial-dict':
      return 'dict';
    case 'instance':
      return value.class.name;
    case 'tensor':
      return 'Tensor';
    case 'bound-method':
      return 'method';
    case 'class':
      return 'type';
    case 'builtin':
      return 'builtin_function_or_method';
    default:
      return value.kind;
  }
}

/** The number of items of a range. */
export function rangeLength(range: { readonly start: number; readonly stop: number; readonly step: number }): number {
  return Math.max(0, Math.ceil((range.stop - range.start) / range.step));
}
