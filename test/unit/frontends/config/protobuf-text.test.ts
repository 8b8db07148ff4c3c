// Protocol buffers as text: what values fields have, where they stand, and what is said of a text that is not whole.

import { describe, expect, test } from 'vitest';
import type { ConfigValue } from '../../../../server/src/frontends/config/config-tree.ts';
import { readProtobufText } from '../../../../server/src/frontends/config/protobuf-text.ts';
import { endsSoon } from '../../../support/growth.ts';

const read = (text: string) => readProtobufText('file:///net.prototxt', text);

/** A tree as plain data: fields as pairs, since they may repeat. */
function plain(value: ConfigValue | undefined): unknown {
  if (value?.kind === 'map') return value.entries.map(({ key, value: inner }) => [key, plain(inner)]);
  if (value?.kind === 'list') return value.items.map(plain);
  return value?.value;
}

test.for<[string, string, unknown]>([
  [
    'numbers',
    'a: 1 b: -2 c: .5 d: 1e-3 e: 0x1F f: 2.5f g: 010 h: -0x2',
    [
      ['a', 1],
      ['b', -2],
      ['c', 0.5],
      ['d', 0.001],
      ['e', 31],
      ['f', 2.5],
      ['g', 8],
      ['h', -2],
    ],
  ],
  [
    'words',
    'a: true b: false c: MAX',
    [
      ['a', true],
      ['b', false],
      ['c', 'MAX'],
    ],
  ],
  [
    'strings',
    `a: "x" b: 'y "z"' c: "p" "q"\n'r' d: "\\"" e: "#"`,
    [
      ['a', 'x'],
      ['b', 'y "z"'],
      ['c', 'pqr'],
      ['d', '"'],
      ['e', '#'],
    ],
  ],
  [
    'messages, in every bracket',
    'a { b: 1 } c: { d: 2 } e < f: 3 >',
    [
      ['a', [['b', 1]]],
      ['c', [['d', 2]]],
      ['e', [['f', 3]]],
    ],
  ],
  [
    'repeated fields and lists',
    'dim: 1 dim: 2 dims: [3, 4] ms: [{ a: 1 }, < a: 2 >]',
    [
      ['dim', 1],
      ['dim', 2],
      ['dims', [3, 4]],
      ['ms', [[['a', 1]], [['a', 2]]]],
    ],
  ],
  [
    'separators and comments',
    'a: 1; b: 2, # c: 3\nd: 4',
    [
      ['a', 1],
      ['b', 2],
      ['d', 4],
    ],
  ],
  [
    'a value on the next line',
    'a:\n  "x"\nb:\n1',
    [
      ['a', 'x'],
      ['b', 1],
    ],
  ],
  ['extensions', '[my.field]: 1', [['[my.field]', 1]]],
])('%s', ([, text, expected]) => {
  const { root, problems } = read(text);
  expect(problems).toEqual([]);
  expect(plain(root)).toEqual(expected);
});

test('every value has its place', () => {
  const text = 'layer {\n  num_output: 64 # wide\n}';
  const { root } = read(text);
  const layer = root?.kind === 'map' ? root.entries[0] : undefined;
  const width = layer?.value.kind === 'map' ? layer.value.entries[0] : undefined;
  const at = (span: { start: number; end: number } | undefined) => text.slice(span!.start, span!.end);
  expect([at(layer?.keySpan), at(width?.keySpan), at(width?.value.span)]).toEqual(['layer', 'num_output', '64']);
});

describe('a text that is not whole', () => {
  test.for<[string, string, unknown, string[]]>([
    ['a message without an end', 'a { b: 1', [['a', [['b', 1]]]], ['There is no } for this; write } where it ends']],
    [
      'an end too many',
      'a: 1 } b: 2',
      [
        ['a', 1],
        ['b', 2],
      ],
      ['This } closes nothing; remove it'],
    ],
    ['a value that is yet to come', 'a { n:\n  b: 1 }', [['a', [['b', 1]]]], ['n has no value; write n: value']],
    ['a value that is yet to come, at the end', 'a { n: }', [['a', []]], ['n has no value; write n: value']],
    ['a name alone', 'nam\na: 1', [['a', 1]], ['"nam" lacks its value; write nam: value or nam { … }']],
    ['signs', '=== x\na: 1', [['a', 1]], ['"=== x" is no field; write name: value, or # before a comment']],
    ['a string without an end', 'a: "x\nb: 1', [['b', 1]], ['""x" is no value of a']],
    [
      'a list without an end',
      'a: [1, 2\n}\nb: 1',
      [
        ['a', [1, 2]],
        ['b', 1],
      ],
      ['This list lacks its closing bracket; write ]', 'This } closes nothing; remove it'],
    ],
  ])('%s', ([, text, expected, messages]) => {
    const { root, problems } = read(text);
    expect(plain(root)).toEqual(expected);
    expect(problems.map(({ message }) => message)).toEqual(messages);
  });
});

test.for<[string, string]>([
  ['a nest of a million messages', 'a{'.repeat(1_000_000)],
  ['a nest of lists', 'a: ['.repeat(500_000)],
  ['a million ends', '}'.repeat(1_000_000)],
  ['a million values', 'a: 1\n'.repeat(200_000)],
  ['a string that never ends', `a: "${'x'.repeat(2_000_000)}`],
  ['names alone', 'name\n'.repeat(200_000)],
  ['quotes', `a: ${'"" '.repeat(300_000)}`],
])('%s ends soon', ([, text]) => {
  const { problems } = endsSoon(() => read(text));
  expect(problems.length).toBeLessThanOrEqual(51);
});

test('what is too deep is not read, and what stands behind it is', () => {
  const { root, problems } = read(`${'a {'.repeat(200)} b: 1 ${'}'.repeat(200)} c: 2`);
  expect(problems.map(({ code }) => code)).toEqual(['limit-source']);
  expect(root?.kind === 'map' && root.entries.map(({ key }) => key)).toEqual(['a', 'c']);
});
