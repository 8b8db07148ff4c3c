// The names of a scope.

import type { Machine, PyValue, Scope } from './machine.ts';

/** Binds a name where `global` and `nonlocal` send it. */
export function setName(machine: Machine, scope: Scope, name: string, value: PyValue): void {
  if (scope.globals?.has(name) === true) machine.change(scope.module).names.set(name, value);
  else if (scope.nonlocals?.has(name) === true) {
    let outer = scope.parent;
    while (outer && !outer.names.has(name)) outer = outer.parent;
    machine.change(outer ?? scope).names.set(name, value);
  } else machine.change(scope).names.set(name, value);
}
