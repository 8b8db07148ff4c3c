// What may or may not run: what it may change is not known from there on.

import { isHarmlessGlobal } from './harmless.ts';
import { field, partsOf, type SyntaxNode } from './javascript-parser.ts';
import { type Completion, type Machine, next } from './machine.ts';
import type { Scope } from './scope.ts';
import { isFunction, walk } from './syntax.ts';
import { type JsValue, loseInside, nothing, unknown } from './values.ts';

/** What may or may not run: what it may change is not known from there on. */
export function eitherWay(
  machine: Machine,
  branches: readonly (SyntaxNode | undefined)[],
  scope: Scope,
  reason: string,
  ends: RegExp = /^return_statement$/,
): Completion {
  let result: JsValue | undefined;
  for (const branch of branches) {
    if (branch === undefined) continue;
    walk(branch, (node) => {
      loseWhat(machine, node, scope, reason);
      // A guard that gives nothing back is taken to be passed.
      const isGuard = node.type === 'return_statement' && partsOf(node).length === 0;
      if (ends.test(node.type) && !isGuard) result = unknown(reason);
      return !isFunction(node);
    });
  }
  return result === undefined ? next : { kind: 'maybe', value: result, reason };
}

function loseWhat(machine: Machine, node: SyntaxNode, scope: Scope, reason: string): void {
  if (/assignment_expression$|^update_expression$/.test(node.type)) {
    const target = field(node, 'left') ?? field(node, 'argument');
    if (target?.type === 'identifier') scope.lose(target.text, reason);
    else if (target !== undefined) loseValue(machine, field(target, 'object'), scope, reason);
  }
  if (node.type !== 'call_expression') return;
  const target = field(node, 'function');
  if (isHarmless(machine, target, scope)) return;
  if (target?.type === 'member_expression') loseValue(machine, field(target, 'object'), scope, reason);
  for (const given of partsOf(field(node, 'arguments'))) loseValue(machine, given, scope, reason);
}

/** What a name or a property of `this` stands for may be changed in place. */
function loseValue(machine: Machine, node: SyntaxNode | undefined, scope: Scope, reason: string): void {
  if (node?.type !== 'identifier' && node?.type !== 'member_expression' && node?.type !== 'this') return;
  loseInside(node.type === 'identifier' ? (scope.get(node.text) ?? nothing) : machine.evaluate(node, scope), reason);
}

/** Whether what is called only shows or stores what it is given. */
function isHarmless(machine: Machine, target: SyntaxNode | undefined, scope: Scope): boolean {
  let root = target;
  while (root?.type === 'member_expression') root = field(root, 'object');
  if (root?.type !== 'identifier') return false;
  const value = scope.get(root.text);
  return value === undefined ? isHarmlessGlobal(root.text) : value.kind === 'unknown' && value.isHarmless === true;
}
