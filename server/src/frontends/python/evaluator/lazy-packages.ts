// Packages that put a module of their own making in their place, which imports a name when it is asked for it:
//
//     if TYPE_CHECKING:
//         from .models import Net
//     else:
//         sys.modules[__name__] = LazyModule(...)
//
// What they import for those who only look at the text is then what they give to those who run it.

import type { Expression, Statement, StatementOf } from '../syntax/ast.ts';
import type { Machine, ModuleValue } from './machine.ts';

/** Notes what a package says at its top in an `if` like the one above. */
export function noteLazyNames(
  machine: Machine,
  module: ModuleValue,
  { test, body, otherwise }: StatementOf<'if'>,
): void {
  if (otherwise.length > 0 && asksForTypeChecking(test)) machine.change(module).lookedAt = importsIn(body);
}

function asksForTypeChecking(test: Expression): boolean {
  switch (test.kind) {
    case 'name':
    case 'attribute':
      return test.name === 'TYPE_CHECKING';
    case 'boolean':
      return asksForTypeChecking(test.left) || asksForTypeChecking(test.right);
    default:
      return false;
  }
}

/** The imports among statements, with those that depend on an optional library as if it were there. */
function importsIn(statements: readonly Statement[]): readonly StatementOf<'import-from'>[] {
  return statements.flatMap((statement) => {
    if (statement.kind === 'import-from') return [statement];
    if (statement.kind === 'try') return importsIn([...statement.body, ...statement.otherwise]);
    return statement.kind === 'if' ? importsIn(statement.body) : [];
  });
}
