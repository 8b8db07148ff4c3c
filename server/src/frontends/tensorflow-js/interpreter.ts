// Runs programs in JavaScript and TypeScript on known values, far enough to see which layers they make. Nothing is really
// executed: what comes from outside is unknown, and what an unknown condition may change is unknown behind it. Steps and
// depth have limits.

import type { SourceSpan } from '../../common/source-span.ts';
import { assign, bind } from './binding.ts';
import { callValue, evaluateCall, evaluateNew, makeClass, makeFunction } from './calls.ts';
import { eitherWay } from './either-way.ts';
import { evaluate, inheritedMethod, itemsIn, keyIn, memberOf } from './expressions.ts';
import { field, type ParsedProgram, type SyntaxNode } from './javascript-parser.ts';
import {
  type Completion,
  type Definition,
  LimitReached,
  type Machine,
  type Module,
  type Modules,
  ProgramError,
} from './machine.ts';
import { runModule } from './modules.ts';
import type { Scope } from './scope.ts';
import { execute, hoist, runBlock } from './statements.ts';
import { calledNames, nameOf, parametersOf } from './syntax.ts';
import { createLibrary, type Library } from './tensorflow.ts';
import { type ClassValue, type FunctionValue, type JsValue, nothing, type ObjectValue, unknown } from './values.ts';

export class Interpreter implements Machine {
  readonly library: Library;
  readonly modules: Modules;
  readonly loaded = new Map<string, Module>();
  readonly called = new Set<SyntaxNode>();
  readonly callbacks: JsValue[] = [];
  readonly stack: { readonly value: FunctionValue; readonly span: SourceSpan }[] = [];
  #steps = 0;
  #mentioned: ReadonlySet<string> | undefined;

  constructor(modules: Modules) {
    this.modules = modules;
    this.library = createLibrary(
      (target, args, span) => callValue(this, target, args, span),
      (tensor) => modules.shapeOf(tensor),
    );
  }

  /** Runs a file, and then what it hands over to be called later. */
  runProgram(document: string, program: ParsedProgram): ReadonlyMap<string, JsValue> {
    const { scope, exports } = runModule(this, document, program);
    this.#runCallbacks(program.root.span);
    return new Map([...exports, ...scope.own()]);
  }

  /** The next function that nothing has called: those that no other of the file calls come first. */
  uncalled(
    program: ParsedProgram,
    values: ReadonlyMap<string, JsValue>,
    done: ReadonlySet<SyntaxNode>,
  ): Definition | undefined {
    const left = [...values].flatMap(([name, value]): readonly Definition[] =>
      value.kind === 'function' && !this.called.has(value.node) && !done.has(value.node) ? [{ name, value }] : [],
    );
    const mentioned = this.#mentioned ?? calledNames(program.root);
    this.#mentioned = mentioned;
    return left.find(({ name }) => !mentioned.has(name)) ?? left[0];
  }

  /** Calls a function with arguments that are not known, but for those that have defaults. */
  callBlindly({ name, value }: Definition, span: SourceSpan): JsValue {
    const args = parametersOf(value.node).map((parameter) =>
      parameter.type === 'assignment_pattern' || field(parameter, 'value') !== undefined
        ? nothing
        : unknown(`what ${name} is given as ${nameOf(parameter)} is not known`),
    );
    const result = this.#guarded(() => callValue(this, value, args, span));
    this.#runCallbacks(span);
    return result;
  }

  #guarded(run: () => JsValue): JsValue {
    const depth = this.stack.length;
    try {
      return run();
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      this.stack.length = depth;
      return unknown('the program throws an error here');
    }
  }

  #runCallbacks(span: SourceSpan): void {
    for (let left = 50; left > 0 && this.callbacks.length > 0; left--) {
      const callback = this.callbacks.shift();
      if (callback?.kind !== 'function' || this.called.has(callback.node)) continue;
      const args = parametersOf(callback.node).map(() => unknown('what a callback is given is not known'));
      this.#guarded(() => callValue(this, callback, args, span));
    }
    this.callbacks.length = 0;
  }

  step(span: SourceSpan): void {
    this.#steps++;
    if (this.#steps > this.modules.steps || (this.#steps % 1000 === 0 && this.modules.isCancelled()))
      throw new LimitReached(JSON.stringify(span));
  }

  hoist(statements: readonly SyntaxNode[], scope: Scope): void {
    hoist(this, statements, scope);
  }

  execute(node: SyntaxNode, scope: Scope): Completion {
    return execute(this, node, scope);
  }

  memberOf(owner: JsValue, name: string): JsValue {
    return memberOf(this, owner, name);
  }

  evaluate(node: SyntaxNode | undefined, scope: Scope, name?: string): JsValue {
    return evaluate(this, node, scope, name);
  }

  makeFunction(node: SyntaxNode, scope: Scope, name?: string, home?: ObjectValue): FunctionValue {
    return makeFunction(this, node, scope, name, home);
  }

  eitherWay(branches: readonly (SyntaxNode | undefined)[], scope: Scope, reason: string, ends?: RegExp): Completion {
    return eitherWay(this, branches, scope, reason, ends);
  }

  bind(target: SyntaxNode, value: JsValue, scope: Scope, declare: (name: string, value: JsValue) => void): void {
    bind(this, target, value, scope, declare);
  }

  makeClass(node: SyntaxNode, scope: Scope, name?: string): ClassValue {
    return makeClass(this, node, scope, name);
  }

  keyIn(node: SyntaxNode | undefined, scope: Scope): string | undefined {
    return keyIn(this, node, scope);
  }

  evaluateCall(node: SyntaxNode, scope: Scope): JsValue {
    return evaluateCall(this, node, scope);
  }

  evaluateNew(node: SyntaxNode, scope: Scope): JsValue {
    return evaluateNew(this, node, scope);
  }

  assign(target: SyntaxNode, value: JsValue, scope: Scope): void {
    assign(this, target, value, scope);
  }

  callValue(target: JsValue, args: readonly JsValue[], span: SourceSpan): JsValue {
    return callValue(this, target, args, span);
  }

  itemsIn(nodes: readonly (SyntaxNode | undefined)[], scope: Scope): JsValue[] {
    return itemsIn(this, nodes, scope);
  }

  inheritedMethod(type: ClassValue, name: string, self: ObjectValue): JsValue | undefined {
    return inheritedMethod(this, type, name, self);
  }

  runBlock(statements: readonly SyntaxNode[], scope: Scope): Completion {
    return runBlock(this, statements, scope);
  }
}
