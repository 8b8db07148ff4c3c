// The names of a scope.

import type { PyValue, Scope } from './machine.ts';

/** Binds a name where `global` and `nonlocal` send it. */
export function setName(scope: Scope, name: string, value: PyValue): void {
  if (scope.globals?.has(name) === true) scope.module.names.set(name, value);
  else if (scope.nonlocals?.has(name) === true) {
    let outer = scope.parent;
    while (outer && !outer.names.has(name)) outer = outer.parent;
    (outer ?? scope).names.set(name, value);
  } else scope.names.set(name, value);
}
