// Runs statements. A block ends normally, or with return, break or continue; Python exceptions travel as PythonError.

import { assertUnreachable } from '../../../common/assert.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import type { ClassDefinition, Expression, FunctionDefinition, Statement } from '../syntax/ast.ts';
import { assign } from './assignment.ts';
import { defineClass } from './class-definition.ts';
import { deleteAttribute } from './attributes.ts';
import { addItems } from './container-methods.ts';
import { evaluateExpression } from './expressions.ts';
import { deleteItem } from './items.ts';
import { runFor, runIf, runMatch, runTry, runWhile, runWith } from './control-flow.ts';
import { bindLate, importFrom, importInto } from './modules.ts';
import { binary, inPlaceName } from './operators.ts';
import { PythonError } from './python-error.ts';
import { isHarmlessDecorator } from './harmless-calls.ts';
import { amongOf, lostDecorator, none, string, unknown } from './values.ts';
import { setName } from './names.ts';
import { asDefault } from './numbers.ts';
import type { Machine, FunctionValue, PyValue, Scope, Ending, UnknownValue } from './machine.ts';

export function runBlock(machine: Machine, scope: Scope, statements: readonly Statement[]): Ending | undefined {
  for (const statement of statements) {
    let ending: Ending | undefined;
    try {
      ending = runStatement(machine, scope, statement);
    } catch (error) {
      if (!(error instanceof PythonError) || !mayRecover(machine, scope, error)) throw error;
      ending = recoverFrom(machine, scope, statement, error);
    }
    if (ending !== undefined) return ending;
  }
  return undefined;
}

/**
 * One mistake must not hide the rest of a network: where the source handles no exception, a failing statement gives
 * unknown values and the next one runs. A `raise` still ends the call that it stands in.
 */
function mayRecover(machine: Machine, scope: Scope, error: PythonError): boolean {
  return !machine.isGuarded && machine.importDepth === 0 && error.ends !== scope;
}

/** What a failing statement would have given its targets is lost; the next one can run. */
export function recoverFrom(
  machine: Machine,
  scope: Scope,
  statement: Statement,
  error: PythonError,
): Ending | undefined {
  const lost = machine.recoverFrom(error);
  switch (statement.kind) {
    case 'return':
      return { kind: 'return', value: lost };
    case 'assignment':
      for (const target of statement.targets) assignLost(machine, scope, target, lost);
      return undefined;
    case 'annotated':
    case 'augmented':
      assignLost(machine, scope, statement.target, lost);
      return undefined;
    default:
      return undefined;
  }
}

function deleteName(machine: Machine, scope: Scope, name: string, span: SourceSpan): void {
  const owner = scope.globals?.has(name) ? scope.module : scope;
  const value = owner.names.get(name);
  if (value?.kind === 'instance' && !machine.library.isLayer(value)) {
    // Whether it was the last that held the object, and when that is noticed, is not followed.
    const last = machine.method(value, '__del__', span);
    if (last) machine.handOver([last], unknown('When an object is gone is not known', span));
  }
  machine.change(owner).names.delete(name);
  if (scope.names === scope.module.names) machine.change(scope.module).deferred?.delete(name);
}

/** What a definition that was read late gives its name. */
function lateValue(machine: Machine, scope: Scope, statements: readonly Statement[]): PyValue {
  let made: PyValue = none;
  for (const statement of statements) {
    if (statement.kind === 'function')
      made = decorate(machine, scope, statement, defineFunction(machine, scope, statement));
    else if (statement.kind === 'class')
      made = decorate(machine, scope, statement, defineClass(machine, scope, statement));
    else if (statement.kind === 'assignment' || statement.kind === 'annotated')
      made = statement.value ? evaluateExpression(machine, scope, statement.value) : none;
  }
  return made;
}

function assignLost(machine: Machine, scope: Scope, target: Expression, lost: PyValue): void {
  try {
    assign(machine, scope, target, lost);
  } catch (error) {
    // The target itself may be what failed.
    if (!(error instanceof PythonError)) throw error;
  }
}

export function runStatement(machine: Machine, scope: Scope, statement: Statement): Ending | undefined {
  machine.tick(statement.span);
  const evaluate = (expression: Expression): PyValue => evaluateExpression(machine, scope, expression);
  switch (statement.kind) {
    case 'expression':
      evaluate(statement.expression);
      return undefined;
    case 'assignment': {
      const made = evaluate(statement.value);
      const value = machine.flow?.passed(made, statement.value.span) ?? made;
      for (const target of statement.targets) assign(machine, scope, target, value);
      machine.library.noteFlow(value, statement.span);
      return undefined;
    }
    case 'annotated':
      if (statement.value) {
        const made = evaluate(statement.value);
        const value = machine.flow?.passed(made, statement.value.span) ?? made;
        assign(machine, scope, statement.target, value);
        machine.library.noteFlow(value, statement.span);
      }
      return undefined;
    case 'augmented': {
      const left = evaluate(statement.target);
      const right = evaluate(statement.value);
      if (left.kind === 'unknown') machine.loseAmong(left, statement.span);
      if (left.kind === 'list' && statement.operator === '+') {
        const items = machine.iterate(right, statement.span);
        if ('kind' in items) machine.ways.loseOwner(left, items.reason, statement.span);
        else addItems(machine, machine.change(left).items, items, statement.span);
        return undefined;
      }
      const inPlace =
        left.kind === 'instance' ? machine.method(left, inPlaceName(statement.operator), statement.span) : undefined;
      if (inPlace) {
        assign(machine, scope, statement.target, machine.callWith(inPlace, statement.span, right));
        return undefined;
      }
      const result = binary(machine, statement.operator, left, right, statement.span);
      const kept = left.kind === 'tensor' ? machine.library.overwriteTensor(machine, left, result) : result;
      assign(machine, scope, statement.target, kept);
      machine.library.noteFlow(kept, statement.span);
      return undefined;
    }
    case 'return': {
      const value = statement.value ? evaluate(statement.value) : none;
      machine.library.noteFlow(value, statement.span);
      return { kind: 'return', value };
    }
    case 'pass':
    case 'broken-statement':
      return undefined;
    case 'break':
    case 'continue':
      return { kind: statement.kind };
    case 'if':
      return runIf(machine, scope, statement);
    case 'while':
      return runWhile(machine, scope, statement);
    case 'for':
      return runFor(machine, scope, statement);
    case 'function': {
      const made = defineFunction(machine, scope, statement);
      setName(machine, scope, statement.name, decorate(machine, scope, statement, made));
      return undefined;
    }
    case 'class': {
      const made = defineClass(machine, scope, statement);
      setName(machine, scope, statement.name, decorate(machine, scope, statement, made));
      return undefined;
    }
    case 'late-definition':
      bindLate(machine, scope, statement.name, () => lateValue(machine, scope, statement.read()));
      return undefined;
    case 'import':
      for (const name of statement.names) importInto(machine, scope, name.name, name.alias, statement.span);
      return undefined;
    case 'import-from':
      importFrom(machine, scope, statement.module, statement.level, statement.names, statement.span);
      return undefined;
    case 'raise': {
      if (!statement.exception) {
        const caught = machine.handling.at(-1);
        if (caught) throw new PythonError(caught.exception, caught.message, caught.span, scope);
        return machine.raise('RuntimeError', 'No active exception to raise again', statement.span, scope);
      }
      return raiseValue(machine, scope, evaluate(statement.exception), statement.span);
    }
    case 'try':
      return runTry(machine, scope, statement);
    case 'with':
      return runWith(machine, scope, statement);
    case 'assert': {
      const truth = machine.truth(evaluate(statement.test), statement.span);
      if (truth === undefined) machine.mayRaise();
      if (truth === false) {
        const message = statement.message
          ? machine.text(evaluate(statement.message), statement.span)
          : 'assertion failed';
        machine.raise('AssertionError', message, statement.span, scope);
      }
      return undefined;
    }
    case 'scope':
      for (const name of statement.names) (statement.scope === 'global' ? scope.globals : scope.nonlocals)?.add(name);
      return undefined;
    case 'delete':
      for (const target of statement.targets) {
        if (target.kind === 'name') deleteName(machine, scope, target.name, target.span);
        else if (target.kind === 'subscript')
          deleteItem(machine, evaluate(target.object), evaluate(target.index), target.span);
        else if (target.kind === 'attribute')
          deleteAttribute(machine, evaluate(target.object), target.name, target.span);
      }
      return undefined;
    case 'match':
      return runMatch(machine, scope, statement);
    default:
      return assertUnreachable(statement);
  }
}

function defineFunction(machine: Machine, scope: Scope, definition: FunctionDefinition): FunctionValue {
  const defaults = new Map<string, PyValue>();
  for (const parameter of definition.parameters) {
    if (!parameter.default) continue;
    defaults.set(parameter.name, asDefault(evaluateExpression(machine, scope, parameter.default), parameter.name));
  }
  const made: FunctionValue = {
    kind: 'function',
    name: definition.name,
    parameters: definition.parameters,
    body: definition,
    defaults,
    scope,
    attributes: new Map(),
  };
  machine.noteMade(made);
  return made;
}

/** Applies decorators, innermost first. */
function decorate(
  machine: Machine,
  scope: Scope,
  definition: FunctionDefinition | ClassDefinition,
  value: PyValue,
): PyValue {
  let decorated = value;
  for (const decorator of [...definition.decorators].reverse()) {
    try {
      const callee = evaluateExpression(machine, scope, decorator);
      if (callee.kind === 'unknown' && isHarmlessDecorator(callee.path ?? textOfDecorator(decorator))) continue;
      const result = machine.callWith(callee, decorator.span, decorated);
      if (result.kind === 'unknown') decorated = behindUnknown(machine, decorated, result, decorator.span);
      // What we have of a library's decorators may give nothing.
      else if (result.kind !== 'none' || callee.kind === 'function') decorated = result;
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      machine.noteFailure(scope.module.document, error);
      if (decorated.kind === 'function') machine.change(decorated).attributes.set(lostDecorator, string(error.message));
    }
  }
  return decorated;
}

/** The dotted name that a decorator is written with. */
function textOfDecorator(decorator: Expression): string {
  switch (decorator.kind) {
    case 'call':
      return textOfDecorator(decorator.callee);
    case 'attribute':
      return `${textOfDecorator(decorator.object)}.${decorator.name}`;
    case 'name':
      return decorator.name;
    default:
      return '';
  }
}

/** What a function or class is behind a decorator that is not known. */
function behindUnknown(machine: Machine, decorated: PyValue, lost: UnknownValue, span: SourceSpan): PyValue {
  const reason = `${lost.reason}; what it decorates may be something else`;
  if (decorated.kind !== 'class') return { ...unknown(reason, span), ...amongOf([decorated]) };
  // A class mostly stays one, with more or other attributes, as if it had a base that is not known.
  machine.ways.loseOwner(decorated, reason, span);
  machine.change(decorated).unknownBase ??= reason;
  return decorated;
}

function raiseValue(machine: Machine, scope: Scope, value: PyValue, span: Statement['span']): never {
  const exception = value.kind === 'class' ? machine.callWith(value, span) : value;
  if (exception.kind !== 'instance')
    return machine.raise('RuntimeError', 'an exception that is not known', span, scope);
  throw new PythonError(exception, `${exception.class.name}: ${machine.text(exception, span)}`, span, scope);
}
