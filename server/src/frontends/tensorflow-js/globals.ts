// What every JavaScript program finds without importing it, as far as networks are built with it.

import type { SourceSpan } from '../../common/source-span.ts';
import { itemsOf, type CallFunction } from './members.ts';
import { mathFunctions, toNumber, wholePart } from './numbers.ts';
import {
  array,
  boolean,
  native,
  nothing,
  number,
  object,
  text,
  textOf,
  truth,
  unknown,
  type JsValue,
  type ObjectValue,
} from './values.ts';

/** Longer lists are made by no network. */
const longest = 100_000;

function list(length: JsValue | undefined): JsValue {
  const count = length === undefined ? 0 : toNumber(length)?.value;
  if (count === undefined || !Number.isInteger(count) || count < 0 || count > longest)
    return unknown('the length of a list is not known');
  return array(Array.from({ length: count }, () => nothing));
}

/** `Array.from({ length: 3 }, (_, i) => …)` and the like. */
function listFrom([source = nothing, run]: readonly JsValue[], call: CallFunction, span: SourceSpan): JsValue {
  const length = source.kind === 'object' ? list(source.entries.get('length')) : source;
  const items = itemsOf(length);
  if (items === undefined) return length.kind === 'unknown' ? length : unknown('what a list is made from is not known');
  return array(run === undefined ? [...items] : items.map((item, i) => call(run, [item, number(i)], span)));
}

const numbers = (args: readonly JsValue[]) => {
  const known = args.map(toNumber).filter((value) => value !== undefined);
  return known.length === args.length ? known : undefined;
};

const math: ObjectValue = {
  kind: 'object',
  entries: new Map<string, JsValue>([
    ['PI', number(Math.PI)],
    ['E', number(Math.E)],
    ['SQRT2', number(Math.SQRT2)],
    ...Object.entries(mathFunctions).map(
      ([name, rule]) =>
        [
          name,
          native(`Math.${name}`, (args, span) => {
            const known = numbers(args);
            return known === undefined ? unknown(`what Math.${name} is given is not known`) : rule(known, span);
          }),
        ] as const,
    ),
  ]),
  missing: (name) => unknown(`Math.${name} is not known`),
};

const entriesOf = (value: JsValue | undefined): readonly (readonly [string, JsValue])[] | undefined =>
  value?.kind === 'object'
    ? [...value.entries]
    : value?.kind === 'array' && value.lost === undefined
      ? value.items.map((item, i) => [String(i), item] as const)
      : undefined;

const objectFunctions: Readonly<Record<string, (args: readonly JsValue[]) => JsValue | undefined>> = {
  keys: ([value]) => {
    const entries = entriesOf(value);
    return entries && array(entries.map(([key]) => text(key)));
  },
  values: ([value]) => {
    const entries = entriesOf(value);
    return entries && array(entries.map(([, held]) => held));
  },
  entries: ([value]) => {
    const entries = entriesOf(value);
    return entries && array(entries.map(([key, held]) => array([text(key), held])));
  },
  assign: ([target, ...sources]) => {
    if (target?.kind !== 'object') return undefined;
    for (const source of sources) {
      const entries = entriesOf(source) ?? (source.kind === 'undefined' || source.kind === 'null' ? [] : undefined);
      if (entries === undefined) return undefined;
      for (const [key, value] of entries) target.entries.set(key, value);
    }
    return target;
  },
  freeze: ([value]) => value,
  fromEntries: ([value]) => {
    const pairs = value && itemsOf(value);
    return (
      pairs &&
      object(
        pairs.flatMap((pair) =>
          pair.kind === 'array' ? [[textOf(pair.items[0] ?? nothing) ?? '', pair.items[1] ?? nothing] as const] : [],
        ),
      )
    );
  },
};

const objectNamespace: ObjectValue = {
  kind: 'object',
  entries: new Map<string, JsValue>(
    Object.entries(objectFunctions).map(([name, run]) => [
      name,
      native(name, (args) => run(args) ?? unknown(`what Object.${name} is given is not known`)),
    ]),
  ),
};

/** Does nothing that a network could tell. */
const silent: ObjectValue = { kind: 'object', entries: new Map(), missing: (name) => native(name, () => nothing) };

function parsed([value = nothing]: readonly JsValue[], whole: boolean, span: SourceSpan): JsValue {
  if (value.kind === 'number') return whole ? wholePart([value], span) : value;
  const written = textOf(value);
  if (written === undefined) return unknown('a number that is read is not known');
  return number(whole ? Number.parseInt(written, 10) : Number.parseFloat(written));
}

/** Undefined for a name that is none of JavaScript's own. */
export function globalValue(name: string, call: CallFunction): JsValue | undefined {
  switch (name) {
    case 'Math':
      return math;
    case 'Object':
      return objectNamespace;
    case 'console':
      return silent;
    case 'NaN':
      return number(NaN);
    case 'Infinity':
      return number(Infinity);
    case 'Array':
      return native('Array', (args) =>
        args.length === 1 && args[0]?.kind === 'number' ? list(args[0]) : array([...args]),
      );
    case 'Array.from':
      return native(name, (args, span) => listFrom(args, call, span));
    case 'Array.of':
      return native(name, (args) => array([...args]));
    case 'Array.isArray':
      return native(name, ([value = nothing]) => (value.kind === 'unknown' ? value : boolean(value.kind === 'array')));
    case 'Number':
      return native(name, ([value = number(0)]) => toNumber(value) ?? unknown('a number is not known'));
    case 'String':
      return native(name, ([value = text('')]) => {
        const made = textOf(value);
        return made === undefined ? unknown('a text is not known') : text(made);
      });
    case 'Boolean':
      return native(name, ([value = nothing]) => {
        const known = truth(value);
        return known === undefined ? value : boolean(known);
      });
    case 'parseInt':
      return native(name, (args, span) => parsed(args, true, span));
    case 'parseFloat':
      return native(name, (args, span) => parsed(args, false, span));
    default:
      return undefined;
  }
}
