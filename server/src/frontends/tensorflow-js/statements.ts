// Statements: what runs, how often, and how it ends.

import { field, hasWord, partsOf, type SyntaxNode } from './javascript-parser.ts';
import { type Completion, type Machine, next, ProgramError } from './machine.ts';
import { itemsOf } from './members.ts';
import { binary } from './numbers.ts';
import { Scope } from './scope.ts';
import { boolean, nothing, text, truth, unknown } from './values.ts';

/** Functions and classes are there before their statement. */
export function hoist(machine: Machine, statements: readonly SyntaxNode[], scope: Scope): void {
  for (const statement of statements) {
    const declared = statement.type === 'export_statement' ? field(statement, 'declaration') : statement;
    if (declared !== undefined && /^(generator_)?function_declaration$/.test(declared.type))
      scope.declare(field(declared, 'name')?.text ?? '', machine.makeFunction(declared, scope));
  }
}

export function runBlock(machine: Machine, statements: readonly SyntaxNode[], scope: Scope): Completion {
  hoist(machine, statements, scope);
  for (const [i, statement] of statements.entries()) {
    const done = execute(machine, statement, scope);
    if (done.kind === 'maybe') machine.eitherWay(statements.slice(i + 1), scope, done.reason);
    if (done.kind !== 'next') return done;
  }
  return next;
}

export function execute(machine: Machine, node: SyntaxNode, scope: Scope): Completion {
  machine.step(node.span);
  switch (node.type) {
    case 'expression_statement':
      for (const part of partsOf(node)) machine.evaluate(part, scope);
      return next;
    case 'lexical_declaration':
    case 'variable_declaration':
      for (const each of partsOf(node)) {
        if (each.type !== 'variable_declarator') continue;
        const target = field(each, 'name');
        const value = field(each, 'value');
        const made = value === undefined ? nothing : machine.evaluate(value, scope, target?.text);
        if (target !== undefined)
          machine.bind(target, made, scope, (name, bound) => {
            if (node.type === 'variable_declaration') scope.declareInFunction(name, bound);
            else scope.declare(name, bound);
          });
      }
      return next;
    case 'function_declaration':
    case 'generator_function_declaration':
      return next;
    case 'class_declaration':
    case 'abstract_class_declaration':
      scope.declare(field(node, 'name')?.text ?? '', machine.makeClass(node, scope));
      return next;
    case 'return_statement': {
      const [value] = partsOf(node);
      return { kind: 'return', value: value === undefined ? nothing : machine.evaluate(value, scope) };
    }
    case 'statement_block':
      return runBlock(machine, partsOf(node), new Scope(scope, false));
    case 'if_statement':
      return runIf(machine, node, scope);
    case 'for_statement':
      return runFor(machine, node, scope);
    case 'for_in_statement':
      return runForIn(machine, node, scope);
    case 'while_statement':
    case 'do_statement':
      return runWhile(machine, node, scope);
    case 'switch_statement':
      return runSwitch(machine, node, scope);
    case 'break_statement':
    case 'continue_statement':
      return { kind: node.type === 'break_statement' ? 'break' : 'continue', label: partsOf(node)[0]?.text ?? '' };
    case 'labeled_statement': {
      const body = field(node, 'body') ?? partsOf(node).at(-1);
      const done = body === undefined ? next : execute(machine, body, scope);
      return done.kind === 'break' && done.label === field(node, 'label')?.text ? next : done;
    }
    case 'throw_statement':
      throw new ProgramError();
    case 'try_statement':
      return runTry(machine, node, scope);
    case 'export_statement':
    case 'import_statement':
    case 'empty_statement':
    case 'debugger_statement':
      return next;
    default:
      // What stands where a statement should and is none is an expression that is being typed, or a type.
      if (
        /_(expression|declaration)$|^(identifier|ERROR)$/.test(node.type) &&
        node.type !== 'ERROR' &&
        !node.type.endsWith('declaration')
      )
        machine.evaluate(node, scope);
      return next;
  }
}

function runIf(machine: Machine, node: SyntaxNode, scope: Scope): Completion {
  const condition = machine.evaluate(field(node, 'condition'), scope);
  const [then, otherwise] = [field(node, 'consequence'), field(node, 'alternative')];
  const known = truth(condition);
  if (known === undefined) {
    const reason = condition.kind === 'unknown' ? condition.reason : 'a condition is not known';
    return machine.eitherWay([then, otherwise], scope, reason, /^(return|break|continue)_statement$/);
  }
  const taken = known ? then : otherwise?.type === 'else_clause' ? partsOf(otherwise)[0] : otherwise;
  return taken === undefined ? next : execute(machine, taken, scope);
}

function runFor(machine: Machine, node: SyntaxNode, scope: Scope): Completion {
  const own = new Scope(scope, false);
  const start = field(node, 'initializer');
  if (start !== undefined) execute(machine, start, own);
  const [condition, step, body] = [field(node, 'condition'), field(node, 'increment'), field(node, 'body')];
  for (;;) {
    machine.step(node.span);
    const test = condition?.type === 'expression_statement' ? partsOf(condition)[0] : condition;
    const value = test === undefined || test.type === 'empty_statement' ? boolean(true) : machine.evaluate(test, own);
    const known = truth(value);
    if (known === undefined) return machine.eitherWay([body, step], own, value.kind === 'unknown' ? value.reason : '');
    if (!known) return next;
    // Closures of a round keep the round's values.
    const round = new Scope(own, false);
    for (const [name, held] of own.own()) round.declare(name, held);
    const done = body === undefined ? next : execute(machine, body, round);
    if (done.kind === 'maybe') return endMaybe(machine, [body, step], own, done);
    for (const [name] of own.own()) own.declare(name, round.get(name) ?? nothing);
    if (done.kind === 'return' || (done.kind !== 'next' && done.label !== '')) return done;
    if (done.kind === 'break') return next;
    if (step !== undefined) machine.evaluate(step, own);
  }
}

function runForIn(machine: Machine, node: SyntaxNode, scope: Scope): Completion {
  const over = machine.evaluate(field(node, 'right'), scope);
  const [target, body] = [field(node, 'left'), field(node, 'body')];
  const isOf = field(node, 'operator')?.text === 'of' || hasWord(node, 'of');
  const items = isOf
    ? itemsOf(over)
    : over.kind === 'object'
      ? [...over.entries.keys()].map(text)
      : itemsOf(over)?.map((_, i) => text(String(i)));
  if (items === undefined)
    return machine.eitherWay(
      [body],
      scope,
      over.kind === 'unknown' ? over.reason : 'what a loop goes through is not known',
    );
  for (const item of [...items]) {
    machine.step(node.span);
    const round = new Scope(scope, false);
    if (target !== undefined)
      machine.bind(target, item, round, (name, bound) => {
        if (field(node, 'kind') === undefined) scope.set(name, bound);
        else round.declare(name, bound);
      });
    const done = body === undefined ? next : execute(machine, body, round);
    if (done.kind === 'maybe') return endMaybe(machine, [body], scope, done);
    if (done.kind === 'return' || (done.kind !== 'next' && done.label !== '')) return done;
    if (done.kind === 'break') return next;
  }
  return next;
}

function runWhile(machine: Machine, node: SyntaxNode, scope: Scope): Completion {
  const [condition, body] = [field(node, 'condition'), field(node, 'body')];
  let isFirst = node.type === 'do_statement';
  for (;;) {
    machine.step(node.span);
    const value = isFirst ? boolean(true) : machine.evaluate(condition, scope);
    isFirst = false;
    const known = truth(value);
    if (known === undefined) return machine.eitherWay([body], scope, value.kind === 'unknown' ? value.reason : '');
    if (!known) return next;
    const done = body === undefined ? next : execute(machine, body, scope);
    if (done.kind === 'maybe') return endMaybe(machine, [body], scope, done);
    if (done.kind === 'return' || (done.kind !== 'next' && done.label !== '')) return done;
    if (done.kind === 'break') return next;
  }
}

function runSwitch(machine: Machine, node: SyntaxNode, scope: Scope): Completion {
  const value = machine.evaluate(field(node, 'value'), scope);
  const cases = partsOf(field(node, 'body'));
  const own = new Scope(scope, false);
  let from = -1;
  for (const [i, each] of cases.entries()) {
    if (each.type !== 'switch_case') continue;
    const answer = truth(binary('===', value, machine.evaluate(field(each, 'value'), own), each.span));
    if (answer === undefined)
      return machine.eitherWay(
        cases,
        scope,
        value.kind === 'unknown' ? value.reason : 'which case is taken is not known',
      );
    if (answer) {
      from = i;
      break;
    }
  }
  if (from === -1) from = cases.findIndex(({ type }) => type === 'switch_default');
  if (from === -1) return next;
  for (const each of cases.slice(from)) {
    const statements = partsOf(each).filter((part) => part.field !== 'value');
    const done = runBlock(machine, statements, own);
    if (done.kind === 'break' && done.label === '') return next;
    if (done.kind !== 'next') return done;
  }
  return next;
}

function runTry(machine: Machine, node: SyntaxNode, scope: Scope): Completion {
  const [body, handler, last] = [field(node, 'body'), field(node, 'handler'), field(node, 'finalizer')];
  let done: Completion = next;
  const depth = machine.stack.length;
  try {
    if (body !== undefined) done = execute(machine, body, scope);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    machine.stack.length = depth;
    const own = new Scope(scope, false);
    const parameter = field(handler, 'parameter');
    if (parameter !== undefined)
      machine.bind(parameter, unknown('an error'), own, (name, bound) => own.declare(name, bound));
    const then = field(handler, 'body');
    if (then !== undefined) done = execute(machine, then, own);
  }
  const finish = last === undefined ? undefined : partsOf(last).find(({ type }) => type === 'statement_block');
  if (finish !== undefined) {
    const ended = execute(machine, finish, scope);
    if (ended.kind !== 'next') return ended;
  }
  return done;
}

/** A loop that may have ended in this round, or may have left the function: its other rounds may or may not run. */
function endMaybe(
  machine: Machine,
  parts: readonly (SyntaxNode | undefined)[],
  scope: Scope,
  done: Extract<Completion, { readonly kind: 'maybe' }>,
): Completion {
  machine.eitherWay(parts, scope, done.reason);
  return done;
}
