// The statements of a file, each run whatever became of the one before it.

import { assignedNames } from '../syntax/assigned-names.ts';
import type { Statement } from '../syntax/ast.ts';
import { PythonError } from './python-error.ts';
import { runStatement } from './statements.ts';
import { string, unknown } from './values.ts';
import type { Machine, Scope } from './machine.ts';

/** Runs a module's statements; used by imports and by the frontend for the user's file. What fails there is only noted. */
export function runModule(machine: Machine, scope: Scope, statements: readonly Statement[]): void {
  machine.change(scope).names.set('__name__', string(scope.module.name));
  machine.change(scope).names.set('__file__', string(scope.module.document));
  for (const statement of statements) {
    machine.importDepth++;
    try {
      const ending = runStatement(machine, scope, statement);
      if (ending !== undefined) return;
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      machine.noteFailure(scope.module.document, error);
      loseNames(machine, scope, statement, error);
    } finally {
      machine.importDepth--;
    }
  }
}

/** What a statement that failed would have assigned is not known, also what it may have assigned before. */
export function loseNames(machine: Machine, scope: Scope, statement: Statement, error: PythonError): void {
  const { names } = machine.change(scope);
  for (const name of assignedNames([statement])) names.set(name, unknown(error.message, error.span));
}
