// Which names the statements of one scope assign, in whichever of its blocks.

import type { Expression, Statement } from './ast.ts';

/** The blocks inside a statement that belong to the same scope. */
export function blocksOf(statement: Statement): readonly (readonly Statement[])[] {
  switch (statement.kind) {
    case 'if':
    case 'for':
    case 'while':
      return [statement.body, statement.otherwise];
    case 'with':
      return [statement.body];
    case 'try':
      return [statement.body, ...statement.handlers.map(({ body }) => body), statement.otherwise, statement.final];
    case 'match':
      return statement.cases.map(({ body }) => body);
    default:
      return [];
  }
}

export function elementsOf(expression: Expression): readonly Expression[] | undefined {
  return expression.kind === 'tuple' || expression.kind === 'list' ? expression.elements : undefined;
}

/** Names that the statements of one scope assign. */
export function assignedNames(block: readonly Statement[]): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (target: Expression): void => {
    if (target.kind === 'name') names.add(target.name);
    else if (target.kind === 'starred') add(target.value);
    else elementsOf(target)?.forEach(add);
  };
  const visit = (statement: Statement): void => {
    for (const inner of blocksOf(statement)) inner.forEach(visit);
    if (statement.kind === 'assignment') statement.targets.forEach(add);
    else if (statement.kind === 'annotated' || statement.kind === 'augmented' || statement.kind === 'for')
      add(statement.target);
    else if (statement.kind === 'function' || statement.kind === 'class') names.add(statement.name);
    else if (statement.kind === 'with') for (const { target } of statement.items) if (target) add(target);
  };
  block.forEach(visit);
  return names;
}
