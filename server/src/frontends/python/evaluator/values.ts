// What the evaluator knows: Python values, with the trail of every number, tensors that stand for flowing values,
// and `unknown` as a value with a reason.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Parameter, ValueId } from '../../../network/op.ts';
import type { Shape } from '../../../network/shape.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
import type { Expression, FunctionDefinition, ParameterDeclaration, StatementOf } from '../syntax/ast.ts';
import type { Interpreter } from './interpreter.ts';

/** Names of one function call, comprehension, class body or module. */
export interface Scope {
  readonly names: Map<string, PyValue>;
  readonly parent: Scope | undefined;
  readonly module: ModuleValue;
  /** The class whose method this is and its first argument, for `super()`. */
  readonly method?: { readonly owner: ClassValue; readonly self: PyValue };
  readonly globals?: Set<string>;
  readonly nonlocals?: Set<string>;
  /** The class whose body this is. Class bodies are not seen from the functions inside them. */
  readonly classBody?: ClassValue;
  /** Values that a generator function has yielded so far. */
  readonly yielded?: PyValue[];
}

export interface IntValue {
  readonly kind: 'int';
  readonly value: number;
  readonly origin?: WidthOrigin | undefined;
}
export interface FloatValue {
  readonly kind: 'float';
  readonly value: number;
  readonly origin?: WidthOrigin | undefined;
}
export interface ListValue {
  readonly kind: 'list';
  items: PyValue[];
  /** The keys of a dictionary, which compare and combine as a set. */
  readonly isKeys?: boolean;
}
export interface TupleValue {
  readonly kind: 'tuple';
  readonly items: readonly PyValue[];
  /** A named tuple's class, with its fields. */
  readonly fields?: readonly string[];
  readonly class?: ClassValue;
  /** A tensor's size, which PyTorch tells apart from a tuple of numbers. */
  readonly isSize?: true;
}
export interface DictValue {
  readonly kind: 'dict';
  /** By the key's identity text; insertion order is Python's. */
  readonly entries: Map<string, { readonly key: PyValue; value: PyValue }>;
  /** A defaultdict's factory. */
  readonly missing?: PyValue;
}
export interface SetValue {
  readonly kind: 'set';
  readonly entries: Map<string, PyValue>;
}
export interface FunctionValue {
  readonly kind: 'function';
  readonly name: string;
  readonly parameters: readonly ParameterDeclaration[];
  readonly body: FunctionDefinition | Expression;
  /** Evaluated once, when the function was defined. */
  readonly defaults: ReadonlyMap<string, PyValue>;
  readonly scope: Scope;
  readonly attributes: Map<string, PyValue>;
}
/** The attribute of a function whose decorator failed: no name that Python text can use. */
export const lostDecorator = '<lost decorator>';

/** Arguments of a call, evaluated. */
export interface Arguments {
  readonly positional: readonly PyValue[];
  readonly keywords: ReadonlyMap<string, PyValue>;
}
/** Something that we model in TypeScript. */
export interface BuiltinValue {
  readonly kind: 'builtin';
  readonly name: string;
  readonly call: (interpreter: Interpreter, args: Arguments, span: SourceSpan) => PyValue;
  /** Whether it takes the instance when read through one. */
  readonly bindsSelf?: boolean;
  /** What `inspect.signature` shows, without the instance. */
  readonly parameters?: readonly ShownParameter[];
}
/** A parameter as introspection sees it. */
export interface ShownParameter {
  readonly name: string;
  readonly kind: ParameterDeclaration['kind'];
  readonly default?: PyValue | undefined;
}
export interface ClassValue {
  readonly kind: 'class';
  readonly name: string;
  readonly bases: readonly ClassValue[];
  /** Method resolution order, the class itself first. */
  mro: readonly ClassValue[];
  readonly attributes: Map<string, PyValue>;
  readonly span?: SourceSpan | undefined;
  /** Fields in order, for dataclasses and named tuples. */
  fields?: readonly { readonly name: string; readonly default?: PyValue }[];
  /** Classes that make something else than an instance (`int`, `list`, `dict`). */
  construct?: (interpreter: Interpreter, args: Arguments, span: SourceSpan) => PyValue;
  /** A base that could not be resolved: lookups that fail are unknown instead of errors. */
  readonly unknownBase?: string | undefined;
}
export interface InstanceValue {
  readonly kind: 'instance';
  readonly class: ClassValue;
  readonly attributes: Map<string, PyValue>;
  /** Where it was constructed. */
  readonly site: { readonly span: SourceSpan; readonly callChain: readonly SourceSpan[] };
  /** What a native base keeps: items of a container module. */
  items?: PyValue[];
  /** A dict subclass's entries. */
  dictionary?: DictValue;
}
export interface BoundMethodValue {
  readonly kind: 'bound-method';
  readonly self: PyValue;
  readonly function: FunctionValue | BuiltinValue;
}
export interface PropertyValue {
  readonly kind: 'property';
  readonly getter: PyValue;
  readonly setter?: PyValue;
}
export interface WrappedMethodValue {
  readonly kind: 'static-method' | 'class-method';
  readonly function: PyValue;
}
export interface PartialValue {
  readonly kind: 'partial';
  readonly function: PyValue;
  readonly args: Arguments;
}
export interface ModuleValue {
  readonly kind: 'module';
  readonly name: string;
  readonly document: string;
  readonly names: Map<string, PyValue>;
  /** For library modules that we model: what is not in the table is unknown, not an error. */
  readonly isModelled: boolean;
  isPackage?: boolean;
  /** Imported names that nobody has asked for yet. */
  readonly deferred?: Map<string, () => PyValue>;
  /** What a package that puts another module in its place imports for those who only look at it. */
  lookedAt?: readonly StatementOf<'import-from'>[];
}
export interface SuperValue {
  readonly kind: 'super';
  readonly self: PyValue;
  /** Lookups start behind this class in the instance's order. */
  readonly after: ClassValue;
}
/** Operations in place change a tensor for everyone who holds it; only torch/tensor-writes.ts does so. */
export interface TensorValue {
  readonly kind: 'tensor';
  shape: Shape;
  /** Set once the tensor is part of the graph. */
  id?: ValueId | undefined;
  /** For parameters and buffers: identity and role; the id is given when modules are named. */
  readonly parameter?:
    | {
        id: string;
        readonly role: Parameter['role'];
        readonly trainable: boolean;
        readonly width?: WidthOrigin | undefined;
        /** What `weight_norm` trains besides the weight's direction. */
        length?: TensorValue;
      }
    | undefined;
  /** Elements of a small constant vector, or the one value of a uniform tensor. */
  elements?: readonly number[] | undefined;
  fill?: number | undefined;
  /** The element type where it is not real: `int`, `bool`. */
  readonly dtype?: string;
  /** What source noted on the tensor. */
  own?: Map<string, PyValue>;
}
export interface UnknownValue {
  readonly kind: 'unknown';
  readonly reason: string;
  readonly span: SourceSpan;
}

export type PyValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'ellipsis' }
  | { readonly kind: 'not-implemented' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | IntValue
  | FloatValue
  | { readonly kind: 'string'; readonly value: string }
  | ListValue
  | TupleValue
  | DictValue
  | SetValue
  | { readonly kind: 'range'; readonly start: number; readonly stop: number; readonly step: number }
  | { readonly kind: 'slice'; readonly lower: PyValue; readonly upper: PyValue; readonly step: PyValue }
  /** Iterators are read ahead: their items are known, `next` moves on. */
  | { readonly kind: 'iterator'; readonly items: readonly PyValue[]; position: number }
  | FunctionValue
  | BuiltinValue
  | ClassValue
  | InstanceValue
  | BoundMethodValue
  | PropertyValue
  | WrappedMethodValue
  | PartialValue
  | ModuleValue
  | SuperValue
  | TensorValue
  | UnknownValue;

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
export function builtin(name: string, call: BuiltinValue['call'], bindsSelf = false): BuiltinValue {
  return { kind: 'builtin', name, call, bindsSelf };
}
export function dict(pairs: Iterable<readonly [PyValue, PyValue]> = []): DictValue {
  const entries: DictValue['entries'] = new Map();
  for (const [key, value] of pairs) entries.set(keyOf(key), { key, value });
  return { kind: 'dict', entries };
}
export function set(items: Iterable<PyValue>): SetValue {
  const entries: SetValue['entries'] = new Map();
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
    case 'instance':
      return value.class.name;
    case 'tensor':
      return 'Tensor';
    case 'bound-method':
      return 'method';
    case 'class':
      return 'type';
    default:
      return value.kind;
  }
}
