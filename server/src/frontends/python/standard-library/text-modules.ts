// Python's `re`, `string` and `fnmatch` on constant text: architecture strings and name patterns.

import type { SourceSpan } from '../../../common/source-span.ts';
import { unshared } from '../evaluator/effects.ts';
import { nativeClass } from '../evaluator/classes.ts';
import { bool, builtin, dict, int, list, none, string, tuple, unknown } from '../evaluator/values.ts';
import { functionValues, type LibraryFunction, type ModuleTable } from './module-table.ts';
import { patternCost } from './pattern-cost.ts';
import type { Machine, Arguments, ClassValue, InstanceValue, PyValue } from '../evaluator/machine.ts';
import { integerOf } from '../evaluator/numbers.ts';

const longestPattern = 10_000;
const longestSubject = 5_000;
/** A matcher tries some hundred ways in the time of one step, and this many in some milliseconds. */
const mostWays = 2_000_000;
const waysPerStep = 200;

const flagBits: readonly (readonly [string, string, number, string])[] = [
  ['I', 'IGNORECASE', 2, 'i'],
  ['M', 'MULTILINE', 8, 'm'],
  ['S', 'DOTALL', 16, 's'],
  ['X', 'VERBOSE', 64, ''],
  ['A', 'ASCII', 256, ''],
];

/** A Python pattern as one of JavaScript's, or the reason why not. */
function translate(pattern: string, bits: number): RegExp | string {
  if (pattern.length > longestPattern) return 'This regular expression is too long';
  const source = pattern
    .replace(/\(\?P<(\w+)>/g, '(?<$1>')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/\\A/g, '^')
    .replace(/\\Z/g, '$');
  const flags = flagBits.map(([, , bit, flag]) => ((bits & bit) === 0 ? '' : flag)).join('');
  try {
    return new RegExp(source, `g${flags}`);
  } catch {
    return 'This regular expression is not understood';
  }
}

const tooCostly = 'This regular expression may take too long on this text and is not matched';

/** Whether a pattern can be matched in little time whatever the text; the work is paid for in advance. */
function isAffordable(machine: Machine, pattern: RegExp, text: string, span: SourceSpan): boolean {
  const ways = text.length > longestSubject ? Infinity : patternCost(pattern.source, text.length);
  if (ways <= mostWays) {
    machine.tick(span, Math.ceil(ways / waysPerStep));
    return true;
  }
  const message = `${tooCostly}. Avoid repetitions inside repetitions, or search a shorter text.`;
  machine.report({ code: 'limit-pattern', severity: 'warning', message, span });
  return false;
}

function matchObject(type: ClassValue, match: RegExpExecArray, span: SourceSpan): InstanceValue {
  const groups = match.map((text): PyValue => (typeof text === 'string' ? string(text) : none));
  const named = Object.entries(match.groups ?? {}).map(
    ([name, text]) => [name, typeof text === 'string' ? string(text) : none] as const,
  );
  const one = (key: PyValue | undefined, machine: Machine, at: SourceSpan): PyValue => {
    const found =
      key?.kind === 'string'
        ? named.find(([name]) => name === key.value)?.[1]
        : groups[key ? (integerOf(key) ?? 0) : 0];
    return found ?? machine.raise('IndexError', 'no such group', at);
  };
  const group: LibraryFunction = (machine, args, at) => {
    const values = args.positional.map((key) => one(key, machine, at));
    return args.positional.length <= 1 ? one(args.positional[0], machine, at) : tuple(values);
  };
  const end = match.index + match[0].length;
  return {
    kind: 'instance',
    class: type,
    site: { span, callChain: [] },
    attributes: new Map<string, PyValue>(
      functionValues({
        group,
        groups: () => tuple(groups.slice(1)),
        groupdict: () => dict(named.map(([name, value]) => [string(name), value] as const)),
        start: () => int(match.index),
        end: () => int(end),
        span: () => tuple([int(match.index), int(end)]),
      }),
    ),
  };
}

type Operation = (subject: string, pattern: RegExp, args: Arguments, machine: Machine, span: SourceSpan) => PyValue;

/** `$1` and `$<name>` for Python's `\1` and `\g<name>`. */
function replacement(text: string): string {
  return text
    .replace(/\$/g, '$$$$')
    .replace(/\\(\d)/g, '$$$1')
    .replace(/\\g<(\d+)>/g, '$$$1')
    .replace(/\\g<(\w+)>/g, '$$<$1>');
}

function operations(matchClass: ClassValue): Readonly<Record<string, Operation>> {
  const found = (match: RegExpExecArray | null, span: SourceSpan): PyValue =>
    match ? matchObject(matchClass, match, span) : none;
  return {
    match: (subject, pattern, _args, _interpreter, span) =>
      found(new RegExp(pattern.source, pattern.flags.replace('g', 'y')).exec(subject), span),
    fullmatch: (subject, pattern, _args, _interpreter, span) =>
      found(new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace('g', '')).exec(subject), span),
    search: (subject, pattern, _args, _interpreter, span) =>
      found(new RegExp(pattern.source, pattern.flags.replace('g', '')).exec(subject), span),
    finditer: (subject, pattern, _args, _interpreter, span) =>
      list([...subject.matchAll(pattern)].map((match) => matchObject(matchClass, match, span))),
    findall: (subject, pattern) =>
      list(
        [...subject.matchAll(pattern)].map((match) => {
          const groups = match.slice(1).map((text) => string(typeof text === 'string' ? text : ''));
          return groups.length === 0 ? string(match[0]) : groups.length === 1 ? (groups[0] ?? none) : tuple(groups);
        }),
      ),
    split: (subject, pattern) =>
      list(subject.split(pattern).map((text) => (typeof text === 'string' ? string(text) : none))),
  };
}

export const regularExpressionModule: ModuleTable = () => {
  const matchClass = nativeClass(
    'Match',
    [],
    [
      [
        '__getitem__',
        builtin(
          '__getitem__',
          (machine, args, span) => {
            const [self, key] = args.positional;
            return self && key ? machine.callWith(machine.attribute(self, 'group', span), span, key) : none;
          },
          true,
        ),
      ],
    ],
  );
  const patternClass = nativeClass('Pattern', []);
  const all = operations(matchClass);
  /** The pattern of an argument: text, or a compiled pattern. */
  const patternOf = (value: PyValue | undefined, bits: number): RegExp | string => {
    if (value?.kind === 'instance' && value.class === patternClass) {
      const source = value.attributes.get('pattern');
      const flags = value.attributes.get('flags');
      return source?.kind === 'string'
        ? translate(source.value, flags ? (integerOf(flags) ?? 0) : 0)
        : 'This pattern is not known';
    }
    return value?.kind === 'string' ? translate(value.value, bits) : 'This pattern is not known';
  };
  const run = (
    operation: Operation,
    pattern: RegExp | string,
    subject: PyValue | undefined,
    args: Arguments,
    machine: Machine,
    span: SourceSpan,
  ): PyValue => {
    if (subject?.kind === 'unknown') return subject;
    if (subject?.kind !== 'string') return machine.raise('TypeError', 'expected string or bytes-like object', span);
    if (typeof pattern === 'string') return unknown(pattern, span);
    if (!isAffordable(machine, pattern, subject.value, span)) return unknown(tooCostly, span);
    return operation(subject.value, pattern, args, machine, span);
  };
  const substitute =
    (by: PyValue | undefined): Operation =>
    (subject, pattern, _args, machine, span) => {
      if (by?.kind === 'string') return string(subject.replace(pattern, replacement(by.value)));
      let result = '';
      let last = 0;
      for (const match of subject.matchAll(pattern)) {
        const text = machine.callWith(by ?? none, span, matchObject(matchClass, match, span));
        result += subject.slice(last, match.index) + (text.kind === 'string' ? text.value : '');
        last = match.index + match[0].length;
      }
      return string(result + subject.slice(last));
    };
  for (const [name, operation] of Object.entries(all)) {
    const method: LibraryFunction = (machine, args, span) =>
      run(operation, patternOf(args.positional[0], 0), args.positional[1], args, machine, span);
    unshared(patternClass.attributes).set(name, builtin(name, method, true));
  }
  const subMethod: LibraryFunction = (machine, args, span) =>
    run(substitute(args.positional[1]), patternOf(args.positional[0], 0), args.positional[2], args, machine, span);
  unshared(patternClass.attributes).set('sub', builtin('sub', subMethod, true));
  const bitsOf = (args: Arguments, index: number): number =>
    integerOf(args.keywords.get('flags') ?? args.positional[index] ?? none) ?? 0;
  return new Map<string, PyValue>([
    ...Object.entries(all).map(([name, operation]): [string, PyValue] => [
      name,
      builtin(name, (machine, args, span) =>
        run(
          operation,
          patternOf(args.positional[0], name === 'split' ? 0 : bitsOf(args, 2)),
          args.positional[1],
          args,
          machine,
          span,
        ),
      ),
    ]),
    ...functionValues({
      sub: (machine, args, span) =>
        run(
          substitute(args.positional[1]),
          patternOf(args.positional[0], bitsOf(args, 4)),
          args.positional[2],
          args,
          machine,
          span,
        ),
      escape: (_, args) =>
        string(args.positional[0]?.kind === 'string' ? args.positional[0].value.replace(/[^\w]/g, '\\$&') : ''),
      compile: (machine, args, span) => ({
        kind: 'instance',
        class: patternClass,
        site: { span, callChain: [...machine.callStack] },
        attributes: new Map<string, PyValue>([
          ['pattern', args.positional[0] ?? none],
          ['flags', int(bitsOf(args, 1))],
        ]),
      }),
    }),
    ...flagBits.flatMap(([short, long, bit]): [string, PyValue][] => [
      [short, int(bit)],
      [long, int(bit)],
    ]),
    ['Match', matchClass],
    ['Pattern', patternClass],
  ]);
};

/** A shell pattern with `*`, `?` and `[…]`. */
function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`);
}

const fnmatch: LibraryFunction = (machine, args, span) => {
  const [name, pattern] = args.positional;
  if (name?.kind !== 'string' || pattern?.kind !== 'string') return unknown('This pattern is not known', span);
  const fits = wildcard(pattern.value);
  return isAffordable(machine, fits, name.value, span) ? bool(fits.test(name.value)) : unknown(tooCostly, span);
};

const filterNames: LibraryFunction = (machine, args, span) => {
  const [names, pattern] = args.positional;
  const items = machine.iterate(names ?? none, span);
  if ('kind' in items || pattern?.kind !== 'string') return unknown('This pattern is not known', span);
  const fits = wildcard(pattern.value);
  const texts = items.filter((item) => item.kind === 'string');
  return texts.every((text) => isAffordable(machine, fits, text.value, span))
    ? list(texts.filter((text) => fits.test(text.value)))
    : unknown(tooCostly, span);
};

export const fnmatchModule: ModuleTable = () =>
  new Map(functionValues({ fnmatch, fnmatchcase: fnmatch, filter: filterNames }));

export const stringModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ['ascii_lowercase', string('abcdefghijklmnopqrstuvwxyz')],
    ['ascii_uppercase', string('ABCDEFGHIJKLMNOPQRSTUVWXYZ')],
    ['ascii_letters', string('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')],
    ['digits', string('0123456789')],
  ]);
