// A library function's parameters as one line of text, and what a call gives for them.
//
//   'input kernel_size stride=None padding=0 *sizes **options'

import type { SourceSpan } from '../../../common/source-span.ts';
import { isMaybe, named as namedEntries } from '../evaluator/partial-dictionary.ts';
import { dict, float, int, none, pyFalse, pyTrue, string, tuple } from '../evaluator/values.ts';
import type { Machine, Arguments, DictValue, PyValue, TensorValue } from '../evaluator/machine.ts';
import { integerOf, numberOf } from '../evaluator/numbers.ts';

interface Parameter {
  readonly name: string;
  /** Other names that the library takes for it, written behind bars: `dim|axis`. */
  readonly aliases: readonly string[];
  readonly default: PyValue | undefined;
  readonly kind: 'plain' | 'splat' | 'dictionary-splat';
}

export type Signature = readonly Parameter[];

function parseDefault(text: string): PyValue {
  if (text === 'None') return none;
  if (text === 'True') return pyTrue;
  if (text === 'False') return pyFalse;
  const number = Number(text);
  if (text !== '' && !Number.isNaN(number)) return /[.e]/.test(text) ? float(number) : int(number);
  return string(text.replace(/'/g, ''));
}

/** By their text: the tables are few, and evaluations ask for each of them anew. */
const signatures = new Map<string, Signature>();

/** Reads a signature; `self` is left out, methods are given their instance apart. */
export function signature(text: string): Signature {
  const known = signatures.get(text);
  if (known) return known;
  const read = readSignature(text);
  signatures.set(text, read);
  return read;
}

function readSignature(text: string): Signature {
  return text
    .split(/\s+/)
    .filter((part) => part !== '')
    .map((part): Parameter => {
      if (part.startsWith('**')) return { name: part.slice(2), aliases: [], default: dict(), kind: 'dictionary-splat' };
      const isSplat = part.startsWith('*');
      const at = part.indexOf('=');
      const [name = '', ...aliases] = part.slice(isSplat ? 1 : 0, at < 0 ? undefined : at).split('|');
      if (isSplat) return { name, aliases, default: tuple([]), kind: 'splat' };
      return { name, aliases, default: at < 0 ? undefined : parseDefault(part.slice(at + 1)), kind: 'plain' };
    });
}

/** The arguments of one library call by name, read as what the library wants them to be. */
export class BoundArguments {
  readonly #values: ReadonlyMap<string, PyValue>;

  constructor(values: ReadonlyMap<string, PyValue>) {
    this.#values = values;
  }

  /** The arguments with more added, from what `asDictionary` gave. */
  static fromDictionary(kept: DictValue, added: readonly (readonly [string, PyValue])[]): BoundArguments {
    const pairs = [...kept.entries.values()].map(
      ({ key, value }) => [key.kind === 'string' ? key.value : '', value] as const,
    );
    return new BoundArguments(new Map([...pairs, ...added]));
  }

  /** All arguments as a value of the language, to be kept on an instance. */
  asDictionary(): DictValue {
    return dict([...this.#values].map(([name, value]) => [string(name), value] as const));
  }

  value(name: string): PyValue {
    return this.#values.get(name) ?? none;
  }

  isNone(name: string): boolean {
    return this.value(name).kind === 'none';
  }

  integer(name: string): number | undefined {
    return integerOf(this.value(name));
  }

  number(name: string): number | undefined {
    return numberOf(this.value(name));
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    return value.kind === 'string' ? value.value : undefined;
  }

  flag(name: string): boolean {
    const value = this.value(name);
    return value.kind === 'bool' ? value.value : (numberOf(value) ?? 0) !== 0;
  }

  tensor(name: string): TensorValue | undefined {
    const value = this.value(name);
    return value.kind === 'tensor' ? value : undefined;
  }

  /** One integer for every axis, or a sequence of them. Undefined when one is not an integer. */
  integers(name: string, count: number): readonly number[] | undefined {
    const value = this.value(name);
    if (value.kind === 'list' || value.kind === 'tuple') {
      const numbers = value.items.map(integerOf);
      if (numbers.some((number) => number === undefined)) return undefined;
      const known = numbers.filter((number) => number !== undefined);
      if (known.length === 1 && count > 1) return Array.from({ length: count }, () => known[0] ?? 0);
      return known.length === count || count === 0 ? known : undefined;
    }
    const number = integerOf(value);
    return number === undefined ? undefined : Array.from({ length: Math.max(1, count) }, () => number);
  }

  /** The first argument that is not known. */
  firstUnknown(): Extract<PyValue, { kind: 'unknown' }> | undefined {
    for (const value of this.#values.values()) {
      if (value.kind === 'unknown') return value;
      if (value.kind === 'list' || value.kind === 'tuple') {
        const inner = value.items.find((item) => item.kind === 'unknown');
        if (inner?.kind === 'unknown') return inner;
      }
    }
    return undefined;
  }
}

/** Binds a call's arguments; raises Python's TypeErrors. */
export function bindSignature(
  machine: Machine,
  name: string,
  parameters: Signature,
  args: Arguments,
  span: SourceSpan,
): BoundArguments {
  const values = new Map<string, PyValue>();
  const plain = parameters.filter((parameter) => parameter.kind === 'plain');
  const splat = parameters.findIndex((parameter) => parameter.kind === 'splat');
  const before = splat < 0 ? plain.length : splat;
  const rest: PyValue[] = [];
  for (const [i, value] of args.positional.entries()) {
    const parameter = i < before ? plain[i] : undefined;
    if (parameter) values.set(parameter.name, value);
    else rest.push(value);
  }
  const splatName = parameters[splat]?.name;
  if (splatName !== undefined) values.set(splatName, tuple(rest));
  else if (rest.length > 0) {
    machine.raise(
      'TypeError',
      `${name}() takes ${String(plain.length)} arguments but ${String(args.positional.length)} were given`,
      span,
    );
  }
  const options = parameters.find((parameter) => parameter.kind === 'dictionary-splat');
  // `x.repeat(repeats=(1, 3))`: sizes that may be given one by one may be given as one sequence by name too.
  const named = parameters.filter((parameter) => parameter.kind !== 'dictionary-splat');
  const extra: [PyValue, PyValue][] = [];
  for (const [key, value] of args.keywords) {
    const parameter = named.find((each) => (each.kind === 'plain' && each.name === key) || each.aliases.includes(key));
    if (parameter) values.set(parameter.name, parameter.kind === 'splat' ? tuple([value]) : value);
    else if (options) extra.push([string(key), value]);
    else if (isMaybe(value)) machine.mayRaise();
    else machine.raise('TypeError', `${name}() got an unexpected keyword argument '${key}'`, span);
  }
  if (options) values.set(options.name, namedEntries(machine, extra));
  for (const parameter of parameters) {
    if (values.has(parameter.name)) continue;
    if (parameter.default === undefined)
      machine.raise('TypeError', `${name}() misses the argument '${parameter.name}'`, span);
    values.set(parameter.name, parameter.default);
  }
  return new BoundArguments(values);
}
