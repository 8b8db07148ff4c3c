// Questions to a piece of syntax that discovery asks: what it mentions, which calls it holds, which blocks are of one scope.

import type { Expression, ExpressionOf, Statement, StatementOf } from '../syntax/ast.ts';
import { elementsOf } from '../syntax/assigned-names.ts';

function some(node: unknown, test: (node: object) => boolean): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if (!Array.isArray(node) && test(node)) return true;
  if (Array.isArray(node)) return node.some((item) => some(item, test));
  for (const key in node) if (key !== 'span' && key !== 'nameSpan' && some(Reflect.get(node, key), test)) return true;
  return false;
}

/** Whether a text names something; strings and comments don't count, as the tree has neither as names. */
export function mentions(node: unknown, name: string): boolean {
  return some(node, (each) => 'kind' in each && each.kind === 'name' && 'name' in each && each.name === name);
}

export function mentionsAttribute(node: unknown, name: string): boolean {
  return some(node, (each) => 'kind' in each && each.kind === 'attribute' && 'name' in each && each.name === name);
}

/** Whether the body of a class has what PyTorch calls when a layer is called. */
export function isCalled(body: readonly Statement[]): boolean {
  return body.some(
    (each) => each.kind === 'function' && each.name === 'forward' && each.parameters[0]?.name === 'self',
  );
}

export function isKind<T extends { readonly kind: string }>(node: object, kind: T['kind']): node is T {
  return 'kind' in node && node.kind === kind;
}

export function* callsIn(node: unknown): Generator<ExpressionOf<'call'>> {
  for (const each of nodesIn(node)) if (isKind<ExpressionOf<'call'>>(each, 'call') && 'callee' in each) yield each;
}

/** Every node below one, in the order of the text. A whole file is gone through at each edit, so this makes nothing but the list. */
export function nodesIn(node: unknown): readonly object[] {
  const found: object[] = [];
  const visit = (each: unknown): void => {
    if (typeof each !== 'object' || each === null) return;
    if (Array.isArray(each)) {
      for (const item of each) visit(item);
      return;
    }
    found.push(each);
    for (const key in each) if (key !== 'span' && key !== 'nameSpan') visit(Reflect.get(each, key));
  };
  visit(node);
  return found;
}

/** `Net` of `Net(…)`, `models.Net(…)`. */
export function calleeName({ callee }: ExpressionOf<'call'>): string {
  return callee.kind === 'name' || callee.kind === 'attribute' ? callee.name : '';
}

export function isMainGuard({ test }: StatementOf<'if'>): boolean {
  return test.kind === 'comparison' && mentions(test, '__name__');
}

/** What one statement assigns: each target with its own value, also where tuples are assigned to tuples. */
export function assignmentsIn(
  statement: Statement,
): readonly { readonly target: Expression; readonly value: Expression }[] {
  if (statement.kind === 'annotated')
    return statement.value ? [{ target: statement.target, value: statement.value }] : [];
  if (statement.kind !== 'assignment') return [];
  const { targets, value } = statement;
  return targets.flatMap((target) => {
    const [left, right] = [elementsOf(target), elementsOf(value)];
    if (left === undefined) return [{ target, value }];
    const isPaired =
      right?.length === left.length && ![...left, ...right].some((element) => element.kind === 'starred');
    return left.map((element, i) => ({ target: element, value: (isPaired ? right[i] : undefined) ?? value }));
  });
}
