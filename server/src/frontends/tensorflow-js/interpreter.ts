// Runs programs in JavaScript and TypeScript on known values, far enough to see which layers they make. Nothing is really
// executed: what comes from outside is unknown, and what an unknown condition may change is unknown behind it. Steps and
// depth have limits.

import type { SourceSpan } from '../../common/source-span.ts';
import type { Shape } from '../../network/shape.ts';
import { globalValue } from './globals.ts';
import { field, hasWord, partsOf, placesOf, type ParsedProgram, type SyntaxNode } from './javascript-parser.ts';
import { arrayMember, itemsOf, numberMember, textMember } from './members.ts';
import { binary, toNumber, unary } from './numbers.ts';
import { Scope } from './scope.ts';
import { createLibrary, type Library } from './tensorflow.ts';
import {
  array,
  boolean,
  loseInside,
  native,
  none,
  nothing,
  number,
  object,
  text,
  textOf,
  truth,
  unknown,
  type ClassValue,
  type FunctionValue,
  type JsValue,
  type ObjectValue,
  type SymbolicTensor,
} from './values.ts';
import { isHarmlessGlobal, isHarmlessModule } from './harmless.ts';

/** How a statement ended. */
type Completion =
  | { readonly kind: 'next' }
  | { readonly kind: 'return'; readonly value: JsValue }
  /** An unknown condition may have ended the function or the round here. */
  | { readonly kind: 'maybe'; readonly value: JsValue; readonly reason: string }
  | { readonly kind: 'break' | 'continue'; readonly label: string };

const next: Completion = { kind: 'next' };

/** Ends the whole evaluation where it stands. */
export class LimitReached extends Error {}

/** A `throw` of the program. */
class ProgramError extends Error {}

export interface Modules {
  /** A parsed file of the workspace by what an import says in a document; undefined for packages and missing files. */
  load(from: string, specifier: string): { readonly document: string; readonly program: ParsedProgram } | undefined;
  readonly steps: number;
  readonly callDepth: number;
  readonly isCancelled: () => boolean;
  shapeOf(tensor: SymbolicTensor): Shape | undefined;
}

interface Module {
  readonly scope: Scope;
  readonly exports: Map<string, JsValue>;
}

/** A function or class of a file that nothing has called yet. */
export interface Definition {
  readonly name: string;
  readonly value: FunctionValue;
}

const library = /^@tensorflow\/tfjs(-|$|\/)/;

export class Interpreter {
  readonly library: Library;
  readonly #modules: Modules;
  readonly #loaded = new Map<string, Module>();
  readonly #called = new Set<SyntaxNode>();
  readonly #callbacks: JsValue[] = [];
  /** Functions under way, outermost first, with the place of the call. */
  readonly #stack: { readonly value: FunctionValue; readonly span: SourceSpan }[] = [];
  #steps = 0;
  #mentioned: ReadonlySet<string> | undefined;

  constructor(modules: Modules) {
    this.#modules = modules;
    this.library = createLibrary(
      (target, args, span) => this.call(target, args, span),
      (tensor) => modules.shapeOf(tensor),
    );
  }

  /** Runs a file, and then what it hands over to be called later. */
  runProgram(document: string, program: ParsedProgram): ReadonlyMap<string, JsValue> {
    const { scope, exports } = this.#runModule(document, program);
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
      value.kind === 'function' && !this.#called.has(value.node) && !done.has(value.node) ? [{ name, value }] : [],
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
    const result = this.#guarded(() => this.call(value, args, span));
    this.#runCallbacks(span);
    return result;
  }

  #guarded(run: () => JsValue): JsValue {
    const depth = this.#stack.length;
    try {
      return run();
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      this.#stack.length = depth;
      return unknown('the program throws an error here');
    }
  }

  #runCallbacks(span: SourceSpan): void {
    for (let left = 50; left > 0 && this.#callbacks.length > 0; left--) {
      const callback = this.#callbacks.shift();
      if (callback?.kind !== 'function' || this.#called.has(callback.node)) continue;
      const args = parametersOf(callback.node).map(() => unknown('what a callback is given is not known'));
      this.#guarded(() => this.call(callback, args, span));
    }
    this.#callbacks.length = 0;
  }

  #runModule(document: string, program: ParsedProgram): Module {
    const known = this.#loaded.get(document);
    if (known !== undefined) return known;
    const module: Module = { scope: new Scope(undefined, true), exports: new Map() };
    this.#loaded.set(document, module);
    const { scope } = module;
    const exported = object([]);
    scope.declare('exports', exported);
    scope.declare('module', object([['exports', exported]]));
    scope.declare(
      'require',
      native('require', ([wanted]) => this.#imported(document, textOf(wanted ?? nothing) ?? '')),
    );
    const statements = partsOf(program.root);
    this.#hoist(statements, scope);
    for (const statement of statements) {
      try {
        this.#topLevel(document, statement, module);
      } catch (error) {
        if (!(error instanceof ProgramError)) throw error;
        break;
      }
    }
    const common = scope.get('module');
    const whole = common?.kind === 'object' ? common.entries.get('exports') : undefined;
    const isCommon = whole !== exported || exported.entries.size > 0;
    if (whole !== undefined && isCommon) module.exports.set('module.exports', whole);
    if (whole?.kind === 'object')
      for (const [name, value] of whole.entries) if (!module.exports.has(name)) module.exports.set(name, value);
    return module;
  }

  #topLevel(document: string, statement: SyntaxNode, module: Module): void {
    if (statement.type === 'import_statement') this.#import(document, statement, module.scope);
    else if (statement.type === 'export_statement') this.#export(document, statement, module);
    else this.#execute(statement, module.scope);
  }

  /** What a module is as one value. */
  #imported(document: string, specifier: string): JsValue {
    if (library.test(specifier)) return this.library.namespace;
    const found = this.#modules.load(document, specifier);
    if (found === undefined) {
      const missing = unknown(`the module ${specifier} is not read`);
      return isHarmlessModule(specifier) ? { ...missing, isHarmless: true } : missing;
    }
    const { exports } = this.#runModule(found.document, found.program);
    return exports.get('module.exports') ?? { kind: 'object', entries: exports };
  }

  #import(document: string, statement: SyntaxNode, scope: Scope): void {
    const specifier = stringIn(field(statement, 'source')) ?? '';
    const module = this.#imported(document, specifier);
    const named = (name: string): JsValue => {
      if (module === this.library.namespace && name === 'default') return module;
      const exports = this.#exportsOf(document, specifier);
      return (
        exports?.get(name) ?? (name === 'default' && module.kind !== 'object' ? module : this.#member(module, name))
      );
    };
    const clause = statement.children.find(({ type }) => type === 'import_clause');
    for (const part of clause?.children ?? []) {
      if (part.type === 'identifier') scope.declare(part.text, named('default'));
      if (part.type === 'namespace_import') scope.declare(partsOf(part)[0]?.text ?? '', module);
      if (part.type === 'named_imports')
        for (const each of partsOf(part)) {
          const name = field(each, 'name')?.text ?? each.text;
          scope.declare(field(each, 'alias')?.text ?? name, named(name));
        }
    }
  }

  #exportsOf(document: string, specifier: string): ReadonlyMap<string, JsValue> | undefined {
    if (library.test(specifier)) return undefined;
    const found = this.#modules.load(document, specifier);
    return found && this.#runModule(found.document, found.program).exports;
  }

  #export(document: string, statement: SyntaxNode, { scope, exports }: Module): void {
    const source = field(statement, 'source');
    const declaration = field(statement, 'declaration');
    if (declaration !== undefined) {
      this.#execute(declaration, scope);
      for (const name of declaredNames(declaration)) exports.set(name, scope.get(name) ?? nothing);
      if (hasWord(statement, 'default')) {
        const [name] = declaredNames(declaration);
        exports.set('default', name === undefined ? this.#evaluate(declaration, scope) : (scope.get(name) ?? nothing));
      }
      return;
    }
    const value = field(statement, 'value');
    if (value !== undefined) exports.set('default', this.#evaluate(value, scope));
    const from = source === undefined ? undefined : this.#exportsOf(document, stringIn(source) ?? '');
    const clause = statement.children.find(({ type }) => type === 'export_clause');
    for (const each of partsOf(clause)) {
      const name = field(each, 'name')?.text ?? '';
      exports.set(
        field(each, 'alias')?.text ?? name,
        (source === undefined ? scope.get(name) : from?.get(name)) ?? unknown(`${name} is not read`),
      );
    }
    if (source !== undefined && clause === undefined) for (const [name, found] of from ?? []) exports.set(name, found);
  }

  // Statements.

  #step(span: SourceSpan): void {
    this.#steps++;
    if (this.#steps > this.#modules.steps || (this.#steps % 1000 === 0 && this.#modules.isCancelled()))
      throw new LimitReached(JSON.stringify(span));
  }

  /** Functions and classes are there before their statement. */
  #hoist(statements: readonly SyntaxNode[], scope: Scope): void {
    for (const statement of statements) {
      const declared = statement.type === 'export_statement' ? field(statement, 'declaration') : statement;
      if (declared !== undefined && /^(generator_)?function_declaration$/.test(declared.type))
        scope.declare(field(declared, 'name')?.text ?? '', this.#function(declared, scope));
    }
  }

  #block(statements: readonly SyntaxNode[], scope: Scope): Completion {
    this.#hoist(statements, scope);
    for (const [i, statement] of statements.entries()) {
      const done = this.#execute(statement, scope);
      if (done.kind === 'maybe') this.#eitherWay(statements.slice(i + 1), scope, done.reason);
      if (done.kind !== 'next') return done;
    }
    return next;
  }

  #execute(node: SyntaxNode, scope: Scope): Completion {
    this.#step(node.span);
    switch (node.type) {
      case 'expression_statement':
        for (const part of partsOf(node)) this.#evaluate(part, scope);
        return next;
      case 'lexical_declaration':
      case 'variable_declaration':
        for (const each of partsOf(node)) {
          if (each.type !== 'variable_declarator') continue;
          const target = field(each, 'name');
          const value = field(each, 'value');
          const made = value === undefined ? nothing : this.#evaluate(value, scope, target?.text);
          if (target !== undefined)
            this.#bind(target, made, scope, (name, bound) => {
              if (node.type === 'variable_declaration') scope.declareInFunction(name, bound);
              else scope.declare(name, bound);
            });
        }
        return next;
      case 'function_declaration':
      case 'generator_function_declaration':
        return next;
      case 'class_declaration':
      case 'abstract_class_declaration':
        scope.declare(field(node, 'name')?.text ?? '', this.#class(node, scope));
        return next;
      case 'return_statement': {
        const [value] = partsOf(node);
        return { kind: 'return', value: value === undefined ? nothing : this.#evaluate(value, scope) };
      }
      case 'statement_block':
        return this.#block(partsOf(node), new Scope(scope, false));
      case 'if_statement':
        return this.#if(node, scope);
      case 'for_statement':
        return this.#for(node, scope);
      case 'for_in_statement':
        return this.#forIn(node, scope);
      case 'while_statement':
      case 'do_statement':
        return this.#while(node, scope);
      case 'switch_statement':
        return this.#switch(node, scope);
      case 'break_statement':
      case 'continue_statement':
        return { kind: node.type === 'break_statement' ? 'break' : 'continue', label: partsOf(node)[0]?.text ?? '' };
      case 'labeled_statement': {
        const body = field(node, 'body') ?? partsOf(node).at(-1);
        const done = body === undefined ? next : this.#execute(body, scope);
        return done.kind === 'break' && done.label === field(node, 'label')?.text ? next : done;
      }
      case 'throw_statement':
        throw new ProgramError();
      case 'try_statement':
        return this.#try(node, scope);
      case 'export_statement':
      case 'import_statement':
      case 'empty_statement':
      case 'debugger_statement':
        return next;
      default:
        // What stands where a statement should and is none is an expression that is being typed, or a type.
        if (
          /_(expression|declaration)$|^(identifier|ERROR)$/.test(node.type) &&
          node.type !== 'ERROR' &&
          !node.type.endsWith('declaration')
        )
          this.#evaluate(node, scope);
        return next;
    }
  }

  #if(node: SyntaxNode, scope: Scope): Completion {
    const condition = this.#evaluate(field(node, 'condition'), scope);
    const [then, otherwise] = [field(node, 'consequence'), field(node, 'alternative')];
    const known = truth(condition);
    if (known === undefined) {
      const reason = condition.kind === 'unknown' ? condition.reason : 'a condition is not known';
      return this.#eitherWay([then, otherwise], scope, reason, /^(return|break|continue)_statement$/);
    }
    const taken = known ? then : otherwise?.type === 'else_clause' ? partsOf(otherwise)[0] : otherwise;
    return taken === undefined ? next : this.#execute(taken, scope);
  }

  /** What may or may not run: what it may change is not known from there on. */
  #eitherWay(
    branches: readonly (SyntaxNode | undefined)[],
    scope: Scope,
    reason: string,
    ends: RegExp = /^return_statement$/,
  ): Completion {
    let result: JsValue | undefined;
    for (const branch of branches) {
      if (branch === undefined) continue;
      walk(branch, (node) => {
        this.#loseWhat(node, scope, reason);
        // A guard that gives nothing back is taken to be passed.
        const isGuard = node.type === 'return_statement' && partsOf(node).length === 0;
        if (ends.test(node.type) && !isGuard) result = unknown(reason);
        return !isFunction(node);
      });
    }
    return result === undefined ? next : { kind: 'maybe', value: result, reason };
  }

  /** A loop that may have ended in this round, or may have left the function: its other rounds may or may not run. */
  #endMaybe(
    parts: readonly (SyntaxNode | undefined)[],
    scope: Scope,
    done: Extract<Completion, { readonly kind: 'maybe' }>,
  ): Completion {
    this.#eitherWay(parts, scope, done.reason);
    return done;
  }

  #loseWhat(node: SyntaxNode, scope: Scope, reason: string): void {
    if (/assignment_expression$|^update_expression$/.test(node.type)) {
      const target = field(node, 'left') ?? field(node, 'argument');
      if (target?.type === 'identifier') scope.lose(target.text, reason);
      else if (target !== undefined) this.#loseValue(field(target, 'object'), scope, reason);
    }
    if (node.type !== 'call_expression') return;
    const target = field(node, 'function');
    if (this.#isHarmless(target, scope)) return;
    if (target?.type === 'member_expression') this.#loseValue(field(target, 'object'), scope, reason);
    for (const given of partsOf(field(node, 'arguments'))) this.#loseValue(given, scope, reason);
  }

  /** Whether what is called only shows or stores what it is given. */
  #isHarmless(target: SyntaxNode | undefined, scope: Scope): boolean {
    let root = target;
    while (root?.type === 'member_expression') root = field(root, 'object');
    if (root?.type !== 'identifier') return false;
    const value = scope.get(root.text);
    return value === undefined ? isHarmlessGlobal(root.text) : value.kind === 'unknown' && value.isHarmless === true;
  }

  /** What a name or a property of `this` stands for may be changed in place. */
  #loseValue(node: SyntaxNode | undefined, scope: Scope, reason: string): void {
    if (node?.type !== 'identifier' && node?.type !== 'member_expression' && node?.type !== 'this') return;
    loseInside(node.type === 'identifier' ? (scope.get(node.text) ?? nothing) : this.#evaluate(node, scope), reason);
  }

  #for(node: SyntaxNode, scope: Scope): Completion {
    const own = new Scope(scope, false);
    const start = field(node, 'initializer');
    if (start !== undefined) this.#execute(start, own);
    const [condition, step, body] = [field(node, 'condition'), field(node, 'increment'), field(node, 'body')];
    for (;;) {
      this.#step(node.span);
      const test = condition?.type === 'expression_statement' ? partsOf(condition)[0] : condition;
      const value = test === undefined || test.type === 'empty_statement' ? boolean(true) : this.#evaluate(test, own);
      const known = truth(value);
      if (known === undefined) return this.#eitherWay([body, step], own, value.kind === 'unknown' ? value.reason : '');
      if (!known) return next;
      // Closures of a round keep the round's values.
      const round = new Scope(own, false);
      for (const [name, held] of own.own()) round.declare(name, held);
      const done = body === undefined ? next : this.#execute(body, round);
      if (done.kind === 'maybe') return this.#endMaybe([body, step], own, done);
      for (const [name] of own.own()) own.declare(name, round.get(name) ?? nothing);
      if (done.kind === 'return' || (done.kind !== 'next' && done.label !== '')) return done;
      if (done.kind === 'break') return next;
      if (step !== undefined) this.#evaluate(step, own);
    }
  }

  #forIn(node: SyntaxNode, scope: Scope): Completion {
    const over = this.#evaluate(field(node, 'right'), scope);
    const [target, body] = [field(node, 'left'), field(node, 'body')];
    const isOf = field(node, 'operator')?.text === 'of' || hasWord(node, 'of');
    const items = isOf
      ? itemsOf(over)
      : over.kind === 'object'
        ? [...over.entries.keys()].map(text)
        : itemsOf(over)?.map((_, i) => text(String(i)));
    if (items === undefined)
      return this.#eitherWay(
        [body],
        scope,
        over.kind === 'unknown' ? over.reason : 'what a loop goes through is not known',
      );
    for (const item of [...items]) {
      this.#step(node.span);
      const round = new Scope(scope, false);
      if (target !== undefined)
        this.#bind(target, item, round, (name, bound) => {
          if (field(node, 'kind') === undefined) scope.set(name, bound);
          else round.declare(name, bound);
        });
      const done = body === undefined ? next : this.#execute(body, round);
      if (done.kind === 'maybe') return this.#endMaybe([body], scope, done);
      if (done.kind === 'return' || (done.kind !== 'next' && done.label !== '')) return done;
      if (done.kind === 'break') return next;
    }
    return next;
  }

  #while(node: SyntaxNode, scope: Scope): Completion {
    const [condition, body] = [field(node, 'condition'), field(node, 'body')];
    let isFirst = node.type === 'do_statement';
    for (;;) {
      this.#step(node.span);
      const value = isFirst ? boolean(true) : this.#evaluate(condition, scope);
      isFirst = false;
      const known = truth(value);
      if (known === undefined) return this.#eitherWay([body], scope, value.kind === 'unknown' ? value.reason : '');
      if (!known) return next;
      const done = body === undefined ? next : this.#execute(body, scope);
      if (done.kind === 'maybe') return this.#endMaybe([body], scope, done);
      if (done.kind === 'return' || (done.kind !== 'next' && done.label !== '')) return done;
      if (done.kind === 'break') return next;
    }
  }

  #switch(node: SyntaxNode, scope: Scope): Completion {
    const value = this.#evaluate(field(node, 'value'), scope);
    const cases = partsOf(field(node, 'body'));
    const own = new Scope(scope, false);
    let from = -1;
    for (const [i, each] of cases.entries()) {
      if (each.type !== 'switch_case') continue;
      const answer = truth(binary('===', value, this.#evaluate(field(each, 'value'), own), each.span));
      if (answer === undefined)
        return this.#eitherWay(
          cases,
          scope,
          value.kind === 'unknown' ? value.reason : 'which case is taken is not known',
        );
      if (answer) {
        from = i;
        break;
      }
    }
    if (from === -1) from = cases.findIndex(({ type }) => type === 'switch_default');
    if (from === -1) return next;
    for (const each of cases.slice(from)) {
      const statements = partsOf(each).filter((part) => part.field !== 'value');
      const done = this.#block(statements, own);
      if (done.kind === 'break' && done.label === '') return next;
      if (done.kind !== 'next') return done;
    }
    return next;
  }

  #try(node: SyntaxNode, scope: Scope): Completion {
    const [body, handler, last] = [field(node, 'body'), field(node, 'handler'), field(node, 'finalizer')];
    let done: Completion = next;
    const depth = this.#stack.length;
    try {
      if (body !== undefined) done = this.#execute(body, scope);
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      this.#stack.length = depth;
      const own = new Scope(scope, false);
      const parameter = field(handler, 'parameter');
      if (parameter !== undefined)
        this.#bind(parameter, unknown('an error'), own, (name, bound) => own.declare(name, bound));
      const then = field(handler, 'body');
      if (then !== undefined) done = this.#execute(then, own);
    }
    const finish = last === undefined ? undefined : partsOf(last).find(({ type }) => type === 'statement_block');
    if (finish !== undefined) {
      const ended = this.#execute(finish, scope);
      if (ended.kind !== 'next') return ended;
    }
    return done;
  }

  // Names.

  #bind(target: SyntaxNode, value: JsValue, scope: Scope, declare: (name: string, value: JsValue) => void): void {
    switch (target.type) {
      case 'identifier':
      case 'shorthand_property_identifier_pattern':
        declare(target.text, value);
        return;
      case 'required_parameter':
      case 'optional_parameter': {
        const pattern = field(target, 'pattern') ?? partsOf(target)[0];
        const usual = field(target, 'value');
        if (pattern === undefined) return;
        const isUsual = value.kind === 'undefined' && usual !== undefined;
        this.#bind(pattern, isUsual ? this.#usual(usual, pattern, scope) : value, scope, declare);
        return;
      }
      case 'assignment_pattern':
      case 'object_assignment_pattern': {
        const [left, right] = [
          field(target, 'left') ?? partsOf(target)[0],
          field(target, 'right') ?? partsOf(target)[1],
        ];
        if (left === undefined) return;
        const isUsual = value.kind === 'undefined' && right !== undefined;
        this.#bind(left, isUsual ? this.#usual(right, left, scope) : value, scope, declare);
        return;
      }
      case 'array_pattern': {
        const items = itemsOf(value);
        for (const [i, part] of placesOf(target).entries()) {
          if (part === undefined) continue;
          if (part.type === 'rest_pattern') {
            const [rest] = partsOf(part);
            if (rest !== undefined)
              this.#bind(
                rest,
                items === undefined ? unknown('a list is not known') : array([...items.slice(i)]),
                scope,
                declare,
              );
            return;
          }
          const item =
            items === undefined
              ? value.kind === 'unknown'
                ? value
                : unknown('a list is not known')
              : (items[i] ?? nothing);
          this.#bind(part, item, scope, declare);
        }
        return;
      }
      case 'object_pattern': {
        const taken = new Set<string>();
        for (const part of partsOf(target)) {
          if (part.type === 'rest_pattern') {
            const [rest] = partsOf(part);
            const left = value.kind === 'object' ? [...value.entries].filter(([key]) => !taken.has(key)) : undefined;
            if (rest !== undefined)
              this.#bind(rest, left === undefined ? unknown('an object is not known') : object(left), scope, declare);
            continue;
          }
          const isPair = part.type === 'pair_pattern';
          const inner = isPair ? field(part, 'value') : part;
          const key = isPair
            ? this.#key(field(part, 'key'), scope)
            : part.type === 'object_assignment_pattern'
              ? (field(part, 'left') ?? partsOf(part)[0])?.text
              : part.text;
          if (inner === undefined || key === undefined) continue;
          taken.add(key);
          this.#bind(inner, this.#member(value, key), scope, declare);
        }
        return;
      }
      case 'rest_pattern': {
        const [rest] = partsOf(target);
        if (rest !== undefined) this.#bind(rest, value, scope, declare);
        return;
      }
      case 'member_expression':
      case 'subscript_expression':
        this.#assign(target, value, scope);
        return;
      case 'parenthesized_expression':
      case 'non_null_expression':
      case 'as_expression': {
        const [inner] = partsOf(target);
        if (inner !== undefined) this.#bind(inner, value, scope, declare);
      }
    }
  }

  /** A default: a number in it counts for all who rely on it. */
  #usual(node: SyntaxNode, pattern: SyntaxNode, scope: Scope): JsValue {
    const value = this.#evaluate(node, scope, pattern.text);
    if (value.kind !== 'number' || value.origin?.kind !== 'literal') return value;
    const { span } = value.origin;
    return number(value.value, { kind: 'default', value: value.value, span, parameter: pattern.text });
  }

  #assign(target: SyntaxNode, value: JsValue, scope: Scope): void {
    if (target.type !== 'member_expression' && target.type !== 'subscript_expression') {
      this.#bind(target, value, scope, (name, bound) => scope.set(name, bound));
      return;
    }
    const owner = this.#evaluate(field(target, 'object'), scope);
    const key =
      target.type === 'member_expression'
        ? field(target, 'property')?.text
        : textOf(this.#evaluate(field(target, 'index'), scope));
    if (key === undefined) {
      if (owner.kind === 'array') owner.lost ??= 'it is changed at a place that is not known';
      if (owner.kind === 'object')
        for (const name of owner.entries.keys())
          owner.entries.set(name, unknown('it is changed under a name that is not known'));
      return;
    }
    if (owner.kind === 'object') owner.entries.set(key, value);
    else if (owner.kind === 'class') owner.statics.set(key, value);
    else if (owner.kind === 'array' && /^\d+$/.test(key) && Number(key) < 100_000) {
      while (owner.items.length < Number(key)) owner.items.push(nothing);
      owner.items[Number(key)] = value;
    } else if (owner.kind === 'array' && key === 'length')
      owner.items.length = Math.min(owner.items.length, toNumber(value)?.value ?? 0);
  }

  // Expressions.

  /** `name` is what an anonymous function or class is called after. */
  #evaluate(node: SyntaxNode | undefined, scope: Scope, name = ''): JsValue {
    if (node === undefined) return nothing;
    this.#step(node.span);
    switch (node.type) {
      case 'number':
        return numberOf(node);
      case 'string':
        return text(stringIn(node) ?? '');
      case 'template_string':
        return this.#template(node, scope);
      case 'true':
      case 'false':
        return boolean(node.type === 'true');
      case 'null':
        return none;
      case 'undefined':
        return nothing;
      case 'identifier':
        return this.#name(node, scope);
      case 'this':
        return scope.get('this') ?? unknown('what `this` is is not known');
      case 'parenthesized_expression':
      case 'as_expression':
      case 'satisfies_expression':
      case 'non_null_expression':
      case 'await_expression':
        return this.#evaluate(partsOf(node)[0], scope, name);
      case 'type_assertion':
        return this.#evaluate(partsOf(node).at(-1), scope, name);
      case 'sequence_expression':
        return partsOf(node).reduce<JsValue>((_, part) => this.#evaluate(part, scope), nothing);
      case 'array':
        return array(this.#items(placesOf(node), scope));
      case 'object':
        return this.#object(node, scope);
      case 'arrow_function':
      case 'function_expression':
      case 'function':
      case 'generator_function':
      case 'function_declaration':
        return this.#function(node, scope, name);
      case 'class':
      case 'class_declaration':
        return this.#class(node, scope, name);
      case 'member_expression':
        return this.#member(this.#evaluate(field(node, 'object'), scope), field(node, 'property')?.text ?? '');
      case 'subscript_expression': {
        const owner = this.#evaluate(field(node, 'object'), scope);
        const index = this.#evaluate(field(node, 'index'), scope);
        const key = textOf(index);
        if (key === undefined) return index.kind === 'unknown' ? index : unknown('a place in a list is not known');
        return this.#member(owner, key);
      }
      case 'call_expression':
        return this.#call(node, scope);
      case 'new_expression':
        return this.#new(node, scope);
      case 'binary_expression':
        return this.#binary(node, scope);
      case 'unary_expression':
        return unary(field(node, 'operator')?.text ?? '', this.#evaluate(field(node, 'argument'), scope), node.span);
      case 'update_expression':
        return this.#update(node, scope);
      case 'assignment_expression': {
        const target = field(node, 'left');
        const value = this.#evaluate(field(node, 'right'), scope, target?.text);
        if (target !== undefined) this.#assign(target, value, scope);
        return value;
      }
      case 'augmented_assignment_expression': {
        const target = field(node, 'left');
        const operator = (field(node, 'operator')?.text ?? '').replace(/=$/, '');
        const before = this.#evaluate(target, scope);
        const value = ['&&', '||', '??'].includes(operator)
          ? this.#logical(operator, before, field(node, 'right'), scope)
          : binary(operator, before, this.#evaluate(field(node, 'right'), scope), node.span);
        if (target !== undefined) this.#assign(target, value, scope);
        return value;
      }
      case 'ternary_expression': {
        const condition = this.#evaluate(field(node, 'condition'), scope);
        const known = truth(condition);
        const branches = [field(node, 'consequence'), field(node, 'alternative')];
        if (known === undefined) {
          const reason = condition.kind === 'unknown' ? condition.reason : 'a condition is not known';
          this.#eitherWay(branches, scope, reason);
          return unknown(reason);
        }
        return this.#evaluate(branches[known ? 0 : 1], scope, name);
      }
      case 'super':
        return unknown('what is above a class is not known');
      default:
        return unknown(`${node.type.replaceAll('_', ' ')} is not followed`);
    }
  }

  #name(node: SyntaxNode, scope: Scope): JsValue {
    const found = scope.get(node.text);
    if (found !== undefined) return found;
    if (node.text === 'undefined') return nothing;
    if (node.text === 'tf') return this.library.namespace;
    return (
      globalValue(node.text, (target, args, span) => this.call(target, args, span)) ?? {
        ...unknown(`${node.text} is not known`),
        ...(isHarmlessGlobal(node.text) && { isHarmless: true }),
      }
    );
  }

  #template(node: SyntaxNode, scope: Scope): JsValue {
    let made = '';
    for (const part of node.children) {
      if (part.type === 'template_substitution') {
        const value = textOf(this.#evaluate(partsOf(part)[0], scope));
        if (value === undefined) return unknown('a text is not known');
        made += value;
      } else made += part.type === 'escape_sequence' ? '' : part.text;
    }
    // Some grammars name the pieces between, others do not.
    return text(
      node.children.some(({ type }) => type === 'string_fragment' || type === 'template_chars') ||
        node.children.length > 0
        ? made
        : node.text.slice(1, -1),
    );
  }

  #items(nodes: readonly (SyntaxNode | undefined)[], scope: Scope): JsValue[] {
    return nodes.flatMap((part): readonly JsValue[] => {
      if (part === undefined) return [nothing];
      if (part.type !== 'spread_element') return [this.#evaluate(part, scope)];
      const value = this.#evaluate(partsOf(part)[0], scope);
      return itemsOf(value) ?? [value.kind === 'unknown' ? value : unknown('what is spread here is not known')];
    });
  }

  #key(node: SyntaxNode | undefined, scope: Scope): string | undefined {
    if (node === undefined) return undefined;
    if (node.type === 'string') return stringIn(node);
    if (node.type === 'computed_property_name') return textOf(this.#evaluate(partsOf(node)[0], scope));
    return node.text;
  }

  #object(node: SyntaxNode, scope: Scope): JsValue {
    const made: ObjectValue = object([]);
    let lost: string | undefined;
    for (const part of partsOf(node)) {
      switch (part.type) {
        case 'pair': {
          const key = this.#key(field(part, 'key'), scope);
          const value = this.#evaluate(field(part, 'value'), scope, key);
          if (key === undefined) lost ??= 'the name of a setting is not known';
          else made.entries.set(key, value);
          break;
        }
        case 'shorthand_property_identifier':
          made.entries.set(part.text, this.#name(part, scope));
          break;
        case 'spread_element': {
          const value = this.#evaluate(partsOf(part)[0], scope);
          if (value.kind === 'object') for (const [key, held] of value.entries) made.entries.set(key, held);
          else if (value.kind === 'unknown') lost ??= value.reason;
          break;
        }
        case 'method_definition': {
          const key = this.#key(field(part, 'name'), scope);
          if (key !== undefined) made.entries.set(key, this.#function(part, scope, key, made));
        }
      }
    }
    return lost === undefined ? made : unknown(lost);
  }

  #binary(node: SyntaxNode, scope: Scope): JsValue {
    const operator = field(node, 'operator')?.text ?? '';
    const left = this.#evaluate(field(node, 'left'), scope);
    if (['&&', '||', '??'].includes(operator)) return this.#logical(operator, left, field(node, 'right'), scope);
    const right = this.#evaluate(field(node, 'right'), scope);
    if (operator === 'in') {
      const key = textOf(left);
      return right.kind === 'object' && key !== undefined
        ? boolean(right.entries.has(key))
        : unknown('whether a name is there is not known');
    }
    if (operator === 'instanceof') return isInstance(left, right);
    return binary(operator, left, right, node.span);
  }

  #logical(operator: string, left: JsValue, right: SyntaxNode | undefined, scope: Scope): JsValue {
    const known = operator === '??' ? isThere(left) : truth(left);
    if (known === undefined) {
      this.#eitherWay([right], scope, left.kind === 'unknown' ? left.reason : 'a condition is not known');
      return left;
    }
    return known === (operator === '&&') ? this.#evaluate(right, scope) : left;
  }

  #update(node: SyntaxNode, scope: Scope): JsValue {
    const target = field(node, 'argument');
    const before = toNumber(this.#evaluate(target, scope));
    const sign = field(node, 'operator')?.text === '--' ? '-' : '+';
    const after =
      before === undefined ? unknown('a count is not known') : number(before.value + (sign === '+' ? 1 : -1));
    if (target !== undefined) this.#assign(target, after, scope);
    const isPrefix = node.children[0]?.field === 'operator';
    return isPrefix ? after : (before ?? after);
  }

  #member(owner: JsValue, name: string): JsValue {
    const call = (target: JsValue, args: readonly JsValue[], span: SourceSpan): JsValue =>
      this.call(target, args, span);
    switch (owner.kind) {
      case 'unknown':
        return owner;
      case 'object': {
        const own = owner.entries.get(name);
        if (own !== undefined) return own.kind === 'function' && own.self === undefined ? { ...own, self: owner } : own;
        const inherited = owner.type && this.#inherited(owner.type, name, owner);
        if (inherited !== undefined) return inherited;
        if (name === 'hasOwnProperty')
          return native(name, ([key]) => boolean(owner.entries.has(textOf(key ?? nothing) ?? '')));
        return owner.missing?.(name) ?? nothing;
      }
      case 'array':
        if (/^\d+$/.test(name))
          return owner.lost === undefined ? (owner.items[Number(name)] ?? nothing) : unknown(owner.lost);
        return arrayMember(owner, name, call);
      case 'string':
        return textMember(owner.value, name);
      case 'number':
        return numberMember(owner.value, name);
      case 'layer':
        return this.library.member(owner, name);
      case 'tensor':
        return this.library.tensorMember(owner.tensor, name);
      case 'class': {
        const found = owner.statics.get(name);
        if (found !== undefined) return found.kind === 'function' ? { ...found, self: owner } : found;
        return owner.base?.kind === 'class'
          ? this.#member(owner.base, name)
          : name === 'name'
            ? text(owner.name)
            : nothing;
      }
      case 'function':
        if (name === 'call')
          return native(name, ([self = nothing, ...args], span) => this.call({ ...owner, self }, args, span));
        if (name === 'apply')
          return native(name, ([self = nothing, args = nothing], span) =>
            this.call({ ...owner, self }, itemsOf(args) ?? [], span),
          );
        if (name === 'bind') return native(name, ([self = nothing]) => ({ ...owner, self }));
        return name === 'name' ? text(owner.name) : nothing;
      case 'native':
        return name === 'from' || name === 'isArray' || name === 'of'
          ? (globalValue(`${owner.name}.${name}`, call) ?? nothing)
          : nothing;
      default:
        return unknown(`${name} of nothing is taken`);
    }
  }

  #inherited(type: ClassValue, name: string, self: ObjectValue): JsValue | undefined {
    for (let home: JsValue | undefined = type; home?.kind === 'class'; home = home.base) {
      const getter = home.getters.get(name);
      if (getter !== undefined) return this.call({ ...getter, self, home }, [], getter.node.span);
      const method = home.methods.get(name);
      if (method !== undefined) return { ...method, self, home };
    }
    return undefined;
  }

  // Functions and classes.

  #function(node: SyntaxNode, scope: Scope, name = '', home?: ObjectValue): FunctionValue {
    const self = node.type === 'arrow_function' ? scope.get('this') : home;
    return { kind: 'function', name: field(node, 'name')?.text ?? name, node, scope, ...(self && { self }) };
  }

  #class(node: SyntaxNode, scope: Scope, name = ''): ClassValue {
    const heritage = node.children.find(({ type }) => type === 'class_heritage');
    const clause = partsOf(heritage).find(({ type }) => type === 'extends_clause');
    const above = clause === undefined ? partsOf(heritage)[0] : (field(clause, 'value') ?? partsOf(clause)[0]);
    const made: ClassValue = {
      kind: 'class',
      name: field(node, 'name')?.text ?? name,
      node,
      scope,
      base: above === undefined || above.type === 'implements_clause' ? undefined : this.#evaluate(above, scope),
      methods: new Map(),
      getters: new Map(),
      statics: new Map(),
    };
    scope.declare(made.name, made);
    for (const part of partsOf(field(node, 'body'))) {
      const key = this.#key(field(part, 'name') ?? field(part, 'property'), scope);
      if (key === undefined) continue;
      if (part.type === 'method_definition') {
        const method: FunctionValue = { kind: 'function', name: key, node: part, scope, home: made };
        if (hasWord(part, 'static')) made.statics.set(key, method);
        else if (hasWord(part, 'get')) made.getters.set(key, method);
        else if (!hasWord(part, 'set')) made.methods.set(key, method);
      } else if (hasWord(part, 'static')) made.statics.set(key, this.#evaluate(field(part, 'value'), scope, key));
    }
    return made;
  }

  #new(node: SyntaxNode, scope: Scope): JsValue {
    const target = this.#evaluate(field(node, 'constructor'), scope);
    const args = this.#items(partsOf(field(node, 'arguments')), scope);
    return this.#construct(target, args, node.span);
  }

  #construct(target: JsValue, args: readonly JsValue[], span: SourceSpan): JsValue {
    if (target.kind === 'class') {
      const made: ObjectValue = { kind: 'object', entries: new Map(), type: target };
      const above = this.#initialize(target, made, args, span);
      return above ?? made;
    }
    if (target.kind === 'native') return target.call(args, span);
    if (target.kind === 'function') {
      const made = object([]);
      const result = this.call({ ...target, self: made }, args, span);
      return result.kind === 'object' ? result : made;
    }
    this.#keepCallbacks(args);
    return target.kind === 'unknown' ? target : unknown('what is made here is not known');
  }

  /** Runs the constructors of a class and those above it; a layer where it derives from one of the library's. */
  #initialize(type: ClassValue, self: ObjectValue, args: readonly JsValue[], span: SourceSpan): JsValue | undefined {
    if (type.base !== undefined && type.base.kind !== 'class') {
      // What it does stands in its own methods, which the library calls.
      return type.base.kind === 'native'
        ? this.library.ownLayer(type.name, span)
        : unknown(`${type.name} derives from what is not read`);
    }
    const fields = (): void => {
      for (const part of partsOf(field(type.node, 'body'))) {
        const key =
          /^(public_)?field_definition$/.test(part.type) && !hasWord(part, 'static')
            ? this.#key(field(part, 'name') ?? field(part, 'property'), new Scope(type.scope, true))
            : undefined;
        if (key === undefined) continue;
        const scope = new Scope(type.scope, true);
        scope.declare('this', self);
        self.entries.set(key, this.#evaluate(field(part, 'value'), scope, key));
      }
    };
    const own = type.methods.get('constructor');
    if (own === undefined) {
      const above = type.base?.kind === 'class' ? this.#initialize(type.base, self, args, span) : undefined;
      fields();
      return above;
    }
    if (type.base === undefined) fields();
    this.call({ ...own, self, home: type }, args, span);
    if (type.base !== undefined) fields();
    return undefined;
  }

  #call(node: SyntaxNode, scope: Scope): JsValue {
    const target = field(node, 'function');
    const given = field(node, 'arguments');
    if (given?.type === 'template_string') return unknown('a tagged text is not followed');
    if (target?.type === 'super') return this.#callAbove(node, scope);
    if (target?.type === 'member_expression' && field(target, 'object')?.type === 'super') {
      const self = scope.get('this');
      const home = scope.get('<home>');
      const name = field(target, 'property')?.text ?? '';
      const base = home?.kind === 'class' ? home.base : undefined;
      const method = base?.kind === 'class' && self?.kind === 'object' ? this.#inherited(base, name, self) : undefined;
      return method === undefined
        ? unknown(`${name} above a class is not known`)
        : this.call(method, this.#items(partsOf(given), scope), node.span);
    }
    if (target?.type === 'import') return unknown('a module that is loaded later is not read');
    const value = this.#evaluate(target, scope);
    const args = this.#items(partsOf(given), scope);
    if (value.kind === 'undefined' && hasWord(node, '?.')) return nothing;
    return this.call(value, args, callPlace(node, target));
  }

  #callAbove(node: SyntaxNode, scope: Scope): JsValue {
    const [self, home] = [scope.get('this'), scope.get('<home>')];
    const args = this.#items(partsOf(field(node, 'arguments')), scope);
    if (home?.kind !== 'class' || self?.kind !== 'object' || home.base?.kind !== 'class') return nothing;
    this.#initialize(home.base, self, args, node.span);
    return nothing;
  }

  #keepCallbacks(args: readonly JsValue[]): void {
    for (const value of args) {
      if (value.kind === 'function') this.#callbacks.push(value);
      if (value.kind === 'object' && value.missing === undefined)
        this.#keepCallbacks([...value.entries.values()].filter(({ kind }) => kind === 'function'));
    }
  }

  call(target: JsValue, args: readonly JsValue[], span: SourceSpan): JsValue {
    if (target.kind === 'native') return target.call(args, span);
    if (target.kind !== 'function') {
      this.#keepCallbacks(args);
      if (target.kind === 'unknown' && target.isHarmless !== true) {
        const seen = new Set<JsValue>();
        for (const given of args) loseInside(given, `it is given to what is not followed: ${target.reason}`, seen);
      }
      if (target.kind === 'class') return unknown(`${target.name} is called without new`);
      return target.kind === 'unknown' ? target : unknown('what is called here is no function');
    }
    if (this.#stack.length >= this.#modules.callDepth) throw new LimitReached('depth');
    const { node, self, home } = target;
    this.#called.add(node);
    const scope = new Scope(target.scope, true);
    if (node.type !== 'arrow_function') scope.declare('this', self ?? nothing);
    if (home !== undefined) scope.declare('<home>', home);
    const parameters = parametersOf(node);
    for (const [i, parameter] of parameters.entries()) {
      const pattern = field(parameter, 'pattern') ?? parameter;
      const isRest = pattern.type === 'rest_pattern';
      const value = isRest ? array([...args.slice(i)]) : (args[i] ?? nothing);
      this.#bind(parameter, value, scope, (name, bound) => scope.declare(name, bound));
      // TypeScript's short form of a field.
      if (parameter.children.some(({ type }) => type === 'accessibility_modifier') && self?.kind === 'object')
        self.entries.set(pattern.text, value);
    }
    scope.declare('arguments', array([...args]));
    if (/^generator/.test(node.type) || node.children.some(({ type }) => type === '*'))
      return unknown('a generator is not followed');
    const body = field(node, 'body');
    if (body === undefined) return nothing;
    this.#stack.push({ value: target, span });
    const done = body.type === 'statement_block' ? this.#block(partsOf(body), scope) : undefined;
    const result =
      done === undefined
        ? this.#evaluate(body, scope)
        : done.kind === 'return' || done.kind === 'maybe'
          ? done.value
          : nothing;
    this.#stack.pop();
    return result;
  }
}

/** A layer stands where the function that makes it is named. */
function callPlace(node: SyntaxNode, target: SyntaxNode | undefined): SourceSpan {
  const property = target?.type === 'member_expression' ? field(target, 'property') : target;
  const span = property?.span ?? node.span;
  return { document: span.document, start: target?.span.start ?? span.start, end: span.end };
}

function parametersOf(node: SyntaxNode): readonly SyntaxNode[] {
  const single = field(node, 'parameter');
  if (single !== undefined) return [single];
  return partsOf(field(node, 'parameters'));
}

function nameOf(parameter: SyntaxNode): string {
  return (field(parameter, 'pattern') ?? parameter).text.replaceAll(/\s+/g, ' ').slice(0, 40);
}

function declaredNames(declaration: SyntaxNode): readonly string[] {
  const name = field(declaration, 'name');
  if (name !== undefined) return [name.text];
  return partsOf(declaration).flatMap((each) => {
    const own = field(each, 'name');
    return own?.type === 'identifier' ? [own.text] : [];
  });
}

function numberOf(node: SyntaxNode): JsValue {
  const value = Number(node.text.replaceAll('_', ''));
  if (Number.isNaN(value)) return unknown(`${node.text} is no number that is followed`);
  return number(value, { kind: 'literal', value, span: node.span });
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

function stringIn(node: SyntaxNode | undefined): string | undefined {
  if (node?.type !== 'string') return undefined;
  return node.text.slice(1, -1).replaceAll(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
}

const isFunction = ({ type }: SyntaxNode): boolean => /function|method_definition/.test(type);

/** Goes through a tree; `visit` says whether to look inside. */
function walk(node: SyntaxNode, visit: (node: SyntaxNode) => boolean): void {
  if (!visit(node)) return;
  for (const child of node.children) walk(child, visit);
}

/** Names that a program calls as functions. */
function calledNames(root: SyntaxNode): ReadonlySet<string> {
  const found = new Set<string>();
  walk(root, (node) => {
    const target = node.type === 'call_expression' ? field(node, 'function') : undefined;
    if (target?.type === 'identifier') found.add(target.text);
    return true;
  });
  return found;
}

function isInstance(left: JsValue, right: JsValue): JsValue {
  if (left.kind === 'unknown' || right.kind === 'unknown') return unknown('of which class a value is is not known');
  if (right.kind === 'native') {
    if (left.kind === 'layer') return boolean(left.layer.model !== undefined || right.name === 'Layer');
    if (right.name === 'Array') return boolean(left.kind === 'array');
    return boolean(false);
  }
  if (left.kind !== 'object') return boolean(false);
  for (let type: JsValue | undefined = left.type; type?.kind === 'class'; type = type.base)
    if (type === right) return boolean(true);
  return boolean(false);
}

/** Whether a value is neither `null` nor `undefined`. */
function isThere({ kind }: JsValue): boolean | undefined {
  return kind === 'unknown' ? undefined : kind !== 'null' && kind !== 'undefined';
}
