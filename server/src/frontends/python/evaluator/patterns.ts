// Whether a value fits a pattern of `match`, and what that binds.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Pattern } from '../syntax/ast.ts';
import { findAttribute } from './attributes.ts';
import { findMethod, isWhollyWritten } from './classes.ts';
import { equal } from './operators.ts';
import { hasKey, partial, readEntry } from './partial-dictionary.ts';
import { PythonError } from './python-error.ts';
import { isInstance } from './type-tests.ts';
import { dict, isCertainKey, keyOf, list } from './values.ts';
import type { ClassValue, Machine, PyValue, Scope } from './machine.ts';

/** Every name that a pattern may bind. */
export function namesOf(pattern: Pattern): readonly string[] {
  switch (pattern.kind) {
    case 'capture':
      return [pattern.name];
    case 'rest':
      return pattern.name === undefined ? [] : [pattern.name];
    case 'as':
      return [pattern.name, ...namesOf(pattern.pattern)];
    case 'alternatives':
    case 'sequence':
      return pattern.patterns.flatMap(namesOf);
    case 'mapping':
      return [
        ...(pattern.rest === undefined ? [] : [pattern.rest]),
        ...pattern.entries.flatMap((entry) => namesOf(entry.pattern)),
      ];
    case 'class':
      return [...pattern.positional, ...pattern.named.map((each) => each.pattern)].flatMap(namesOf);
    case 'unsupported':
      return pattern.names;
    case 'wildcard':
    case 'value':
      return [];
  }
}

/** Whether a value fits; undefined where that is not known. What it binds is gathered, as nothing is bound unless all fits. */
export function matches(
  machine: Machine,
  scope: Scope,
  pattern: Pattern,
  subject: PyValue,
  span: SourceSpan,
  captures: Map<string, PyValue>,
): boolean | undefined {
  const fits = (part: Pattern, value: PyValue): boolean | undefined =>
    matches(machine, scope, part, value, span, captures);
  switch (pattern.kind) {
    case 'wildcard':
      return true;
    case 'capture':
      captures.set(pattern.name, subject);
      return true;
    case 'rest':
    case 'unsupported':
      return undefined;
    case 'value': {
      const wanted = machine.evaluate(scope, pattern.expression);
      if (subject.kind === 'unknown') return undefined;
      // `None`, `True` and `False` are compared by what they are.
      if (pattern.expression.kind === 'constant')
        return (
          subject.kind === wanted.kind &&
          (subject.kind !== 'bool' || wanted.kind !== 'bool' || subject.value === wanted.value)
        );
      return equal(machine, wanted, subject, span);
    }
    case 'alternatives':
      for (const alternative of pattern.patterns) {
        const answer = fits(alternative, subject);
        if (answer !== false) return answer;
      }
      return false;
    case 'as': {
      const answer = fits(pattern.pattern, subject);
      if (answer === true) captures.set(pattern.name, subject);
      return answer;
    }
    case 'sequence': {
      const items = itemsOf(machine, subject, span);
      if (items === undefined || items === false) return items;
      return fitsItems(pattern.patterns, items, fits, captures);
    }
    case 'mapping':
      return fitsMapping(machine, scope, pattern, subject, fits, captures);
    case 'class': {
      const type = machine.evaluate(scope, pattern.type);
      const isOne = isInstance(machine, subject, type, span);
      if (type.kind !== 'class' || isOne === undefined) return undefined;
      return isOne && fitsClass(machine, type, pattern, subject, span, fits);
    }
  }
}

/** All answers as one: false as soon as one is. */
function every(answers: Iterable<boolean | undefined>): boolean | undefined {
  let all: boolean | undefined = true;
  for (const answer of answers) {
    if (answer === false) return false;
    if (answer === undefined) all = undefined;
  }
  return all;
}

/** The items of what a sequence pattern takes; false of what it does not. */
function itemsOf(machine: Machine, subject: PyValue, span: SourceSpan): readonly PyValue[] | false | undefined {
  switch (subject.kind) {
    case 'list':
    case 'tuple':
      return subject.items;
    case 'range': {
      const items = machine.iterate(subject, span);
      return 'kind' in items ? undefined : items;
    }
    case 'unknown':
    case 'tensor':
      return undefined;
    case 'instance':
      return isWhollyWritten(subject) ? false : undefined;
    default:
      return false;
  }
}

function* fitsEach(
  patterns: readonly Pattern[],
  items: readonly PyValue[],
  fits: (part: Pattern, value: PyValue) => boolean | undefined,
): Generator<boolean | undefined> {
  for (const [i, pattern] of patterns.entries()) {
    const item = items[i];
    yield item !== undefined && fits(pattern, item);
  }
}

function fitsItems(
  patterns: readonly Pattern[],
  items: readonly PyValue[],
  fits: (part: Pattern, value: PyValue) => boolean | undefined,
  captures: Map<string, PyValue>,
): boolean | undefined {
  const at = patterns.findIndex(({ kind }) => kind === 'rest');
  if (at < 0) return patterns.length === items.length && every(fitsEach(patterns, items, fits));
  const behind = patterns.length - at - 1;
  if (items.length < at + behind) return false;
  const rest = patterns[at];
  if (rest?.kind === 'rest' && rest.name !== undefined)
    captures.set(rest.name, list(items.slice(at, items.length - behind)));
  return every([
    every(fitsEach(patterns.slice(0, at), items, fits)),
    every(fitsEach(patterns.slice(at + 1), items.slice(items.length - behind), fits)),
  ]);
}

function fitsMapping(
  machine: Machine,
  scope: Scope,
  { entries, rest }: Extract<Pattern, { kind: 'mapping' }>,
  subject: PyValue,
  fits: (part: Pattern, value: PyValue) => boolean | undefined,
  captures: Map<string, PyValue>,
): boolean | undefined {
  if (subject.kind === 'unknown') return undefined;
  if (subject.kind === 'instance') return isWhollyWritten(subject) ? false : undefined;
  if (subject.kind !== 'dict' && subject.kind !== 'partial-dict') return false;
  const keys = entries.map(({ key }) => machine.evaluate(scope, key));
  if (!keys.every((key) => isCertainKey(key)) || (rest !== undefined && partial(subject))) return undefined;
  const answers = entries.map(({ pattern }, i) => {
    const key = keys[i];
    if (key === undefined) return false;
    const value = readEntry(subject, key);
    const isThere = hasKey(subject, key);
    return isThere === true && value !== undefined ? fits(pattern, value) : isThere;
  });
  const taken = new Set(keys.map((key) => keyOf(key)));
  if (rest !== undefined)
    captures.set(
      rest,
      dict([...subject.entries].flatMap(([key, entry]) => (taken.has(key) ? [] : [[entry.key, entry.value] as const]))),
    );
  return every(answers);
}

/** Types whose one positional pattern takes the value itself. */
const takesItself = /^(bool|bytearray|bytes|dict|float|frozenset|int|list|set|str|tuple)$/;

function fitsClass(
  machine: Machine,
  type: ClassValue,
  { positional, named }: Extract<Pattern, { kind: 'class' }>,
  subject: PyValue,
  span: SourceSpan,
  fits: (part: Pattern, value: PyValue) => boolean | undefined,
): boolean | undefined {
  const isItself =
    positional.length === 1 && type.mro.some((each) => each.span === undefined && takesItself.test(each.name));
  const order = findMethod(type, '__match_args__');
  const names: string[] = [];
  if (!isItself)
    for (const [i] of positional.entries()) {
      const name = order?.kind === 'tuple' ? order.items[i] : undefined;
      // What has no order raises, which nobody means.
      if (name?.kind !== 'string') return undefined;
      names.push(name.value);
    }
  const attribute = (name: string): PyValue | undefined => {
    try {
      return machine.guarded(() => findAttribute(machine, subject, name, span));
    } catch (error) {
      if (error instanceof PythonError && error.exception.class.name === 'AttributeError') return undefined;
      throw error;
    }
  };
  const parts = [
    ...positional.map((pattern, i) => ({ pattern, name: names[i] })),
    ...named.map(({ pattern, name }) => ({ pattern, name })),
  ];
  return every(
    parts.map(({ pattern, name }) => {
      const value = name === undefined ? subject : attribute(name);
      if (value?.kind === 'unknown' && value.isMaybe) return undefined;
      return value !== undefined && fits(pattern, value);
    }),
  );
}
