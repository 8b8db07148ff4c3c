// Calling things: binding arguments to parameters, running bodies, making instances.

import type { SourceSpan } from '../../../common/source-span.ts';
import { isHarmless } from './harmless-calls.ts';
import { findMethod, unknownBaseOf } from './classes.ts';
import { enumMember } from './enums.ts';
import { isMaybe, named } from './partial-dictionary.ts';
import { amongOf, dict, lostDecorator, none, string, tuple, unknown } from './values.ts';
import type {
  Machine,
  Arguments,
  ClassValue,
  FunctionValue,
  InstanceValue,
  PyValue,
  UnknownValue,
  Scope,
} from './machine.ts';

/** Binding arguments and making a scope takes as long as so many plain statements. */
const stepsPerFunctionCall = 5;

/** What an instance weighs: a layer has some dozen attributes. */
const itemsOfInstance = 32;

/** Calls any value. Unknown callees give unknown results; what is not callable raises. */
export function callValue(machine: Machine, callee: PyValue, args: Arguments, span: SourceSpan): PyValue {
  machine.tick(span);
  switch (callee.kind) {
    case 'function':
      return callFunction(machine, callee, args, span);
    case 'builtin': {
      const result = callee.call(machine, args, span);
      if (result.kind !== 'unknown' || result.among) return result;
      // It may be, or hold, what the function was given.
      return { ...result, ...amongOf([...args.positional, ...args.keywords.values()]) };
    }
    case 'bound-method':
      return callValue(
        machine,
        callee.function,
        { positional: [callee.self, ...args.positional], keywords: args.keywords },
        span,
      );
    case 'class':
      return instantiate(machine, callee, args, span);
    case 'partial':
      return callValue(
        machine,
        callee.function,
        {
          positional: [...callee.args.positional, ...args.positional],
          keywords: new Map([...callee.args.keywords, ...args.keywords]),
        },
        span,
      );
    case 'instance': {
      const fromLibrary = machine.library.callInstance(machine, callee, args, span);
      if (fromLibrary !== undefined) return fromLibrary;
      const method = machine.method(callee, '__call__', span);
      if (method) return machine.call(method, args, span);
      const missing = unknownBaseOf(callee.class);
      if (missing !== undefined)
        return unknown(`${callee.class.name} derives from ${missing}, which is not known`, span);
      return machine.raise('TypeError', `'${callee.class.name}' object is not callable`, span);
    }
    case 'unknown':
      machine.library.callUnknown(machine, callee, args, span);
      machine.handOver([callee, ...args.positional, ...args.keywords.values()], {
        ...callee,
        span,
      });
      machine.mayRaise();
      return withoutPlace(callee, args);
    case 'static-method':
    case 'class-method':
      return callValue(machine, callee.function, args, span);
    case 'module':
      // A module of ours holds what nobody looked for: a function as well.
      if (callee.isModelled) {
        const lost: UnknownValue = { ...unknown(`${callee.name} is not modelled`, span), path: callee.name };
        return callValue(machine, lost, args, span);
      }
      return unknown(`The module ${callee.name} is called like a function`, span);
    default:
      return machine.raise('TypeError', `'${machine.nameOfType(callee)}' object is not callable`, span);
  }
}

function instantiate(machine: Machine, type: ClassValue, args: Arguments, span: SourceSpan): PyValue {
  machine.hold(itemsOfInstance, span);
  const construct = type.mro.find((candidate) => candidate.construct !== undefined)?.construct;
  if (type.attributes.has('__members__')) {
    const [value, ...more] = args.positional;
    if (more.length > 0 || args.keywords.size > 0)
      return unknown(`What is made of ${type.name} here is not followed`, span);
    return (
      (value && enumMember(type, value, span)) ?? machine.raise('ValueError', `not a member of ${type.name}`, span)
    );
  }
  if (construct !== undefined && type.construct !== undefined) {
    const made = construct(machine, args, span);
    // `iter(x)` of an iterator is that iterator, but no class of ours gives what it was given if that can be changed.
    if (/^(list|dict|set|instance)$/.test(made.kind)) machine.noteMade(made);
    return made;
  }
  let instance: InstanceValue = {
    kind: 'instance',
    class: type,
    attributes: new Map(),
    site: { span, callChain: [...machine.callStack] },
  };
  const maker = findMethod(type, '__new__');
  if (maker?.kind === 'function') {
    const made = machine.call(maker, { positional: [type, ...args.positional], keywords: args.keywords }, span);
    if (made.kind !== 'instance' || made.class !== type) return made;
    machine.change(made).site = instance.site;
    instance = made;
  }
  machine.noteMade(instance);
  // `class Config(dict)` is a dictionary from the start, whatever its constructor does.
  if (instance.dictionary === undefined && type.mro.some(({ name, span: at }) => name === 'dict' && at === undefined))
    machine.change(instance).dictionary = dict();
  const init = machine.method(instance, '__init__', span);
  if (init) machine.call(init, args, span);
  return instance;
}

/** The scope of a call, with every parameter bound. Raises Python's TypeErrors. */
function bind(machine: Machine, callee: FunctionValue, args: Arguments, span: SourceSpan): Map<string, PyValue> {
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
    machine.raise(
      'TypeError',
      `${callee.name}() takes ${String(positional.length)} positional arguments but ${String(args.positional.length)} were given`,
      span,
    );
  }
  const extra: [PyValue, PyValue][] = [];
  /** What a parameter gets that perhaps is not given at all: its default, or something. */
  const given = (value: PyValue): PyValue =>
    value.kind === 'unknown' && value.isMaybe ? unknown(value.reason, value.span) : value;
  const others = callee.parameters.find((parameter) => parameter.kind === 'dictionary-splat');
  for (const [name, value] of args.keywords) {
    const parameter = callee.parameters.find(
      (candidate) => candidate.name === name && !candidate.kind.endsWith('splat'),
    );
    if (parameter) {
      if (names.has(name))
        machine.raise('TypeError', `${callee.name}() got multiple values for argument '${name}'`, span);
      names.set(name, given(value));
    } else if (others) extra.push([string(name), value]);
    // It fails only in the way in which it is given.
    else if (isMaybe(value)) machine.mayRaise();
    else machine.raise('TypeError', `${callee.name}() got an unexpected keyword argument '${name}'`, span);
  }
  if (others) names.set(others.name, named(machine, extra));
  for (const parameter of callee.parameters) {
    if (names.has(parameter.name) || parameter.kind.endsWith('splat')) continue;
    const value = callee.defaults.get(parameter.name);
    if (value === undefined) {
      machine.raise('TypeError', `${callee.name}() misses the argument '${parameter.name}'`, span);
    }
    names.set(parameter.name, value);
  }
  return names;
}

/** A function that calls itself so often while it is not known which way things go will not stop by what is known. */
const mostNested = 8;

function nestsForEver(machine: Machine, body: FunctionValue['body']): boolean {
  if (!machine.ways.isExploring || machine.scopes.length < mostNested) return false;
  let count = 0;
  for (const { code } of machine.scopes) if (code === body) count++;
  return count >= mostNested;
}

/** What a call gives of something that is not known: perhaps one of the things that it was given. */
function withoutPlace(callee: UnknownValue, args: Arguments): UnknownValue {
  const { path } = callee;
  const isWrapped = path !== undefined && isHarmless(path);
  const given = isWrapped ? [callee] : [callee, ...args.positional, ...args.keywords.values()];
  return { ...unknown(callee.reason, callee.span), ...(path !== undefined && { path }), ...amongOf(given) };
}

function callFunction(machine: Machine, callee: FunctionValue, args: Arguments, span: SourceSpan): PyValue {
  if (machine.callStack.length >= machine.limits.callDepth) {
    const depth = String(machine.limits.callDepth);
    machine.stop(
      'limit-depth',
      `Calls are nested more than ${depth} deep here, as in a function that calls itself`,
      span,
    );
  }
  machine.tick(span, stepsPerFunctionCall);
  const lost = callee.attributes.get(lostDecorator);
  if (lost?.kind === 'string') machine.loseTrack(`A decorator of ${callee.name} raises ${lost.value}`, span);
  const names = bind(machine, callee, args, span);
  const { body } = callee;
  const [self] = args.positional;
  const scope: Scope = {
    names,
    parent: callee.scope.classBody === undefined ? callee.scope : callee.scope.parent,
    module: callee.scope.module,
    ...(callee.scope.classBody && self && { method: { owner: callee.scope.classBody, self } }),
    ...(body.kind === 'function' && body.isGenerator && { yielded: [] }),
    code: body,
    globals: new Set(),
    nonlocals: new Set(),
  };
  if (nestsForEver(machine, body)) {
    // Whether it ends depends on what is not known.
    const endless = unknown(`${callee.name} calls itself, and how often is not known`, span);
    machine.handOver(args.positional, endless);
    return endless;
  }
  machine.noteMade(scope);
  machine.callStack.push(span);
  machine.flow?.enter(span, callee);
  machine.scopes.push(scope);
  try {
    if (body.kind !== 'function') return machine.evaluate(scope, body);
    const { ways } = machine;
    const { mark } = ways;
    const end = ways.arrive(
      { reason: `Where ${callee.name} ends is not known`, span },
      mark,
      ways.perform(() => machine.runBlock(scope, body.body)),
      (each) => (each.kind === 'return' ? each.value : each.kind === 'normal' ? none : undefined),
    );
    if (end.kind === 'raise') ways.finish(end);
    if (scope.lost) return scope.lost;
    if (scope.yielded) return { kind: 'iterator', items: scope.yielded, position: 0 };
    return end.kind === 'return' || end.kind === 'normal' ? end.value : none;
  } finally {
    machine.callStack.pop();
    machine.flow?.leave();
    machine.scopes.pop();
  }
}
