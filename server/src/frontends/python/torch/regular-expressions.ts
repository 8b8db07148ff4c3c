// `re` on constant text: architecture strings are taken apart with it. Python's syntax is JavaScript's but for named groups.

import { builtin, list, none, string, tuple, unknown, type Arguments, type PyValue } from '../evaluator/values.ts';

const longestText = 10_000;

function textAt(args: Arguments, index: number): string | undefined {
  const value = args.positional[index];
  return value?.kind === 'string' ? value.value : undefined;
}

/** The pattern in JavaScript's syntax; undefined when it has none. */
function compile(pattern: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(
      pattern
        .replace(/\(\?P</g, '(?<')
        .replace(/\\Z/g, '$')
        .replace(/\\A/g, '^'),
      flags,
    );
  } catch {
    // Not an error of the user's: Python knows patterns that JavaScript does not.
    return undefined;
  }
}

function matchValue(match: RegExpExecArray | null): PyValue {
  if (match === null) return none;
  const group = (args: Arguments): PyValue => {
    const key = args.positional[0];
    const text = key?.kind === 'string' ? match.groups?.[key.value] : match[key?.kind === 'int' ? key.value : 0];
    return text === undefined ? none : string(text);
  };
  const type: PyValue & { kind: 'class' } = {
    kind: 'class',
    name: 'Match',
    bases: [],
    mro: [],
    attributes: new Map(),
  };
  type.mro = [type];
  return {
    kind: 'instance',
    class: type,
    attributes: new Map<string, PyValue>([
      ['group', builtin('group', (_, args) => group(args))],
      [
        'groups',
        builtin('groups', () => tuple(match.slice(1).map((text) => (text === undefined ? none : string(text))))),
      ],
      ['start', builtin('start', () => ({ kind: 'int', value: match.index }))],
      ['end', builtin('end', () => ({ kind: 'int', value: match.index + match[0].length }))],
    ]),
    site: { span: { document: '', start: 0, end: 0 }, callChain: [] },
  };
}

type Use = (expression: RegExp, text: string, args: Arguments) => PyValue;

const uses: Readonly<Record<string, Use>> = {
  match: (expression, text) => {
    const found = expression.exec(text);
    return matchValue(found?.index === 0 ? found : null);
  },
  fullmatch: (expression, text) => {
    const found = expression.exec(text);
    return matchValue(found?.index === 0 && found[0].length === text.length ? found : null);
  },
  search: (expression, text) => matchValue(expression.exec(text)),
  findall: (expression, text) =>
    list(
      [...text.matchAll(new RegExp(expression.source, 'g'))].map((match) =>
        match.length > 2 ? tuple(match.slice(1).map((part) => string(part))) : string(match[1] ?? match[0]),
      ),
    ),
  split: (expression, text) => list(text.split(new RegExp(expression.source)).map((part) => string(part))),
};

/** Runs one use; the text stands at `first` among the arguments. */
function run(use: Use, pattern: string, args: Arguments, first: number): PyValue | undefined {
  const text = textAt(args, first);
  const expression = compile(pattern, '');
  if (text === undefined || expression === undefined || text.length > longestText) return undefined;
  return use(expression, text, args);
}

function substitute(pattern: string, replacement: string | undefined, text: string | undefined): PyValue | undefined {
  const expression = compile(pattern, 'g');
  if (replacement === undefined || text === undefined || expression === undefined || text.length > longestText)
    return undefined;
  return string(
    text.replace(
      expression,
      replacement
        .replace(/\$/g, '$$$$')
        .replace(
          /\\g<(\w+)>|\\(\d)/g,
          (_, name: string | undefined, digit: string | undefined) => `$${name ?? digit ?? ''}`,
        ),
    ),
  );
}

function compiled(pattern: string): PyValue {
  const attributes = new Map<string, PyValue>(
    Object.entries(uses).map(([name, use]) => [
      name,
      builtin(
        name,
        (_, args, span) => run(use, pattern, args, 0) ?? unknown('What this pattern finds is not known', span),
      ),
    ]),
  );
  attributes.set(
    'sub',
    builtin(
      'sub',
      (_, args, span) =>
        substitute(pattern, textAt(args, 0), textAt(args, 1)) ?? unknown('What this pattern finds is not known', span),
    ),
  );
  attributes.set('pattern', string(pattern));
  const type: PyValue & { kind: 'class' } = {
    kind: 'class',
    name: 'Pattern',
    bases: [],
    mro: [],
    attributes: new Map(),
  };
  type.mro = [type];
  return {
    kind: 'instance',
    class: type,
    attributes,
    site: { span: { document: '', start: 0, end: 0 }, callChain: [] },
  };
}

export const regularExpressions: Readonly<Record<string, PyValue>> = {
  ...Object.fromEntries(
    Object.entries(uses).map(([name, use]) => [
      name,
      builtin(name, (_, args, span) => {
        const pattern = textAt(args, 0);
        return (
          (pattern === undefined ? undefined : run(use, pattern, args, 1)) ??
          unknown('What this pattern finds is not known', span)
        );
      }),
    ]),
  ),
  sub: builtin(
    'sub',
    (_, args, span) =>
      substitute(textAt(args, 0) ?? '', textAt(args, 1), textAt(args, 2)) ??
      unknown('What this pattern finds is not known', span),
  ),
  compile: builtin('compile', (_, args, span) => {
    const pattern = textAt(args, 0);
    return pattern === undefined ? unknown('This pattern is not known', span) : compiled(pattern);
  }),
};
