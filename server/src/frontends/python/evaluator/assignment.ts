// Where values go: names, attributes, items, and unpacking of sequences.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Expression } from '../syntax/ast.ts';
import { setAttribute } from './attributes.ts';
import { setItem } from './items.ts';
import { list } from './values.ts';
import type { Machine, PyValue, Scope } from './machine.ts';
import { setName } from './names.ts';

/** Assigns to a target expression; unknown values reach every name of a pattern. */
export function assign(machine: Machine, scope: Scope, target: Expression, value: PyValue): void {
  switch (target.kind) {
    case 'name':
      setName(machine, scope, target.name, value);
      return;
    case 'attribute':
      setAttribute(machine, machine.evaluate(scope, target.object), target.name, value, target.span);
      return;
    case 'subscript':
      setItem(
        machine,
        machine.evaluate(scope, target.object),
        machine.evaluate(scope, target.index),
        value,
        target.span,
      );
      return;
    case 'tuple':
    case 'list':
      unpack(machine, scope, target.elements, value, target.span);
      return;
    case 'starred':
      assign(machine, scope, target.value, value);
      return;
    default:
      machine.raise('SyntaxError', 'cannot assign to this', target.span);
  }
}

function unpack(
  machine: Machine,
  scope: Scope,
  targets: readonly Expression[],
  value: PyValue,
  span: SourceSpan,
): void {
  const items = machine.iterate(value, span);
  if ('kind' in items) {
    for (const target of targets) assign(machine, scope, target, items);
    return;
  }
  const star = targets.findIndex((target) => target.kind === 'starred');
  const fits = star < 0 ? items.length === targets.length : items.length >= targets.length - 1;
  if (!fits) {
    machine.raise(
      'ValueError',
      `expected ${String(targets.length)} values to unpack, got ${String(items.length)}`,
      span,
    );
  }
  for (const [i, target] of targets.entries()) {
    if (star < 0 || i < star) assign(machine, scope, target, items[i] ?? value);
    else if (i === star)
      assign(machine, scope, target, list(items.slice(star, items.length - (targets.length - star - 1))));
    else assign(machine, scope, target, items[items.length - (targets.length - i)] ?? value);
  }
}
