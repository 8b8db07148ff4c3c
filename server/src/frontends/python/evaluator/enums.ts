// Enums: the plain values of a class's body become members with `name` and `value`.

import type { SourceSpan } from '../../../common/source-span.ts';
import { findMethod, unknownBaseOf } from './classes.ts';
import { dict, int, keyOf, none, plainOf, string, unknown } from './values.ts';
import type { ClassValue, InstanceValue, Machine, PyValue } from './machine.ts';

/** Methods by which an enum makes its members or looks them up otherwise than is followed here. */
const ownMaking = ['__new__', '_generate_next_value_', '_missing_', '_ignore_', '_order_', '__set_name__'];

/** Whether members of an enum are bits that combine. */
function isFlag(type: ClassValue): boolean {
  return type.mro.some(({ name, span }) => span === undefined && /^(Int)?Flag$/.test(name));
}

/** Whether a class is an enum, or derives from one. */
export function isEnum(type: ClassValue): boolean {
  return type.mro.some(({ name, span }) => span === undefined && /^(Int|Str)?Enum$|^(Int)?Flag$/.test(name));
}

/** Why it is not known which values the members of an enum have; undefined where it is. */
function whyUnknown(type: ClassValue): string | undefined {
  const own = ownMaking.find((name) => findMethod(type, name) !== undefined);
  if (own !== undefined) return `What ${own} of ${type.name} does is not followed`;
  const mixed = type.mro.find(
    ({ name, span, attributes }) =>
      (span === undefined && !/^(object|int|str|float|(Int|Str)?Enum|(Int)?Flag)$/.test(name)) ||
      (span !== undefined && attributes.has('__dataclass_fields__')),
  );
  return mixed && `What ${mixed.name} makes of the members of ${type.name} is not followed`;
}

/** What `auto()` gives behind the values of the members so far. */
function automatic(type: ClassValue, name: string, before: readonly PyValue[], span: SourceSpan): PyValue {
  const last = before.at(-1);
  if (type.mro.some((each) => each.name === 'StrEnum' && each.span === undefined)) return string(name.toLowerCase());
  if (last === undefined) return int(1);
  const numbers = before.map((each) => (each.kind === 'int' ? each.value : NaN));
  const highest = Math.max(...numbers);
  if (Number.isNaN(highest) || type.mro.some((each) => each.span === undefined && each.name === 'str'))
    return unknown('Which value this member gets is not known', span);
  if (!isFlag(type)) return int(numbers.at(-1) === undefined ? 1 : (numbers.at(-1) ?? 0) + 1);
  return int(highest < 1 ? 1 : 2 ** (Math.floor(Math.log2(highest)) + 1));
}

/** Turns the plain values of an enum's body into members. */
export function makeEnum(machine: Machine, type: ClassValue, span: SourceSpan): void {
  const members: [PyValue, PyValue][] = [];
  const values: PyValue[] = [];
  /** Members by the `auto()` that they were written as. */
  const numbered = new Map<PyValue, PyValue>();
  const why = whyUnknown(type);
  if (why !== undefined) machine.change(type).unknownBase ??= why;
  for (const [name, value] of [...type.attributes]) {
    const isMember =
      !name.startsWith('_') &&
      !['function', 'property', 'static-method', 'class-method', 'builtin'].includes(value.kind) &&
      !(value.kind === 'instance' && findMethod(value.class, '__get__') !== undefined);
    if (!isMember) continue;
    const alias =
      why !== undefined || value.kind === 'unknown'
        ? undefined
        : (numbered.get(value) ??
          members.find(
            ([, member]) =>
              member.kind === 'instance' && keyOf(member.attributes.get('value') ?? none) === keyOf(value),
          )?.[1]);
    if (alias ?? (value.kind === 'instance' && value.class === type)) {
      machine.change(type).attributes.set(name, alias ?? value);
      members.push([string(name), alias ?? value]);
      continue;
    }
    const isAutomatic = value.kind === 'instance' && value.class.name === 'auto';
    const plain = why === undefined ? (isAutomatic ? automatic(type, name, values, span) : value) : unknown(why, span);
    values.push(plain);
    const member: InstanceValue = {
      kind: 'instance',
      class: type,
      attributes: new Map<string, PyValue>([
        ['name', string(name)],
        ['value', plain],
        ['_name_', string(name)],
        ['_value_', plain],
      ]),
      site: { span, callChain: [] },
      ...(why !== undefined && { mayHaveMore: why }),
    };
    if (plain !== value) numbered.set(value, member);
    machine.change(type).attributes.set(name, member);
    members.push([string(name), member]);
    const init = findMethod(type, '__init__');
    if (why === undefined && init?.kind === 'function')
      machine.callWith(init, span, member, ...(plain.kind === 'tuple' ? plain.items : [plain]));
  }
  machine.change(type).attributes.set('__members__', dict(members));
}

/** The member of an enum by value, as `Colour(3)` finds it; undefined where there is none. */
export function enumMember(type: ClassValue, value: PyValue, span: SourceSpan): PyValue | undefined {
  const members = type.attributes.get('__members__');
  if (members?.kind !== 'dict') return undefined;
  if (value.kind === 'instance' && value.class === type) return value;
  const lost = unknown(`Which member of ${type.name} this is is not known`, span);
  if (value.kind === 'unknown') return lost;
  for (const { value: member } of members.entries.values()) {
    if (member.kind !== 'instance') return lost;
    const own = member.attributes.get('value');
    if (own === undefined || own.kind === 'unknown') return lost;
    if (keyOf(own) === keyOf(plainOf(value))) return member;
  }
  // `Enum('Name', 'A B')` makes another enum, and flags combine.
  return unknownBaseOf(type) !== undefined || members.entries.size === 0 || isFlag(type) ? lost : undefined;
}

/** Whether a member counts as true. */
export function truthOfMember(member: InstanceValue): boolean | undefined {
  const value = plainOf(member);
  const own = isFlag(member.class) ? member.attributes.get('value') : value;
  if (own === undefined || own === member) return unknownBaseOf(member.class) === undefined ? true : undefined;
  return own.kind === 'int' ? own.value !== 0 : own.kind === 'string' ? own.value !== '' : undefined;
}

/** Combinations without a name of their own: each is one thing, however it was come by. */
const combinations = new WeakMap<ClassValue, Map<number, InstanceValue>>();

/** `Flag.A | Flag.B`: another member, or one without a name. */
export function combinedFlags(operator: string, left: PyValue, right: PyValue, span: SourceSpan): PyValue | undefined {
  const member = left.kind === 'instance' ? left : right.kind === 'instance' ? right : undefined;
  if (member === undefined || !'|&^'.includes(operator) || !isFlag(member.class)) return undefined;
  const number = (value: PyValue): number | undefined => {
    const own = value.kind === 'instance' && value.class === member.class ? value.attributes.get('value') : value;
    return own?.kind === 'int' ? own.value : undefined;
  };
  const [a, b] = [number(left), number(right)];
  const isBits = (value: number | undefined): value is number => value !== undefined && value >= 0 && value < 2 ** 31;
  if (!isBits(a) || !isBits(b)) return unknown('Which flags these are is not known', span);
  const sum = operator === '|' ? a | b : operator === '&' ? a & b : a ^ b;
  const ofClass = combinations.get(member.class) ?? new Map<number, InstanceValue>();
  combinations.set(member.class, ofClass);
  const before = ofClass.get(sum);
  if (before) return before;
  const lost = unknown('How flags that are combined are called is not known', span);
  const known = enumMember(member.class, int(sum), span);
  if (known?.kind === 'instance') return known;
  const made: InstanceValue = {
    ...member,
    attributes: new Map<string, PyValue>([
      ['name', lost],
      ['value', int(sum)],
      ['_name_', lost],
      ['_value_', int(sum)],
    ]),
  };
  ofClass.set(sum, made);
  return made;
}

/** `Flag.A in flags` */
export function containsFlag(flags: InstanceValue, wanted: PyValue): boolean | undefined {
  if (!isFlag(flags.class) || wanted.kind !== 'instance' || wanted.class !== flags.class) return undefined;
  const [all, one] = [flags, wanted].map(({ attributes }) => attributes.get('value'));
  return all?.kind === 'int' && one?.kind === 'int' ? (all.value & one.value) === one.value : undefined;
}
