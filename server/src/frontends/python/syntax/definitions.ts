// The functions and classes of a text, wherever they are nested.

import type { FunctionDefinition, Statement } from './ast.ts';

/** The statements that stand directly in a statement's blocks. */
export function blocksOf(statement: Statement): readonly (readonly Statement[])[] {
  switch (statement.kind) {
    case 'if':
    case 'while':
    case 'for':
      return [statement.body, statement.otherwise];
    case 'try':
      return [statement.body, ...statement.handlers.map(({ body }) => body), statement.otherwise, statement.final];
    case 'match':
      return statement.cases.map(({ body }) => body);
    case 'with':
    case 'function':
    case 'class':
      return [statement.body];
    case 'late-definition':
      return [statement.read()];
    default:
      return [];
  }
}

/** Every function, those in classes and in functions too. */
export function functionsOf(statements: readonly Statement[]): readonly FunctionDefinition[] {
  return statements.flatMap((statement) => [
    ...(statement.kind === 'function' ? [statement] : []),
    ...blocksOf(statement).flatMap(functionsOf),
  ]);
}
