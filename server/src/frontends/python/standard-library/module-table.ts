// How a modelled module of the standard library is written down: names and values, made anew for every evaluation.

import type { SourceSpan } from '../../../common/source-span.ts';
import { unshared } from '../evaluator/effects.ts';
import { nativeClass } from '../evaluator/classes.ts';
import { builtin, none } from '../evaluator/values.ts';
import type { Machine, Arguments, BuiltinValue, ClassValue, InstanceValue, PyValue } from '../evaluator/machine.ts';

/** What a function of the library does with its evaluated arguments. */
export type LibraryFunction = (machine: Machine, args: Arguments, span: SourceSpan) => PyValue;

/** The names of one module. */
export type ModuleTable = (machine: Machine) => ReadonlyMap<string, PyValue>;

/** An argument by position, or by name. */
export function argument(args: Arguments, index: number, name = ''): PyValue | undefined {
  return args.positional[index] ?? args.keywords.get(name);
}

/** A method of a modelled class, which is given its instance apart from the other arguments. */
export function method(
  name: string,
  call: (self: InstanceValue, args: Arguments, machine: Machine, span: SourceSpan) => PyValue,
): [string, PyValue] {
  const bound: LibraryFunction = (machine, { positional: [self, ...positional], keywords }, span) =>
    self?.kind === 'instance' ? call(self, { positional, keywords }, machine, span) : none;
  return [name, builtin(name, bound, true)];
}

/** A class whose instances have the attributes that they are made with. */
export function namespaceClass(name: string): ClassValue {
  return nativeClass(
    name,
    [],
    [
      method('__init__', (self, { positional, keywords }, machine, span) => {
        if (positional.length > 0) machine.raise('TypeError', 'no positional arguments expected', span);
        for (const [key, value] of keywords) machine.change(self).attributes.set(key, value);
        return none;
      }),
    ],
  );
}

/** Functions by name, as values. */
export function functionValues(functions: Readonly<Record<string, LibraryFunction>>): [string, PyValue][] {
  return Object.entries(functions).map(([name, call]) => [name, builtin(name, call)]);
}

/** Classes that source names in annotations, as bases and in `isinstance`, but never makes. */
export function plainClasses(names: string): [string, PyValue][] {
  return names.split(/\s+/).map((name) => [name, nativeClass(name, [])]);
}

/** A function that gives back its first argument: casts, and decorators that change nothing we follow. */
export function passThrough(name: string, index = 0): BuiltinValue {
  return builtin(name, (_, args) => args.positional[index] ?? none);
}

/** A decorator that is written with or without arguments and changes nothing: `@lru_cache`, `@lru_cache(maxsize=None)`. */
export function optionalDecorator(name: string): BuiltinValue {
  return builtin(name, (_, args) => {
    const [first] = args.positional;
    const isDecorated = first?.kind === 'function' || first?.kind === 'class' || first?.kind === 'builtin';
    return isDecorated ? first : passThrough(name);
  });
}

/** A function without effect on a network: logging, warnings. */
export function without(name: string): BuiltinValue {
  return builtin(name, () => none);
}

/** A class whose methods all do nothing and whose instances may be entered by `with`, which gives them or `entered`. */
export function silentClass(name: string, methods: string, entered?: PyValue): ClassValue {
  const type = nativeClass(name, [], [['__init__', builtin('__init__', () => none)]]);
  for (const method of methods.split(/\s+/)) unshared(type).attributes.set(method, without(method));
  unshared(type).attributes.set(
    '__enter__',
    builtin('__enter__', (_, args) => entered ?? args.positional[0] ?? none, true),
  );
  unshared(type).attributes.set('__exit__', without('__exit__'));
  return type;
}
