// What functions of Python take, as a short text: a letter for each argument and what it may be. A call with anything else is
// an error in Python, and one with something not known gives something not known.

import type { SourceSpan } from '../../../common/source-span.ts';
import { unknown } from './values.ts';
import type { Arguments, Machine, PyValue, UnknownValue } from './machine.ts';

/** `S` a text, `i` an integer, `n` a number, `a` a text or a tuple of texts, `v` anything; `?` behind it: may be None or missing. */
interface Taken {
  readonly kind: string;
  readonly isOptional: boolean;
}

const signatures = new Map<string, { readonly taken: readonly Taken[]; readonly names: readonly string[] }>();

function signatureOf(text: string): { readonly taken: readonly Taken[]; readonly names: readonly string[] } {
  const known = signatures.get(text);
  if (known) return known;
  const [kinds = '', ...names] = text.split(' ');
  const taken = [...kinds.matchAll(/(\w)(\??)/g)].map(([, kind = '', mark]) => ({ kind, isOptional: mark === '?' }));
  const made = { taken, names };
  signatures.set(text, made);
  return made;
}

/**
 * The arguments of a call in the order of a signature such as `S?i? sep maxsplit`, or the unknown that the call gives. Raises
 * Python's TypeError where one is missing, too many or certainly of another kind.
 */
export function taken(
  machine: Machine,
  signature: string,
  args: Arguments,
  span: SourceSpan,
): readonly (PyValue | undefined)[] | UnknownValue {
  const { taken: wanted, names } = signatureOf(signature);
  const given: (PyValue | undefined)[] = [...args.positional];
  for (const [name, value] of args.keywords) {
    const place = names.indexOf(name);
    if (place < 0 || given[place] !== undefined)
      return machine.raise('TypeError', `unexpected keyword argument '${name}'`, span);
    given[place] = value;
  }
  if (given.length > wanted.length)
    return machine.raise('TypeError', `expected at most ${String(wanted.length)} arguments`, span);
  let lost: UnknownValue | undefined;
  for (const [i, { kind, isOptional }] of wanted.entries()) {
    const value = given[i];
    if (value === undefined || (value.kind === 'none' && isOptional)) {
      if (!isOptional) return machine.raise('TypeError', `expected ${String(wanted.length)} arguments`, span);
      continue;
    }
    const fits = isOfKind(value, kind);
    if (fits === false)
      return machine.raise('TypeError', `an argument of type '${machine.nameOfType(value)}' is not taken here`, span);
    if (fits === undefined)
      lost ??= value.kind === 'unknown' ? value : unknown('What this is given is not known', span);
  }
  return lost ?? given;
}

/** Whether a value is of a kind; undefined where that is not known, as of objects that can stand for others. */
function isOfKind(value: PyValue, kind: string): boolean | undefined {
  if (kind === 'v') return true;
  switch (value.kind) {
    case 'unknown':
    case 'instance':
    case 'tensor':
      return undefined;
    case 'string':
      return kind === 'S' || kind === 'a';
    case 'int':
    case 'bool':
      return kind === 'i' || kind === 'n';
    case 'float':
      return kind === 'n';
    case 'tuple': {
      const parts = kind === 'a' ? value.items.map((item) => isOfKind(item, 'S')) : [false];
      return parts.includes(undefined) ? undefined : parts.every((part) => part === true);
    }
    default:
      return false;
  }
}

/** Whether a value certainly has no hash: it can be no key. */
export function isUnhashable(value: PyValue): boolean {
  switch (value.kind) {
    case 'list':
      return value.isKeys !== true;
    case 'dict':
    case 'partial-dict':
      return true;
    case 'set':
      return value.isFrozen !== true;
    case 'tuple':
      return value.items.some(isUnhashable);
    default:
      return false;
  }
}
