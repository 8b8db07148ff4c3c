// What a schema finds wrong with a value, in words for people. A schema's own messages, where it has some, are such words.

import type * as v from 'valibot';

/** To stand behind the name of what is wrong: `must be a number, not "many"`; `is none of max, l2, but "x"`. */
export function issueWords(issue: v.BaseIssue<unknown>): string {
  // What nobody worded begins so.
  if (!issue.message.startsWith('Invalid ')) return issue.message;
  if (issue.received === 'undefined') return 'is missing';
  if (issue.expected === 'never') return 'is no field that is known';
  const names = [...(issue.expected ?? '').matchAll(/"([^"]+)"/g)].map(([, name]) => name);
  if (names.length > 1) return `is none of ${names.join(', ')}, but ${issue.received}`;
  const [name] = names;
  return `must be ${name ?? expectedWords(issue)}, not ${issue.received}`;
}

function expectedWords({ type, expected }: v.BaseIssue<unknown>): string {
  if (type === 'integer') return 'a whole number';
  const [, sign = '', bound] = /^([<>]=?)(-?[\d.e+-]+)$/.exec(expected ?? '') ?? [];
  if (bound !== undefined) return `${boundWords[sign] ?? sign} ${bound}`;
  const kinds = (expected ?? '').replaceAll(/[()]/g, '').split(' | ');
  return kinds.map((kind) => kindWords[kind] ?? kind).join(' or ') || 'something else';
}

const boundWords: Readonly<Record<string, string>> = {
  '>=': 'at least',
  '>': 'above',
  '<=': 'at most',
  '<': 'below',
};

const kindWords: Readonly<Record<string, string>> = {
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  Array: 'a list',
  Object: 'an object { … }',
};
