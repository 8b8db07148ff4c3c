// Calling things: binding arguments to parameters, running bodies, making instances.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
import { enumMember, findMethod, unknownBaseOf } from './classes.ts';
import { evaluateExpression } from './expressions.ts';
import type { Interpreter } from './interpreter.ts';
import { runBlock } from './statements.ts';
import {
  dict,
  lostDecorator,
  none,
  string,
  tuple,
  unknown,
  type Arguments,
  type ClassValue,
  type FunctionValue,
  type InstanceValue,
  type PyValue,
  type Scope,
} from './values.ts';

/** What an instance weighs: a layer has some dozen attributes. */
const itemsOfInstance = 32;

/** Calls any value. Unknown callees give unknown results; what is not callable raises. */
export function callValue(interpreter: Interpreter, callee: PyValue, args: Arguments, span: SourceSpan): PyValue {
  interpreter.tick(span);
  switch (callee.kind) {
    case 'function':
      return callFunction(interpreter, callee, args, span);
    case 'builtin':
      return callee.call(interpreter, args, span);
    case 'bound-method':
      return callValue(
        interpreter,
        callee.function,
        { positional: [callee.self, ...args.positional], keywords: args.keywords },
        span,
      );
    case 'class':
      return instantiate(interpreter, callee, args, span);
    case 'partial':
      return callValue(
        interpreter,
        callee.function,
        {
          positional: [...callee.args.positional, ...args.positional],
          keywords: new Map([...callee.args.keywords, ...args.keywords]),
        },
        span,
      );
    case 'instance': {
      const fromLibrary = interpreter.library.callInstance(interpreter, callee, args, span);
      if (fromLibrary !== undefined) return fromLibrary;
      const method = interpreter.method(callee, '__call__', span);
      if (method) return interpreter.call(method, args, span);
      const missing = unknownBaseOf(callee.class);
      if (missing !== undefined)
        return unknown(`${callee.class.name} derives from ${missing}, which is not known`, span);
      return interpreter.raise('TypeError', `'${callee.class.name}' object is not callable`, span);
    }
    case 'unknown':
      interpreter.library.callUnknown(interpreter, callee, args, span);
      return callee;
    case 'static-method':
    case 'class-method':
      return callValue(interpreter, callee.function, args, span);
    case 'module':
      return unknown(`The module ${callee.name} is called like a function`, span);
    default:
      return interpreter.raise('TypeError', `'${interpreter.nameOfType(callee)}' object is not callable`, span);
  }
}

function instantiate(interpreter: Interpreter, type: ClassValue, args: Arguments, span: SourceSpan): PyValue {
  interpreter.hold(itemsOfInstance, span);
  const construct = type.mro.find((candidate) => candidate.construct !== undefined)?.construct;
  if (type.attributes.has('__members__')) {
    const [value] = args.positional;
    return (value && enumMember(type, value)) ?? interpreter.raise('ValueError', `not a member of ${type.name}`, span);
  }
  if (construct !== undefined && type.construct !== undefined) return construct(interpreter, args, span);
  let instance: InstanceValue = {
    kind: 'instance',
    class: type,
    attributes: new Map(),
    site: { span, callChain: [...interpreter.callStack] },
  };
  const maker = findMethod(type, '__new__');
  if (maker?.kind === 'function') {
    const made = interpreter.call(maker, { positional: [type, ...args.positional], keywords: args.keywords }, span);
    if (made.kind !== 'instance' || made.class !== type) return made;
    instance = { ...made, site: instance.site };
  }
  const init = interpreter.method(instance, '__init__', span);
  if (init) interpreter.call(init, args, span);
  return instance;
}

/** The scope of a call, with every parameter bound. Raises Python's TypeErrors. */
function bind(
  interpreter: Interpreter,
  callee: FunctionValue,
  args: Arguments,
  span: SourceSpan,
): Map<string, PyValue> {
  const names = new Map<string, PyValue>();
  const positional = callee.parameters.filter((parameter) => parameter.kind === 'positional');
  for (const [i, value] of args.positional.slice(0, positional.length).entries()) {
    const parameter = positional[i];
    if (parameter) names.set(parameter.name, value);
  }
  const rest = args.positional.slice(positional.length);
  const splat = callee.parameters.find((parameter) => parameter.kind === 'splat');
  if (splat) names.set(splat.name, tuple(rest));
  else if (rest.length > 0) {
    interpreter.raise(
      'TypeError',
      `${callee.name}() takes ${String(positional.length)} positional arguments but ${String(args.positional.length)} were given`,
      span,
    );
  }
  const extra: [PyValue, PyValue][] = [];
  const others = callee.parameters.find((parameter) => parameter.kind === 'dictionary-splat');
  for (const [name, value] of args.keywords) {
    const parameter = callee.parameters.find(
      (candidate) => candidate.name === name && !candidate.kind.endsWith('splat'),
    );
    if (parameter) {
      if (names.has(name))
        interpreter.raise('TypeError', `${callee.name}() got multiple values for argument '${name}'`, span);
      names.set(name, value);
    } else if (others) extra.push([string(name), value]);
    else interpreter.raise('TypeError', `${callee.name}() got an unexpected keyword argument '${name}'`, span);
  }
  if (others) names.set(others.name, dict(extra));
  for (const parameter of callee.parameters) {
    if (names.has(parameter.name) || parameter.kind.endsWith('splat')) continue;
    const value = callee.defaults.get(parameter.name);
    if (value === undefined) {
      interpreter.raise('TypeError', `${callee.name}() misses the argument '${parameter.name}'`, span);
    }
    names.set(parameter.name, value);
  }
  return names;
}

function callFunction(interpreter: Interpreter, callee: FunctionValue, args: Arguments, span: SourceSpan): PyValue {
  if (interpreter.callStack.length >= interpreter.limits.callDepth) {
    const depth = String(interpreter.limits.callDepth);
    interpreter.stop(
      'limit-depth',
      `Calls are nested more than ${depth} deep here, as in a function that calls itself`,
      span,
    );
  }
  const lost = callee.attributes.get(lostDecorator);
  if (lost?.kind === 'string') interpreter.loseTrack(`A decorator of ${callee.name} raises ${lost.value}`, span);
  const names = bind(interpreter, callee, args, span);
  const { body } = callee;
  const [self] = args.positional;
  const scope: Scope = {
    names,
    parent: callee.scope.classBody === undefined ? callee.scope : callee.scope.parent,
    module: callee.scope.module,
    ...(callee.scope.classBody && self && { method: { owner: callee.scope.classBody, self } }),
    ...(body.kind === 'function' && body.isGenerator && { yielded: [] }),
    globals: new Set(),
    nonlocals: new Set(),
  };
  interpreter.callStack.push(span);
  interpreter.scopes.push(scope);
  try {
    if (body.kind !== 'function') return evaluateExpression(interpreter, scope, body);
    const end = runBlock(interpreter, scope, body.body);
    if (scope.yielded) return { kind: 'iterator', items: scope.yielded, position: 0 };
    return end?.kind === 'return' ? end.value : none;
  } finally {
    interpreter.callStack.pop();
    interpreter.scopes.pop();
  }
}

/** A default's value remembers that it is one: editing it reaches every caller that relies on it. */
export function asDefault(value: PyValue, parameter: string): PyValue {
  if ((value.kind === 'int' || value.kind === 'float') && value.origin?.kind === 'literal') {
    const origin: WidthOrigin = { kind: 'default', value: value.value, span: value.origin.span, parameter };
    return { ...value, origin };
  }
  return value;
}
