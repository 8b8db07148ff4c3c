// Python's `re` on constant text. The expected values are CPython's own; a model's width shows what an expression came to.

import { expect, test } from 'vitest';
import { linearMatches } from '../../../../server/src/frontends/python/standard-library/linear-pattern.ts';
import { modelDoing } from '../../../support/hostile-models.ts';
import { expectLinear } from '../../../support/growth.ts';
import { readPython } from '../../../support/python-model.ts';

/** The text that an expression comes to, by way of the lengths of its parts joined: exact, or a failure. */
function valueOf(expression: string): string {
  const body = [
    'import re',
    `value = ${expression}`,
    'for i, sign in enumerate(str(value)):',
    '    setattr(self, "c" + str(i), nn.Conv2d(3, 1 + ord(sign), 1))',
    'self.last = nn.Conv2d(3, 1, 1)',
  ].join('\n');
  const { graph, problems } = readPython(modelDoing(body));
  expect(problems).toEqual([]);
  const widths = (graph?.idle ?? []).flatMap(({ name, parameters }) =>
    /^c\d+$/.test(name) ? (parameters[0]?.shape[0] ?? []) : [],
  );
  return String.fromCodePoint(...widths.map((width) => Number(width) - 1));
}

test.for<[string, string]>([
  [`re.match(r"(\\w+)_(\\d+)", "conv_12x").groups()`, `('conv', '12')`],
  [`re.match(r"b", "ab")`, 'None'],
  [`re.search(r"b", "ab").start()`, '1'],
  [`re.fullmatch(r"a|ab", "ab").group()`, 'ab'],
  [`re.findall(r"\\d+", "c3k5s2")`, `['3', '5', '2']`],
  [`re.findall(r"([a-z])(\\d)", "c3k5")`, `[('c', '3'), ('k', '5')]`],
  [`re.split(r"(\\d.*)", "k3")`, `['k', '3', '']`],
  [`re.split(r"x*", "axbc")`, `['', 'a', '', 'b', 'c', '']`],
  [`re.sub(r"(?P<n>\\d)", r"<\\g<n>\\1>", "a1")`, 'a<11>'],
  [`re.sub(r"\\d", lambda m: str(2 * int(m.group())), "a1b2")`, 'a2b4'],
  [`re.match(r"(?i)RES", "resnet").end()`, '3'],
  [`re.compile(r"(a)|b").match("b").groups()`, '(None,)'],
  // Look-around and back-references are beyond the linear engine.
  [`re.findall(r"\\w(?=\\d)", "a1bc2")`, `['a', 'c']`],
  [`re.match(r"(\\w)\\1", "aab").span()`, '(0, 2)'],
])('%s is %s', ([expression, expected]) => {
  expect(valueOf(expression)).toBe(expected);
});

test.for(['(a+)+$', `${'a?'.repeat(20)}${'a'.repeat(20)}`, '(a|a)*b', '(.*a){8}$'])(
  '%s takes time in proportion to the text',
  (pattern) => {
    expectLinear(
      20_000,
      (size) => 'a'.repeat(size),
      (text) => linearMatches(pattern, '', text, 'start'),
    );
  },
);
