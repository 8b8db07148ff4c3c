// The in-file directive: what it may say, in which comments, and what is reported of a malformed one.

import { expect, test } from 'vitest';
import { findDirectives } from '../../../../server/src/frontends/shared/directive.ts';

const found = (text: string) => {
  const { directives, problems } = findDirectives('file:///model', text);
  return {
    said: directives.map(({ entry, input }) => ({ entry, input })),
    at: directives.map(({ span }) => text.slice(span.start, span.end)),
    problems: problems.map(({ message, span }) => `${text.slice(span!.start, span!.end)}: ${message}`),
  };
};

test.for<[string, string | undefined, number[][] | undefined]>([
  ['# morphnet: entry=ResNet18() input=3x32x32', 'ResNet18()', [[3, 32, 32]]],
  [
    'x = 1\n   # morphnet: input=3×32×32, 1x10\ny = 2',
    undefined,
    [
      [3, 32, 32],
      [1, 10],
    ],
  ],
  ['; morphnet: input = 1x28x28', undefined, [[1, 28, 28]]],
  ['// morphnet: entry=build', 'build', undefined],
  [
    '# morphnet: entry=ResNet(BasicBlock, [3, 3, 3], option="A") input=3x32x32',
    'ResNet(BasicBlock, [3, 3, 3], option="A")',
    [[3, 32, 32]],
  ],
  ['# morphnet: entry=Net(a=1, b=2)', 'Net(a=1, b=2)', undefined],
])('%j', ([text, entry, input]) => {
  const { said, at, problems } = found(text);
  expect(said).toEqual([{ entry, input }]);
  expect(at[0]).toMatch(/^(#|;|\/\/) morphnet:.*\S$/);
  expect(problems).toEqual([]);
});

test.for<[string, string]>([
  ['# morphnet: input=3x0x32', 'input=3x0x32: "3x0x32" is no input shape; write it as 3x32x32, without the batch'],
  [
    '# morphnet: inputs=3x32x32',
    'inputs=3x32x32: A morphnet directive has no "inputs"; it knows entry=… and input=3x32x32',
  ],
  [
    '# morphnet: please',
    '# morphnet: please: This morphnet directive says nothing; write entry=Model() or input=3x32x32',
  ],
])('%j is reported', ([text, problem]) => {
  expect(found(text).problems).toEqual([problem]);
});

test('ordinary comments are no directives', () => {
  expect(found('# uses morphnet: see the paper\n# morphnet is a method').said).toEqual([]);
});
