// Python's `re`, `string` and `fnmatch` on constant text: architecture strings and name patterns.

import type { SourceSpan } from '../../../common/source-span.ts';
import { unshared } from '../evaluator/effects.ts';
import { nativeClass } from '../evaluator/classes.ts';
import { taken } from '../evaluator/argument-kinds.ts';
import { bool, builtin, dict, int, list, none, string, tuple, unknown } from '../evaluator/values.ts';
import { functionValues, type LibraryFunction, type ModuleTable } from './module-table.ts';
import { linearMatches, type Anchor, type PatternMatch } from './linear-pattern.ts';
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

/** A pattern as the source writes it, with its flags as JavaScript and the linear engine name them. */
interface ReadPattern {
  readonly source: string;
  readonly flags: string;
}

function readPattern(source: string, bits: number): ReadPattern | string {
  if (source.length > longestPattern) return 'This regular expression is too long';
  return { source, flags: flagBits.map(([, , bit, flag]) => ((bits & bit) === 0 ? '' : flag)).join('') };
}

/** A Python pattern as one of JavaScript's, for what the linear engine does not know; undefined where it is none either. */
function translate({ source, flags }: ReadPattern): RegExp | undefined {
  const translated = source
    .replace(/\(\?P<(\w+)>/g, '(?<$1>')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/\\A/g, '^')
    .replace(/\\Z/g, '$');
  try {
    return new RegExp(translated, `g${flags}`);
  } catch {
    return undefined;
  }
}

const tooCostly = 'This regular expression may take too long on this text and is not matched';

/** Whether a pattern can be matched with backtracking in little time whatever the text; the work is paid for in advance. */
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

/**
 * The matches of a pattern: in time proportional to the text, and with backtracking only for look-around and back-references,
 * where that is affordable. A sentence where there is no answer.
 */
function matchesOf(
  machine: Machine,
  pattern: ReadPattern,
  subject: string,
  anchor: Anchor,
  span: SourceSpan,
): readonly PatternMatch[] | string {
  machine.tick(span, Math.ceil((pattern.source.length * (subject.length + 1)) / waysPerStep));
  const linear = linearMatches(pattern.source, pattern.flags, subject, anchor);
  if (linear !== undefined) return linear;
  const expression = translate(pattern);
  if (expression === undefined) return 'This regular expression is not understood';
  if (!isAffordable(machine, expression, subject, span)) return tooCostly;
  return backtrackingMatches(expression, subject, anchor);
}

function backtrackingMatches({ source, flags }: RegExp, subject: string, anchor: Anchor): readonly PatternMatch[] {
  const anchored = { anywhere: source, start: source, whole: `^(?:${source})$` }[anchor];
  const expression = new RegExp(anchored, anchor === 'start' ? flags.replace('g', 'gy') : flags);
  const found = [...subject.matchAll(expression)].map((match): PatternMatch => ({
    index: match.index,
    texts: match,
    named: Object.entries(match.groups ?? {}),
  }));
  return anchor === 'anywhere' ? found : found.slice(0, 1);
}

function matchObject(type: ClassValue, match: PatternMatch, span: SourceSpan): InstanceValue {
  const groups = match.texts.map(valueOf);
  const named = match.named.map(([name, text]) => [name, valueOf(text)] as const);
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
  const end = endOf(match);
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

const valueOf = (text: string | undefined): PyValue => (text === undefined ? none : string(text));
const endOf = ({ index, texts }: PatternMatch): number => index + (texts[0] ?? '').length;

/** What is done with the matches of a pattern in a text. */
interface Operation {
  readonly anchor: Anchor;
  readonly give: (matches: readonly PatternMatch[], subject: string, machine: Machine, span: SourceSpan) => PyValue;
}

/** Python's template of a replacement: `\1`, `\g<1>` and `\g<name>` stand for groups. */
function expanded(template: string, { texts, named }: PatternMatch): string {
  return template.replace(/\\(?:(\d)|g<(\w+)>|([\\n]))/g, (_, digit?: string, name?: string, sign?: string) => {
    if (sign !== undefined) return sign === 'n' ? '\n' : sign;
    const key = digit ?? name ?? '';
    const text = /^\d+$/.test(key) ? texts[Number(key)] : named.find(([known]) => known === key)?.[1];
    return text ?? '';
  });
}

function operations(matchClass: ClassValue): Readonly<Record<string, Operation>> {
  const first = (matches: readonly PatternMatch[], span: SourceSpan): PyValue =>
    matches[0] ? matchObject(matchClass, matches[0], span) : none;
  return {
    match: { anchor: 'start', give: (matches, _subject, _machine, span) => first(matches, span) },
    fullmatch: { anchor: 'whole', give: (matches, _subject, _machine, span) => first(matches, span) },
    search: { anchor: 'anywhere', give: (matches, _subject, _machine, span) => first(matches, span) },
    finditer: {
      anchor: 'anywhere',
      give: (matches, _subject, _machine, span) => list(matches.map((match) => matchObject(matchClass, match, span))),
    },
    findall: {
      anchor: 'anywhere',
      give: (matches) =>
        list(
          matches.map(({ texts: [whole, ...groups] }) => {
            const values = groups.map((text) => string(text ?? ''));
            return values.length === 0 ? valueOf(whole) : values.length === 1 ? (values[0] ?? none) : tuple(values);
          }),
        ),
    },
    split: {
      anchor: 'anywhere',
      give: (matches, subject) => {
        let last = 0;
        const parts = matches.flatMap((match): readonly PyValue[] => {
          const before = subject.slice(last, match.index);
          last = endOf(match);
          return [string(before), ...match.texts.slice(1).map(valueOf)];
        });
        return list([...parts, string(subject.slice(last))]);
      },
    },
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
  const patternOf = (value: PyValue | undefined, bits: number): ReadPattern | string => {
    if (value?.kind === 'instance' && value.class === patternClass) {
      const source = value.attributes.get('pattern');
      const flags = value.attributes.get('flags');
      return source?.kind === 'string'
        ? readPattern(source.value, flags ? (integerOf(flags) ?? 0) : 0)
        : 'This pattern is not known';
    }
    return value?.kind === 'string' ? readPattern(value.value, bits) : 'This pattern is not known';
  };
  const run = (
    { anchor, give }: Operation,
    pattern: ReadPattern | string,
    subject: PyValue | undefined,
    machine: Machine,
    span: SourceSpan,
  ): PyValue => {
    if (subject?.kind === 'unknown') return subject;
    if (subject?.kind !== 'string') return machine.raise('TypeError', 'expected string or bytes-like object', span);
    if (typeof pattern === 'string') return unknown(pattern, span);
    const matches = matchesOf(machine, pattern, subject.value, anchor, span);
    return typeof matches === 'string' ? unknown(matches, span) : give(matches, subject.value, machine, span);
  };
  const substitute = (by: PyValue | undefined): Operation => ({
    anchor: 'anywhere',
    give: (matches, subject, machine, span) => {
      let result = '';
      let last = 0;
      for (const match of matches) {
        result += subject.slice(last, match.index);
        last = endOf(match);
        if (by?.kind === 'unknown') return by;
        if (by?.kind === 'string') result += expanded(by.value, match);
        else {
          const text = machine.callWith(by ?? none, span, matchObject(matchClass, match, span));
          if (text.kind !== 'string')
            return text.kind === 'unknown' ? text : machine.raise('TypeError', 'expected str instance', span);
          result += text.value;
        }
      }
      return string(result + subject.slice(last));
    },
  });
  for (const [name, operation] of Object.entries(all)) {
    const method: LibraryFunction = (machine, args, span) =>
      run(operation, patternOf(args.positional[0], 0), args.positional[1], machine, span);
    unshared(patternClass).attributes.set(name, builtin(name, method, true));
  }
  const subMethod: LibraryFunction = (machine, args, span) =>
    run(substitute(args.positional[1]), patternOf(args.positional[0], 0), args.positional[2], machine, span);
  unshared(patternClass).attributes.set('sub', builtin('sub', subMethod, true));
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
          machine,
          span,
        ),
      ),
    ]),
    ...functionValues({
      sub: (machine, args, span) =>
        /^(none|int|float|bool|list|tuple|dict|set)$/.test(args.positional[1]?.kind ?? '')
          ? machine.raise('TypeError', 'the replacement is no text', span)
          : run(
              substitute(args.positional[1]),
              patternOf(args.positional[0], bitsOf(args, 4)),
              args.positional[2],
              machine,
              span,
            ),
      escape: (machine, args, span) => {
        const given = taken(machine, 'S', args, span);
        if ('kind' in given) return given;
        const text = given[0]?.kind === 'string' ? given[0].value : '';
        return string(text.replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, '\\$&'));
      },
      compile: (machine, args, span) => {
        const [source] = args.positional;
        // What is compiled already comes back.
        if (source?.kind === 'instance' && source.class === patternClass) return source;
        const given = taken(machine, 'Sv? pattern flags', args, span);
        if ('kind' in given) return given;
        return {
          kind: 'instance',
          class: patternClass,
          site: { span, callChain: [...machine.callStack] },
          attributes: new Map<string, PyValue>([
            ['pattern', args.positional[0] ?? none],
            ['flags', int(bitsOf(args, 1))],
          ]),
        };
      },
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
