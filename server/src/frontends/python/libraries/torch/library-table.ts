// How the names of one modelled library module are written down.

import { builtin } from '../../evaluator/values.ts';
import { callTraced, type TracedFunction } from '../../tracing/traced-call.ts';
import type { TracedNetwork } from '../../tracing/traced-network.ts';
import type { ClassValue, PyValue, Machine } from '../../evaluator/machine.ts';

export type Names = Iterable<readonly [string, PyValue]>;

/** What the tables of modules are made from. */
export interface FrameworkParts {
  readonly machine: Machine;
  readonly network: TracedNetwork;
  /** Library modules by class name. */
  readonly classes: ReadonlyMap<string, ClassValue>;
  readonly parameterClass: ClassValue;
}

/** The names of one module, made anew for every evaluation. */
export type Table = (parts: FrameworkParts) => Names;

/** Rows of a function table as values. */
export function asBuiltins(
  network: TracedNetwork,
  prefix: string,
  rows: Readonly<Record<string, TracedFunction>>,
): [string, PyValue][] {
  return Object.entries(rows).map(([name, row]) => [
    name,
    builtin(name, (machine, args, span) => callTraced(machine, network, row, `${prefix}${name}`, args, span)),
  ]);
}
