// What runs programs, as its parts see each other: what is under way, and the limits.

import type { SourceSpan } from '../../common/source-span.ts';
import type { Shape } from '../../network/shape.ts';
import type { ParsedProgram, SyntaxNode } from './javascript-parser.ts';
import type { Scope } from './scope.ts';
import type { Library } from './tensorflow.ts';
import type { ClassValue, FunctionValue, JsValue, ObjectValue, SymbolicTensor } from './values.ts';

/** How a statement ended. */
export type Completion =
  | { readonly kind: 'next' }
  | { readonly kind: 'return'; readonly value: JsValue }
  /** An unknown condition may have ended the function or the round here. */
  | { readonly kind: 'maybe'; readonly value: JsValue; readonly reason: string }
  | { readonly kind: 'break' | 'continue'; readonly label: string };

export const next: Completion = { kind: 'next' };

/** Ends the whole evaluation where it stands. */
export class LimitReached extends Error {}

/** A `throw` of the program. */
export class ProgramError extends Error {}

export interface Modules {
  /** A parsed file of the workspace by what an import says in a document; undefined for packages and missing files. */
  load(from: string, specifier: string): { readonly document: string; readonly program: ParsedProgram } | undefined;
  readonly steps: number;
  readonly callDepth: number;
  readonly isCancelled: () => boolean;
  shapeOf(tensor: SymbolicTensor): Shape | undefined;
}

export interface Module {
  readonly scope: Scope;
  readonly exports: Map<string, JsValue>;
}

/** A function or class of a file that nothing has called yet. */
export interface Definition {
  readonly name: string;
  readonly value: FunctionValue;
}

/** The parts call each other through this, so that none has to import all others. */
export interface Machine {
  readonly library: Library;
  readonly modules: Modules;
  readonly loaded: Map<string, Module>;
  readonly called: Set<SyntaxNode>;
  readonly callbacks: JsValue[];
  /** Functions under way, outermost first, with the place of the call. */
  readonly stack: { readonly value: FunctionValue; readonly span: SourceSpan }[];
  /** Counts a step; ends the evaluation where there were too many. */
  step(span: SourceSpan): void;
  /** Functions and classes are there before their statement. */
  hoist(statements: readonly SyntaxNode[], scope: Scope): void;
  runBlock(statements: readonly SyntaxNode[], scope: Scope): Completion;
  execute(node: SyntaxNode, scope: Scope): Completion;
  /** What may or may not run: what it may change is not known from there on. */
  eitherWay(branches: readonly (SyntaxNode | undefined)[], scope: Scope, reason: string, ends?: RegExp): Completion;
  bind(target: SyntaxNode, value: JsValue, scope: Scope, declare: (name: string, value: JsValue) => void): void;
  assign(target: SyntaxNode, value: JsValue, scope: Scope): void;
  /** `name` is what an anonymous function or class is called after. */
  evaluate(node: SyntaxNode | undefined, scope: Scope, name?: string): JsValue;
  itemsIn(nodes: readonly (SyntaxNode | undefined)[], scope: Scope): JsValue[];
  keyIn(node: SyntaxNode | undefined, scope: Scope): string | undefined;
  memberOf(owner: JsValue, name: string): JsValue;
  inheritedMethod(type: ClassValue, name: string, self: ObjectValue): JsValue | undefined;
  makeFunction(node: SyntaxNode, scope: Scope, name?: string, home?: ObjectValue): FunctionValue;
  makeClass(node: SyntaxNode, scope: Scope, name?: string): ClassValue;
  evaluateNew(node: SyntaxNode, scope: Scope): JsValue;
  evaluateCall(node: SyntaxNode, scope: Scope): JsValue;
  callValue(target: JsValue, args: readonly JsValue[], span: SourceSpan): JsValue;
}
