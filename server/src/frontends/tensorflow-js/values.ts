// What a program's expressions come to: JavaScript's values, layers and tensors of TensorFlow.js, and what is not known, with the
// reason.

import type { SourceSpan } from '../../common/source-span.ts';
import type { WidthOrigin } from '../../network/width-origin.ts';
import type { ConfigValue } from '../config/config-tree.ts';
import type { SyntaxNode } from './javascript-parser.ts';

export type JsValue =
  | NumberValue
  | { readonly kind: 'string'; readonly value: string; readonly span?: SourceSpan }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'undefined' }
  | ArrayValue
  | ObjectValue
  | FunctionValue
  | NativeValue
  | ClassValue
  | LayerValue
  | TensorValue
  | UnknownValue;

/** What names stand for at a place of the program. */
export interface Names {
  get(name: string): JsValue | undefined;
  set(name: string, value: JsValue): void;
  declare(name: string, value: JsValue): void;
  /** As `var` does: in the function around. */
  declareInFunction(name: string, value: JsValue): void;
}

export interface NumberValue {
  readonly kind: 'number';
  readonly value: number;
  /** The trail of a whole number. */
  readonly origin?: WidthOrigin;
}

export interface ArrayValue {
  readonly kind: 'array';
  readonly items: JsValue[];
  /** Why some of it is not known: a program changes it where it cannot be followed. */
  lost?: string;
}

export interface ObjectValue {
  readonly kind: 'object';
  readonly entries: Map<string, JsValue>;
  readonly type?: ClassValue;
  /** What a name stands for that is no entry: of a library's namespaces. */
  readonly missing?: (name: string) => JsValue;
}

export interface FunctionValue {
  readonly kind: 'function';
  readonly name: string;
  readonly node: SyntaxNode;
  readonly scope: Names;
  /** The `this` of arrow functions and bound methods. */
  readonly self?: JsValue;
  readonly home?: ClassValue;
}

export interface NativeValue {
  readonly kind: 'native';
  readonly name: string;
  readonly call: (args: readonly JsValue[], span: SourceSpan) => JsValue;
}

export interface ClassValue {
  readonly kind: 'class';
  readonly name: string;
  readonly node: SyntaxNode;
  readonly scope: Names;
  readonly base: JsValue | undefined;
  readonly methods: Map<string, FunctionValue>;
  readonly getters: Map<string, FunctionValue>;
  readonly statics: Map<string, JsValue>;
}

/** A layer, or a model, which is a layer too. */
export interface LayerValue {
  readonly kind: 'layer';
  readonly layer: MadeLayer;
}

export interface MadeLayer {
  readonly className: string;
  readonly name: string;
  readonly span: SourceSpan;
  readonly settings: ReadonlyMap<string, ConfigValue>;
  /** What each call of it is given. */
  readonly calls: (readonly SymbolicTensor[])[];
  readonly model?: ProgramModel;
  /** Why it is not known what it does. */
  lost?: string;
}

export type ProgramModel =
  | { readonly kind: 'sequential'; readonly layers: MadeLayer[]; own?: SymbolicTensor }
  | {
      readonly kind: 'functional';
      readonly inputs: readonly SymbolicTensor[];
      readonly outputs: readonly SymbolicTensor[];
    };

export interface SymbolicTensor {
  readonly layer: MadeLayer;
  readonly call: number;
  readonly output: number;
}

export interface TensorValue {
  readonly kind: 'tensor';
  readonly tensor: SymbolicTensor;
}

export interface UnknownValue {
  readonly kind: 'unknown';
  readonly reason: string;
  /** Whether what it is given when it is called stays as it is: of the programs around, which show, store and load. */
  readonly isHarmless?: true;
}

export const nothing: JsValue = { kind: 'undefined' };
export const none: JsValue = { kind: 'null' };
export const unknown = (reason: string): UnknownValue => ({ kind: 'unknown', reason });
export const text = (value: string): JsValue => ({ kind: 'string', value });
export const boolean = (value: boolean): JsValue => ({ kind: 'boolean', value });
export const array = (items: JsValue[]): ArrayValue => ({ kind: 'array', items });
export const native = (name: string, call: NativeValue['call']): NativeValue => ({ kind: 'native', name, call });
export const object = (entries: Iterable<readonly [string, JsValue]>): ObjectValue => ({
  kind: 'object',
  entries: new Map(entries),
});
export const number = (value: number, origin?: WidthOrigin): NumberValue =>
  origin === undefined || !Number.isFinite(value) ? { kind: 'number', value } : { kind: 'number', value, origin };

/** Whether a value counts as true; undefined where that is not known. */
export function truth(value: JsValue): boolean | undefined {
  switch (value.kind) {
    case 'unknown':
      return undefined;
    case 'null':
    case 'undefined':
      return false;
    case 'boolean':
      return value.value;
    case 'number':
      return value.value !== 0 && !Number.isNaN(value.value);
    case 'string':
      return value.value !== '';
    default:
      return true;
  }
}

/** What `String(value)` gives; undefined where that is not known. */
export function textOf(value: JsValue): string | undefined {
  switch (value.kind) {
    case 'number':
    case 'boolean':
    case 'string':
      return String(value.value);
    case 'null':
    case 'undefined':
      return value.kind;
    case 'array': {
      if (value.lost !== undefined) return undefined;
      const parts = value.items.map((item) => (item.kind === 'null' || item.kind === 'undefined' ? '' : textOf(item)));
      return parts.includes(undefined) ? undefined : parts.join(',');
    }
    default:
      return undefined;
  }
}

/** What a value is made of may be changed by code that is not followed: it is not known from here on. */
export function loseInside(value: JsValue, reason: string, seen = new Set<JsValue>()): void {
  if (seen.has(value)) return;
  seen.add(value);
  if (value.kind === 'array') {
    for (const item of value.items) loseInside(item, reason, seen);
    value.lost ??= reason;
  }
  if (value.kind === 'layer' && value.layer.model?.kind === 'sequential') value.layer.lost ??= reason;
  if (value.kind !== 'object' || value.missing !== undefined) return;
  for (const [key, held] of value.entries) {
    loseInside(held, reason, seen);
    if (held.kind !== 'function' && held.kind !== 'layer') value.entries.set(key, unknown(reason));
  }
}
