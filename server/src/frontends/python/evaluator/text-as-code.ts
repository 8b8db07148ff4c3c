// `eval` and `exec`. A text that is known runs like any other; one that is not may do anything to all that it reaches.

import type { SourceSpan } from '../../../common/source-span.ts';
import { anyName } from './modules.ts';
import type { Arguments, Machine, PyValue, Scope } from './machine.ts';
import { keyOf, none, string, unknown } from './values.ts';

/** Runs the first argument as code: in the scope of the call, or with the names of a dictionary that is given. */
export function runText(
  machine: Machine,
  scope: Scope,
  kind: 'eval' | 'exec',
  args: Arguments,
  span: SourceSpan,
): PyValue {
  const [text, globals, locals] = args.positional;
  const isSet = (value: PyValue | undefined): boolean => value !== undefined && value.kind !== 'none';
  const isOwn = globals?.kind === 'dict' && globals.viewOf === scope.module;
  // With the module's own names behind them, names of a dictionary are those of a class body or function.
  const isInside = isSet(locals) && (isOwn || !isSet(globals));
  const given = isInside ? locals : isSet(globals) ? globals : undefined;
  if (
    text?.kind !== 'string' ||
    (isSet(locals) && !isInside) ||
    args.keywords.size > 0 ||
    (given && given.kind !== 'dict')
  )
    return loseReach(machine, scope, args, span);
  machine.tick(span, 1 + text.value.length);
  const { body, problems } = machine.parser.parse(scope.module.document, text.value.trim(), span);
  if (problems.length > 0) return machine.raise('SyntaxError', 'invalid syntax', span);
  const isModule = scope.names === scope.module.names;
  const names = new Map<string, PyValue>(
    given
      ? [...given.entries.values()].flatMap(({ key, value }) => (key.kind === 'string' ? [[key.value, value]] : []))
      : [],
  );
  const outside: Scope | undefined = isInside
    ? { names: scope.module.names, parent: undefined, module: scope.module }
    : undefined;
  // Names that a text binds within a function are gone when it ends.
  const inner: Scope =
    given || (kind === 'exec' && !isModule)
      ? { names, parent: given ? outside : scope, module: scope.module, globals: new Set(), nonlocals: new Set() }
      : scope;
  if (kind === 'eval') {
    const [first] = body;
    if (first?.kind !== 'expression' || body.length > 1)
      return machine.raise('SyntaxError', 'This text is no expression', span);
    return machine.evaluate(inner, first.expression);
  }
  machine.runBlock(inner, body);
  if (given) {
    const { entries } = machine.change(given);
    for (const [name, value] of names) entries.set(keyOf(string(name)), { key: string(name), value });
  }
  return none;
}

/** A text that is not known was run: nothing that it reaches is known any more. */
export function loseReach(machine: Machine, scope: Scope | undefined, args: Arguments, span: SourceSpan): PyValue {
  const [text, ...given] = args.positional;
  const lost = unknown(text?.kind === 'unknown' ? text.reason : 'The text that is run here is not known', span);
  const isAlone = given.some(({ kind }) => kind !== 'none') || args.keywords.size > 0;
  const reached: PyValue[] = [...given, ...args.keywords.values()];
  if (!isAlone) {
    const scopes = scope ? [scope] : machine.scopes.slice(-1);
    for (const each of scopes)
      for (let current: Scope | undefined = each; current; current = current.parent)
        reached.push(...current.names.values());
    for (const { module } of scopes) {
      reached.push(...module.names.values());
      machine.ways.loseOwner(module, lost.reason, span);
      machine.change(module).names.set(anyName, lost);
    }
  }
  machine.handOver(reached, lost);
  machine.mayRaise();
  return lost;
}
