// Names and patterns are given values.

import { field, partsOf, placesOf, type SyntaxNode } from './javascript-parser.ts';
import type { Machine } from './machine.ts';
import { itemsOf } from './members.ts';
import { toNumber } from './numbers.ts';
import type { Scope } from './scope.ts';
import { array, type JsValue, nothing, number, object, textOf, unknown } from './values.ts';

export function bind(
  machine: Machine,
  target: SyntaxNode,
  value: JsValue,
  scope: Scope,
  declare: (name: string, value: JsValue) => void,
): void {
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
      bind(machine, pattern, isUsual ? usualValue(machine, usual, pattern, scope) : value, scope, declare);
      return;
    }
    case 'assignment_pattern':
    case 'object_assignment_pattern': {
      const [left, right] = [field(target, 'left') ?? partsOf(target)[0], field(target, 'right') ?? partsOf(target)[1]];
      if (left === undefined) return;
      const isUsual = value.kind === 'undefined' && right !== undefined;
      bind(machine, left, isUsual ? usualValue(machine, right, left, scope) : value, scope, declare);
      return;
    }
    case 'array_pattern': {
      const items = itemsOf(value);
      for (const [i, part] of placesOf(target).entries()) {
        if (part === undefined) continue;
        if (part.type === 'rest_pattern') {
          const [rest] = partsOf(part);
          if (rest !== undefined)
            bind(
              machine,
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
        bind(machine, part, item, scope, declare);
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
            bind(machine, rest, left === undefined ? unknown('an object is not known') : object(left), scope, declare);
          continue;
        }
        const isPair = part.type === 'pair_pattern';
        const inner = isPair ? field(part, 'value') : part;
        const key = isPair
          ? machine.keyIn(field(part, 'key'), scope)
          : part.type === 'object_assignment_pattern'
            ? (field(part, 'left') ?? partsOf(part)[0])?.text
            : part.text;
        if (inner === undefined || key === undefined) continue;
        taken.add(key);
        bind(machine, inner, machine.memberOf(value, key), scope, declare);
      }
      return;
    }
    case 'rest_pattern': {
      const [rest] = partsOf(target);
      if (rest !== undefined) bind(machine, rest, value, scope, declare);
      return;
    }
    case 'member_expression':
    case 'subscript_expression':
      assign(machine, target, value, scope);
      return;
    case 'parenthesized_expression':
    case 'non_null_expression':
    case 'as_expression': {
      const [inner] = partsOf(target);
      if (inner !== undefined) bind(machine, inner, value, scope, declare);
    }
  }
}

/** A default: a number in it counts for all who rely on it. */
function usualValue(machine: Machine, node: SyntaxNode, pattern: SyntaxNode, scope: Scope): JsValue {
  const value = machine.evaluate(node, scope, pattern.text);
  if (value.kind !== 'number' || value.origin?.kind !== 'literal') return value;
  const { span } = value.origin;
  return number(value.value, { kind: 'default', value: value.value, span, parameter: pattern.text });
}

export function assign(machine: Machine, target: SyntaxNode, value: JsValue, scope: Scope): void {
  if (target.type !== 'member_expression' && target.type !== 'subscript_expression') {
    bind(machine, target, value, scope, (name, bound) => scope.set(name, bound));
    return;
  }
  const owner = machine.evaluate(field(target, 'object'), scope);
  const key =
    target.type === 'member_expression'
      ? field(target, 'property')?.text
      : textOf(machine.evaluate(field(target, 'index'), scope));
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
