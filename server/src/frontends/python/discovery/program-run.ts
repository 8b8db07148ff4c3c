// Runs a file as its user would start it, up to the model that it keeps somewhere: what that holds when training begins.

import { evaluateExpression } from '../evaluator/expressions.ts';
import type { FunctionValue, InstanceValue, Machine, PyValue, Scope } from '../evaluator/machine.ts';
import { PythonError } from '../evaluator/python-error.ts';
import { loseNames } from '../evaluator/run-module.ts';
import { recoverFrom, runStatement } from '../evaluator/statements.ts';
import { builtin, none, string, unknown } from '../evaluator/values.ts';
import { assignedNames } from '../syntax/assigned-names.ts';
import type { Expression, FunctionDefinition, Statement } from '../syntax/ast.ts';
import { mentionedNames } from '../syntax/mentioned-names.ts';
import { isTraining, type KeptModel } from './made-models.ts';
import { isMainGuard } from './syntax-search.ts';

/** The name by which the stub of a function calls what runs in its place: none that Python text can use. */
const stubName = '<the function that makes the model>';

/** What one statement that does not make the model may take of the limits: loops over data that are not there can take any time. */
const shareOfStatement = 1 / 8;

/** Ends a program where its model is made; no `except` of the source catches it. */
class ModelMade extends Error {}

/** What a holder keeps behind the last of the statements that gave it a model; `none` where it keeps nothing. */
export function keptModel(
  machine: Machine,
  isModule: (value: PyValue) => boolean,
  body: readonly Statement[],
  scope: Scope,
  made: KeptModel,
): PyValue {
  const { within, statements } = made;
  const keeper = new Keeper(machine, isModule, made);
  machine.change(scope).names.set('__name__', string(scope.module.name));
  machine.change(scope).names.set('__file__', string(scope.module.document));
  if (within === undefined) keeper.run(scope, body);
  else if (within.kind === 'if') {
    keeper.runSilently(scope, body);
    machine.change(scope).names.set('__name__', string('__main__'));
    keeper.run(scope, statements);
  } else runUpTo(machine, keeper, body, scope, made, within);
  return keeper.kept ?? none;
}

/** Notes what the holder keeps while its statements run. */
class Keeper {
  kept: PyValue | undefined;
  readonly #machine: Machine;
  readonly #isModule: (value: PyValue) => boolean;
  readonly #made: KeptModel;

  constructor(machine: Machine, isModule: (value: PyValue) => boolean, made: KeptModel) {
    this.#machine = machine;
    this.#isModule = isModule;
    this.#made = made;
  }

  /** Runs statements of which those that make the model tell of what fails or is not understood. */
  run(scope: Scope, statements: readonly Statement[]): void {
    for (const statement of statements) {
      const makes = this.#made.making.has(statement);
      const isOver = this.#made.changing.has(statement)
        ? this.#runMaking(scope, statement)
        : runSilently(this.#machine, scope, statement);
      if (makes) this.#look(scope, statement);
      if (isOver) return;
    }
  }

  runSilently(scope: Scope, statements: readonly Statement[]): void {
    for (const statement of statements) if (runSilently(this.#machine, scope, statement)) return;
  }

  #runMaking(scope: Scope, statement: Statement): boolean {
    try {
      return runStatement(this.#machine, scope, statement) !== undefined;
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      return recoverFrom(this.#machine, scope, statement, error) !== undefined;
    }
  }

  #look(scope: Scope, statement: Statement): void {
    const value = this.#valueHeld(scope);
    if (value === undefined) return;
    if (this.kept === undefined || !this.#isModule(this.kept) || this.#isModule(value)) this.kept = value;
    // What is not known may have changed the model that it was given; a known wrapper keeps it.
    else if (value.kind === 'unknown' && this.#made.changing.has(statement))
      this.#machine.loseTrack(value.reason, value.span);
  }

  /** The holder's value, looked up without effect: a name of its own scope, an attribute of `self`, an item. */
  #valueHeld(scope: Scope): PyValue | undefined {
    const lookUp = (expression: Expression): PyValue | undefined => {
      if (expression.kind === 'name') return scope.names.get(expression.name);
      const object =
        expression.kind === 'attribute' || expression.kind === 'subscript' ? lookUp(expression.object) : undefined;
      if (object === undefined) return undefined;
      if (expression.kind === 'attribute')
        return object.kind === 'instance' ? object.attributes.get(expression.name) : undefined;
      try {
        return evaluateExpression(this.#machine, scope, expression);
      } catch (error) {
        if (!(error instanceof PythonError)) throw error;
        return undefined;
      }
    };
    return lookUp(this.#made.holder);
  }
}

/** Runs the statements of a file one by one, but for the loop that trains: a model is made before it. */
export function runFile(machine: Machine, scope: Scope, body: readonly Statement[]): void {
  machine.change(scope).names.set('__name__', string(scope.module.name));
  machine.change(scope).names.set('__file__', string(scope.module.document));
  for (const statement of body) {
    if (isTraining(statement, body)) {
      const lost = unknown('What a loop that trains leaves behind is not followed', statement.span);
      for (const name of assignedNames([statement])) machine.change(scope).names.set(name, lost);
    } else if (runSilently(machine, scope, statement)) return;
  }
}

/** Runs a statement of which nothing is told; whether it ended the block that it stands in. */
function runSilently(machine: Machine, scope: Scope, statement: Statement): boolean {
  let isOver = false;
  const isDone = machine.runWithin(shareOfStatement, () => {
    isOver = runHidden(machine, scope, statement);
  });
  if (!isDone) giveUp(machine, scope, statement);
  return isDone && isOver;
}

/** Goes on behind a statement that takes too long: what it assigns and what it may change is not known. */
function giveUp(machine: Machine, scope: Scope, statement: Statement): void {
  const { span } = statement;
  const lost = unknown('What this does takes too long to be followed', span);
  machine.loseTrack(lost.reason, span);
  const held = [...mentionedNames(statement)].flatMap((name) => scope.names.get(name) ?? []);
  // Who calls the functions that it mentions is not followed either: the totals are lower bounds from here on.
  const canBeCalled = /^(function|bound-method|partial|class|module|builtin)$/;
  machine.handOver(
    held.filter(({ kind }) => !canBeCalled.test(kind)),
    lost,
  );
  for (const name of assignedNames([statement])) machine.change(scope).names.set(name, lost);
}

function runHidden(machine: Machine, scope: Scope, statement: Statement): boolean {
  machine.importDepth++;
  try {
    return runStatement(machine, scope, statement) !== undefined;
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    machine.noteFailure(scope.module.document, error);
    loseNames(machine, scope, statement, error);
    return false;
  } finally {
    machine.importDepth--;
  }
}

/**
 * Starts the program and follows it into the function that makes the model, with the arguments that it is given there. A
 * function that nothing calls is run by itself: what it needs and is not given is unknown.
 */
function runUpTo(
  machine: Machine,
  keeper: Keeper,
  body: readonly Statement[],
  scope: Scope,
  made: KeptModel,
  definition: FunctionDefinition,
): void {
  const told = { problems: machine.problems.length, lostParts: machine.lostParts.length };
  const forget = (): void => {
    machine.problems.length = told.problems;
    machine.lostParts.length = told.lostParts;
  };
  const makeModel = builtin(stubName, () => {
    const inner = machine.scopes.at(-1);
    if (inner === undefined) return none;
    // The way here is not the model's: what was told of it is taken back, and nobody up there handles what fails here.
    forget();
    const depth = machine.importDepth;
    machine.importDepth = 0;
    try {
      machine.unguarded(() => {
        keeper.run(inner, made.statements);
      });
    } finally {
      machine.importDepth = depth;
    }
    throw new ModelMade();
  });
  machine.change(scope).names.set(stubName, makeModel);
  try {
    runProgram(
      machine,
      body.map((statement) => withStub(statement, definition)),
      scope,
    );
    forget();
    callByItself(machine, scope, made, definition);
  } catch (error) {
    if (!(error instanceof ModelMade)) throw error;
  }
}

/** The file's statements, then its main guard's; what fails on the way does not end the way. */
function runProgram(machine: Machine, body: readonly Statement[], scope: Scope): void {
  const run = (statement: Statement): void => {
    try {
      runStatement(machine, scope, statement);
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      recoverFrom(machine, scope, statement, error);
    }
  };
  body.forEach(run);
  machine.change(scope).names.set('__name__', string('__main__'));
  for (const statement of body) if (statement.kind === 'if' && isMainGuard(statement)) statement.body.forEach(run);
}

/** A statement of the file's top level in which a function is replaced by one that only says that it was called. */
function withStub(statement: Statement, definition: FunctionDefinition): Statement {
  if (statement === definition) {
    const { span } = definition;
    const stub: Statement = {
      kind: 'expression',
      span,
      expression: { kind: 'call', callee: { kind: 'name', name: stubName, span }, arguments: [], span },
    };
    return { ...definition, body: [stub], isGenerator: false };
  }
  if (statement.kind !== 'class' || !statement.body.some((each) => each === definition)) return statement;
  return { ...statement, body: statement.body.map((each) => withStub(each, definition)) };
}

function callByItself(
  machine: Machine,
  scope: Scope,
  { owner, name }: KeptModel,
  definition: FunctionDefinition,
): void {
  const lost = (parameter: string): PyValue =>
    unknown(
      `${name} needs ${parameter}, and nothing that was understood calls ${definition.name}`,
      definition.nameSpan,
    );
  const argumentsOf = (value: FunctionValue, self: readonly PyValue[]): readonly PyValue[] => [
    ...self,
    ...value.parameters
      .slice(self.length)
      .filter(({ kind }) => kind === 'positional')
      .map((parameter) => value.defaults.get(parameter.name) ?? lost(parameter.name)),
  ];
  const call = (value: FunctionValue, self: readonly PyValue[]): void => {
    machine.callWith(value, definition.nameSpan, ...argumentsOf(value, self));
  };
  try {
    const held = scope.names.get(owner?.name ?? definition.name);
    if (held?.kind === 'function') call(held, []);
    if (held?.kind !== 'class') return;
    const method = held.attributes.get(definition.name);
    if (method?.kind !== 'function') return;
    const self: InstanceValue = {
      kind: 'instance',
      class: held,
      attributes: new Map(),
      site: { span: definition.nameSpan, callChain: [] },
    };
    // What another method needs was set by the constructor.
    const constructor = held.attributes.get('__init__');
    if (constructor?.kind === 'function' && constructor !== method) call(constructor, [self]);
    call(method, [self]);
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    recoverFrom(machine, scope, definition, error);
  }
}
