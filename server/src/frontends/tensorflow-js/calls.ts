// Functions and classes: made, called, and constructed.

import type { SourceSpan } from '../../common/source-span.ts';
import { field, hasWord, partsOf, type SyntaxNode } from './javascript-parser.ts';
import { LimitReached, type Machine } from './machine.ts';
import { Scope } from './scope.ts';
import { parametersOf } from './syntax.ts';
import {
  array,
  type ClassValue,
  type FunctionValue,
  type JsValue,
  loseInside,
  nothing,
  object,
  type ObjectValue,
  unknown,
} from './values.ts';

export function makeFunction(
  machine: Machine,
  node: SyntaxNode,
  scope: Scope,
  name = '',
  home?: ObjectValue,
): FunctionValue {
  const self = node.type === 'arrow_function' ? scope.get('this') : home;
  return { kind: 'function', name: field(node, 'name')?.text ?? name, node, scope, ...(self && { self }) };
}

export function makeClass(machine: Machine, node: SyntaxNode, scope: Scope, name = ''): ClassValue {
  const heritage = node.children.find(({ type }) => type === 'class_heritage');
  const clause = partsOf(heritage).find(({ type }) => type === 'extends_clause');
  const above = clause === undefined ? partsOf(heritage)[0] : (field(clause, 'value') ?? partsOf(clause)[0]);
  const made: ClassValue = {
    kind: 'class',
    name: field(node, 'name')?.text ?? name,
    node,
    scope,
    base: above === undefined || above.type === 'implements_clause' ? undefined : machine.evaluate(above, scope),
    methods: new Map(),
    getters: new Map(),
    statics: new Map(),
  };
  scope.declare(made.name, made);
  for (const part of partsOf(field(node, 'body'))) {
    const key = machine.keyIn(field(part, 'name') ?? field(part, 'property'), scope);
    if (key === undefined) continue;
    if (part.type === 'method_definition') {
      const method: FunctionValue = { kind: 'function', name: key, node: part, scope, home: made };
      if (hasWord(part, 'static')) made.statics.set(key, method);
      else if (hasWord(part, 'get')) made.getters.set(key, method);
      else if (!hasWord(part, 'set')) made.methods.set(key, method);
    } else if (hasWord(part, 'static')) made.statics.set(key, machine.evaluate(field(part, 'value'), scope, key));
  }
  return made;
}

export function evaluateNew(machine: Machine, node: SyntaxNode, scope: Scope): JsValue {
  const target = machine.evaluate(field(node, 'constructor'), scope);
  const args = machine.itemsIn(partsOf(field(node, 'arguments')), scope);
  return construct(machine, target, args, node.span);
}

function construct(machine: Machine, target: JsValue, args: readonly JsValue[], span: SourceSpan): JsValue {
  if (target.kind === 'class') {
    const made: ObjectValue = { kind: 'object', entries: new Map(), type: target };
    const above = initialize(machine, target, made, args, span);
    return above ?? made;
  }
  if (target.kind === 'native') return target.call(args, span);
  if (target.kind === 'function') {
    const made = object([]);
    const result = callValue(machine, { ...target, self: made }, args, span);
    return result.kind === 'object' ? result : made;
  }
  keepCallbacks(machine, args);
  return target.kind === 'unknown' ? target : unknown('what is made here is not known');
}

/** Runs the constructors of a class and those above it; a layer where it derives from one of the library's. */
function initialize(
  machine: Machine,
  type: ClassValue,
  self: ObjectValue,
  args: readonly JsValue[],
  span: SourceSpan,
): JsValue | undefined {
  if (type.base !== undefined && type.base.kind !== 'class') {
    // What it does stands in its own methods, which the library calls.
    return type.base.kind === 'native'
      ? machine.library.ownLayer(type.name, span)
      : unknown(`${type.name} derives from what is not read`);
  }
  const fields = (): void => {
    for (const part of partsOf(field(type.node, 'body'))) {
      const key =
        /^(public_)?field_definition$/.test(part.type) && !hasWord(part, 'static')
          ? machine.keyIn(field(part, 'name') ?? field(part, 'property'), new Scope(type.scope, true))
          : undefined;
      if (key === undefined) continue;
      const scope = new Scope(type.scope, true);
      scope.declare('this', self);
      self.entries.set(key, machine.evaluate(field(part, 'value'), scope, key));
    }
  };
  const own = type.methods.get('constructor');
  if (own === undefined) {
    const above = type.base?.kind === 'class' ? initialize(machine, type.base, self, args, span) : undefined;
    fields();
    return above;
  }
  if (type.base === undefined) fields();
  callValue(machine, { ...own, self, home: type }, args, span);
  if (type.base !== undefined) fields();
  return undefined;
}

export function evaluateCall(machine: Machine, node: SyntaxNode, scope: Scope): JsValue {
  const target = field(node, 'function');
  const given = field(node, 'arguments');
  if (given?.type === 'template_string') return unknown('a tagged text is not followed');
  if (target?.type === 'super') return callAbove(machine, node, scope);
  if (target?.type === 'member_expression' && field(target, 'object')?.type === 'super') {
    const self = scope.get('this');
    const home = scope.get('<home>');
    const name = field(target, 'property')?.text ?? '';
    const base = home?.kind === 'class' ? home.base : undefined;
    const method =
      base?.kind === 'class' && self?.kind === 'object' ? machine.inheritedMethod(base, name, self) : undefined;
    return method === undefined
      ? unknown(`${name} above a class is not known`)
      : callValue(machine, method, machine.itemsIn(partsOf(given), scope), node.span);
  }
  if (target?.type === 'import') return unknown('a module that is loaded later is not read');
  const value = machine.evaluate(target, scope);
  const args = machine.itemsIn(partsOf(given), scope);
  if (value.kind === 'undefined' && hasWord(node, '?.')) return nothing;
  return callValue(machine, value, args, callPlace(node, target));
}

function callAbove(machine: Machine, node: SyntaxNode, scope: Scope): JsValue {
  const [self, home] = [scope.get('this'), scope.get('<home>')];
  const args = machine.itemsIn(partsOf(field(node, 'arguments')), scope);
  if (home?.kind !== 'class' || self?.kind !== 'object' || home.base?.kind !== 'class') return nothing;
  initialize(machine, home.base, self, args, node.span);
  return nothing;
}

function keepCallbacks(machine: Machine, args: readonly JsValue[]): void {
  for (const value of args) {
    if (value.kind === 'function') machine.callbacks.push(value);
    if (value.kind === 'object' && value.missing === undefined)
      keepCallbacks(
        machine,
        [...value.entries.values()].filter(({ kind }) => kind === 'function'),
      );
  }
}

export function callValue(machine: Machine, target: JsValue, args: readonly JsValue[], span: SourceSpan): JsValue {
  if (target.kind === 'native') return target.call(args, span);
  if (target.kind !== 'function') {
    keepCallbacks(machine, args);
    if (target.kind === 'unknown' && target.isHarmless !== true) {
      const seen = new Set<JsValue>();
      for (const given of args) loseInside(given, `it is given to what is not followed: ${target.reason}`, seen);
    }
    if (target.kind === 'class') return unknown(`${target.name} is called without new`);
    return target.kind === 'unknown' ? target : unknown('what is called here is no function');
  }
  if (machine.stack.length >= machine.modules.callDepth) throw new LimitReached('depth');
  const { node, self, home } = target;
  machine.called.add(node);
  const scope = new Scope(target.scope, true);
  if (node.type !== 'arrow_function') scope.declare('this', self ?? nothing);
  if (home !== undefined) scope.declare('<home>', home);
  const parameters = parametersOf(node);
  for (const [i, parameter] of parameters.entries()) {
    const pattern = field(parameter, 'pattern') ?? parameter;
    const isRest = pattern.type === 'rest_pattern';
    const value = isRest ? array([...args.slice(i)]) : (args[i] ?? nothing);
    machine.bind(parameter, value, scope, (name, bound) => scope.declare(name, bound));
    // TypeScript's short form of a field.
    if (parameter.children.some(({ type }) => type === 'accessibility_modifier') && self?.kind === 'object')
      self.entries.set(pattern.text, value);
  }
  scope.declare('arguments', array([...args]));
  if (/^generator/.test(node.type) || node.children.some(({ type }) => type === '*'))
    return unknown('a generator is not followed');
  const body = field(node, 'body');
  if (body === undefined) return nothing;
  machine.stack.push({ value: target, span });
  const done = body.type === 'statement_block' ? machine.runBlock(partsOf(body), scope) : undefined;
  const result =
    done === undefined
      ? machine.evaluate(body, scope)
      : done.kind === 'return' || done.kind === 'maybe'
        ? done.value
        : nothing;
  machine.stack.pop();
  return result;
}

/** A layer stands where the function that makes it is named. */
function callPlace(node: SyntaxNode, target: SyntaxNode | undefined): SourceSpan {
  const property = target?.type === 'member_expression' ? field(target, 'property') : target;
  const span = property?.span ?? node.span;
  return { document: span.document, start: target?.span.start ?? span.start, end: span.end };
}
