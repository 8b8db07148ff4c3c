// Evaluates expressions. One function a kind that needs more than a line; everything that can fail in Python raises.

import { setName } from './names.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
import { assertUnreachable } from '../../../common/assert.ts';
import type { Argument, Expression, ExpressionOf } from '../syntax/ast.ts';
import { causeOf } from './control-flow.ts';
import type { Cause } from './machine.ts';
import { assign } from './assignment.ts';
import { attributeView } from './attribute-view.ts';
import { addItems, mapping } from './container-methods.ts';
import { anyName, deferredName, resolveDeferred } from './modules.ts';
import { runText } from './text-as-code.ts';
import { binary, compare, unary } from './operators.ts';
import { getItem } from './items.ts';
import { isBuiltinName } from './python-names.ts';
import { addEntries } from './partial-dictionary.ts';
import { converted } from './string-methods.ts';
import { formatValue } from './text.ts';
import {
  bool,
  dict,
  ellipsis,
  float,
  int,
  isCertainKey,
  keyOf,
  list,
  none,
  set,
  string,
  tuple,
  unknown,
} from './values.ts';
import { asDefault } from './numbers.ts';
import type { Machine, Arguments, FunctionValue, PyValue, UnknownValue, Scope } from './machine.ts';

/** Expressions that make a thing which nobody else holds. */
const madeByItself: ReadonlySet<Expression['kind']> = new Set(['list', 'set', 'dictionary', 'comprehension']);

/** Evaluates an expression. What gives something that is not known may as well raise an exception. */
export function evaluateExpression(machine: Machine, scope: Scope, expression: Expression): PyValue {
  const value = evaluateKind(machine, scope, expression);
  if (madeByItself.has(expression.kind)) machine.noteMade(value);
  if (value.kind === 'unknown' && (expression.kind !== 'name' || value.isMaybe === true)) machine.mayRaise();
  return value;
}

function evaluateKind(machine: Machine, scope: Scope, expression: Expression): PyValue {
  const { span } = expression;
  const evaluate = (part: Expression): PyValue => evaluateExpression(machine, scope, part);
  switch (expression.kind) {
    case 'name':
      return lookUp(machine, scope, expression.name, span);
    case 'number': {
      const origin: WidthOrigin = expression.isPlaceless
        ? { kind: 'untraced', value: expression.value, reason: 'it is part of the entry, not of the file' }
        : { kind: 'literal', value: expression.value, span };
      return expression.isInteger ? int(expression.value, origin) : float(expression.value, origin);
    }
    case 'string':
      return { kind: 'string', value: expression.value, isWritten: true };
    case 'format-string':
      return formatString(machine, scope, expression);
    case 'constant':
      return expression.value === null ? none : bool(expression.value);
    case 'ellipsis':
      return ellipsis;
    case 'tuple':
      return spread(machine, scope, expression.elements, tuple, span);
    case 'list':
      return spread(machine, scope, expression.elements, list, span);
    case 'set':
      return spread(machine, scope, expression.elements, set, span);
    case 'dictionary':
      return dictionary(machine, scope, expression);
    case 'unary': {
      if (expression.operator !== 'not') return unary(machine, expression.operator, evaluate(expression.operand), span);
      const operand = evaluate(expression.operand);
      const truth = machine.truth(operand, span);
      return truth === undefined ? unknownTruth(operand, span) : bool(!truth);
    }
    case 'binary':
      return binary(machine, expression.operator, evaluate(expression.left), evaluate(expression.right), span);
    case 'boolean': {
      const left = evaluate(expression.left);
      const truth = machine.truth(left, span);
      if (truth === undefined) {
        const { value, truth: last } = eitherValue(machine, causeOf(left, span), [
          () => left,
          () => evaluate(expression.right),
        ]);
        // Only the truth of the whole is settled then; its value is that of the left side if that one decides.
        return last?.kind === 'bool' && last.value === (expression.operator === 'or') && isTruthValue(expression.left)
          ? last
          : value;
      }
      return truth === (expression.operator === 'or') ? left : evaluate(expression.right);
    }
    case 'comparison':
      return comparison(machine, scope, expression);
    case 'conditional': {
      const test = evaluate(expression.test);
      const truth = machine.truth(test, span);
      if (truth === undefined) {
        const ways = [() => evaluate(expression.then), () => evaluate(expression.otherwise)];
        return eitherValue(machine, causeOf(test, expression.test.span), ways).value;
      }
      return evaluate(truth ? expression.then : expression.otherwise);
    }
    case 'lambda': {
      const defaults = new Map<string, PyValue>();
      for (const parameter of expression.parameters) {
        if (parameter.default) defaults.set(parameter.name, asDefault(evaluate(parameter.default), parameter.name));
      }
      const made: FunctionValue = {
        kind: 'function',
        name: '<lambda>',
        parameters: expression.parameters,
        body: expression.body,
        defaults,
        scope,
        attributes: new Map(),
      };
      machine.flow?.made(made);
      return made;
    }
    case 'call':
      return call(machine, scope, expression);
    case 'attribute':
      return machine.attribute(evaluate(expression.object), expression.name, span);
    case 'subscript':
      return getItem(machine, evaluate(expression.object), evaluate(expression.index), span);
    case 'slice': {
      const bound = (part: Expression | undefined): PyValue => (part ? evaluate(part) : none);
      return {
        kind: 'slice',
        lower: bound(expression.lower),
        upper: bound(expression.upper),
        step: bound(expression.step),
      };
    }
    case 'comprehension':
      return comprehension(machine, scope, expression);
    case 'starred':
      return unknown('A starred expression stands alone', span);
    case 'walrus': {
      const value = evaluate(expression.value);
      let target = scope;
      while (target.names.has(comprehensionMark) && target.parent) target = target.parent;
      setName(machine, target, expression.name, value);
      return value;
    }
    case 'yield': {
      const value = expression.value ? evaluate(expression.value) : none;
      const target = generatorScope(machine, scope);
      if (expression.isFrom) {
        const items = machine.iterate(value, span);
        if ('kind' in items) loseYielded(machine, scope, items);
        else if (target) addItems(machine, target, items, span);
      } else target?.push(value);
      return none;
    }
    case 'broken':
      return unknown(expression.reason, span);
    default:
      return assertUnreachable(expression);
  }
}

/** A name that no Python text can use: it marks the scope of a comprehension, which a walrus looks through. */
const comprehensionMark = '<comprehension>';

/** How much a generator yields is not known. */
function loseYielded(machine: Machine, scope: Scope, lost: UnknownValue): void {
  let current: Scope | undefined = scope;
  while (current && !current.yielded) current = current.parent;
  if (current) machine.change(current).lost = lost;
}

function generatorScope(machine: Machine, scope: Scope): PyValue[] | undefined {
  let current: Scope | undefined = scope;
  while (current) {
    if (current.yielded) return machine.change(current).yielded;
    current = current.parent;
  }
  return undefined;
}

/** Whether an expression gives nothing but True and False: then its truth is its value. */
function isTruthValue(expression: Expression): boolean {
  if (expression.kind === 'comparison') return true;
  if (expression.kind === 'unary') return expression.operator === 'not';
  return expression.kind === 'boolean' && isTruthValue(expression.left) && isTruthValue(expression.right);
}

/** What an expression gives of which it is not known which of several parts it is; and what the last of them gives. */
function eitherValue(
  machine: Machine,
  cause: Cause,
  parts: readonly (() => PyValue)[],
): { readonly value: PyValue; readonly truth: PyValue | undefined } {
  let last: PyValue | undefined;
  const end = machine.ways.follow(
    cause,
    parts.map((part) => () => {
      last = part();
      return { kind: 'normal' as const, value: last };
    }),
  );
  machine.ways.finish(end);
  return { value: end.kind === 'normal' ? end.value : none, truth: last };
}

function unknownTruth(value: PyValue, span: SourceSpan): PyValue {
  return value.kind === 'unknown' ? value : unknown('This depends on the contents of a tensor', span);
}

function lookUp(machine: Machine, scope: Scope, name: string, span: SourceSpan): PyValue {
  let current: Scope | undefined = scope;
  let isInner = false;
  while (current) {
    const found = current.classBody !== undefined && isInner ? undefined : current.names.get(name);
    if (found !== undefined) return found;
    isInner = true;
    current = current.parent;
  }
  const known = scope.module.names.get(name) ?? deferredName(machine, scope.module, name) ?? machine.builtins.get(name);
  if (known !== undefined) return known;
  if (name === '__class__' && scope.method) return scope.method.owner;
  const lost = scope.module.names.get(anyName);
  if (lost) return lost;
  if (isBuiltinName(name)) return unknown(`${name} is not modelled`, span);
  return machine.raise('NameError', `name '${name}' is not defined`, span);
}

function spread(
  machine: Machine,
  scope: Scope,
  elements: readonly Expression[],
  make: (items: readonly PyValue[]) => PyValue,
  span: SourceSpan,
): PyValue {
  const items: PyValue[] = [];
  for (const element of elements) {
    if (element.kind !== 'starred') {
      const given = evaluateExpression(machine, scope, element);
      items.push(element.kind === 'number' ? given : (machine.flow?.passed(given, element.span) ?? given));
    } else {
      const more = machine.iterate(evaluateExpression(machine, scope, element.value), element.span);
      if ('kind' in more) return more;
      addItems(machine, items, more, element.span);
    }
  }
  if (make === set && !items.every((item) => isCertainKey(item)))
    return unknown('Which items are equal is not known', span);
  return make(items);
}

function dictionary(machine: Machine, scope: Scope, expression: ExpressionOf<'dictionary'>): PyValue {
  const made = dict();
  for (const entry of expression.entries) {
    const value = evaluateExpression(machine, scope, entry.value);
    if (entry.key) {
      const key = evaluateExpression(machine, scope, entry.key);
      if (!isCertainKey(key)) return unknown('Which key this is is not known', entry.key.span);
      machine.change(made).entries.set(keyOf(key), { key, value });
    } else {
      const source =
        value.kind === 'instance' ? (value.dictionary ?? mapping(machine, value, entry.value.span)) : value;
      if (source.kind !== 'dict' && source.kind !== 'partial-dict')
        return source.kind === 'unknown' ? source : unknown('What is spread here is no dictionary', entry.value.span);
      addEntries(machine, made, source);
    }
  }
  return made;
}

function formatString(machine: Machine, scope: Scope, expression: ExpressionOf<'format-string'>): PyValue {
  let text = '';
  for (const part of expression.parts) {
    if (part.kind === 'text') {
      text += part.text;
      continue;
    }
    const value = evaluateExpression(machine, scope, part.expression);
    const given = part.conversion === '' ? value : converted(machine, value, part.conversion.slice(1), expression.span);
    const written = formatValue(machine, given, part.format, expression.span);
    if (written.kind !== 'string')
      return written.kind === 'unknown' ? written : unknown('What this is written as is not known', expression.span);
    text += written.value;
  }
  return string(text);
}

function comparison(machine: Machine, scope: Scope, expression: ExpressionOf<'comparison'>): PyValue {
  let left = evaluateExpression(machine, scope, expression.first);
  let result: PyValue = bool(true);
  for (const { operator, operand } of expression.rest) {
    const right = evaluateExpression(machine, scope, operand);
    const next = compare(machine, operator, left, right, expression.span);
    if (machine.truth(next, expression.span) === false) return next;
    // `a < b < c` is not known as soon as one of its parts is not.
    if (machine.truth(result, expression.span) !== undefined) result = next;
    left = right;
  }
  return result;
}

/** Evaluates the arguments of a call, left to right. An unknown spread makes the whole call unknown. */
export function evaluateArguments(machine: Machine, scope: Scope, args: readonly Argument[]): Arguments | PyValue {
  const positional: PyValue[] = [];
  const keywords = new Map<string, PyValue>();
  for (const argument of args) {
    const given = evaluateExpression(machine, scope, argument.value);
    const value = machine.flow?.passed(given, argument.value.span) ?? given;
    switch (argument.kind) {
      case 'positional':
        positional.push(value);
        break;
      case 'keyword':
        keywords.set(argument.name ?? '', value);
        break;
      case 'splat': {
        const items = machine.iterate(value, argument.value.span);
        if ('kind' in items) return items;
        addItems(machine, positional, items, argument.value.span);
        break;
      }
      case 'dictionary-splat': {
        const source =
          value.kind === 'instance' ? (value.dictionary ?? mapping(machine, value, argument.value.span)) : value;
        if (source.kind !== 'dict' && source.kind !== 'partial-dict')
          return source.kind === 'unknown'
            ? source
            : unknown('What is spread here is no dictionary', argument.value.span);
        for (const { key, value: item } of source.entries.values())
          if (key.kind === 'string') keywords.set(key.value, item);
        break;
      }
    }
  }
  return { positional, keywords };
}

function call(machine: Machine, scope: Scope, expression: ExpressionOf<'call'>): PyValue {
  const { callee: calleeExpression, span } = expression;
  if (calleeExpression.kind === 'name' && calleeExpression.name === 'super') {
    const args = evaluateArguments(machine, scope, expression.arguments);
    return superOf(machine, scope, 'kind' in args ? [] : args.positional, span);
  }
  if (calleeExpression.kind === 'name' && calleeExpression.name === 'locals') {
    return dict([...scope.names].map(([name, value]) => [string(name), value]));
  }
  if (calleeExpression.kind === 'name' && calleeExpression.name === 'globals') {
    resolveDeferred(machine, scope.module);
    return attributeView(scope.module);
  }
  if (calleeExpression.kind === 'attribute' && calleeExpression.name === 'extend')
    return extend(machine, scope, expression, calleeExpression);
  const callee = evaluateExpression(machine, scope, calleeExpression);
  const args = evaluateArguments(machine, scope, expression.arguments);
  if ('kind' in args) return args;
  // A script may well have an `eval` of its own.
  if (
    calleeExpression.kind === 'name' &&
    callee.kind === 'builtin' &&
    (callee.name === 'eval' || callee.name === 'exec')
  )
    return runText(machine, scope, callee.name, args, span);
  return machine.call(callee, args, span);
}

/** `items.extend(layer(items[-1]) for layer in layers)`: a generator sees what it has given so far. */
function extend(
  machine: Machine,
  scope: Scope,
  { arguments: written, span }: ExpressionOf<'call'>,
  method: ExpressionOf<'attribute'>,
): PyValue {
  const object = evaluateExpression(machine, scope, method.object);
  const [argument] = written;
  const source = written.length === 1 && argument?.kind === 'positional' ? argument.value : undefined;
  if (object.kind !== 'list' || source?.kind !== 'comprehension' || source.flavour !== 'generator') {
    const callee = machine.attribute(object, method.name, method.span);
    const args = evaluateArguments(machine, scope, written);
    return 'kind' in args ? args : machine.call(callee, args, span);
  }
  const given = comprehension(machine, scope, source, machine.change(object).items);
  if (given.kind === 'unknown') machine.ways.loseOwner(object, given.reason, span);
  return none;
}

function superOf(machine: Machine, scope: Scope, args: readonly PyValue[], span: SourceSpan): PyValue {
  const [type, self] = args;
  if (type?.kind === 'class' && self) return { kind: 'super', self, after: type };
  let current: Scope | undefined = scope;
  while (current && !current.method) current = current.parent;
  if (!current?.method) return machine.raise('RuntimeError', 'super() outside a method', span);
  return { kind: 'super', self: current.method.self, after: current.method.owner };
}

function comprehension(
  machine: Machine,
  scope: Scope,
  expression: ExpressionOf<'comprehension'>,
  items: PyValue[] = [],
): PyValue {
  const inner: Scope = { names: new Map([[comprehensionMark, none]]), parent: scope, module: scope.module };
  machine.noteMade(inner);
  const pairs: [PyValue, PyValue][] = [];
  let lost: PyValue | undefined;
  const lose = (value: PyValue): void => {
    lost ??= value;
  };
  const run = (depth: number): undefined => {
    const clause = expression.clauses[depth];
    if (clause === undefined) {
      const element = machine.evaluate(inner, expression.element);
      machine.hold(1, expression.span);
      if (expression.value) pairs.push([element, machine.evaluate(inner, expression.value)]);
      else items.push(element);
      return;
    }
    const { ways } = machine;
    const iterable = machine.evaluate(depth === 0 ? scope : inner, clause.iterable);
    const sequence = machine.iterate(iterable, clause.iterable.span);
    const take = (item: PyValue): void => {
      machine.tick(expression.span);
      assign(machine, inner, clause.target, item);
      takeOn(0);
    };
    const takeOn = (place: number): void => {
      const condition = clause.conditions[place];
      if (condition === undefined) {
        run(depth + 1);
        return;
      }
      const test = machine.evaluate(inner, condition);
      const truth = machine.truth(test, condition.span);
      const next = (): undefined => {
        takeOn(place + 1);
      };
      if (truth === undefined) {
        lose(unknownTruth(test, condition.span));
        ways.finish(ways.follow(causeOf(test, condition.span), [next, () => undefined]));
      } else if (truth) next();
    };
    if ('kind' in sequence) {
      lose(sequence);
      const end = ways.repeat(causeOf(sequence, clause.iterable.span), true, () => {
        take(sequence);
        return undefined;
      });
      ways.finish(end);
      return;
    }
    const loop = machine.flow?.loop();
    for (const [i, item] of sequence.entries()) {
      loop?.at(i);
      take(item);
    }
    loop?.end();
  };
  run(0);
  if (lost) return lost;
  const keys = expression.flavour === 'set' ? items : pairs.map(([key]) => key);
  if (!keys.every((key) => isCertainKey(key))) return unknown('Which items are equal is not known', expression.span);
  switch (expression.flavour) {
    case 'list':
      return list(items);
    case 'set':
      return set(items);
    case 'generator':
      return { kind: 'iterator', items, position: 0 };
    case 'dictionary':
      return dict(pairs);
  }
}
