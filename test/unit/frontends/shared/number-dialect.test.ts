// Numbers as languages write them: what is one, and what takes its place.

import { expect, test } from 'vitest';
import {
  darknetNumbers,
  javascriptNumbers,
  jsonNumbers,
  protobufNumbers,
  pythonNumbers,
  unwrittenNumbers,
  yamlNumbers,
} from '../../../../server/src/frontends/shared/number-dialect.ts';

const languages = {
  python: pythonNumbers,
  javascript: javascriptNumbers,
  darknet: darknetNumbers,
  json: jsonNumbers,
  yaml: yamlNumbers,
  protobuf: protobufNumbers,
  none: unwrittenNumbers,
} as const;

// Each text, and the languages for which it is that number. YAML 1.1 and 1.2 disagree about `010` and `1e3`.
test.for<[string, number, readonly (keyof typeof languages)[]]>([
  ['64', 64, ['python', 'javascript', 'darknet', 'json', 'yaml', 'protobuf']],
  ['-3', -3, ['python', 'javascript', 'darknet', 'json', 'yaml', 'protobuf']],
  ['+3', 3, ['python', 'javascript', 'darknet', 'yaml']],
  ['0.25', 0.25, ['python', 'javascript', 'darknet', 'json', 'yaml']],
  ['6.', 6, ['python', 'javascript', 'darknet', 'yaml']],
  ['.5', 0.5, ['python', 'javascript', 'darknet', 'yaml']],
  ['1_000', 1000, ['python', 'javascript']],
  ['1e2', 100, ['python', 'javascript', 'json']],
  ['0x40', 64, ['python', 'javascript', 'yaml', 'protobuf']],
  ['0b11', 3, ['python', 'javascript']],
  ['064', 64, ['darknet']],
  ['_64', NaN, []],
  ['64 ', NaN, []],
  ['n', NaN, []],
  ['', NaN, []],
])('%s is %d for %j', ([text, value, takenBy]) => {
  for (const [name, numbers] of Object.entries(languages)) {
    const expected = takenBy.some((one) => one === name) ? value : undefined;
    expect(numbers.parse(text), name).toBe(expected);
  }
});

test('a number takes the manner of the one before it', () => {
  expect(pythonNumbers.write(48, '64')).toBe('48');
  expect(pythonNumbers.write(48, '64.0')).toBe('48.0');
  expect(jsonNumbers.write(0.5, '1.0')).toBe('0.5');
});
