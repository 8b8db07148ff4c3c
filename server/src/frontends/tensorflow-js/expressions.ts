// Expressions but for calls: what they give, with the places of numbers.

import type { SourceSpan } from '../../common/source-span.ts';
import { globalValue } from './globals.ts';
import { isHarmlessGlobal } from './harmless.ts';
import { field, partsOf, placesOf, type SyntaxNode } from './javascript-parser.ts';
import type { Machine } from './machine.ts';
import { arrayMember, itemsOf, numberMember, textMember } from './members.ts';
import { binary, toNumber, unary } from './numbers.ts';
import type { Scope } from './scope.ts';
import { stringIn } from './syntax.ts';
import {
  array,
  boolean,
  type ClassValue,
  type JsValue,
  native,
  none,
  nothing,
  number,
  object,
  type ObjectValue,
  text,
  textOf,
  truth,
  unknown,
} from './values.ts';

/** `name` is what an anonymous function or class is called after. */
export function evaluate(machine: Machine, node: SyntaxNode | undefined, scope: Scope, name = ''): JsValue {
  if (node === undefined) return nothing;
  machine.step(node.span);
  switch (node.type) {
    case 'number':
      return numberOf(node);
    case 'string':
      return text(stringIn(node) ?? '');
    case 'template_string':
      return templateText(machine, node, scope);
    case 'true':
    case 'false':
      return boolean(node.type === 'true');
    case 'null':
      return none;
    case 'undefined':
      return nothing;
    case 'identifier':
      return valueOfName(machine, node, scope);
    case 'this':
      return scope.get('this') ?? unknown('what `this` is is not known');
    case 'parenthesized_expression':
    case 'as_expression':
    case 'satisfies_expression':
    case 'non_null_expression':
    case 'await_expression':
      return evaluate(machine, partsOf(node)[0], scope, name);
    case 'type_assertion':
      return evaluate(machine, partsOf(node).at(-1), scope, name);
    case 'sequence_expression':
      return partsOf(node).reduce<JsValue>((_, part) => evaluate(machine, part, scope), nothing);
    case 'array':
      return array(itemsIn(machine, placesOf(node), scope));
    case 'object':
      return objectLiteral(machine, node, scope);
    case 'arrow_function':
    case 'function_expression':
    case 'function':
    case 'generator_function':
    case 'function_declaration':
      return machine.makeFunction(node, scope, name);
    case 'class':
    case 'class_declaration':
      return machine.makeClass(node, scope, name);
    case 'member_expression':
      return memberOf(machine, evaluate(machine, field(node, 'object'), scope), field(node, 'property')?.text ?? '');
    case 'subscript_expression': {
      const owner = evaluate(machine, field(node, 'object'), scope);
      const index = evaluate(machine, field(node, 'index'), scope);
      const key = textOf(index);
      if (key === undefined) return index.kind === 'unknown' ? index : unknown('a place in a list is not known');
      return memberOf(machine, owner, key);
    }
    case 'call_expression':
      return machine.evaluateCall(node, scope);
    case 'new_expression':
      return machine.evaluateNew(node, scope);
    case 'binary_expression':
      return binaryOperation(machine, node, scope);
    case 'unary_expression':
      return unary(field(node, 'operator')?.text ?? '', evaluate(machine, field(node, 'argument'), scope), node.span);
    case 'update_expression':
      return updateExpression(machine, node, scope);
    case 'assignment_expression': {
      const target = field(node, 'left');
      const value = evaluate(machine, field(node, 'right'), scope, target?.text);
      if (target !== undefined) machine.assign(target, value, scope);
      return value;
    }
    case 'augmented_assignment_expression': {
      const target = field(node, 'left');
      const operator = (field(node, 'operator')?.text ?? '').replace(/=$/, '');
      const before = evaluate(machine, target, scope);
      const value = ['&&', '||', '??'].includes(operator)
        ? logicalOperation(machine, operator, before, field(node, 'right'), scope)
        : binary(operator, before, evaluate(machine, field(node, 'right'), scope), node.span);
      if (target !== undefined) machine.assign(target, value, scope);
      return value;
    }
    case 'ternary_expression': {
      const condition = evaluate(machine, field(node, 'condition'), scope);
      const known = truth(condition);
      const branches = [field(node, 'consequence'), field(node, 'alternative')];
      if (known === undefined) {
        const reason = condition.kind === 'unknown' ? condition.reason : 'a condition is not known';
        machine.eitherWay(branches, scope, reason);
        return unknown(reason);
      }
      return evaluate(machine, branches[known ? 0 : 1], scope, name);
    }
    case 'super':
      return unknown('what is above a class is not known');
    default:
      return unknown(`${node.type.replaceAll('_', ' ')} is not followed`);
  }
}

function valueOfName(machine: Machine, node: SyntaxNode, scope: Scope): JsValue {
  const found = scope.get(node.text);
  if (found !== undefined) return found;
  if (node.text === 'undefined') return nothing;
  if (node.text === 'tf') return machine.library.namespace;
  return (
    globalValue(node.text, (target, args, span) => machine.callValue(target, args, span)) ?? {
      ...unknown(`${node.text} is not known`),
      ...(isHarmlessGlobal(node.text) && { isHarmless: true }),
    }
  );
}

function templateText(machine: Machine, node: SyntaxNode, scope: Scope): JsValue {
  let made = '';
  for (const part of node.children) {
    if (part.type === 'template_substitution') {
      const value = textOf(evaluate(machine, partsOf(part)[0], scope));
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

export function itemsIn(machine: Machine, nodes: readonly (SyntaxNode | undefined)[], scope: Scope): JsValue[] {
  return nodes.flatMap((part): readonly JsValue[] => {
    if (part === undefined) return [nothing];
    if (part.type !== 'spread_element') return [evaluate(machine, part, scope)];
    const value = evaluate(machine, partsOf(part)[0], scope);
    return itemsOf(value) ?? [value.kind === 'unknown' ? value : unknown('what is spread here is not known')];
  });
}

export function keyIn(machine: Machine, node: SyntaxNode | undefined, scope: Scope): string | undefined {
  if (node === undefined) return undefined;
  if (node.type === 'string') return stringIn(node);
  if (node.type === 'computed_property_name') return textOf(evaluate(machine, partsOf(node)[0], scope));
  return node.text;
}

function objectLiteral(machine: Machine, node: SyntaxNode, scope: Scope): JsValue {
  const made: ObjectValue = object([]);
  let lost: string | undefined;
  for (const part of partsOf(node)) {
    switch (part.type) {
      case 'pair': {
        const key = keyIn(machine, field(part, 'key'), scope);
        const value = evaluate(machine, field(part, 'value'), scope, key);
        if (key === undefined) lost ??= 'the name of a setting is not known';
        else made.entries.set(key, value);
        break;
      }
      case 'shorthand_property_identifier':
        made.entries.set(part.text, valueOfName(machine, part, scope));
        break;
      case 'spread_element': {
        const value = evaluate(machine, partsOf(part)[0], scope);
        if (value.kind === 'object') for (const [key, held] of value.entries) made.entries.set(key, held);
        else if (value.kind === 'unknown') lost ??= value.reason;
        break;
      }
      case 'method_definition': {
        const key = keyIn(machine, field(part, 'name'), scope);
        if (key !== undefined) made.entries.set(key, machine.makeFunction(part, scope, key, made));
      }
    }
  }
  return lost === undefined ? made : unknown(lost);
}

function binaryOperation(machine: Machine, node: SyntaxNode, scope: Scope): JsValue {
  const operator = field(node, 'operator')?.text ?? '';
  const left = evaluate(machine, field(node, 'left'), scope);
  if (['&&', '||', '??'].includes(operator))
    return logicalOperation(machine, operator, left, field(node, 'right'), scope);
  const right = evaluate(machine, field(node, 'right'), scope);
  if (operator === 'in') {
    const key = textOf(left);
    return right.kind === 'object' && key !== undefined
      ? boolean(right.entries.has(key))
      : unknown('whether a name is there is not known');
  }
  if (operator === 'instanceof') return isInstance(left, right);
  return binary(operator, left, right, node.span);
}

function logicalOperation(
  machine: Machine,
  operator: string,
  left: JsValue,
  right: SyntaxNode | undefined,
  scope: Scope,
): JsValue {
  const known = operator === '??' ? isThere(left) : truth(left);
  if (known === undefined) {
    machine.eitherWay([right], scope, left.kind === 'unknown' ? left.reason : 'a condition is not known');
    return left;
  }
  return known === (operator === '&&') ? evaluate(machine, right, scope) : left;
}

function updateExpression(machine: Machine, node: SyntaxNode, scope: Scope): JsValue {
  const target = field(node, 'argument');
  const before = toNumber(evaluate(machine, target, scope));
  const sign = field(node, 'operator')?.text === '--' ? '-' : '+';
  const after = before === undefined ? unknown('a count is not known') : number(before.value + (sign === '+' ? 1 : -1));
  if (target !== undefined) machine.assign(target, after, scope);
  const isPrefix = node.children[0]?.field === 'operator';
  return isPrefix ? after : (before ?? after);
}

export function memberOf(machine: Machine, owner: JsValue, name: string): JsValue {
  const call = (target: JsValue, args: readonly JsValue[], span: SourceSpan): JsValue =>
    machine.callValue(target, args, span);
  switch (owner.kind) {
    case 'unknown':
      return owner;
    case 'object': {
      const own = owner.entries.get(name);
      if (own !== undefined) return own.kind === 'function' && own.self === undefined ? { ...own, self: owner } : own;
      const inherited = owner.type && inheritedMethod(machine, owner.type, name, owner);
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
      return machine.library.member(owner, name);
    case 'tensor':
      return machine.library.tensorMember(owner.tensor, name);
    case 'class': {
      const found = owner.statics.get(name);
      if (found !== undefined) return found.kind === 'function' ? { ...found, self: owner } : found;
      return owner.base?.kind === 'class'
        ? memberOf(machine, owner.base, name)
        : name === 'name'
          ? text(owner.name)
          : nothing;
    }
    case 'function':
      if (name === 'call')
        return native(name, ([self = nothing, ...args], span) => machine.callValue({ ...owner, self }, args, span));
      if (name === 'apply')
        return native(name, ([self = nothing, args = nothing], span) =>
          machine.callValue({ ...owner, self }, itemsOf(args) ?? [], span),
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

export function inheritedMethod(
  machine: Machine,
  type: ClassValue,
  name: string,
  self: ObjectValue,
): JsValue | undefined {
  for (let home: JsValue | undefined = type; home?.kind === 'class'; home = home.base) {
    const getter = home.getters.get(name);
    if (getter !== undefined) return machine.callValue({ ...getter, self, home }, [], getter.node.span);
    const method = home.methods.get(name);
    if (method !== undefined) return { ...method, self, home };
  }
  return undefined;
}

function numberOf(node: SyntaxNode): JsValue {
  const value = Number(node.text.replaceAll('_', ''));
  if (Number.isNaN(value)) return unknown(`${node.text} is no number that is followed`);
  return number(value, { kind: 'literal', value, span: node.span });
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
