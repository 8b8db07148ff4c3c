// The built-in exception classes that model code names.

import { nativeClass } from './classes.ts';
import { builtin, none, tuple } from './values.ts';
import type { ClassValue, PyValue } from './machine.ts';

const hierarchy: readonly (readonly [string, string])[] = [
  ['Exception', 'BaseException'],
  ['SystemExit', 'BaseException'],
  ['KeyboardInterrupt', 'BaseException'],
  ['ArithmeticError', 'Exception'],
  ['ZeroDivisionError', 'ArithmeticError'],
  ['OverflowError', 'ArithmeticError'],
  ['AssertionError', 'Exception'],
  ['AttributeError', 'Exception'],
  ['ImportError', 'Exception'],
  ['ModuleNotFoundError', 'ImportError'],
  ['LookupError', 'Exception'],
  ['IndexError', 'LookupError'],
  ['KeyError', 'LookupError'],
  ['NameError', 'Exception'],
  ['RuntimeError', 'Exception'],
  ['NotImplementedError', 'RuntimeError'],
  ['StopIteration', 'Exception'],
  ['SyntaxError', 'Exception'],
  ['TypeError', 'Exception'],
  ['ValueError', 'Exception'],
  ['OSError', 'Exception'],
  ['FileNotFoundError', 'OSError'],
  ['Warning', 'Exception'],
  ['UserWarning', 'Warning'],
  ['DeprecationWarning', 'Warning'],
  ['FutureWarning', 'Warning'],
];

/** What an exception says of where it comes from: nothing that a network could depend on. */
const links = ['__traceback__', '__cause__', '__context__'].map((name): [string, PyValue] => [name, none]);
const itself = builtin('with_traceback', (_, { positional: [self = none] }) => self, true);

/** All exception classes by name; each keeps its arguments in `args`. */
export function exceptionClasses(): Map<string, ClassValue> {
  const init = builtin(
    '__init__',
    (machine, args): PyValue => {
      const [self, ...rest] = args.positional;
      if (self?.kind === 'instance') machine.change(self).attributes.set('args', tuple(rest));
      return none;
    },
    true,
  );
  const classes = new Map<string, ClassValue>([
    ['BaseException', nativeClass('BaseException', [], [['__init__', init], ['with_traceback', itself], ...links])],
  ]);
  for (const [name, base] of hierarchy) {
    const parent = classes.get(base);
    classes.set(name, nativeClass(name, parent ? [parent] : []));
  }
  return classes;
}
