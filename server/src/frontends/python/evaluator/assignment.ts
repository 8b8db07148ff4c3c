// Where values go: names, attributes, items, and unpacking of sequences.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Expression } from '../syntax/ast.ts';
import { setAttribute } from './attributes.ts';
import { evaluateExpression } from './expressions.ts';
import type { Interpreter } from './interpreter.ts';
import { setItem } from './items.ts';
import { list, type PyValue, type Scope } from './values.ts';

/** Assigns to a target expression; unknown values reach every name of a pattern. */
export function assign(interpreter: Interpreter, scope: Scope, target: Expression, value: PyValue): void {
  switch (target.kind) {
    case 'name':
      setName(scope, target.name, value);
      return;
    case 'attribute':
      setAttribute(interpreter, evaluateExpression(interpreter, scope, target.object), target.name, value, target.span);
      return;
    case 'subscript':
      setItem(
        interpreter,
        evaluateExpression(interpreter, scope, target.object),
        evaluateExpression(interpreter, scope, target.index),
        value,
        target.span,
      );
      return;
    case 'tuple':
    case 'list':
      unpack(interpreter, scope, target.elements, value, target.span);
      return;
    case 'starred':
      assign(interpreter, scope, target.value, value);
      return;
    default:
      interpreter.raise('SyntaxError', 'cannot assign to this', target.span);
  }
}

/** Binds a name where `global` and `nonlocal` send it. */
export function setName(scope: Scope, name: string, value: PyValue): void {
  if (scope.globals?.has(name) === true) scope.module.names.set(name, value);
  else if (scope.nonlocals?.has(name) === true) {
    let outer = scope.parent;
    while (outer && !outer.names.has(name)) outer = outer.parent;
    (outer ?? scope).names.set(name, value);
  } else scope.names.set(name, value);
}

function unpack(
  interpreter: Interpreter,
  scope: Scope,
  targets: readonly Expression[],
  value: PyValue,
  span: SourceSpan,
): void {
  const items = interpreter.iterate(value, span);
  if ('kind' in items) {
    for (const target of targets) assign(interpreter, scope, target, items);
    return;
  }
  const star = targets.findIndex((target) => target.kind === 'starred');
  const fits = star < 0 ? items.length === targets.length : items.length >= targets.length - 1;
  if (!fits) {
    interpreter.raise(
      'ValueError',
      `expected ${String(targets.length)} values to unpack, got ${String(items.length)}`,
      span,
    );
  }
  for (const [i, target] of targets.entries()) {
    if (star < 0 || i < star) assign(interpreter, scope, target, items[i] ?? value);
    else if (i === star)
      assign(interpreter, scope, target, list(items.slice(star, items.length - (targets.length - star - 1))));
    else assign(interpreter, scope, target, items[items.length - (targets.length - i)] ?? value);
  }
}
