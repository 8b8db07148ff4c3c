// The statements of a file, each run whatever became of the one before it.

import type { Statement } from '../syntax/ast.ts';
import { PythonError } from './python-error.ts';
import { goOn, runStatement } from './statements.ts';
import { string } from './values.ts';
import type { Machine, Scope } from './machine.ts';

/** Statements of a file that a model of it is made by; `done` hears when one has run. */
export interface ModelStatements {
  readonly making: ReadonlySet<Statement>;
  readonly done: () => void;
}

/** Runs a module's statements; used by imports and by the frontend for the user's file. */
export function runModule(
  machine: Machine,
  scope: Scope,
  statements: readonly Statement[],
  model?: ModelStatements,
): void {
  machine.change(scope.names).set('__name__', string(scope.module.name));
  machine.change(scope.names).set('__file__', string(scope.module.document));
  runScript(machine, scope, statements, model);
}

/**
 * Runs statements of which one that fails must not hide the rest. What fails or is not understood is told of those only
 * that the model is made by.
 */
export function runScript(
  machine: Machine,
  scope: Scope,
  statements: readonly Statement[],
  model?: ModelStatements,
): void {
  for (const statement of statements) {
    const makes = model?.making.has(statement) === true;
    if (!makes) machine.importDepth++;
    try {
      const ending = runStatement(machine, scope, statement);
      if (ending !== undefined) return;
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      if (makes) goOn(machine, scope, statement, error);
      else machine.noteFailure(scope.module.document, error);
    } finally {
      if (!makes) machine.importDepth--;
    }
    if (makes) model.done();
  }
}
