// Properties and methods of JavaScript's own values that programs use to build networks: arrays, texts, objects, numbers.

import type { SourceSpan } from '../../common/source-span.ts';
import { toNumber } from './numbers.ts';
import {
  array,
  boolean,
  native,
  nothing,
  number,
  text,
  textOf,
  truth,
  unknown,
  type ArrayValue,
  type JsValue,
} from './values.ts';

/** Calls a function of the program. */
export type CallFunction = (target: JsValue, args: readonly JsValue[], span: SourceSpan) => JsValue;

type ArrayMethod = (items: ArrayValue, args: readonly JsValue[], call: CallFunction, span: SourceSpan) => JsValue;

const indexFrom = (value: JsValue | undefined, length: number, usual: number): number => {
  const given = value === undefined || value.kind === 'undefined' ? usual : (toNumber(value)?.value ?? NaN);
  return given < 0 ? Math.max(0, given + length) : Math.min(given, length);
};

/** Each item through a function of the program, which is given its place too. */
function each(items: ArrayValue, args: readonly JsValue[], call: CallFunction, span: SourceSpan): readonly JsValue[] {
  const [run = nothing] = args;
  return [...items.items].map((item, i) => call(run, [item, number(i), items], span));
}

/** The items whose answer is true; undefined where one is not known. */
function chosen(
  items: ArrayValue,
  args: readonly JsValue[],
  call: CallFunction,
  span: SourceSpan,
): readonly number[] | undefined {
  const answers = each(items, args, call, span).map(truth);
  return answers.includes(undefined) ? undefined : answers.flatMap((answer, i) => (answer === true ? [i] : []));
}

function same(left: JsValue, right: JsValue | undefined): boolean {
  if (right === undefined) return false;
  return 'value' in left && 'value' in right ? left.value === right.value : left === right;
}

function flattened(items: readonly JsValue[], depth: number): JsValue[] {
  return items.flatMap((item) => (item.kind === 'array' && depth > 0 ? flattened(item.items, depth - 1) : [item]));
}

function reduce(items: readonly JsValue[], args: readonly JsValue[], call: CallFunction, span: SourceSpan): JsValue {
  const [run = nothing, start] = args;
  const [first = nothing, ...rest] = start === undefined ? items : [start, ...items];
  const shift = start === undefined ? 1 : 0;
  return rest.reduce((sum, item, i) => call(run, [sum, item, number(i + shift)], span), first);
}

const arrayMethods: Readonly<Record<string, ArrayMethod>> = {
  push: (items, args) => number(items.items.push(...args)),
  pop: ({ items }) => items.pop() ?? nothing,
  shift: ({ items }) => items.shift() ?? nothing,
  unshift: ({ items }, args) => number(items.unshift(...args)),
  map: (items, args, call, span) => array([...each(items, args, call, span)]),
  flatMap: (items, args, call, span) => array(flattened(each(items, args, call, span), 1)),
  forEach: (items, args, call, span) => {
    each(items, args, call, span);
    return nothing;
  },
  filter: (items, args, call, span) => {
    const found = chosen(items, args, call, span);
    return found === undefined
      ? unknown('what is left of a list is not known')
      : array(found.map((i) => items.items[i] ?? nothing));
  },
  find: (items, args, call, span) => {
    const found = chosen(items, args, call, span);
    return found === undefined
      ? unknown('what is found in a list is not known')
      : (items.items[found[0] ?? -1] ?? nothing);
  },
  findIndex: (items, args, call, span) => {
    const found = chosen(items, args, call, span);
    return found === undefined ? unknown('what is found in a list is not known') : number(found[0] ?? -1);
  },
  some: (items, args, call, span) => {
    const found = chosen(items, args, call, span);
    return found === undefined ? unknown('an answer of a list is not known') : boolean(found.length > 0);
  },
  every: (items, args, call, span) => {
    const found = chosen(items, args, call, span);
    return found === undefined
      ? unknown('an answer of a list is not known')
      : boolean(found.length === items.items.length);
  },
  reduce: ({ items }, args, call, span) => reduce(items, args, call, span),
  reduceRight: ({ items }, args, call, span) => reduce(items.toReversed(), args, call, span),
  slice: ({ items }, [from, to]) =>
    array(items.slice(indexFrom(from, items.length, 0), indexFrom(to, items.length, items.length))),
  splice: ({ items }, [from, count, ...added]) => {
    const start = indexFrom(from, items.length, 0);
    return array(items.splice(start, count === undefined ? Infinity : (toNumber(count)?.value ?? 0), ...added));
  },
  concat: ({ items }, args) => array([...items, ...flattened(args, 1)]),
  join: (items, [between]) => {
    const parts = items.items.map(textOf);
    const sign = between === undefined ? ',' : textOf(between);
    return parts.includes(undefined) || sign === undefined ? unknown('a text is not known') : text(parts.join(sign));
  },
  includes: ({ items }, [wanted]) => boolean(items.some((item) => same(item, wanted))),
  indexOf: ({ items }, [wanted]) => number(items.findIndex((item) => same(item, wanted))),
  reverse: (items) => {
    items.items.reverse();
    return items;
  },
  toReversed: ({ items }) => array(items.toReversed()),
  fill: (items, [value = nothing, from, to]) => {
    const { length } = items.items;
    items.items.fill(value, indexFrom(from, length, 0), indexFrom(to, length, length));
    return items;
  },
  flat: ({ items }, [depth]) => array(flattened(items, depth === undefined ? 1 : (toNumber(depth)?.value ?? 1))),
  at: ({ items }, [place]) => items.at(toNumber(place ?? nothing)?.value ?? 0) ?? nothing,
  keys: ({ items }) => array(items.map((_, i) => number(i))),
  values: ({ items }) => array([...items]),
  entries: ({ items }) => array(items.map((item, i) => array([number(i), item]))),
};

export function arrayMember(items: ArrayValue, name: string, call: CallFunction): JsValue {
  if (items.lost !== undefined) return unknown(items.lost);
  if (name === 'length') return number(items.items.length);
  const method = Object.hasOwn(arrayMethods, name) ? arrayMethods[name] : undefined;
  if (method === undefined) return unknown(`the method ${name} of a list is not followed`);
  return native(name, (args, span) => method(items, args, call, span));
}

const textMethods: Readonly<Record<string, (value: string, args: readonly string[]) => JsValue>> = {
  toUpperCase: (value) => text(value.toUpperCase()),
  toLowerCase: (value) => text(value.toLowerCase()),
  trim: (value) => text(value.trim()),
  split: (value, [sign]) => array((sign === undefined ? [value] : value.split(sign)).map(text)),
  repeat: (value, [count]) => text(value.repeat(Math.min(1000, Math.max(0, Number(count))))),
  includes: (value, [part = '']) => boolean(value.includes(part)),
  startsWith: (value, [part = '']) => boolean(value.startsWith(part)),
  endsWith: (value, [part = '']) => boolean(value.endsWith(part)),
  concat: (value, parts) => text(value + parts.join('')),
  slice: (value, [from, to]) => text(value.slice(Number(from ?? 0), to === undefined ? undefined : Number(to))),
  substring: (value, [from, to]) => text(value.substring(Number(from ?? 0), to === undefined ? undefined : Number(to))),
  indexOf: (value, [part = '']) => number(value.indexOf(part)),
  charAt: (value, [place]) => text(value.charAt(Number(place ?? 0))),
  padStart: (value, [length, sign]) => text(value.padStart(Math.min(1000, Number(length)), sign)),
  toString: (value: string) => text(value),
};

export function textMember(value: string, name: string): JsValue {
  if (name === 'length') return number(value.length);
  if (/^\d+$/.test(name)) return value[Number(name)] === undefined ? nothing : text(value[Number(name)] ?? '');
  const method = Object.hasOwn(textMethods, name) ? textMethods[name] : undefined;
  if (method === undefined) return unknown(`the method ${name} of a text is not followed`);
  return native(name, (args) => {
    const given = args.map(textOf);
    const known = given.filter((each) => each !== undefined);
    return known.length < given.length ? unknown('a text is not known') : method(value, known);
  });
}

export function numberMember(value: number, name: string): JsValue {
  if (name === 'toString') return native(name, () => text(String(value)));
  if (name === 'toFixed')
    return native(name, ([digits]) =>
      text(value.toFixed(Math.min(20, Math.max(0, toNumber(digits ?? nothing)?.value || 0)))),
    );
  return unknown(`${name} of a number is not followed`);
}

/** The items of what can be gone through; undefined where they are not known. */
export function itemsOf(value: JsValue): readonly JsValue[] | undefined {
  if (value.kind === 'array') return value.lost === undefined ? value.items : undefined;
  if (value.kind === 'string') return Array.from(value.value, text);
  return undefined;
}
